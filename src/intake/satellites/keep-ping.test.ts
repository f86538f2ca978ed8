// Beats that a satellite keeps for its main, and how it tells one running satellite from two.
import { beforeEach, describe, expect, it } from 'vitest'
import { addProject } from '../../projects/projects.ts'
import type { SatelliteReport } from '../../satellites/record.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { createKeepPing } from './keep-ping.ts'
import { createReportChains } from './report-chains.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

describe('a beat', () => {
  let state: State
  let clock: ReturnType<typeof createFakeClock>
  let hasRoom: boolean
  let isFull: boolean
  let spooled: { kind: string; at: number; from?: number; to?: number; query?: string }[]
  let stored: number
  let runs: number
  let keeper: ReturnType<typeof createKeepPing>
  let pingKey: string

  beforeEach(() => {
    state = memoryState()
    pingKey = addProject(state, 'default', NOW).pingKey
    clock = createFakeClock(NOW)
    hasRoom = true
    isFull = false
    spooled = []
    stored = 0
    runs = 0
    const spool = {
      hasRoom: () => hasRoom,
      isFull: () => isFull,
      add: (record: (typeof spooled)[number]) => void spooled.push(record),
      beginRun: () => void runs++,
    }
    keeper = createKeepPing({ state, spool: spool as never, clock, timeZone: 'UTC', onStored: () => void stored++ })
  })

  const arrival = {
    ...{ signal: 'success', exitStatus: null, rid: null, method: 'GET', scheme: 'http', remoteAddress: 'x' },
    ...{ userAgent: '', body: Buffer.from('ok'), bodyBytes: 2, outputBytes: null },
  }
  const keep = (slug = 'nightly', query = 'create=1', key = pingKey) =>
    keeper.keepPing(
      { signal: 'success', exitStatus: null, pingKey: key, slug },
      arrival as never,
      new URLSearchParams(query),
      clock.now(),
    )

  it('of a check that it creates is answered so once, of one that is not known is refused', async () => {
    expect(keep().answer.status).toBe(201)
    expect(keep().answer.status).toBe(200)
    expect(keep('weekly').answer.status).toBe(201)
    expect(keep('nightly', '').answer.status).toBe(404)
    expect(keep('nightly', 'create=1', 'no-such-key').answer.status).toBe(404)
    expect(keep().kind).toBe('success')
    expect(spooled.map(({ kind, at, query }) => [kind, at, query])).toEqual(
      Array.from({ length: 4 }, () => ['beat', NOW, 'create=1']),
    )
    await settled()
    expect(stored).toBe(4)
  })

  it('for which there is no room is refused; the time of that is recorded once there is room again', () => {
    expect(keeper.recordRefusedTime()).toBeNull()
    hasRoom = false
    isFull = true
    expect(keep()).toMatchObject({ answer: { status: 503 }, kind: null })
    clock.sleep(1_000)
    expect(keep().answer.status).toBe(503)
    expect(keeper.recordRefusedTime()).toBe(NOW)
    hasRoom = true
    isFull = false
    clock.sleep(1_000)
    expect(keep().answer.status).toBe(201)
    clock.sleep(1_000)
    expect(keep().answer.status).toBe(200)
    spooled.length = 0
    expect(keeper.recordRefusedTime()).toBeNull()
    expect(spooled).toEqual([{ kind: 'downtime', at: NOW + 2_000, from: NOW, to: NOW + 2_000 }])
    expect(keeper.recordRefusedTime()).toBeNull()
    expect(spooled).toHaveLength(1)
  })

  it('that is refused again after one was taken lengthens that time, up to now where none was taken', () => {
    keeper.noteRefusal()
    clock.sleep(1_000)
    keep()
    clock.sleep(1_000)
    keeper.noteRefusal()
    clock.sleep(1_000)
    spooled.length = 0
    keeper.recordRefusedTime()
    expect(spooled).toEqual([{ kind: 'downtime', at: NOW + 3_000, from: NOW, to: NOW + 3_000 }])
  })

  it('that could not come while nothing ran is a downtime, and a new run', () => {
    keeper.recordDowntime(NOW - 5_000)
    expect(spooled).toEqual([{ kind: 'downtime', at: NOW, from: NOW - 5_000, to: NOW }])
    keeper.recordDowntime(NOW)
    keeper.recordDowntime(NOW + 1)
    expect([spooled.length, runs]).toEqual([1, 3])
  })
})

describe('a chain of reports', () => {
  const satellite = { id: 1 }
  let chains: ReturnType<typeof createReportChains>
  beforeEach(() => {
    chains = createReportChains()
  })
  const report = (id: string, after: string | null, more: object = {}) =>
    ({
      ...{ kind: 'beats', instance: 'i', place: 'p', now: NOW, chain: { id, after, unanswered: [] } },
      ...more,
    }) as unknown as SatelliteReport

  it('goes on from the last answer, or from the one before where the answer was lost', () => {
    expect(chains.follows(satellite, report('r1', null))).toBe(true)
    const first = chains.answer(satellite, report('r1', null))
    expect(chains.follows(satellite, report('r2', first))).toBe(true)
    // The answer to r1 was lost: r1 comes again, or another one that names it as unanswered.
    expect(chains.follows(satellite, report('r1', null))).toBe(true)
    expect(chains.follows(satellite, report('r9', null))).toBe(false)
    expect(
      chains.follows(satellite, report('r9', null, { chain: { id: 'r9', after: null, unanswered: ['r1'] } })),
    ).toBe(true)
    expect(chains.follows(satellite, report('r1', 'other'))).toBe(false)
    const second = chains.answer(satellite, report('r2', first))
    expect(second).not.toBe(first)
    expect(chains.follows(satellite, report('r3', first))).toBe(false)
    expect(chains.follows(satellite, report('r2', first))).toBe(true)
    expect(chains.follows(satellite, report('r3', second))).toBe(true)
  })

  it('is one for each satellite, each kind of record, and each run; an old version has none', () => {
    chains.answer(satellite, report('r1', null))
    for (const [other, more] of [
      [{ id: 2 }, {}],
      [satellite, { kind: 'lines' }],
      [satellite, { instance: 'j' }],
      [satellite, { chain: null }],
    ] as const)
      expect(chains.follows(other, report('r9', 'unknown', more))).toBe(true)
    expect(chains.follows(satellite, report('r9', 'unknown'))).toBe(false)
  })

  it('knows a report that was given up for another one and comes late', () => {
    const first = chains.answer(satellite, report('r1', null))
    chains.answer(satellite, report('r3', first, { chain: { id: 'r3', after: first, unanswered: ['r2', 'r3'] } }))
    expect(chains.isLate(satellite, report('r2', first))).toBe(true)
    expect(chains.isLate(satellite, report('r3', first))).toBe(false)
    expect(chains.isLate(satellite, report('r2', first, { chain: null }))).toBe(false)
    expect(chains.isLate({ id: 2 }, report('r2', first))).toBe(false)
    // One that does not follow changes nothing.
    chains.answer(satellite, report('r9', 'unknown', { chain: { id: 'r9', after: 'unknown', unanswered: ['r8'] } }))
    expect(chains.isLate(satellite, report('r8', first))).toBe(false)
  })

  it('knows a report of an earlier run at the same place, from before the present one began', () => {
    chains.begin(satellite, report('r1', null, { instance: 'new' }))
    const late = (more: object) =>
      chains.isLate(satellite, report('r0', null, { instance: 'old', now: NOW - 1, ...more }))
    expect(late({})).toBe(true)
    expect([late({ now: NOW }), late({ place: 'q' }), late({ place: null })]).toEqual([false, false, false])
    chains.begin(satellite, report('r2', null, { instance: 'new', now: NOW - 10 }))
    expect(late({})).toBe(true)
    chains.begin(satellite, report('r3', null, { instance: 'newer', place: null }))
    expect(late({ place: null })).toBe(false)
  })
})
