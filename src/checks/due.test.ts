// Beats shortly before they are due, periods by the wall clock, overlapping runs, and what is said of clocks that differ.
import { describe, expect, it } from 'vitest'
import { aCheck } from '../testing/checks.ts'
import { startPings } from '../testing/pings.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { applyBeat, type Check, extendDeadlines } from './check.ts'
import { earlyFor, nextDue } from './due.ts'

const at = (time: string) => Date.parse(`2026-03-${time}Z`)
const byCron = (cron: string, changes: Partial<Check> = {}) => aCheck({ every: null, cron, ...changes })

describe('a beat counts for the due time after it', () => {
  it.each<[string, Check, string, string | null]>([
    ['three seconds early', byCron('30 6 * * *'), '02T06:29:57', '02T06:30:00'],
    ['a minute early', byCron('30 6 * * *'), '02T06:29:00', '02T06:30:00'],
    ['not a second more', byCron('30 6 * * *'), '02T06:28:59', null],
    ['not when it is in time', byCron('30 6 * * *'), '02T06:30:00', null],
    ['by 5 % of a minute', byCron('* * * * *'), '02T06:29:57', '02T06:30:00'],
    ['not by more', byCron('* * * * *'), '02T06:29:56', null],
    ['by the smaller of two gaps: the one after', byCron('0,1 * * * *'), '02T05:59:50', null],
    ['by the smaller of two gaps: the one before', byCron('0,1 * * * *'), '02T06:00:50', null],
    ['by both where they allow it', byCron('0,1 * * * *'), '02T06:00:58', '02T06:01:00'],
    [
      'by five minutes, where --early allows it',
      byCron('30 6 * * *', { early: 5 * MINUTE }),
      '02T06:25:30',
      '02T06:30:00',
    ],
    ['never with --early none', byCron('30 6 * * *', { early: 0 }), '02T06:29:59', null],
    ['never with a period', aCheck(), '02T09:59:59', null],
    ['across a day', byCron('0 0 * * *'), '02T23:59:58', '03T00:00:00'],
  ])('%s', (_, check, now, due) => expect(earlyFor(check, at(now))).toBe(due === null ? null : at(due)))

  it('so the next one is expected at the due time after that, also of a check that is down or new', () => {
    const due = at('03T06:30:00')
    for (const status of ['up', 'down', 'new', 'paused'] as const) {
      const check = byCron('30 6 * * *', { status, lateAt: status === 'up' ? at('02T06:30:00') : null })
      const { changes } = applyBeat(check, 'success', null, at('02T06:29:58'))
      expect(changes).toMatchObject({ lateAt: due, earlyMs: 2 * SECOND, earlyBeats: 1 })
    }
  })

  it('a failure too: the run that was due is not missed a second time', () => {
    const check = byCron('30 6 * * *', { after: 2, lateAt: at('02T06:30:00') })
    expect(applyBeat(check, 'fail', null, at('02T06:29:58')).changes).toMatchObject({
      lateAt: at('03T06:30:00'),
      misses: 1,
    })
  })
})

it('a period of whole days follows the wall clock, and one of hours does not', () => {
  const daily = aCheck({ every: DAY, everyDays: 1, timeZone: 'Europe/Oslo' })
  const from = Date.parse('2026-10-24T02:00:00Z')
  expect(nextDue(daily, from)).toBe(from + 25 * HOUR)
  expect(nextDue({ ...daily, everyDays: 0 }, from)).toBe(from + 24 * HOUR)
  // Vakt was off over two due times: the phase stays.
  const late = { ...daily, lateAt: from, downAt: from + HOUR }
  expect(extendDeadlines(late, from - MINUTE, from + 30 * HOUR, 0).lateAt).toBe(from + 49 * HOUR)
})

it('a job whose clock is two seconds ahead never alerts, and the card and status say so', async () => {
  const { app, ping, check } = await startPings('job --cron "30 * * * *" --grace 10m', '2026-03-02T06:29:58Z')
  for (let hour = 0; hour < 4; hour++) {
    await ping()
    await app.passes('1h')
  }
  await ping()
  expect(app.titles()).toEqual([])
  expect(await check()).toMatchObject({ status: 'up', late_at: '2026-03-02T11:30:00.000Z', last_early_ms: 2000 })
  expect(await app.answerText('checks show job')).toContain(
    'The last 5 beats came before they were due, the last one 2s before',
  )
  expect(await app.answerText('status')).toContain('the beats of 1 check keep coming 2s before they are due')
  expect(await app.result('status')).toMatchObject({ clocks: { early_checks: 1 }, time_zone_data: process.versions.tz })
  // The next run does not come: the alert is in time.
  await app.passes('70m')
  expect(app.titles()).toEqual([])
  await app.passes('2s')
  expect(app.titles()).toEqual(['Critical: job sent no beat'])
})

it('runs that overlap each have their own duration', async () => {
  const { app, ping, beats } = await startPings()
  const rid = (letter: string) => `${letter.repeat(8)}-dead-4bee-8f61-24bedbcaab59`
  const steps = ['/start A', '/start B', '/start C', ' B', ' A', '/fail C', ' D']
  for (const step of steps) {
    const [suffix, run] = step.split(' ')
    await ping(`${suffix}?rid=${rid(run!.toLowerCase())}`)
    await app.passes('10s')
  }
  expect((await beats()).map(beat => beat.duration_ms)).toEqual([null, 30_000, 40_000, 20_000, null, null, null])
  for (const step of ['/start E', '/start F', '/log E', '/fail E']) {
    const [suffix, run] = step.split(' ')
    await ping(`${suffix}?rid=${rid(run!.toLowerCase())}`)
    await app.passes('10s')
  }
  expect((await beats()).slice(0, 4).map(beat => beat.duration_ms)).toEqual([30_000, null, null, null])
})

it('beats of one moment stay in the order in which they came', async () => {
  const { ping, beats } = await startPings()
  const rid = 'aaaaaaaa-dead-4bee-8f61-24bedbcaab59'
  await Promise.all([ping(''), ping('/log'), ping(`/start?rid=${rid}`), ping('/fail')])
  expect((await beats()).map(beat => beat.kind)).toEqual(['fail', 'start', 'log', 'success'])
})

it('names that give one slug get their own, with a word, and both jobs go on', async () => {
  const { app, key, check } = await startPings('twin')
  expect(await app.answerText('checks add Twin')).toContain(
    'Its slug is twin-2, because the check "twin" has the slug twin.',
  )
  await app.result('checks edit Twin --rename "Twin!"')
  await app.request(`/ping/${key}/twin`)
  await app.request(`/ping/${key}/twin-2`)
  expect([await check('twin'), await check('"Twin!"')]).toMatchObject([{ beats: 1 }, { beats: 1, slug: 'twin-2' }])
  expect(await app.answerText('checks edit twin --rename solo')).not.toContain('Its slug')
})

it.each([
  ['checks add x --every 1d --early 5m', /no beat is early/],
  ['checks add x --cron "* * * * *" --early 2m', /each beat would count for the next due time/],
])('%s is refused', async (line, message) => {
  const { app } = await startPings()
  expect(await app.answerText(line)).toMatch(message)
})
