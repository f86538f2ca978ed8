// What a satellite sends, one report at a time: what is stored of it, once; what is refused, and what must come again.
import { BlockList } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { listBeats } from '../../checks/beats.ts'
import { addCheck, readCheck } from '../../checks/checks.ts'
import { silentLogger } from '../../logger.ts'
import type { AppendResult, Batch, LogWriter } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { addProject, type Project, removeProject } from '../../projects/projects.ts'
import { createRates } from '../../projects/rates.ts'
import { claimSignatureFor } from '../../projects/signatures.ts'
import type { LinesRecord, SatelliteRecord, SatelliteReport, SentRecord } from '../../satellites/record.ts'
import type { Satellite } from '../../satellites/satellite.ts'
import { addSatellite, readProgress, readSatellite } from '../../satellites/satellites.ts'
import { memoryState, type State } from '../../state/database.ts'
import { StorageHealth } from '../../state/storage-health.ts'
import { createTelemetry } from '../../telemetry.ts'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { type ReceiveReportOptions, receiveReport } from './receive-report.ts'
import { createReportChains } from './report-chains.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const RETENTION_MS = 30 * DAY
const UUID = '00000000-0000-4000-8000-000000000001'

let state: State
let clock: FakeClock
let project: Project
let check: number
let satellite: Satellite
let batches: Batch[]
/** What storing a batch answers, by the text of its lines. */
let answers: Record<string, Partial<AppendResult> | Error>
/** What the next commits throw, in order; null works. */
let faults: (Error | null)[]
let options: ReceiveReportOptions

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  project = addProject(state, 'shop', START - DAY)
  const draft = { projectId: project.id, name: 'nightly', timeZone: 'UTC', grace: MINUTE, every: HOUR, uuid: UUID }
  check = state.transaction(() => addCheck(state, { ...draft, severity: 'critical' }, START - DAY)).id
  satellite = state.transaction(() => addSatellite(state, { name: 'berlin', createdBy: 'Ann' }, START - DAY)).satellite
  batches = []
  answers = {}
  faults = []
  const logWriter: LogWriter = {
    async append(batch) {
      batches.push(batch)
      const answer = answers[Buffer.from(batch.body).toString()] ?? {}
      if (answer instanceof Error) throw answer
      return { accepted: 1, rejected: 0, errors: [], repeated: false, counts: [], ...answer }
    },
  }
  options = {
    ...{ state, clock, logger: silentLogger, trustedProxies: new BlockList(), timeZone: 'UTC', pingBodyLimit: 1000 },
    commit: async work => {
      const fault = faults.shift()
      if (fault) throw fault
      return state.transaction(work)
    },
    ...{ telemetry: createTelemetry(), storage: new StorageHealth(state), logWriter, retentionMs: RETENTION_MS },
    ...{ rates: createRates(state, clock), chains: createReportChains(), version: '1.2.3' },
  }
})

const arrival = {
  ...{ signal: 'success' as const, exitStatus: null, rid: null, method: 'GET', scheme: 'http' as const },
  ...{ remoteAddress: '10.0.0.9', userAgent: '', bodyBytes: 0, outputBytes: null },
}
const beat = (seq: number, changes: object = {}, body = ''): SentRecord => ({
  seq,
  body: Buffer.from(body),
  record: {
    ...{ kind: 'beat', at: START - MINUTE, arrival, query: '' },
    ...{ ping: { uuid: UUID, signal: 'success', exitStatus: null }, ...changes },
  } as SatelliteRecord,
})
const lines = (seq: number, body: string, changes: Partial<LinesRecord> & { at?: number } = {}): SentRecord => ({
  seq,
  body: Buffer.from(body),
  record: {
    ...{ kind: 'lines', at: START - MINUTE, project: project.id, sender: 'k_1', key: null, zone: null, lines: 1 },
    ...{ format: 'text', defaults: {}, limits: { lines: 10, messageBytes: 10 }, ...changes },
  } as SatelliteRecord,
})
const reportOf = (changes: Partial<SatelliteReport> = {}): SatelliteReport => ({
  ...{ protocol: 2, version: '1.0', kind: 'beats', run: 'run-1', instance: 'run-1', place: null, isLast: false },
  ...{ now: clock.now(), completeTo: clock.now(), linesCompleteTo: clock.now(), refused: 0, used: [] },
  chain: null,
  ...{ waiting: { records: 0, bytes: 0, since: null }, ...changes },
})
const sends = (records: readonly SentRecord[], changes: Partial<SatelliteReport> = {}) =>
  receiveReport(
    options,
    satellite,
    { report: reportOf(changes), records },
    { request: new Request('http://vakt.test/'), incoming: { socket: { remoteAddress: '192.0.2.7' } } as never },
  )
const beats = () => listBeats(state, check, 10).map(({ kind, receivedAt }) => [kind, receivedAt - START])
const row = () => readSatellite(state, satellite.id)!
const full = () => new Problem('internal', 'The disk is full.', { isStorage: true })

describe('a report', () => {
  it('is answered with how far its records are stored, and with what this Vakt knows', async () => {
    options.rates.setElsewhere('satellite 99', [{ key: 'x', minute: Math.floor(START / MINUTE), used: 4 }], START)
    const answer = await sends([beat(3), beat(7, { at: START - SECOND })], {
      used: [{ key: 'y', minute: Math.floor(START / MINUTE), used: 2 }],
    })
    expect(answer).toEqual({
      ...{ through: 7, token: expect.any(String), version: '1.2.3', now: START },
      used: [{ key: 'x', minute: Math.floor(START / MINUTE), used: 4 }],
    })
    expect(
      options.rates
        .usedBeside('nobody', START)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['x', 'y'])
    expect(row()).toMatchObject({
      ...{ lastSeenAt: START, address: '192.0.2.7', version: '1.0', beats: 2, lines: 0, refused: 0, lastRefusal: null },
      ...{ completeTo: START, linesCompleteTo: START },
    })
  })

  it('without records is a sign of life', async () => {
    expect((await sends([])).through).toBe(0)
    expect(row().lastSeenAt).toBe(START)
  })

  it('of a satellite that was removed meanwhile is refused', async () => {
    state.prepare('delete from satellites').run()
    await expect(sends([beat(1)])).rejects.toThrow('The key is not that of a satellite')
    expect(beats()).toEqual([])
  })

  it('of another run with the same key is refused, and noted', async () => {
    await sends([])
    await expect(sends([beat(1)], { run: 'run-2', instance: 'run-2' })).rejects.toThrow(
      'Another satellite reports with the key of berlin',
    )
    expect([beats(), row().rivalSeenAt]).toEqual([[], START])
    await clock.advance(12 * SECOND)
    await sends([beat(1)], { run: 'run-2', instance: 'run-2' })
    expect(beats().length).toBe(1)
  })

  it('of a copy of the same run is refused, unless it only comes late', async () => {
    const first = { id: 'a', after: null, unanswered: [] }
    const { token } = await sends([], { chain: first })
    await sends([], { chain: { id: 'b', after: token, unanswered: [] } })
    await expect(sends([], { chain: { id: 'other', after: 'unknown', unanswered: [] } })).rejects.toMatchObject({
      retryAfterMs: 10 * SECOND,
    })
    expect(row().rivalSeenAt).toBe(START)
  })
})

describe('a beat', () => {
  it('is stored at its own time, through its satellite, and counted', async () => {
    await sends([beat(1, {}, 'output')])
    expect(beats()).toEqual([['success', -MINUTE]])
    expect(readCheck(state, check)).toMatchObject({
      status: 'up',
      satelliteId: satellite.id,
      lastBeatAt: START - MINUTE,
    })
    expect(options.telemetry.beats).toMatchObject({ success: 1, fail: 0 })
  })

  it('of the future is of now', async () => {
    await sends([beat(1, { at: START + HOUR })])
    expect(beats()).toEqual([['success', 0]])
  })

  it('that was stored before is not stored again', async () => {
    await sends([beat(1), beat(2, { at: START })])
    const answer = await sends([beat(1), beat(2), beat(3, { at: START })])
    expect([answer.through, beats().length, row().beats]).toEqual([3, 3, 3])
  })

  it('that is older than the last one belongs to the history only', async () => {
    await sends([beat(1), beat(2, { at: START - HOUR, ping: { uuid: UUID, signal: 'fail', exitStatus: null } })])
    expect([beats().length, row().beats]).toEqual([2, 2])
    expect(readCheck(state, check)).toMatchObject({ lastBeatAt: START - MINUTE, beats: 2 })
  })

  it.each([
    ['7 days', HOUR, 7 * DAY],
    ['three times its period and grace where that is longer', 10 * DAY, 30 * DAY + 3 * MINUTE],
  ])('has the deadlines of its check wait for the satellite for %s', async (_, every, until) => {
    state.prepare('update checks set every = ?').run(every)
    await sends([beat(1)])
    await sends([beat(2, { at: START })])
    expect(state.prepare('select until from check_satellites').all()).toEqual([{ until: START + until }])
  })

  it('of an unknown check is refused and counted, and the others are stored', async () => {
    const unknown = { ping: { uuid: UUID.replace('1', '2'), signal: 'success', exitStatus: null } }
    expect((await sends([beat(1, unknown), beat(2)])).through).toBe(2)
    expect(beats().length).toBe(1)
    expect(row()).toMatchObject({ beats: 1, refused: 1, lastRefusal: 'a beat: not found' })
  })

  it('ends an outage of storage', async () => {
    options.storage.recordRefusal('beats', full(), START)
    await sends([lines(1, 'a')], { kind: 'lines' })
    expect(options.storage.outage('beats', START)).not.toBeNull()
    await sends([beat(2)])
    expect(options.storage.outage('beats', START)).toBeNull()
  })

  it.each([
    ['together', [null, full()]],
    ['one by one', [null, new Error('a fault'), full()]],
  ])('that storage refuses %s must come again', async (_, thrown) => {
    faults = [...thrown]
    await expect(sends([beat(1), beat(2)])).rejects.toThrow('The disk is full.')
    expect(options.storage.outage('beats', START)).not.toBeNull()
    expect([beats(), readProgress(state, satellite.id, 'run-1').beats]).toEqual([[], 0])
  })

  it('that can never be stored is refused, and holds no other up', async () => {
    faults = [null, new Error('a fault'), new Error('a fault')]
    expect((await sends([beat(1), beat(2)])).through).toBe(2)
    expect(beats().length).toBe(1)
    expect(row()).toMatchObject({ beats: 1, refused: 1, lastRefusal: expect.stringContaining('cannot be stored') })
    expect(readProgress(state, satellite.id, 'run-1').beats).toBe(2)
  })
})

describe('a downtime of the satellite', () => {
  const downAt = () => readCheck(state, check)!.downAt! - START
  it.each([
    ['lets none of its checks be down before it had time to send', START - 30 * SECOND, START, 30 * SECOND],
    ['of a clock that is ahead ends now', START + HOUR, START + DAY, 5 * SECOND],
  ])('%s', async (_, from, to, expected) => {
    const record = { kind: 'downtime' as const, from, to, at: to }
    await sends([beat(1, { at: START - 2 * HOUR }), { seq: 2, body: Buffer.alloc(0), record }])
    expect([downAt(), row().beats]).toEqual([expected, 1])
  })

  it('takes back no deadline that a beat of the same report gave', async () => {
    await sends([beat(1, { at: START - 3 * HOUR })])
    const record = { kind: 'downtime' as const, from: START - HOUR, to: START - HOUR + MINUTE, at: START }
    await sends([beat(2), { seq: 3, body: Buffer.alloc(0), record }])
    expect(downAt()).toBe(HOUR)
  })
})

describe('log lines', () => {
  it('are stored under their project, as they were received there', async () => {
    const answer = await sends([lines(4, 'a', { zone: 'Europe/Oslo', defaults: { source: 'api' } })], { kind: 'lines' })
    expect(answer).toMatchObject({ through: 4 })
    expect(batches).toMatchObject([
      {
        ...{ format: 'text', sender: 'k_1', defaults: { source: 'api' }, receivedAt: START - MINUTE },
        ...{ limits: { lines: 10, messageBytes: 10 }, retentionMs: RETENTION_MS },
        idempotencyKey: `satellite ${satellite.id} run-1 4`,
      },
    ])
    expect(row()).toMatchObject({ lines: 1, beats: 0 })
    expect(readProgress(state, satellite.id, 'run-1')).toEqual({ beats: 0, lines: 4 })
    await sends([lines(4, 'a')], { kind: 'lines' })
    expect(batches.length).toBe(1)
  })

  it.each([
    ['the key of the client counts', { key: 'own' }, { idempotencyKey: 'own' }],
    ['a time of the future is now', { at: START + HOUR }, { receivedAt: START }],
  ])('%s', async (_, changes, batch) => {
    await sends([lines(1, 'a', changes)], { kind: 'lines' })
    expect(batches).toMatchObject([batch])
  })

  it('that the store had already count once', async () => {
    answers.a = { repeated: true, accepted: 5 }
    answers.b = { accepted: 2 }
    await sends([lines(1, 'a'), lines(2, 'b')], { kind: 'lines' })
    expect(row().lines).toBe(2)
  })

  it('up to those that could not be stored now need not come again', async () => {
    answers.c = new Problem('busy', 'The store is busy.')
    answers.d = new Problem('busy', 'It is still busy.')
    const answer = await sends([lines(2, 'a'), lines(5, 'b'), lines(6, 'c'), lines(8, 'd')], { kind: 'lines' })
    expect(answer).toMatchObject({ through: 5, busy: 'The store is busy.' })
    expect(readProgress(state, satellite.id, 'run-1').lines).toBe(5)
    expect(row()).toMatchObject({ lines: 2, completeTo: 0, linesCompleteTo: 0 })
  })

  it('of which the first could not be stored must all come again', async () => {
    answers.a = new Error('lost')
    expect(await sends([lines(9, 'a'), lines(10, 'b')], { kind: 'lines' })).toMatchObject({ through: 8, busy: 'lost' })
  })

  it('are stored 16 requests at a time, and none after a group that failed', async () => {
    answers.l3 = new Problem('busy', 'busy')
    const many = Array.from({ length: 20 }, (_, i) => lines(i + 1, `l${i}`))
    expect((await sends(many, { kind: 'lines' })).through).toBe(3)
    expect(batches.length).toBe(16)
    answers = {}
    expect((await sends(many, { kind: 'lines' })).through).toBe(20)
    expect(batches.length).toBe(33)
  })

  it.each(['invalid', 'too_large', 'not_a_log', 'unsupported', 'not_found'] as const)(
    'that are %s never come again',
    async code => {
      answers.a = new Problem(code, `x${'y'.repeat(300)}`)
      expect(await sends([lines(1, 'a')], { kind: 'lines' })).not.toHaveProperty('busy')
      expect(row()).toMatchObject({ refused: 1, lines: 0, lastRefusal: expect.stringMatching(/^log lines: xy{187}…$/) })
    },
  )

  it.each<[string, () => void, string]>([
    ['of a removed project', () => removeProject(state, project, 0), 'log lines of a project that was removed'],
    ['without a log store', () => delete options.logWriter, 'log lines, and there is no log store'],
    [
      'whose signature was used here',
      () => claimSignatureFor(state, 'sig', 'another', START + HOUR),
      'log lines of a signed request that was accepted before, by another way',
    ],
  ])('%s are refused', async (_, happens, refusal) => {
    happens()
    await sends([lines(1, 'a', { signature: 'sig' })], { kind: 'lines' })
    expect([batches, row().lastRefusal]).toEqual([[], refusal])
  })

  it('of a signed request use its signature up, for 15 min', async () => {
    await sends([lines(1, 'a', { signature: 'sig', at: START - HOUR })], { kind: 'lines' })
    expect(batches.length).toBe(1)
    const query = 'select expires_at as at, owner from signatures'
    expect(state.prepare(query).all()).toEqual([
      { at: START + 15 * MINUTE, owner: `satellite ${satellite.id} run-1 1` },
    ])
  })

  it('mark their sources, so that these are not silent while the satellite is', async () => {
    const insert = 'insert into sources (project_id, name, first_seen_at, last_seen_at, gaps) values (?, ?, 0, 0, ?)'
    for (const name of ['api', 'web']) state.prepare(insert).run(project.id, name, '[]')
    answers.a = { counts: [{ source: 'api' }] as never }
    await sends([lines(1, 'a'), lines(2, 'b')], { kind: 'lines' })
    expect(state.prepare('select name from sources where satellite_id is not null').all()).toEqual([{ name: 'api' }])
  })

  it.each([
    [100, false, 1],
    [0, false, 0],
    [100, true, 0],
  ])('count to the limit per emitter of %s; repeated: %s', async (limit, repeated, charges) => {
    state.prepare('update projects set emitter_limit = ?').run(limit)
    let charged = 0
    options.emitterLimits = { charge: () => void charged++ } as never
    answers.a = { repeated }
    await sends([lines(1, 'a')], { kind: 'lines' })
    expect(charged).toBe(charges)
  })
})
