// The tables of satellites: who may report, how far each has come, what may still be on its way, and what waits in a spool.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Check } from '../checks/check.ts'
import { addCheck, readCheck } from '../checks/checks.ts'
import { addProbe } from '../probes/probes.ts'
import { createKey, revokeKey } from '../projects/keys.ts'
import { addProject, listProjects } from '../projects/projects.ts'
import { createVault } from '../projects/vault.ts'
import { memoryState, type State } from '../state/database.ts'
import { satelliteStreams, satellites } from '../state/schema/index.ts'
import { DAY, MINUTE, SECOND } from '../time.ts'
import { readDirectory } from './directories.ts'
import { keepResult } from './local-results.ts'
import { saveDirectory } from './mirrors.ts'
import { decodeReport, encodeReport, type SatelliteRecord, type SatelliteReport, type SentRecord } from './record.ts'
import { combinedResult, type ProbeView, type Satellite, verdictOf, viewRetentionMs } from './satellite.ts'
import {
  addSatellite,
  admitRun,
  areLinesMissing,
  countChecksThrough,
  findSatellite,
  hasSatellites,
  linesCompleteTo,
  listSatellites,
  markSources,
  noteCheckSatellite,
  noteRival,
  pruneStreams,
  readProgress,
  readSatellite,
  readSatelliteByKey,
  removeSatellite,
  rewindSatellites,
  saveProgress,
  saveReport,
  signaturesNeededSince,
} from './satellites.ts'
import { deriveKey, openSpool } from './spools.ts'
import { forgetViews, listViews, saveView } from './views.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
let topics: Set<string>
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  topics = new Set()
  state.onCommit(all => {
    for (const topic of all) topics.add(topic)
  })
})
const add = (name: string) => addSatellite(state, { name, createdBy: 'Ann' }, NOW)
const set = (changes: Partial<Satellite>) => state.db.update(satellites).set(changes).run()
const check = (name: string, more: Partial<Check> = {}) =>
  addCheck(state, { projectId: 1, name, timeZone: 'UTC', grace: 0, every: MINUTE, severity: 'critical', ...more }, NOW)
    .id

describe('satellites', () => {
  it('are added with a key that finds them, once by each name, up to fifty', () => {
    expect(hasSatellites(state)).toBe(false)
    const { satellite, key } = add('oslo')
    add('berlin')
    expect([hasSatellites(state), topics.has('satellites')]).toEqual([true, true])
    expect(listSatellites(state).map(({ name }) => name)).toEqual(['berlin', 'oslo'])
    expect(readSatelliteByKey(state, key)).toEqual(satellite)
    expect(readSatelliteByKey(state, `${key}x`)).toBeUndefined()
    expect([readSatellite(state, satellite.id)?.name, readSatellite(state, 9)]).toEqual(['oslo', undefined])
    expect(findSatellite(state, ' OSLO ').id).toBe(satellite.id)
    expect(() => findSatellite(state, 'x')).toThrow('There is no satellite "x". Satellites: berlin, oslo.')
    expect(() => add('oslo')).toThrow('There is already a satellite "oslo".')
    for (let i = 3; i <= 50; i++) add(`s${i}`)
    expect(() => add('more')).toThrow('There are at most 50 satellites.')
  })

  it('are named with what to do where there is none', () => {
    expect(() => findSatellite(state, 'x')).toThrow('"satellites add" makes one.')
  })

  it('that are removed leave what came through them, and nothing waits for them', () => {
    const [{ satellite: oslo }, { satellite: berlin }] = [add('oslo'), add('berlin')]
    const through = (satelliteId: number) => check(`c${satelliteId}`, { satelliteId })
    const ids = [through(oslo.id), through(berlin.id)]
    for (const viewpoint of ['oslo', 'berlin']) saveView(state, ids[0]!, viewpoint, view(), NOW)
    state
      .prepare(
        "insert into sources (project_id, name, first_seen_at, last_seen_at, satellite_id, gaps) values (1, 'a', 0, 0, ?, '[]'), (1, 'b', 0, 0, ?, '[]')",
      )
      .run(oslo.id, berlin.id)
    topics.clear()
    removeSatellite(state, oslo)
    expect([...topics].sort()).toEqual(['deadlines', 'satellites'])
    expect(ids.map(id => readCheck(state, id)!.satelliteId)).toEqual([null, berlin.id])
    expect(listViews(state, ids[0]!).map(({ viewpoint }) => viewpoint)).toEqual(['berlin'])
    expect(state.prepare('select satellite_id as id from sources order by name').all()).toEqual([
      { id: null },
      { id: berlin.id },
    ])
    expect(listSatellites(state).map(({ name }) => name)).toEqual(['berlin'])
  })

  it('count the checks whose next beat may come through them', () => {
    const [{ satellite: oslo }, { satellite: berlin }] = [add('oslo'), add('berlin')]
    check('direct')
    check('through', { satelliteId: oslo.id, downAt: NOW })
    const later = check('later', { downAt: NOW + MINUTE })
    noteCheckSatellite(state, later, oslo.id, NOW + MINUTE - 1)
    expect([countChecksThrough(state, oslo.id), countChecksThrough(state, berlin.id)]).toEqual([1, 0])
    noteCheckSatellite(state, later, oslo.id, NOW + MINUTE)
    noteCheckSatellite(state, later, oslo.id, NOW)
    expect(countChecksThrough(state, oslo.id)).toBe(2)
  })
})

describe('a run of a satellite', () => {
  const admit = (instance: string, place: string | null = 'folder', now = NOW) =>
    admitRun(state, listSatellites(state)[0]!, { instance, place }, now)
  const rows = () => state.db.select().from(satelliteStreams).all()

  it('is admitted, and goes on; another one waits until it is silent for twelve seconds', () => {
    const { satellite } = add('oslo')
    expect([admit('a'), admit('a')]).toEqual([null, null])
    expect(readSatellite(state, satellite.id)).toMatchObject({ instance: 'a', place: 'folder', rivalSince: null })
    set({ lastSeenAt: NOW, address: '10.0.0.1', rivalSince: NOW, rivalSeenAt: NOW, rivalAddress: 'x' })
    const refused = admit('b', 'elsewhere', NOW + 12 * SECOND - 1)
    expect(refused).toMatchObject({ code: 'conflict', retryAfterMs: 1 })
    expect(refused!.message).toContain('Another satellite reports with the key of oslo, from 10.0.0.1.')
    expect(readSatellite(state, satellite.id)).toMatchObject({ instance: 'a', rivalSince: NOW })
    expect(admit('b', 'elsewhere', NOW + 12 * SECOND)).toBeNull()
    expect(readSatellite(state, satellite.id)).toMatchObject({
      ...{ instance: 'b', place: 'elsewhere', rivalSince: null, rivalSeenAt: null, rivalAddress: null },
    })
    expect(rows().map(({ stream }) => stream)).toEqual(['a', 'b'])
  })

  it('over the same folder takes over at once, unless it ran before', () => {
    add('oslo')
    admit('a')
    set({ lastSeenAt: NOW })
    expect(admit('b')).toBeNull()
    set({ lastSeenAt: NOW })
    expect(admit('a')).not.toBeNull()
    expect(admit('c', null)).not.toBeNull()
    expect(admit('c', 'folder')).toBeNull()
  })

  it('without a known place is no restart', () => {
    add('oslo')
    admit('a', null)
    set({ lastSeenAt: NOW })
    expect(admit('b', null)?.message).toContain('the key of oslo. If this one is a copy')
  })

  it('after one that said it stops is admitted at once', () => {
    add('oslo')
    admit('a')
    set({ lastSeenAt: NOW, instance: null })
    expect(admit('b', 'elsewhere')).toBeNull()
  })

  it('never goes back, and is forgotten after ninety days', () => {
    const { satellite } = add('oslo')
    const { id } = satellite
    expect(readProgress(state, id, 'a')).toEqual({ beats: 0, lines: 0 })
    saveProgress(state, id, 'a', { beats: 5 }, NOW)
    saveProgress(state, id, 'a', { beats: 4, lines: 7 }, NOW + 1)
    saveProgress(state, id, 'a', { lines: 6 }, NOW + 2)
    expect(readProgress(state, id, 'a')).toEqual({ beats: 5, lines: 7 })
    expect(readProgress(state, id, 'b')).toEqual({ beats: 0, lines: 0 })
    saveProgress(state, id, 'b', {}, NOW + 3)
    pruneStreams(state, NOW + 2 + 90 * DAY)
    expect(rows().map(({ stream, seenAt }) => [stream, seenAt - NOW])).toEqual([
      ['a', 2],
      ['b', 3],
    ])
    pruneStreams(state, NOW + 3 + 90 * DAY)
    expect(rows().map(({ stream }) => stream)).toEqual(['b'])
  })
})

describe('a report', () => {
  const report = (more: Partial<SatelliteReport> = {}): SatelliteReport => ({
    ...{ protocol: 2, version: '1.2', kind: 'beats', run: 'a', instance: 'a', place: null, chain: null, isLast: false },
    ...{ now: NOW, completeTo: NOW - 1, linesCompleteTo: NOW - 2, refused: 3, used: [] },
    waiting: { records: 4, bytes: 5, since: 6 },
    ...more,
  })
  const save = (more: Partial<SatelliteReport> = {}, { isWhole = true, now = NOW, received = {} } = {}) => {
    const all = { beats: 1, lines: 2, refused: 0, lastRefusal: null, ...received }
    state.transaction(() =>
      saveReport(
        state,
        listSatellites(state)[0]!,
        { report: report(more), received: all, isWhole, address: 'ip' },
        now,
      ),
    )
    return listSatellites(state)[0]!
  }
  beforeEach(() => {
    add('oslo')
    admitRun(state, listSatellites(state)[0]!, { instance: 'a', place: null }, NOW - MINUTE)
  })

  it('says what waits there, and adds what it brought', () => {
    topics.clear()
    expect(save()).toMatchObject({
      ...{ lastSeenAt: NOW, completeTo: NOW - 1, linesCompleteTo: NOW - 2, address: 'ip', version: '1.2' },
      ...{ clockAheadMs: 0, waitingRecords: 4, waitingBytes: 5, waitingSince: 6, refusedThere: 3 },
      ...{ beats: 1, lines: 2, refused: 0, lastRefusal: null, instance: 'a' },
    })
    expect(topics.has('deadlines')).toBe(true)
    expect(save({}, { received: { refused: 1, lastRefusal: 'No.' } })).toMatchObject({
      ...{ beats: 2, lines: 4, refused: 1, lastRefusal: 'No.' },
    })
    expect(save({ version: 'v'.repeat(51) })).toMatchObject({ lastRefusal: 'No.', version: 'v'.repeat(50) })
  })

  it('claims nothing while a part of it is not stored, and never less than before', () => {
    expect(save({}, { isWhole: false })).toMatchObject({ completeTo: 0, linesCompleteTo: 0 })
    save()
    expect(save({ completeTo: NOW - 9, linesCompleteTo: null })).toMatchObject({
      completeTo: NOW - 1,
      linesCompleteTo: NOW - 2,
    })
  })

  it('claims nothing of the future, by whichever clock', () => {
    expect(save({ completeTo: NOW + 5 })).toMatchObject({ completeTo: NOW })
    expect(save({ now: NOW + MINUTE, completeTo: NOW + MINUTE, linesCompleteTo: NOW })).toMatchObject({
      ...{ completeTo: NOW, linesCompleteTo: NOW - 2, clockAheadMs: MINUTE },
    })
    expect(save({ now: NOW - MINUTE, linesCompleteTo: NOW - 1 })).toMatchObject({
      linesCompleteTo: NOW - 1,
      clockAheadMs: -MINUTE,
    })
  })

  it('that is the last one ends its run; one of an earlier run ends nothing', () => {
    expect(save({ isLast: true }).instance).toBeNull()
    admitRun(state, listSatellites(state)[0]!, { instance: 'b', place: null }, NOW)
    expect(save({ isLast: true }).instance).toBe('b')
  })

  it('says since when another one reports under its key, while that one was refused in the last minute', () => {
    const { id } = listSatellites(state)[0]!
    expect(save().rivalSince).toBeNull()
    noteRival(state, id, '10.0.0.9', NOW)
    expect(save({}, { now: NOW + MINUTE - 1 })).toMatchObject({ rivalSince: NOW, rivalAddress: '10.0.0.9' })
    noteRival(state, id, '10.0.0.9', NOW + MINUTE)
    expect(save({}, { now: NOW + MINUTE }).rivalSince).toBe(NOW)
    // A report of an earlier run says nothing of it.
    expect(save({ instance: 'z' }, { now: NOW + 9 * MINUTE }).rivalSince).toBe(NOW)
    expect(save({}, { now: NOW + 2 * MINUTE }).rivalSince).toBeNull()
  })
})

describe('lines through a satellite', () => {
  it('may still be on their way until it says that it has sent all, for a day', () => {
    expect(areLinesMissing(state, NOW)).toBe(false)
    const { id } = add('oslo').satellite
    const isMissing = (linesCompleteTo: number, more: Partial<Satellite> = {}) => {
      set({ lines: 1, clockAheadMs: 0, linesCompleteTo, ...more })
      return areLinesMissing(state, NOW)
    }
    expect([isMissing(NOW - 10 * SECOND), isMissing(NOW - 10 * SECOND - 1)]).toEqual([false, true])
    expect([isMissing(NOW - DAY + 1), isMissing(NOW - DAY)]).toEqual([true, false])
    expect(isMissing(NOW - MINUTE, { lines: 0 })).toBe(false)
    // A clock that is behind there delays no line, and one that is ahead no less.
    expect(isMissing(NOW - MINUTE, { clockAheadMs: -50 * SECOND })).toBe(false)
    expect(isMissing(NOW - MINUTE, { clockAheadMs: 50 * SECOND })).toBe(true)
    expect([linesCompleteTo(state, id), linesCompleteTo(state, 9)]).toEqual([NOW - MINUTE, null])
  })

  it('mark their sources, of their project only', () => {
    const { id } = add('oslo').satellite
    const insert = state.prepare(
      "insert into sources (project_id, name, first_seen_at, last_seen_at, gaps) values (?, ?, 0, 0, '[]')",
    )
    for (const [project, name] of [
      [1, 'a'],
      [1, 'b'],
      [2, 'a'],
    ] as const)
      insert.run(project, name)
    markSources(state, id, 1, ['a', 'unknown'])
    expect(
      state.prepare('select project_id || name as name from sources where satellite_id = ? order by name').all(id),
    ).toEqual([{ name: '1a' }])
    const cache = state.memory('sources')
    cache.set('kept', 1 as never)
    markSources(state, id, 1, ['a'])
    expect(state.memory('sources').size).toBe(1)
    markSources(state, id, 1, ['b'])
    expect(state.memory('sources').size).toBe(0)
  })

  it('may bring signatures of up to a week ago', () => {
    expect(signaturesNeededSince(state, NOW)).toBe(NOW)
    add('oslo')
    expect(signaturesNeededSince(state, NOW)).toBe(NOW)
    const since = (linesCompleteTo: number) => {
      set({ linesCompleteTo })
      return signaturesNeededSince(state, NOW)
    }
    expect([since(NOW - 7 * DAY + 1), since(NOW - 7 * DAY), since(NOW + 5)]).toEqual([NOW - 7 * DAY + 1, NOW, NOW])
  })

  it('are of no future after the clock went back', () => {
    add('oslo')
    const later = { lastSeenAt: NOW + 1, completeTo: NOW + 1, linesCompleteTo: NOW + 1, rivalSeenAt: NOW + 1 }
    set(later)
    rewindSatellites(state, NOW)
    expect(listSatellites(state)[0]).toMatchObject({
      ...{ lastSeenAt: NOW, completeTo: NOW, linesCompleteTo: NOW, rivalSeenAt: NOW },
    })
    rewindSatellites(state, NOW + 9)
    expect(listSatellites(state)[0]).toMatchObject({ lastSeenAt: NOW, completeTo: NOW })
  })
})

const view = (more = {}) => ({
  ok: true,
  message: 'status 200',
  durationMs: 5,
  address: null,
  certificateEndsAt: null,
  ...more,
})

describe('what viewpoints found', () => {
  it('is the latest result of each, by name', () => {
    const id = check('a')
    expect(saveView(state, id, 'oslo', view(), NOW)).toBe(true)
    expect(saveView(state, id, 'berlin', view({ ok: false }), NOW)).toBe(true)
    expect(saveView(state, id, 'oslo', view({ ok: false }), NOW)).toBe(false)
    expect(saveView(state, id, 'oslo', view({ message: 'later' }), NOW + 1)).toBe(true)
    expect(saveView(state, check('b'), 'oslo', view(), NOW - 1)).toBe(true)
    expect(listViews(state, id).map(({ viewpoint, ok, message, at }) => [viewpoint, ok, message, at - NOW])).toEqual([
      ['berlin', false, 'status 200', 0],
      ['oslo', true, 'later', 1],
    ])
    forgetViews(state, id)
    expect([listViews(state, id).length, listViews(state, 2).length]).toEqual([0, 1])
  })

  it('is one result together', () => {
    const of = (viewpoint: string, more: object) => ({ checkId: 1, viewpoint, at: 0, ...view(more) }) as ProbeView
    const all = [
      of('a', { durationMs: 30, address: 'x', certificateEndsAt: 9 }),
      of('b', { durationMs: 10, certificateEndsAt: 7 }),
      of('c', { durationMs: 20, message: 'other' }),
      of('d', { ok: false, message: 'no answer', durationMs: 1, address: 'y' }),
    ]
    expect(combinedResult(verdictOf(all, null)!)).toEqual({
      ...{ ok: true, message: 'status 200', durationMs: 20, address: 'x', certificateEndsAt: 7 },
      viewpoints: 'Down from d (no answer). Up from a, b, c.',
    })
    expect(combinedResult(verdictOf(all, 1)!)).toMatchObject({
      ...{ ok: false, message: 'no answer from d', durationMs: null, address: 'y' },
    })
    expect(combinedResult(verdictOf(all.slice(0, 2), null)!)).toMatchObject({
      durationMs: 10,
      viewpoints: 'Up from a, b.',
    })
    expect(combinedResult(verdictOf(all.slice(3), null)!)).toMatchObject({
      ...{ certificateEndsAt: null, viewpoints: 'Down from d (no answer).' },
    })
    expect(viewRetentionMs(5 * MINUTE, 10 * SECOND)).toBe(11 * MINUTE + 10 * SECOND)
  })
})

describe('a spool', () => {
  const lines = (at: number): SatelliteRecord => ({ kind: 'lines', at, lines: 1 }) as SatelliteRecord
  const downtime = (at: number): SatelliteRecord => ({ kind: 'downtime', at, from: 0, to: at })
  const open = (limit = 100_000, key = 'key') => openSpool(state, key, limit)
  const cost = (record: SatelliteRecord, body: Buffer) => JSON.stringify(record).length + body.length + 4 + 28 + 60
  const body = (length: number) => Buffer.alloc(length, 'x')
  const put = (spool: ReturnType<typeof open>, record: SatelliteRecord, length = 0) =>
    state.transaction(() => spool.add(record, body(length)))

  it('keeps both streams in order, and forgets what was sent', () => {
    const spool = open()
    put(spool, downtime(1))
    put(spool, lines(2), 5)
    put(spool, downtime(3))
    expect(spool.waiting()).toEqual({
      ...{ records: 3, since: 1 },
      bytes: cost(downtime(1), body(0)) + cost(lines(2), body(5)) + cost(downtime(3), body(0)),
    })
    expect([spool.count('beats'), spool.count('lines')]).toEqual([2, 1])
    const read = spool.read('beats', 1e6, 10)
    expect(read.run).toBe(spool.run())
    expect(read.records.map(({ seq, record }) => [seq, record.at])).toEqual([
      [1, 1],
      [3, 3],
    ])
    expect(spool.read('lines', 1e6, 10).records[0]).toEqual({ seq: 2, record: lines(2), body: body(5) })
    spool.forget('beats', 'another run', 9)
    spool.forget('beats', spool.run(), 0)
    expect(spool.count('beats')).toBe(2)
    spool.forget('beats', spool.run(), 1)
    expect([spool.count('beats'), spool.count('lines'), spool.waiting().since]).toEqual([1, 1, 2])
    spool.forget('lines', spool.run(), 2)
    spool.forget('beats', spool.run(), 3)
    expect(spool.waiting()).toEqual({ records: 0, bytes: 0, since: null })
    expect(spool.read('beats', 1e6, 10)).toEqual({ run: spool.run(), records: [] })
  })

  it('gives at least one record, up to a number, a size, and the end of a run', () => {
    const spool = open()
    for (const at of [1, 2, 3]) put(spool, downtime(at))
    const size = cost(downtime(1), body(0))
    const sent = (bytes: number, records = 9) => spool.read('beats', bytes, records).records.length
    expect([sent(0), sent(2 * size - 1), sent(2 * size), sent(1e6, 2), sent(1e6)]).toEqual([1, 1, 2, 2, 3])
    const first = spool.run()
    spool.beginRun()
    expect(spool.run()).not.toBe(first)
    put(spool, downtime(4))
    expect(sent(1e6)).toBe(3)
    expect(spool.read('beats', 1e6, 9).run).toBe(first)
    spool.forget('beats', first, 3)
    expect(spool.read('beats', 1e6, 9).run).toBe(spool.run())
  })

  it('has room for lines up to its limit, for beats a tenth more, and counts what it refused', () => {
    const spool = open(1_000)
    expect([spool.hasRoom('lines', 940), spool.hasRoom('lines', 941)]).toEqual([true, false])
    expect([spool.hasRoom('beat', 1_040), spool.hasRoom('beat', 1_041)]).toEqual([true, false])
    expect([spool.isFull(), spool.refused(), spool.refused()]).toEqual([false, 2, 2])
    put(spool, lines(1), 1_000 - cost(lines(1), body(0)))
    expect([spool.isFull(), spool.hasRoom('lines', 0), spool.hasRoom('beat', 40)]).toEqual([true, false, true])
    spool.refused()
    expect(open(1_000).refused()).toBe(3)
    spool.forget('lines', spool.run(), 1)
    put(spool, lines(1), 999 - cost(lines(1), body(0)))
    expect(spool.isFull()).toBe(false)
  })

  it('is read by its key only, and another key begins where nothing waits', () => {
    const spool = open()
    put(spool, downtime(1))
    expect(() => open(1_000, 'other')).toThrow('1 requests wait in this data folder, received with another key.')
    expect(open().read('beats', 1e6, 9).records).toHaveLength(1)
    spool.forget('beats', spool.run(), 9)
    expect(open(1_000, 'other').count('beats')).toBe(0)
    expect(deriveKey('a', 'spool')).not.toEqual(deriveKey('a', 'vault'))
    expect(deriveKey('a', 'spool')).toHaveLength(32)
  })

  it('labels the records that an earlier version left there', () => {
    const spool = open()
    put(spool, downtime(1))
    put(spool, lines(2))
    state.prepare('update spool set kind = null, run = null').run()
    const later = open()
    expect([later.count('beats'), later.count('lines')]).toEqual([1, 1])
    expect(later.read('beats', 1e6, 9).run).not.toBe(later.run())
    expect(later.read('lines', 1e6, 9).records[0]!.record).toEqual(lines(2))
  })

  it('remembers answers to repeated requests for a while', () => {
    const spool = open()
    const save = (key: string, at: number, reply = key, project = 1) =>
      state.transaction(() => spool.saveReply(project, key, at, reply))
    save('k', 5)
    save('k', 7, 'again')
    save('k', 5, 'of another', 2)
    save('body:k', 7)
    const found = (key: string, since: number, project = 1) => spool.findReply(project, key, since)
    expect([found('k', 7), found('k', 8), found('x', 0), found('k', 5, 2)]).toEqual(['again', null, null, 'of another'])
    spool.pruneReplies(7, 'body:', 7)
    expect([found('k', 0), found('k', 0, 2), found('body:k', 0)]).toEqual(['again', null, 'body:k'])
    spool.pruneReplies(7, 'body:', 8)
    expect([found('k', 0), found('body:k', 0)]).toEqual(['again', null])
  })
})

describe('a report that is sent', () => {
  const waiting = { records: 0, bytes: 0, since: null }
  const report: SatelliteReport = {
    ...{ protocol: 2, version: '1', kind: 'beats', run: 'r', instance: 'i', place: 'p', isLast: true, now: 5 },
    ...{ completeTo: null, linesCompleteTo: 4, waiting, refused: 0, used: [] },
    chain: { id: 'c', after: 'b', unanswered: ['a'] },
  }
  const record = (more = {}) =>
    ({ seq: 1, body: Buffer.alloc(0), record: { kind: 'downtime', at: 1, from: 0, to: 1, ...more } }) as SentRecord
  const decode = (more: object = {}, records: SentRecord[] = []) =>
    decodeReport(encodeReport({ ...report, ...more } as SatelliteReport, records)).report

  it.each<[string, object, object]>([
    ['a place that is no text', { place: 7 }, { place: null }],
    ['an end that is none', { isLast: 'yes' }, { isLast: false }],
    ['no claim about lines', { linesCompleteTo: undefined }, { linesCompleteTo: null }],
    ['a long version', { version: 'v'.repeat(60) }, { version: 'v'.repeat(50) }],
    ['no list of rates', { used: 7 }, { used: [] }],
    [
      'broken rates',
      {
        used: [
          null,
          { key: 1, minute: 1, used: 1 },
          { key: 'k', minute: 0.5, used: 1 },
          { key: 'k', minute: 1, used: 'x' },
          { key: 'k', minute: 1, used: 2 },
        ],
      },
      { used: [{ key: 'k', minute: 1, used: 2 }] },
    ],
    [
      'a hundred unanswered ones',
      { chain: { id: 'c', after: null, unanswered: Array(100).fill('x') } },
      { chain: { id: 'c', after: null, unanswered: Array(100).fill('x') } },
    ],
  ])('may have %s', (_, more, expected) => {
    expect(decode(more)).toMatchObject(expected)
  })

  it.each<[string, object, SentRecord[]?]>([
    ['no run', { run: undefined }],
    ['no clock', { now: 'x' }],
    ['a claim that is no instant', { completeTo: 'x' }],
    ['nothing about what waits', { waiting: undefined }],
    ['no number of records', { waiting: { ...waiting, records: 'x' } }],
    ['no number of bytes', { waiting: { ...waiting, bytes: 'x' } }],
    ['no instant since which', { waiting: { ...waiting, since: 'x' } }],
    ['no number of refusals', { refused: null }],
    ['another kind', { kind: 'results' }],
    ['no instance', { instance: 7 }],
    ['a claim about lines that is no instant', { linesCompleteTo: 'x' }],
    ['no chain', { chain: null }],
    ['a chain without an id', { chain: { id: 7, after: null, unanswered: [] } }],
    ['a chain after a number', { chain: { id: 'c', after: 7, unanswered: [] } }],
    ['a chain without a list', { chain: { id: 'c', after: null, unanswered: 7 } }],
    ['too many unanswered ones', { chain: { id: 'c', after: null, unanswered: Array(101).fill('x') } }],
    ['a record of the other stream', {}, [record({ kind: 'lines' })]],
    ['a record without an instant', {}, [record({ at: null })]],
    ['a record without a kind', {}, [record({ kind: 7 })]],
    ['a record without a number', {}, [{ ...record(), seq: 0.5 }]],
  ])('is refused with %s', (_, more, records = []) => {
    expect(() => decode(more, records)).toThrow('This is no report of a satellite')
  })
})

describe('the directory of a satellite', () => {
  const vault = createVault(Buffer.alloc(32, 7))
  const mirror = () => {
    const there = memoryState()
    return { there, save: (name = 'oslo') => saveDirectory(there, vault, readDirectory(state, vault, { name })) }
  }
  const probe = (name: string, via: string | null, more: Partial<Check> = {}, headers: string | null = null) => {
    const checkId = check(name, { probed: true, ...more })
    addProbe(state, {
      ...{ checkId, kind: 'http', target: 'https://x', timeout: 5, certDays: 14, reach: 'any', changedAt: NOW, via },
      headersSealed: headers === null ? null : vault.seal(headers),
    })
    return checkId
  }
  const names = (there: State, where = '1') =>
    there
      .prepare<[], { name: string }>(`select name from checks where ${where} order by name`)
      .all()
      .map(({ name }) => name)

  it('has the checks with ping URLs, and the probes that it makes', () => {
    check('beaten')
    probe('mine', 'berlin\noslo', {}, 'authorization: x')
    probe('elsewhere', 'berlin')
    probe('main only', null)
    const { there, save } = mirror()
    save()
    expect([names(there, 'probed = 0'), names(there, 'probed = 1')]).toEqual([['beaten'], ['mine']])
    expect(listProjects(there).map(({ name }) => name)).toEqual(['default', 'shop'])
    const sealed = there.prepare<[], { sealed: Buffer }>('select headers_sealed as sealed from probes').get()!.sealed
    expect(vault.open(sealed)).toBe('authorization: x')
  })

  it('has the keys that are valid, with the secrets of those that sign', () => {
    const [project] = listProjects(state)
    const make = (more: object) =>
      createKey(state, vault, project!, { role: 'intake', signed: false, ...more } as never, NOW)
    const plain = make({})
    const readable = make({ isReadable: true })
    const signed = make({ signed: true })
    revokeKey(state, make({ signed: true }).key.id, NOW)
    const { keys } = readDirectory(state, vault, { name: 'oslo' })
    expect(new Map(keys.map(({ id, secret }) => [id, secret]))).toEqual(
      new Map([
        [plain.key.id, null],
        [readable.key.id, null],
        [signed.key.id, signed.secret],
      ]),
    )
  })

  it('changes its version with what a satellite must know, and not with results', () => {
    const id = probe('mine', 'oslo')
    const version = () => readDirectory(state, vault, { name: 'oslo' }).version
    const first = version()
    expect(first).toHaveLength(22)
    state
      .prepare("update checks set status = 'down', misses = 3, beats = 7, last_beat_at = 5, late_at = 6, down_at = 7")
      .run()
    state.prepare("update probes set last_at = 5, last_ok = 0, last_message = 'x', last_address = 'y'").run()
    expect(version()).toBe(first)
    state.prepare("update checks set status = 'paused' where id = ?").run(id)
    expect(version()).not.toBe(first)
  })

  it('keeps what its probes found so far, except of those that are paused', () => {
    const id = probe('mine', 'oslo', { after: 2 })
    const { there, save } = mirror()
    save()
    const spool = openSpool(there, 'key', 1_000)
    const keep = (ok: boolean, at: number) =>
      there.transaction(() =>
        keepResult(
          there,
          spool,
          { check: readCheck(there, id)!, probe: { changedAt: NOW } } as never,
          view({ ok }),
          at,
        ),
      )
    keep(false, NOW + 1)
    expect(readCheck(there, id)).toMatchObject({ status: 'up', misses: 1, lastBeatAt: NOW + 1 })
    keep(false, NOW + 2)
    save()
    expect(readCheck(there, id)).toMatchObject({ status: 'down', misses: 2, lastBeatAt: NOW + 2 })
    keep(true, NOW + 3)
    expect(readCheck(there, id)).toMatchObject({ status: 'up', misses: 0 })
    expect(spool.read('beats', 1e6, 9).records.map(({ record }) => record)).toMatchObject([
      { kind: 'result', at: NOW + 1, check: id, changedAt: NOW, result: { ok: false } },
      { at: NOW + 2 },
      { at: NOW + 3, result: { ok: true } },
    ])
    state.prepare("update checks set status = 'paused'").run()
    save()
    expect(readCheck(there, id)).toMatchObject({ status: 'paused', misses: 0, lastBeatAt: null })
    state.prepare("update checks set status = 'up'").run()
    save()
    expect(readCheck(there, id)).toMatchObject({ status: 'up', misses: 0, lastBeatAt: null })
  })

  it('that cannot be read changes nothing', () => {
    check('beaten')
    const { there, save } = mirror()
    save()
    const foreign = { ...readDirectory(state, vault, { name: 'oslo' }), checks: [{ id: 1, name: null }] }
    expect(() => saveDirectory(there, vault, foreign as never)).toThrow('that this version of Vakt cannot read')
    expect(names(there)).toEqual(['beaten'])
  })
})
