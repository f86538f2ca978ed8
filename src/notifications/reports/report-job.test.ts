// The report job by itself: what it sends when, what becomes of a failed send, and how its channels share one comparison.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Card } from '../../card.ts'
import { type Channel, DeliveryError } from '../../chat/channel.ts'
import { silentLogger } from '../../logger.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { storeAlert } from '../../testing/alerts.ts'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { syncChannels } from '../routing/channels.ts'
import { createReportJob, type ReportJob } from './report-job.ts'
import { addReport, listReports, listRuns, listSends, makeReport } from './reports.ts'

const NOW = Date.parse('2026-03-02T08:59:00Z')
const DUE = NOW + MINUTE
let state: State
let clock: FakeClock
let job: ReportJob
/** What each channel was sent, and what becomes of it: by default it arrives. */
let posted: { channel: string; card: Card; nonce: string; at: number }[]
let onPost: (channel: string) => void | Promise<void>
let found: (nonce: string, since: number) => string | null
let gone: Set<string>
let compared: object[]
let drawn: object[]
let draws: () => Uint8Array
let logged: string[]

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(NOW)
  ;[posted, compared, drawn, logged, gone] = [[], [], [], [], new Set<string>()]
  onPost = () => {}
  found = () => null
  draws = () => new Uint8Array([1])
  addProject(state, 'default', 0)
  const channel = (id: string) =>
    ({
      ...{ id, name: id, capabilities: id === 'test:dark' ? { pictureTheme: 'dark' } : {} },
      async post(card: Card, nonce: string) {
        posted.push({ channel: id, card, nonce, at: clock.now() - DUE })
        await onPost(id)
        return 'ref'
      },
      find: async (nonce: string, since: number) => found(nonce, since),
    }) as unknown as Channel
  const log = (text: string) => void logged.push(text)
  job = createReportJob({
    ...{ state, clock, logger: { ...silentLogger, warn: log, error: log } },
    channel: id => (gone.has(id) ? undefined : channel(id)),
    async draw(chart) {
      drawn.push(chart)
      return draws()
    },
    async compare(period) {
      compared.push(period)
      return ['Nothing unusual.']
    },
    propose: async () => [],
  })
})
const has = (...channels: string[]) =>
  syncChannels(
    state,
    channels.map(id => ({ id, name: id })),
    NOW,
  )
const daily = (more: object = {}) =>
  addReport(
    state,
    {
      ...{ name: 'daily', every: 'daily', cron: '0 9 * * *', timeZone: 'UTC', projectId: null, channels: [] },
      ...{ target: 0, setBy: 'Ann', ...more },
    } as never,
    NOW,
  )
const sends = () => listSends(state, listRuns(state, null, 1)[0]!.id)
const text = ({ card }: { card: Card }) => JSON.stringify(card)

describe('the report job', () => {
  it('makes and sends a report at its time, to each channel once', async () => {
    has('test:a', 'test:dark')
    storeAlert(state, { firedAt: NOW - HOUR })
    daily()
    job.wake()
    await clock.advance(MINUTE - 1)
    expect(posted).toEqual([])
    await clock.advance(1)
    expect(posted.map(({ channel, at }) => [channel, at])).toEqual([
      ['test:a', 0],
      ['test:dark', 0],
    ])
    expect(new Set(posted.map(({ nonce }) => nonce)).size).toBe(2)
    expect(text(posted[0]!)).toContain('Nothing unusual.')
    expect(posted[0]!.card.image).toMatchObject({ alt: 'New alerts over time, by severity' })
    expect(drawn.map(chart => (chart as { theme: string }).theme)).toEqual(['light', 'dark'])
    // Its channels share one comparison.
    expect(compared).toEqual([expect.objectContaining({ until: DUE, projectId: null })])
    expect(sends().map(({ endedAt, error }) => [endedAt! - DUE, error])).toEqual([
      [0, null],
      [0, null],
    ])
    await clock.advance(DAY)
    expect(posted).toHaveLength(4)
    expect(compared).toHaveLength(2)
  })

  it('sends four at a time', async () => {
    has(...Array.from({ length: 6 }, (_, i) => `test:${i}`))
    let open: (() => void)[] = []
    onPost = () => new Promise<void>(resolve => open.push(resolve))
    daily()
    job.wake()
    await clock.advance(MINUTE)
    expect(posted).toHaveLength(4)
    for (const resolve of open) resolve()
    open = []
    await clock.advance(0)
    expect(posted).toHaveLength(6)
    for (const resolve of open) resolve()
    await clock.advance(HOUR)
    expect(posted).toHaveLength(6)
  })

  it.each<[string, DeliveryError, number, number | null]>([
    ['that is refused, an hour later', new DeliveryError('refused', 'No.'), HOUR, null],
    [
      'that must wait, when it may',
      new DeliveryError('busy' as never, 'Later.', { retryAfterMs: 7 * SECOND }),
      7 * SECOND,
      null,
    ],
    [
      'that may have arrived, after it was looked for',
      new DeliveryError('unsure', 'Cut off.', { retryAfterMs: 5 * SECOND }),
      5 * SECOND,
      0,
    ],
  ])('sends a report again %s', async (_, error, waitMs, sentAt) => {
    has('test:a')
    daily()
    onPost = () => {
      throw error
    }
    job.wake()
    await clock.advance(MINUTE)
    const [send] = sends()
    expect([send!.attempts, send!.error, send!.nextAttemptAt! - DUE, send!.endedAt]).toEqual([
      ...[1, error.message, waitMs, null],
    ])
    expect(send!.sentAt === null ? null : send!.sentAt - DUE).toBe(sentAt)
    let asked: number | null = null
    found = (nonce, since) => {
      asked = nonce === send!.nonce ? since - DUE : -1
      return null
    }
    onPost = () => {}
    await clock.advance(waitMs - 1)
    expect(posted).toHaveLength(1)
    await clock.advance(1)
    expect([posted.length, asked]).toEqual([2, sentAt])
    expect(sends()[0]).toMatchObject({ error: null, endedAt: DUE + waitMs })
  })

  it('does not send again what did arrive', async () => {
    has('test:a')
    daily()
    onPost = () => {
      throw new Error('socket hang up')
    }
    job.wake()
    await clock.advance(MINUTE)
    found = () => 'ref'
    await clock.advance(MINUTE)
    expect(posted).toHaveLength(1)
    expect(sends()[0]).toMatchObject({ error: null, attempts: 1 })
    expect(sends()[0]!.endedAt).not.toBeNull()
  })

  it('waits an hour for a channel that cannot be reached, and gives up after a day', async () => {
    has('test:a')
    gone.add('test:a')
    daily({ cron: '0 9 2 3 *' })
    job.wake()
    await clock.advance(MINUTE)
    expect(sends()[0]).toMatchObject({ error: 'The channel cannot be reached.', nextAttemptAt: DUE + HOUR })
    await clock.advance(24 * HOUR)
    expect(sends()[0]!.endedAt).toBeNull()
    await clock.advance(HOUR)
    expect(sends()[0]).toMatchObject({ error: 'The channel cannot be reached.', endedAt: DUE + 25 * HOUR })
    expect(posted).toEqual([])
  })

  it('says that a report could not be sent for a day, where no error says more', async () => {
    has('test:a')
    const run = makeReport(state, daily(), NOW - DAY, NOW, NOW - DAY - 1)
    job.wake()
    await clock.advance(0)
    expect(listSends(state, run.id)[0]).toMatchObject({ error: 'The report could not be sent for a day.' })
    const late = makeReport(state, listReports(state)[0]!, NOW - DAY, NOW, NOW - DAY)
    job.wake()
    await clock.advance(0)
    expect(listSends(state, late.id)[0]).toMatchObject({ error: null })
    expect(posted).toHaveLength(1)
  })

  it('sends a report without its chart when that cannot be drawn', async () => {
    has('test:a')
    storeAlert(state, { firedAt: NOW - HOUR })
    daily()
    draws = () => {
      throw new Error('no font')
    }
    job.wake()
    await clock.advance(MINUTE)
    expect(posted).toHaveLength(1)
    expect(posted[0]!.card).not.toHaveProperty('image')
    expect(logged).toEqual(['drawing the chart of a report failed'])
  })

  it('sends nothing after it was stopped', async () => {
    has('test:a')
    daily()
    job.wake()
    await job.stop()
    await clock.advance(DAY)
    job.wake()
    await clock.advance(0)
    expect(posted).toEqual([])
  })

  it('looks again after an hour when reports cannot be made', async () => {
    has('test:a')
    daily()
    state.prepare('alter table report_runs rename to elsewhere').run()
    job.wake()
    await clock.advance(MINUTE)
    expect(logged).toEqual(['making reports failed; retrying in 1 h'])
    state.prepare('alter table elsewhere rename to report_runs').run()
    await clock.advance(HOUR - 1)
    expect(posted).toEqual([])
    await clock.advance(1)
    expect(posted).toHaveLength(1)
  })
})
