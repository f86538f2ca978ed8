// Suppression, routes, escalations, channels, restarts and a failing chat in any order: every card is there and up to date.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Alert } from '../alerts/alert.ts'
import { stateWord } from '../alerts/alert-card.ts'
import { listAlerts } from '../alerts/alerts.ts'
import { DeliveryError } from '../chat/channel.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { listChannels } from './routing/channels.ts'
import { listPendingEscalations } from './routing/escalations.ts'
import { listRecipients } from './routing/recipients.ts'

const OPS = 'discord:100000000000000001'
const JOBS = {
  db: '--host h1',
  api: '--host h1 --depends-on db',
  web: '--severity warning --depends-on api',
  mail: '--severity warning',
}

/** Command lines that may be run. */
const LINES = [
  'silence add check:mail --for 3m',
  'silence add host:h1 --for 2m',
  'silence end 1',
  'quiet-hours set "Mon-Sun 00:00-24:00"',
  'quiet-hours off',
  'suppression set --storm-rate 2 --storm-max-remaining 1',
  'suppression set --storm-rate 0',
  'routes add worst --matcher severity:critical --to ops --continue',
  'routes add all --to discord,ops',
  'routes remove worst',
  'routes remove all',
  `channels add ${OPS} --name ops`,
  'channels remove ops',
  'maintenance add work --matcher check:db --for 2m',
  'ack all',
]
/** The same for one alert. */
const ALERT_LINES = ['ack %', 'ack % --for 2m', 'unack %', 'snooze % --for 2m', 'resolve %', 'note % hm']

const job = fc.constantFrom(...Object.keys(JOBS))
const moves = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('fails' as const), job }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('beats' as const), job }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('says' as const), line: fc.constantFrom(...LINES) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('each' as const), line: fc.constantFrom(...ALERT_LINES), of: fc.nat(9) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('waits' as const), seconds: fc.integer({ min: 1, max: 200 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('dies' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('suffers' as const), luck: fc.boolean() }) },
  ),
  { minLength: 8, maxLength: 30 },
)
type Move = typeof moves extends fc.Arbitrary<(infer M)[]> ? M : never

it('after any suppression every firing alert has one card in each of its channels, and no escalation is pending', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(moves, async steps => {
      let app = await startApp()
      const beats = new Map<string, Awaited<ReturnType<TestApp['hasCheck']>>>()
      for (const [name, flags] of Object.entries(JOBS))
        beats.set(name, await app.hasCheck(`${name} --every 1d --remind none ${flags}`))
      await app.result('suppression set --recovery-grace 1m')
      await app.result('escalations add second --after 1m --to discord')
      for (const move of steps) app = await takeStep(app, beats, move)
      app.channel.suffers(null)
      for (const id of [1, 2, 3, 4, 5, 6, 7, 8]) await app.says(`silence end ${id}`)
      for (const line of ['maintenance end work', 'quiet-hours off', 'suppression set --storm-rate 0'])
        await app.says(line)
      await app.passes('12m')
      expectUpToDate(app)
      await app.stop()
    }),
    { numRuns: 12, endOnFailure: true },
  )
})

async function takeStep(app: TestApp, beats: Map<string, Awaited<ReturnType<TestApp['hasCheck']>>>, move: Move) {
  if (move.do === 'waits') await app.passes(`${move.seconds}s`)
  else if (move.do === 'says') await app.says(move.line)
  else if (move.do === 'suffers')
    app.channel.suffers(() =>
      move.luck
        ? { before: new DeliveryError('limited', 'Slow down.', { retryAfterMs: 7_000 }) }
        : { after: new DeliveryError('unsure', 'The answer got lost.') },
    )
  else if (move.do === 'each') await app.says(move.line.replace('%', String(1 + move.of)))
  else if (move.do === 'dies') return app.restarts('20s', 'killed')
  else {
    const { uuid } = beats.get(move.job)!.check as { uuid: string }
    await app.request(`/ping/${uuid}${move.do === 'fails' ? '/fail' : ''}`)
  }
  return app
}

function expectUpToDate(app: TestApp): void {
  const { state } = app
  for (const alert of listAlerts(state, { limit: -1 })) {
    expect([alert.id, alert.undelivered]).toEqual([alert.id, false])
    if (alert.detector === 'notice') continue
    expectShown(app, alert)
    if (alert.state === 'resolved') continue
    // A storm that has ended still suppresses what somebody has acknowledged.
    const suppressions = alert.state === 'acknowledged' ? [null, 'inhibition', 'storm'] : [null, 'inhibition']
    expect(suppressions).toContain(alert.suppression)
    if (alert.suppression !== null) continue
    expect(listRecipients(state, alert.id).length).toBeGreaterThan(0)
    // Everybody was escalated to, however often the timer stopped.
    const isTimerRunning = alert.state === 'firing' && alert.snoozedUntil === null
    if (isTimerRunning) expect([alert.id, listPendingEscalations(state, alert.id)]).toEqual([alert.id, []])
  }
}

function expectShown(app: TestApp, alert: Alert): void {
  const inUse = listChannels(app.state).map(({ id }) => id)
  for (const { channelId } of listRecipients(app.state, alert.id).filter(recipient =>
    inUse.includes(recipient.channelId),
  )) {
    const channel = channelId === OPS ? app.added(OPS) : app.channel
    const cards = channel.messages.filter(({ card }) => [card.footer].flat(2)[0] === `Alert ${alert.id}`)
    expect(cards.length).toBeLessThanOrEqual(1)
    if (alert.state !== 'resolved' && alert.suppression === null)
      expect([alert.id, channelId, cards.length]).toEqual([alert.id, channelId, 1])
    for (const { card } of cards) expect(card.title.split(':')[0]).toBe(stateWord(alert))
  }
}
