// Hundreds of open alerts, silences that start and end, and chats that refuse half of the messages: all cards are right in the end.
import { expect, it } from 'vitest'
import { DeliveryError } from '../../chat/channel.ts'
import { startDelivery } from '../../testing/delivery.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { listAlerts } from '../alerts.ts'
import { endAlert, fireAlert } from '../lifecycle.ts'
import { requestReevaluation } from './reevaluation.ts'
import { addSilence, endSilence, listSilences } from './silences.ts'
import { nextSuppressionChange, sweepSuppressions } from './sweep.ts'

it('two hundred alerts end on the right cards, none lost and none twice, while silences start and end', async () => {
  const delivery = await startDelivery('discord', 'slack')
  const { state, clock } = delivery
  for (const name of ['discord', 'slack']) {
    let calls = 0
    delivery.channel(name).suffers(() => {
      const limited = new DeliveryError('limited', 'Slow down.', { retryAfterMs: SECOND })
      return calls++ % 2 === 0 ? { before: limited } : {}
    })
  }
  const does = (work: (now: number) => void) =>
    delivery.change(() =>
      state.transaction(() => {
        work(clock.now())
        sweepSuppressions(state, clock.now())
      }),
    )
  const silence = (matcher: string, minutes: number) =>
    does(now => {
      const endsAt = now + minutes * MINUTE
      addSilence(state, { projectId: null, matcher, reason: null, by: 'Ann', endsAt }, now)
    })
  const passes = async (seconds: number) => {
    for (let i = 0; i < seconds; i += 5) {
      await clock.advance(5 * SECOND)
      await does(() => {})
    }
  }
  await silence('host:h0', 3)
  await does(now => {
    for (let i = 0; i < 200; i++) fireAlert(state, finding(i, now), now)
  })
  await passes(20)
  await silence('host:h1', 10)
  await silence('severity<=warning', 2)
  await passes(40)
  await does(now => {
    for (let i = 0; i < 200; i += 5) endAlert(state, `k${i}`, null, now)
  })
  await does(now => void endSilence(state, listSilences(state, { ended: false, limit: 9 }).at(-1)!, 'Ann', now))
  await passes(1200)

  const all = listAlerts(state, { limit: -1 }).filter(alert => alert.detector !== 'notice')
  for (const name of ['discord', 'slack']) {
    const { messages } = delivery.channel(name)
    const cards = messages.map(message => message.card.title).filter(title => !title.startsWith('Silence'))
    expect(new Set(cards).size).toBe(cards.length)
    for (const alert of all) {
      const word =
        alert.state === 'resolved'
          ? 'Resolved'
          : { critical: 'Critical', warning: 'Warning', info: 'Info' }[alert.severity]
      const neverShown =
        alert.state === 'resolved' &&
        alert.suppression !== null &&
        !cards.some(title => title.endsWith(` ${alert.title}`))
      if (!neverShown) expect(cards).toContain(`${word}: ${alert.title}`)
    }
    expect(all.filter(alert => alert.state !== 'resolved' && alert.suppression !== null)).toEqual([])
    const first = messages.slice(0, 20).map(message => Number(/problem (\d+)\./.exec(message.card.title)?.[1]))
    expect(first.every(number => number % 3 === 0)).toBe(true)
  }
})

it('a silence suppresses thousands of alerts a few per tick, and all of them soon', async () => {
  const delivery = await startDelivery()
  const { state, clock } = delivery
  state.transaction(() => {
    for (let i = 0; i < 1500; i++) fireAlert(state, finding(i, clock.now()), clock.now())
    sweepSuppressions(state, clock.now())
  })
  const countSuppressed = () =>
    listAlerts(state, { open: true, limit: -1 }).filter(alert => alert.suppression !== null).length
  const runTicks = () => {
    const seen: number[] = []
    while ((nextSuppressionChange(state) ?? Number.POSITIVE_INFINITY) <= clock.now() && seen.length < 100) {
      sweepSuppressions(state, clock.now())
      // A change amid a round must not starve the alerts that wait.
      if (seen.length < 5) requestReevaluation(state)
      seen.push(countSuppressed())
    }
    return seen
  }
  runTicks()
  const endsAt = clock.now() + MINUTE
  addSilence(state, { projectId: null, matcher: '', reason: null, by: 'Ann', endsAt }, clock.now())
  const taken = runTicks()
  expect(taken[0]).toBeGreaterThan(0)
  expect(taken[0]).toBeLessThan(500)
  expect(taken.at(-1)).toBe(1500)
  await clock.advance(MINUTE)
  const freed = runTicks()
  expect(freed[0]).toBeGreaterThan(1000)
  expect(freed.at(-1)).toBe(0)
})

function finding(i: number, since: number) {
  const severity = (['critical', 'warning', 'info'] as const)[i % 3]!
  const about = {
    key: `k${i}`,
    title: `problem ${i}.`,
    detector: 'rule',
    projectId: null,
    severity,
    since,
    owner: null,
  }
  return { ...about, remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels: { host: `h${i % 4}` } }
}
