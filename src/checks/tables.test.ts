// The tables of checks: which rows each query finds, what each change writes, and how many rows are kept.
import { beforeEach, describe, expect, it } from 'vitest'
import { addProject, readProjectById } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { beats, calendars, checkFlips, satellites } from '../state/schema/index.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { type Arrival, classifyBeat } from './beat.ts'
import { isLateBeat, listBeats, listRuns, readBeat, recordBeat, recordLateBeat, storeProbeBeat } from './beats.ts'
import type { Check } from './check.ts'
import { findCheck } from './check-names.ts'
import {
  addCheck,
  type CheckFilter,
  countByShownStatus,
  countByStatus,
  countChecks,
  editCheck,
  listCheckStates,
  listChecks,
  pauseCheck,
  readCheck,
  readCheckByUuid,
  readChecksBySlug,
  readEarlyChecks,
  removeCheck,
  renewCheck,
  resumeCheck,
  slugOf,
  slugOwner,
  updateCheck,
} from './checks.ts'
import {
  extendCheckDeadlines,
  extendSatelliteDeadlines,
  forgiveLostBeats,
  forgiveRefusedBeats,
  nextDeadline,
  overdueChecks,
  rewindChecks,
} from './deadlines.ts'
import { dependencyNamed, dependencyNames, renameDependency, unknownDependencies } from './dependencies.ts'
import {
  downtimeBetween,
  graceAfterDowntime,
  lastAlive,
  lastStored,
  listDowntimes,
  markAlive,
  pruneDowntimes,
  recordClockRollback,
  recordDowntime,
  recordTakeover,
} from './downtimes.ts'
import { dueCalendars, exceptionsOf, failCalendar, readCalendarRow, saveCalendar } from './exceptions/calendars.ts'
import { coveredUntil, mergeExceptions, readExcept } from './exceptions/exception.ts'
import { listFlips, recordFlip } from './flips.ts'
import { listDetails, readChosenChannels, readDetails, saveDetails } from './healthchecks/check-details.ts'
import { readSpec } from './healthchecks/check-spec.ts'
import { createFromSpec, findUnique, updateFromSpec } from './healthchecks/save-spec.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
let emitted: Set<string>
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  emitted = new Set()
  state.onCommit(topics => {
    for (const topic of topics) emitted.add(topic)
  })
})
const has = (name: string, more: Partial<Check> = {}): Check => {
  const draft = { projectId: 1, name, timeZone: 'UTC', grace: 10 * MINUTE, every: HOUR, severity: 'critical' as const }
  const { id } = addCheck(state, { ...draft, ...more }, NOW)
  if (more.status) updateCheck(state, id, { status: more.status })
  return readCheck(state, id)!
}
const now = (id: number) => readCheck(state, id)!
/** What listeners hear of after `work`. */
const heard = (work: () => void) => {
  state.transaction(() => {})
  emitted.clear()
  state.transaction(work)
  return [...emitted].sort()
}
const arrival = (more: Partial<Arrival> = {}): Arrival => ({
  ...{ signal: 'success', exitStatus: null, rid: null, method: 'GET', scheme: 'https', remoteAddress: '192.0.2.1' },
  ...{ userAgent: 'curl', body: Buffer.alloc(0), bodyBytes: 0, outputBytes: null, ...more },
})

describe('a check', () => {
  it('has a name and a slug of its own in its project', () => {
    const a = has('Nightly backup (eu)')
    expect([a.slug, a.status, a.createdAt, slugOf('-ÄB c_d!')]).toEqual(['nightly-backup-eu', 'new', NOW, 'ab-c_d'])
    expect(() => has('Nightly backup (eu)')).toThrow(
      expect.objectContaining({ code: 'conflict', fields: { name: 'is taken' } }),
    )
    expect(has('nightly-backup-eu').slug).toBe('nightly-backup-eu-2')
    expect(has('Nightly backup eu').slug).toBe('nightly-backup-eu-3')
    expect(has('Nightly backup (eu)', { projectId: 2 }).slug).toBe('nightly-backup-eu')
    expect([has('★').slug, has('☆').slug, has('x', { slug: 'own' }).slug]).toEqual(['', '', 'own'])
    expect([slugOwner(state, 1, 'own', 0), slugOwner(state, 2, 'own', 0), slugOwner(state, 1, 'own', 7)]).toEqual([
      'x',
      undefined,
      undefined,
    ])
    const edited = editCheck(state, a, { name: 'Backup' }, NOW)
    expect([edited.slug, editCheck(state, edited, { name: 'backup' }, NOW).slug]).toEqual(['backup', 'backup'])
    expect(() => editCheck(state, edited, { name: 'x' }, NOW)).toThrow(
      expect.objectContaining({ fields: { rename: 'is taken' } }),
    )
  })

  it('is found by a part of its name in the letters of any language, in either case', () => {
    has('Übersicht Öl')
    has('Резервная копия')
    const names = (matching: string) => listChecks(state, { matching }).map(({ name }) => name)
    expect([names('übersicht'), names('ÖL'), names('Резервная'), names('КОПИЯ')].flat()).toEqual([
      ...['Übersicht Öl', 'Übersicht Öl', 'Резервная копия', 'Резервная копия'],
    ])
    expect(() => findCheck(state, 'Übersicht')).toThrow('Did you mean "Übersicht Öl"?')
  })

  it('is found by its uuid, name or slug, and otherwise with what comes near', () => {
    const a = has('Data Base')
    has('Data Base', { projectId: 2 })
    const found = (name: string, project?: number) => findCheck(state, name, project).id
    expect([found(a.uuid), found('Data Base', 1), found('DATA-base', 2)]).toEqual([1, 1, 2])
    expect(() => found('Data Base')).toThrow(
      expect.objectContaining({ code: 'conflict', fields: { name: 'is ambiguous' } }),
    )
    for (const name of ['base camp', 'base', 'b', 'xbasey', 'bases']) has(name)
    expect(() => found('basement')).toThrow('Did you mean "base" or "b"?')
    expect(() => found('bas')).toThrow('Did you mean "base" or "b" or "bases"?')
    expect(() => found('zzz')).toThrow('"checks list" shows all checks.')
    expect(() => found('bas', 2)).toThrow('Did you mean "Data Base"?')
    expect(() => found('zzz')).toThrow(expect.objectContaining({ code: 'not_found', slip: undefined }))
    expect(() => found('basement')).toThrow(
      expect.objectContaining({ slip: { wrong: ['basement'], right: ['base', 'b'] } }),
    )
  })

  it('is found by its ping URL, as it is after beats of the same transaction', () => {
    const a = has('a')
    has('a', { projectId: 2 })
    const { pingKey } = readProjectById(state, 1)!
    expect(readChecksBySlug(state, pingKey, 'a').map(({ id }) => id)).toEqual([1])
    expect([readChecksBySlug(state, pingKey, 'b'), readChecksBySlug(state, 'no key', 'a')]).toEqual([[], []])
    state.transaction(() => {
      recordBeat(state, readCheckByUuid(state, a.uuid)!, arrival(), NOW)
      expect(readChecksBySlug(state, pingKey, 'a')[0]).toMatchObject({ beats: 1, status: 'up' })
    })
    expect([readCheckByUuid(state, a.uuid)?.beats, readCheckByUuid(state, 'no'), now(1).beats]).toEqual([
      1,
      undefined,
      1,
    ])
    for (const name of ['b', 'c', 'd']) has(name, { slug: 'same' })
    expect(readChecksBySlug(state, pingKey, 'same')).toHaveLength(2)
  })

  it('is listed by name, by project, status and text, in pages', () => {
    has('c', { status: 'up', lateAt: NOW })
    has('B', { status: 'up', lateAt: NOW + 1 })
    has('a', { status: 'up', misses: 1 })
    has('d', { status: 'down', misses: 1, projectId: 2 })
    has('e')
    state.prepare('update checks set late_at = null where name = ?').run('a')
    const names = (filter: CheckFilter) =>
      listChecks(state, filter)
        .map(({ name }) => name)
        .join('')
    const shown = (status: 'up' | 'late' | 'down' | 'new') => ({ status: { shown: status, at: NOW } })
    expect([names({}), names({ projectId: 1 }), names({ limit: 2 }), names({ limit: 2, offset: 1 })]).toEqual([
      'Bacde',
      'Bace',
      'Ba',
      'ac',
    ])
    expect([names(shown('up')), names(shown('late')), names(shown('down')), names(shown('new'))]).toEqual([
      'B',
      'ac',
      'd',
      'e',
    ])
    expect([names({ matching: 'b' }), names({ named: 'b' }), names({ named: 'B' })]).toEqual(['B', '', 'B'])
    expect([countChecks(state), countChecks(state, { projectId: 2 })]).toEqual([5, 1])
    expect(countByStatus(state)).toEqual({ new: 1, up: 3, down: 1, paused: 0 })
    expect(countByShownStatus(state, NOW)).toEqual({ new: 1, up: 1, late: 2, down: 1, paused: 0 })
    expect(listCheckStates(state).map(({ check, project }) => `${project} ${check}`)).toEqual([
      ...['default B', 'default a', 'default c', 'default e', 'shop d'],
    ])
    expect(listCheckStates(state)[4]).toMatchObject({ status: 'down', lastBeatAt: null })
  })

  it('whose beats come early is counted from the third on', () => {
    expect(readEarlyChecks(state)).toEqual({ count: 0, least: null, most: null })
    for (const [i, earlyMs] of [5, 9, 1].entries()) has(`${i}`, { earlyMs, earlyBeats: i === 2 ? 2 : 3 })
    expect(readEarlyChecks(state)).toEqual({ count: 2, least: 5, most: 9 })
  })

  it('is paused, resumed and put back to new, with a flip for each', () => {
    const a = has('a', {
      status: 'up',
      lastBeatAt: NOW,
      lateAt: NOW + HOUR,
      downAt: NOW + 2 * HOUR,
      misses: 1,
      lastStartAt: NOW,
    })
    let paused = a
    expect(heard(() => (paused = pauseCheck(state, a, NOW)))).toEqual(['deadlines'])
    expect(paused).toMatchObject({
      status: 'paused',
      lateAt: null,
      downAt: null,
      misses: 0,
      missKind: null,
      lastStartAt: null,
    })
    expect(() => pauseCheck(state, paused, NOW)).toThrow('already paused')
    expect(() => resumeCheck(state, a, NOW)).toThrow('is not paused')
    expect(resumeCheck(state, paused, NOW + MINUTE)).toMatchObject({ status: 'up', lateAt: NOW + HOUR })
    expect(renewCheck(state, { ...paused }, NOW + 2 * MINUTE)).toMatchObject({
      status: 'new',
      lastBeatAt: null,
      lateAt: null,
      downAt: null,
    })
    expect(
      listFlips(state, 1, 0, 2 * NOW).map(({ at, oldStatus, newStatus }) => [at - NOW, oldStatus, newStatus]),
    ).toEqual([
      [2 * MINUTE, 'paused', 'new'],
      [MINUTE, 'paused', 'up'],
      [0, 'up', 'paused'],
    ])
  })

  it('that is a probe tells probing of its changes and its end', () => {
    const [plain, probe] = [has('a'), has('b', { probed: true })]
    expect(heard(() => editCheck(state, plain, { owner: 'Ann' }, NOW))).toEqual(['deadlines'])
    expect(heard(() => editCheck(state, probe, { owner: 'Ann' }, NOW))).toEqual(['deadlines', 'probes'])
    expect(heard(() => updateCheck(state, probe.id, { misses: 1, owner: undefined as never }))).toEqual(['deadlines'])
    expect(now(2)).toMatchObject({ misses: 1, owner: 'Ann' })
    expect(readCheckByUuid(state, plain.uuid)?.id).toBe(plain.id)
    expect([heard(() => removeCheck(state, plain)), heard(() => removeCheck(state, probe))]).toEqual([[], ['probes']])
    expect(readCheckByUuid(state, plain.uuid)).toBeUndefined()
    expect(listChecks(state)).toEqual([])
  })

  it.each<[Partial<Check>, number | null]>([
    [{ owner: 'Ann' }, 90 * MINUTE],
    [{ every: HOUR }, 90 * MINUTE],
    [{ every: 2 * HOUR }, 130 * MINUTE],
    [{ grace: 20 * MINUTE }, 80 * MINUTE],
    [{ maxRuntime: 5 * MINUTE }, 70 * MINUTE],
    [{ timeZone: 'Europe/Oslo' }, 70 * MINUTE],
    [{ active: '00:00-24:00' }, 70 * MINUTE],
    [{ every: null, cron: '0 12 * * *' }, 190 * MINUTE],
    [{ every: null, onCalendar: '13:00' }, 250 * MINUTE],
    [{ exceptions: { days: [], times: [[NOW, NOW + 90 * MINUTE]] } }, 130 * MINUTE],
  ])('that is edited by %j has its deadline then', (changes, downAt) => {
    const a = has('a', { status: 'up', lastBeatAt: NOW, lateAt: NOW + HOUR, downAt: NOW + 90 * MINUTE })
    expect((editCheck(state, a, changes, NOW).downAt ?? 0) - NOW).toBe(downAt)
  })
})

describe('beats', () => {
  it('are stored with what they carry, the latest of each check first', () => {
    const [a, b] = [has('a'), has('b')]
    expect(heard(() => recordBeat(state, b, arrival({ signal: 'log' }), NOW))).toEqual(['deadlines'])
    state.prepare('delete from beats').run()
    const first = recordBeat(state, a, arrival({ userAgent: 'x'.repeat(201) }), NOW)
    expect(first).toMatchObject({
      kind: 'success',
      turn: 'none',
      check: { beats: 1, status: 'up', lateAt: NOW + HOUR },
    })
    recordBeat(state, b, arrival(), NOW)
    const failed = recordBeat(
      state,
      first.check,
      arrival({ signal: 'fail', exitStatus: 3, body: Buffer.from('no'), bodyBytes: 9, outputBytes: 7 }),
      NOW + 1,
    )
    expect(failed).toMatchObject({ kind: 'fail', turn: 'went down' })
    expect(listBeats(state, 1, 9).map(({ kind }) => kind)).toEqual(['fail', 'success'])
    expect(listBeats(state, 1, 1)).toMatchObject([{ exitStatus: 3, bodyBytes: 9, outputBytes: 7, receivedAt: NOW + 1 }])
    expect(readBeat(state, 1)).toMatchObject({ userAgent: 'x'.repeat(200), body: null, bodyBytes: 0 })
    expect(readBeat(state, 99)).toBeUndefined()
    expect(listFlips(state, 1, 0, 2 * NOW).map(({ newStatus }) => newStatus)).toEqual(['down', 'up'])
  })

  it('of runs that overlap have the time of their own start', () => {
    const a = has('a')
    const send = (at: number, signal: Arrival['signal'], rid: string | null) => {
      recordBeat(state, now(a.id), arrival({ signal, rid }), NOW + at)
      return listBeats(state, a.id, 1)[0]!.duration
    }
    send(0, 'start', 'x')
    send(SECOND, 'start', 'y')
    expect(send(3 * SECOND, 'success', 'x')).toBe(3 * SECOND)
    expect(send(4 * SECOND, 'success', 'x')).toBeNull()
    expect(send(5 * SECOND, 'log', 'y')).toBeNull()
    expect(send(6 * SECOND, 'fail', 'y')).toBe(5 * SECOND)
    expect(send(7 * SECOND, 'success', 'z')).toBeNull()
    expect(send(8 * SECOND, 'success', null)).toBeNull()
    expect(listRuns(state, a.id, 9)).toEqual([null, null, null, 3 * SECOND].map(duration => ({ duration, bytes: 0 })))
    expect(listRuns(state, a.id, 1)).toHaveLength(1)
  })

  it('of runs that are compared count the bytes that they report, else those of their body', () => {
    const a = has('a', { watchSize: true })
    recordBeat(state, a, arrival({ bodyBytes: 5 }), NOW)
    recordBeat(state, now(1), arrival({ bodyBytes: 5, outputBytes: 0 }), NOW)
    expect(listRuns(state, 1, 9).map(({ bytes }) => bytes)).toEqual([0, 5])
  })

  it('that come late belong to the history only', () => {
    const a = has('a', { status: 'up', lastBeatAt: NOW, lastStartAt: NOW + MINUTE, downAt: NOW + HOUR })
    expect([NOW - 1, NOW + MINUTE - 1, NOW + MINUTE].map(at => isLateBeat(a, at))).toEqual([true, true, false])
    expect(isLateBeat({ ...a, lastStartAt: null }, NOW)).toBe(false)
    expect(isLateBeat({ ...a, lastStartAt: null, lastBeatAt: null }, 0)).toBe(false)
    expect(recordLateBeat(state, a, arrival({ signal: 'start', rid: 'x' }), NOW - HOUR)).toEqual({ kind: 'start' })
    recordLateBeat(state, now(1), arrival({ signal: 'fail', rid: 'x' }), NOW - HOUR + 5)
    expect(now(1)).toMatchObject({ status: 'up', beats: 2, downAt: NOW + HOUR, misses: 0 })
    expect(listBeats(state, 1, 9).map(({ kind, duration }) => [kind, duration])).toEqual([
      ['fail', 5],
      ['start', null],
    ])
  })

  it('are kept up to a hundred of each check, and two megabytes of bodies', () => {
    const [a, b] = [has('a'), has('b')]
    recordBeat(state, b, arrival(), NOW)
    state.transaction(() => {
      for (let i = 0; i < 200; i++) recordBeat(state, readCheckByUuid(state, a.uuid)!, arrival(), NOW + i)
    })
    expect([listBeats(state, 1, 999).length, listBeats(state, 2, 9).length]).toEqual([100, 1])
    expect(listBeats(state, 1, 999).at(-1)!.receivedAt).toBe(NOW + 100)
    const body = (bytes: number, at: number) =>
      recordBeat(state, now(2), arrival({ body: Buffer.alloc(bytes, 'x'), bodyBytes: bytes }), at)
    for (let i = 1; i <= 3; i++) body(1_000_000, NOW + i)
    expect(listBeats(state, 2, 9).map(({ body: kept }) => kept?.length ?? 0)).toEqual([1_000_000, 1_000_000, 0, 0])
    expect(listBeats(state, 2, 9)[2]!.bodyBytes).toBe(1_000_000)
  })

  it('of probes are stored and pruned like others', () => {
    const a = has('a', { probed: true })
    const probe = (count: number, body = '') =>
      storeProbeBeat(
        state,
        { ...a, beats: count, status: 'up' },
        { kind: 'fail', scheme: 'http', remoteAddress: '', duration: 20, body },
        NOW,
      )
    probe(1, 'status 500')
    expect(listBeats(state, 1, 1)[0]).toMatchObject({
      method: 'PROBE',
      duration: 20,
      body: Buffer.from('status 500'),
      bodyBytes: 10,
    })
    state.transaction(() => {
      for (let i = 2; i <= 200; i++) probe(i)
    })
    expect([listBeats(state, 1, 999).length, listBeats(state, 1, 1)[0]!.body, now(1).beats]).toEqual([100, null, 200])
  })

  it.each<[string, Partial<Check>, Partial<Arrival>, string]>([
    ['by its signal', {}, { signal: 'log' }, 'log'],
    ['failed by its exit status', {}, { exitStatus: 1 }, 'fail'],
    ['of status 0', {}, { exitStatus: 0 }, 'success'],
    ['of a probe', { probed: true }, { signal: 'fail' }, 'ignored'],
    ['of a paused check', { status: 'paused' }, {}, 'success'],
    [
      'of a paused check that is resumed by hand',
      { status: 'paused', manualResume: true },
      { signal: 'fail' },
      'ignored',
    ],
    ['of a check that is resumed by hand', { manualResume: true }, {}, 'success'],
    ['by another method', { methods: 'POST' }, { method: 'HEAD' }, 'ignored'],
    ['by its method', { methods: 'POST' }, { method: 'POST' }, 'success'],
    [
      'with a word of failure',
      { failureKeywords: 'bad, worse', successKeywords: 'worse' },
      { body: Buffer.from('it is worse') },
      'fail',
    ],
    [
      'with a word of success',
      { successKeywords: 'done', startKeywords: 'done' },
      { body: Buffer.from('all done') },
      'success',
    ],
    ['with a word of start', { startKeywords: 'go' }, { body: Buffer.from('go') }, 'start'],
    ['with no word', { successKeywords: 'done' }, { body: Buffer.from('x') }, 'ignored'],
    ['with no word, where that is a failure', { successKeywords: 'done', defaultFail: true }, {}, 'fail'],
    ['where only that is set', { defaultFail: true }, {}, 'fail'],
    ['with an empty word', { failureKeywords: ' , ', successKeywords: 'x' }, { body: Buffer.from('x') }, 'success'],
    ['that fails whatever its words', { successKeywords: 'x' }, { signal: 'fail', body: Buffer.from('x') }, 'fail'],
  ])('are %s', (_, more, own, kind) => {
    expect(classifyBeat({ ...has('a'), ...more }, arrival(own))).toBe(kind)
  })
})

it('flips are changes of the status, in a span of time, a thousand of each check', () => {
  const a = has('a', { status: 'up' })
  recordFlip(state, a, 'up', NOW)
  recordFlip(state, a, undefined, NOW)
  expect(listFlips(state, 1, 0, 2 * NOW)).toEqual([])
  state.transaction(() => {
    for (let i = 0; i < 1_001; i++) recordFlip(state, a, 'down', NOW + i)
  })
  recordFlip(state, { ...a, id: has('b').id }, 'down', NOW)
  expect(state.db.select().from(checkFlips).all()).toHaveLength(1_001)
  expect(listFlips(state, 1, NOW + 5, NOW + 8).map(({ at }) => at - NOW)).toEqual([7, 6, 5])
  expect(listFlips(state, 1, 0, NOW + 1)).toEqual([])
})

describe('deadlines', () => {
  const up = (name: string, downAt: number, more: Partial<Check> = {}) =>
    has(name, { status: 'up', lastBeatAt: downAt - 70 * MINUTE, lateAt: downAt - 10 * MINUTE, downAt, ...more })
  const due = (at: number, limit = 9, reachable: 'all' | 'lan' = 'all') =>
    overdueChecks(state, at, limit, reachable).map(({ name }) => name)

  it('that have passed are the longest overdue first, those of the local network alone where only they are reached', () => {
    expect(nextDeadline(state)).toBeNull()
    up('a', NOW)
    up('b', NOW - 1)
    up('c', NOW + 1, { lan: true })
    has('d')
    expect([due(NOW), due(NOW, 1), due(NOW + 1, 9, 'lan'), due(NOW, 9, 'lan')]).toEqual([['b', 'a'], ['b'], ['c'], []])
    expect([nextDeadline(state), nextDeadline(state, 'lan')]).toEqual([NOW - 1, NOW + 1])
  })

  it('of checks behind a satellite pass once it has sent what it received until then', () => {
    const satellite = (name: string, completeTo: number | null) =>
      state.db
        .insert(satellites)
        .values({ name, keyHash: name, createdBy: 'x', createdAt: 0, completeTo })
        .returning()
        .get().id
    const [late, early, unknown] = [satellite('l', NOW), satellite('e', NOW - 1), satellite('u', null)]
    up('here', NOW)
    up('sent', NOW, { satelliteId: late })
    const waiting = up('waiting', NOW, { satelliteId: early })
    up('unknown', NOW, { satelliteId: unknown })
    expect(due(NOW).sort()).toEqual(['here', 'sent', 'unknown'])
    expect(nextDeadline(state)).toBe(NOW)
    const through = (checkId: number, satelliteId: number, until: number) =>
      state
        .prepare('insert into check_satellites (check_id, satellite_id, until) values (?, ?, ?)')
        .run(checkId, satelliteId, until)
    through(1, early, NOW)
    through(2, early, NOW - 1)
    expect(due(NOW).sort()).toEqual(['sent', 'unknown'])
    extendSatelliteDeadlines(state, early, NOW - 5 * MINUTE, NOW, NOW + MINUTE)
    expect([1, 2, waiting.id, 4].map(id => (now(id).downAt! - NOW) / MINUTE)).toEqual([5, 0, 5, 0])
  })

  it('are extended by a downtime, and skipped where the beat was due in it', () => {
    up('in grace', NOW + 5 * MINUTE)
    up('due in it', NOW + 15 * MINUTE)
    up('local', NOW + 15 * MINUTE, { lan: true })
    up('later', NOW + HOUR)
    has('none')
    up('broken', NOW + 15 * MINUTE, { every: null, cron: '0 * * * *', timeZone: 'Mars/Olympus' })
    const skipped = extendCheckDeadlines(state, NOW, NOW + 10 * MINUTE, NOW + 11 * MINUTE, 'lan')
    expect(skipped.map(({ name }) => name)).toEqual(['due in it'])
    expect([1, 2, 3, 4, 6].map(id => (now(id).downAt! - NOW) / MINUTE)).toEqual([15, 75, 15, 60, 15])
    expect(extendCheckDeadlines(state, NOW, NOW + 10 * MINUTE, NOW + 11 * MINUTE).map(({ name }) => name)).toEqual([
      'local',
    ])
  })

  it('of refused and lost beats wait for the next one', () => {
    const a = up('a', NOW + 10 * MINUTE)
    up('same', NOW + 10 * MINUTE, { slug: 'x' })
    up('other', NOW + 10 * MINUTE, { slug: 'x' })
    const { pingKey } = readProjectById(state, 1)!
    forgiveRefusedBeats(
      state,
      [
        { ping: { uuid: a.uuid }, at: NOW, endsRun: true },
        { ping: { uuid: 'unknown' }, at: NOW, endsRun: true },
        { ping: { pingKey, slug: 'x' }, at: NOW, endsRun: true },
      ] as never,
      NOW,
    )
    expect([1, 2, 3].map(id => (now(id).downAt! - NOW) / MINUTE)).toEqual([70, 10, 10])
    state.prepare('delete from checks').run()
    const kept = [
      up('due', NOW + 10 * MINUTE),
      up('soon', NOW + 20 * MINUTE),
      up('later', NOW + 20 * MINUTE + 1),
      up('runs', NOW + 9 * HOUR, { lateAt: NOW + 8 * HOUR, lastStartAt: NOW, lastStartRid: 'x' }),
      has('waits'),
    ]
    const skipped = forgiveLostBeats(state, NOW, NOW + MINUTE)
    expect(skipped.map(({ name }) => name).sort()).toEqual(['due', 'soon'])
    expect(kept.map(({ id }) => now(id).lastStartAt)).toEqual([null, null, null, null, null])
    expect(now(kept[2]!.id).downAt).toBe(NOW + 20 * MINUTE + 1)
  })

  it('are moved back with the clock where something lies ahead', () => {
    up('a', NOW + 70 * MINUTE)
    up('b', NOW + 70 * MINUTE, { lastBeatAt: NOW + 1 })
    up('c', NOW + 5 * HOUR, { lateAt: NOW + 4 * HOUR, lastBeatAt: NOW + 3 * HOUR })
    up('d', NOW + 5 * HOUR, { lateAt: NOW - 1, lastBeatAt: null, lastStartAt: NOW + 1 })
    expect(rewindChecks(state, NOW)).toBe(3)
    expect([1, 2, 3].map(id => [(now(id).lateAt! - NOW) / MINUTE, now(id).lastBeatAt! - NOW])).toEqual([
      [60, 0],
      [60, 0],
      [60, 0],
    ])
    expect(now(4).lastStartAt).toBe(NOW)
  })
})

describe('downtimes', () => {
  it('are counted only where they overlap, and listed newest first', () => {
    recordDowntime(state, 'stopped', NOW, NOW + MINUTE)
    recordDowntime(state, 'log-storage', NOW + HOUR, NOW + HOUR + MINUTE)
    const between = (from: number, to: number) => downtimeBetween(state, NOW + from * SECOND, NOW + to * SECOND)
    expect([
      between(-9, 0),
      between(60, 99),
      between(-9, 20),
      between(30, 99),
      between(-9, 9999),
      between(10, 20),
    ]).toEqual([...[0, 0, 20, 30, 120, 10].map(seconds => seconds * SECOND)])
    expect(listDowntimes(state, 9).map(({ kind }) => kind)).toEqual(['log-storage', 'stopped'])
    expect([0, 5, 30, 60, 90].map(seconds => graceAfterDowntime(0, seconds * SECOND) / SECOND)).toEqual([
      5, 5, 30, 60, 60,
    ])
  })

  it('extend no deadline of the local network while Vakt is offline, and none while only log lines are refused', () => {
    for (const name of ['a', 'local'])
      has(name, {
        status: 'up',
        lastBeatAt: NOW - HOUR,
        lateAt: NOW - MINUTE,
        downAt: NOW + MINUTE,
        lan: name === 'local',
      })
    const downs = () => [1, 2].map(id => (now(id).downAt! - NOW) / MINUTE)
    expect(heard(() => recordDowntime(state, 'log-storage', NOW, NOW + MINUTE))).toEqual([])
    expect(downs()).toEqual([1, 1])
    expect(heard(() => recordDowntime(state, 'offline', NOW, NOW + MINUTE))).toEqual(['deadlines'])
    expect(downs()).toEqual([2, 1])
    recordDowntime(state, 'asleep', NOW, NOW + MINUTE)
    expect(downs()).toEqual([3, 2])
  })

  it('are kept for a hundred days, and the last of them for ever', () => {
    for (const days of [101, 100, 200]) recordDowntime(state, 'stopped', NOW - days * DAY - MINUTE, NOW - days * DAY)
    pruneDowntimes(state, NOW)
    expect(listDowntimes(state, 9).map(({ to }) => (NOW - to) / DAY)).toEqual([200, 100])
  })

  it('begin at the last sign of life, which is never in the future', () => {
    expect([lastAlive(state), lastStored(state, NOW)]).toEqual([null, null])
    markAlive(state, NOW)
    expect([lastAlive(state), lastStored(state, NOW), lastStored(state, NOW - 1)]).toEqual([NOW, NOW, null])
    const { id } = has('a')
    for (const receivedAt of [NOW + 9, NOW + 5])
      state.db
        .insert(beats)
        .values({
          checkId: id,
          kind: 'success',
          receivedAt,
          method: 'GET',
          scheme: 'http',
          remoteAddress: '',
          userAgent: '',
          bodyBytes: 0,
        } as never)
        .run()
    expect([lastStored(state, NOW + 5), lastStored(state, NOW + 4)]).toEqual([NOW + 5, NOW])
    recordClockRollback(state, NOW - MINUTE)
    expect(lastAlive(state)).toBe(NOW - MINUTE)
    recordClockRollback(state, NOW)
    expect(lastAlive(state)).toBe(NOW - MINUTE)
  })

  it('before a takeover forgive every beat that may be missing, each check once', () => {
    has('due then', { status: 'up', lastBeatAt: NOW - 70 * MINUTE, lateAt: NOW - 10 * MINUTE, downAt: NOW + MINUTE })
    has('due soon', {
      status: 'up',
      lastBeatAt: NOW - 55 * MINUTE,
      lateAt: NOW + 5 * MINUTE,
      downAt: NOW + 15 * MINUTE,
    })
    has('later', { status: 'up', lastBeatAt: NOW, lateAt: NOW + HOUR, downAt: NOW + 70 * MINUTE })
    expect(recordTakeover(state, NOW - 15 * MINUTE, NOW).map(({ name }) => name)).toEqual(['due then', 'due soon'])
    expect(listDowntimes(state, 1)).toMatchObject([{ kind: 'takeover', from: NOW - 15 * MINUTE, to: NOW }])
  })
})

describe('dependencies', () => {
  it('are names, slugs or uuids of the project, one or several', () => {
    const [db] = [has('Data Base'), has('api'), has('Data Base', { projectId: 2 })]
    expect([dependencyNames('a'), dependencyNames('a, b')]).toEqual([['a'], ['a, b', 'a', 'b']])
    const named = (name: string, project = 1) => dependencyNamed(state, project, name)?.id
    expect([
      named('Data Base'),
      named('DATA-BASE'),
      named(db.uuid),
      named('data base'),
      named('Data Base', 2),
      named('api', 2),
    ]).toEqual([...[1, 1, 1, undefined, 3, undefined]])
    const unknown = (dependsOn: string | null) => unknownDependencies(state, { projectId: 1, dependsOn })
    expect([unknown(null), unknown('api'), unknown('x'), unknown('api, x, y'), unknown('api,data-base')]).toEqual([
      [],
      [],
      ['x'],
      ['x', 'y'],
      [],
    ])
    has('a, b')
    expect(unknown('a, b')).toEqual([])
  })

  it('follow a new name, by name or slug but not by uuid', () => {
    const db = has('db')
    const depends = ['db', 'DB', 'api, db', 'db, other', db.uuid, 'other'].map(
      (dependsOn, i) => has(`c${i}`, { dependsOn }).id,
    )
    const far = has('far', { projectId: 2, dependsOn: 'db' })
    renameDependency(state, db, 'store')
    expect(depends.map(id => now(id).dependsOn)).toEqual([
      'store',
      'store',
      'api, store',
      'store, other',
      db.uuid,
      'other',
    ])
    expect(now(far.id).dependsOn).toBe('db')
    editCheck(state, now(db.id), { name: 'x' }, NOW)
    expect(now(depends[0]!).dependsOn).toBe('store')
    has('a, b')
    const whole = has('whole', { dependsOn: 'a, b' })
    renameDependency(state, findCheck(state, 'a, b'), 'c')
    expect(now(whole.id).dependsOn).toBe('c')
  })
})

describe('exceptions', () => {
  it('are read as days, spans and calendars', () => {
    expect(readExcept('2026-12-24, 2026-12-31..2027-01-01\n/etc/x.ics,,https://x.example')).toEqual({
      days: [
        ['2026-12-24', '2026-12-25'],
        ['2026-12-31', '2027-01-02'],
      ],
      calendars: ['/etc/x.ics', 'https://x.example'],
    })
    expect(readExcept('2026-12-24..2026-12-24').days).toEqual([['2026-12-24', '2026-12-25']])
    for (const [text, message] of [
      [' , ', 'Name days'],
      ['2026-12-24..2026-12-22', 'run backwards'],
      ['2026-02-30', 'is no date'],
      ['2026-2-3', 'is no date'],
      ['2026-12-24..x', 'is no date'],
    ] as const)
      expect(() => readExcept(text)).toThrow(message)
  })

  it('cover from their first instant to their last, in the zone of the check', () => {
    const days: [string, string][] = [['2026-03-02', '2026-03-03']]
    const at = (text: string) => Date.parse(`2026-03-${text}Z`)
    const until = (text: string, more = {}, zone = 'UTC') => coveredUntil({ days, times: [], ...more }, at(text), zone)
    expect([until('01T23:59:59.999'), until('02T00:00'), until('02T23:59:59.999'), until('03T00:00')]).toEqual([
      null,
      at('03T00:00'),
      at('03T00:00'),
      null,
    ])
    expect(until('02T23:30', {}, 'Europe/Oslo')).toBeNull()
    const times = [
      [at('03T00:00'), at('03T05:00')],
      [at('04T00:00'), at('04T01:00')],
    ]
    expect([until('02T12:00', { times }), until('03T04:59:59.999', { times }), until('03T05:00', { times })]).toEqual([
      at('03T05:00'),
      at('03T05:00'),
      null,
    ])
  })

  it('are merged in order, without what has been over for a week', () => {
    const spans = {
      days: [
        ['2026-03-01', '2026-03-02'],
        ['2026-02-22', '2026-02-23'],
        ['2026-02-24', '2026-02-25'],
      ],
      times: [
        [NOW + 5, NOW + 6],
        [NOW - 8 * DAY, NOW - 7 * DAY],
        [NOW - 8 * DAY, NOW - 7 * DAY + 1],
      ],
    } as never
    expect(mergeExceptions([spans, spans], NOW)).toEqual({
      days: [
        ['2026-02-24', '2026-02-25'],
        ['2026-03-01', '2026-03-02'],
      ],
      times: [
        [NOW - 8 * DAY, NOW - 7 * DAY + 1],
        [NOW + 5, NOW + 6],
      ],
    })
    const two = {
      days: [
        ['2026-03-05', '2026-03-06'],
        ['2026-02-22', '2026-02-23'],
      ],
      times: [],
    } as never
    expect(mergeExceptions([two], NOW).days).toEqual([['2026-03-05', '2026-03-06']])
    const three = {
      days: [
        ['2026-03-05', '2026-03-06'],
        ['2026-02-23', '2026-02-28'],
      ],
      times: [],
    } as never
    expect(mergeExceptions([three], NOW).days.map(([from]) => from)).toEqual(['2026-02-23', '2026-03-05'])
  })

  it('of a calendar are those of its last reading, for the checks that follow it', () => {
    const days: [string, string][] = [['2026-03-02', '2026-03-03']]
    const a = has('a', {
      except: '2026-03-09,/x.ics',
      status: 'up',
      lastBeatAt: NOW,
      lateAt: NOW + HOUR,
      downAt: NOW + 2 * HOUR,
    })
    const b = has('b', { except: '/y.ics' })
    expect(exceptionsOf(state, a.except!, NOW)).toEqual({ days: [['2026-03-09', '2026-03-10']], times: [] })
    saveCalendar(state, '/x.ics', { days, times: [] }, NOW)
    expect(readCalendarRow(state, '/x.ics')).toMatchObject({
      readAt: NOW,
      nextReadAt: NOW + DAY,
      failedAt: null,
      error: null,
    })
    expect(now(1).exceptions?.days).toEqual([
      ['2026-03-02', '2026-03-03'],
      ['2026-03-09', '2026-03-10'],
    ])
    expect([now(1).lateAt! > NOW + 2 * HOUR, now(b.id).exceptions]).toEqual([true, null])
    failCalendar(state, '/x.ics', 'gone', NOW + MINUTE)
    failCalendar(state, '/x.ics', 'gone', NOW + HOUR)
    expect(readCalendarRow(state, '/x.ics')).toMatchObject({
      failedAt: NOW + MINUTE,
      error: 'gone',
      nextReadAt: NOW + 2 * HOUR,
      readAt: NOW,
    })
    saveCalendar(state, '/z.ics', { days, times: [] }, NOW - DAY)
    expect(dueCalendars(state, NOW - 1)).toEqual([])
    expect(dueCalendars(state, NOW)).toEqual([])
    expect(
      state.db
        .select()
        .from(calendars)
        .all()
        .map(({ source }) => source),
    ).toEqual(['/x.ics'])
    expect(dueCalendars(state, NOW + 2 * HOUR)).toEqual(['/x.ics'])
    saveCalendar(state, '/x.ics', { days: [], times: [] }, NOW + 3 * HOUR)
    expect([now(1).exceptions?.days.length, readCalendarRow(state, '/x.ics')!.error]).toEqual([1, null])
  })
})

describe("Healthchecks' API", () => {
  const target = (more = {}) => ({
    projectId: 1,
    version: 3,
    timeZone: 'UTC',
    channels: [
      { id: 'c1', name: 'one' },
      { id: 'c2', name: 'two' },
      { id: 'c3', name: 'two' },
    ],
    now: NOW,
    ...more,
  })
  const create = (spec: object, more = {}) => createFromSpec(state, readSpec(spec as never), target(more))

  it('adds checks with defaults and settings, and numbers names that are taken', () => {
    expect(create({})).toMatchObject({
      name: 'check',
      slug: '',
      every: DAY,
      everyDays: 0,
      grace: HOUR,
      severity: 'critical',
    })
    expect(create({ name: ' job ', timeout: 60, grace: 120, methods: 'POST', manual_resume: true })).toMatchObject({
      name: 'job',
      every: MINUTE,
      grace: 2 * MINUTE,
      methods: 'POST',
      manualResume: true,
      slug: '',
    })
    expect(create({ name: 'job' }).name).toBe('job 2')
    expect(create({ name: 'job' }).name).toBe('job 3')
    expect(create({ slug: 'a-b' })).toMatchObject({ name: 'a-b', slug: 'a-b' })
    expect(create({ name: 'Big Job' }, { version: 2 }).slug).toBe('big-job')
    expect(create({}, { version: 2 }).slug).toBe('')
    expect(create({ schedule: ' 0 2 * * * ', tz: 'Europe/Oslo', timeout: 60 })).toMatchObject({
      cron: '0 2 * * *',
      onCalendar: null,
      every: null,
      timeZone: 'Europe/Oslo',
    })
    expect(create({ schedule: 'daily\n\n 13:00 ' })).toMatchObject({
      cron: null,
      onCalendar: 'daily\n13:00',
      every: null,
    })
    expect(createFromSpec(state, {}, target(), 'own-uuid').uuid).toBe('own-uuid')
  })

  it('finds a check by the fields that must be unique', () => {
    create({ name: 'a', timeout: 60, tags: 'x' })
    create({ name: 'b', timeout: 60, tags: 'x', slug: 's' })
    create({ name: 'c', schedule: '0 2 * * *' })
    const find = (spec: object) => findUnique(state, 1, readSpec(spec as never))?.name
    expect([find({ name: 'a' }), find({ name: 'a', unique: [] }), find({ unique: ['name'] })]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect([
      find({ name: 'b', unique: ['name'] }),
      find({ tags: 'x', unique: ['tags'] }),
      find({ slug: 's', unique: ['slug'] }),
    ]).toEqual(['b', 'a', 'b'])
    expect([
      find({ timeout: 60, grace: 3600, unique: ['timeout', 'grace'] }),
      find({ timeout: 61, unique: ['timeout'] }),
    ]).toEqual(['a', undefined])
    expect([
      find({ name: 'a', slug: 's', unique: ['name', 'slug'] }),
      findUnique(state, 2, { name: 'a', unique: ['name'] }),
    ]).toEqual([undefined, undefined])
  })

  it('changes what a request names and keeps the rest', () => {
    const a = create({
      name: 'a',
      slug: 's',
      tags: 'x',
      desc: 'd',
      success_kw: 'ok',
      filter_http_body: true,
      filter_default_fail: true,
    })
    expect(a).toMatchObject({ successKeywords: 'ok', defaultFail: true })
    const update = (spec: object, more = {}) => updateFromSpec(state, now(a.id), readSpec(spec as never), target(more))
    expect(update({ grace: 60 })).toMatchObject({ name: 'a', slug: 's', grace: MINUTE, successKeywords: 'ok' })
    expect(readDetails(state, now(a.id))).toMatchObject({ tags: 'x', description: 'd', apiName: 'a' })
    create({ name: 'b' })
    expect(update({ name: 'b' })).toMatchObject({ name: 'b 2', slug: 's' })
    expect(readDetails(state, now(a.id)).apiName).toBe('b')
    expect(update({ name: 'Big C' }, { version: 2 })).toMatchObject({ name: 'Big C', slug: 'big-c' })
    expect(update({ name: 'D', slug: 'own' }, { version: 2 }).slug).toBe('own')
    expect(update({ filter_http_body: false })).toMatchObject({ successKeywords: '', defaultFail: false })
    expect(readDetails(state, now(a.id))).toMatchObject({
      successKeywords: 'ok',
      filterDefaultFail: true,
      filterHttpBody: false,
    })
    expect(update({ tags: 'y', desc: 'e', start_kw: 's', failure_kw: 'f' }).id).toBe(a.id)
    expect(readDetails(state, now(a.id))).toMatchObject({
      tags: 'y',
      description: 'e',
      startKeywords: 's',
      failureKeywords: 'f',
    })
    update({ subject: 'good', subject_fail: '' })
    expect(readDetails(state, now(a.id))).toMatchObject({
      successKeywords: 'good',
      failureKeywords: '',
      filterSubject: true,
    })
    update({ subject: '' })
    expect(readDetails(state, now(a.id)).filterSubject).toBe(false)
    update({ subject_fail: 'x', filter_subject: false, filter_body: true })
    expect(readDetails(state, now(a.id))).toMatchObject({
      failureKeywords: 'x',
      filterSubject: false,
      filterBody: true,
    })
  })

  it('chooses channels by id or name', () => {
    const channels = (text: string) => {
      const { id } = create({ channels: text })
      return readChosenChannels(state, id)
    }
    expect([channels(''), channels('*'), channels('c2,one,c2')]).toEqual([null, ['*'], ['c2', 'c1']])
    for (const [text, message] of [
      ['c1,', 'empty channel'],
      ['x', 'invalid channel identifier: x'],
      ['two', 'non-unique channel identifier: two'],
    ] as const)
      expect(() => channels(text)).toThrow(message)
    const { id } = create({ channels: 'one' })
    updateFromSpec(state, now(id), {}, target())
    expect(readChosenChannels(state, id)).toEqual(['c1'])
    updateFromSpec(state, now(id), { channels: '' }, target())
    expect([readChosenChannels(state, id), readChosenChannels(state, has('x').id)]).toEqual([null, null])
  })

  it('shows what a command changed since', () => {
    const a = create({ name: 'a', success_kw: 'ok' })
    const b = has('b')
    expect(readDetails(state, a)).toMatchObject({ apiName: 'a', successKeywords: 'ok', filterHttpBody: false })
    const renamed = editCheck(state, a, { name: 'c', failureKeywords: 'bad' }, NOW)
    expect(readDetails(state, renamed)).toMatchObject({
      apiName: 'c',
      forName: 'c',
      successKeywords: '',
      failureKeywords: 'bad',
      filterHttpBody: true,
      filterDefaultFail: false,
    })
    for (const more of [{ startKeywords: 'x' }, { successKeywords: 'x' }, { defaultFail: true }])
      expect(readDetails(state, { ...b, ...more })).toMatchObject({ filterHttpBody: true })
    expect(readDetails(state, b)).toMatchObject({ filterHttpBody: false, apiName: 'b', tags: '' })
    saveDetails(state, { ...readDetails(state, b), tags: 'y' })
    expect(listDetails(state, 1, [b, renamed]).map(({ tags, apiName }) => [tags, apiName])).toEqual([
      ['y', 'b'],
      ['', 'c'],
    ])
    expect(listDetails(state, 2, [b]).map(({ tags }) => tags)).toEqual([''])
  })

  it.each<[object, string]>([
    [{ name: 5 }, 'name is not a string'],
    [{ name: 'x'.repeat(101) }, 'name is too long'],
    [{ timeout: 59 }, 'timeout is too small'],
    [{ timeout: 31_536_001 }, 'timeout is too large'],
    [{ timeout: 60.5 }, 'timeout is not a number'],
    [{ timeout: '60' }, 'timeout is not a number'],
    [{ manual_resume: 1 }, 'manual_resume is not a boolean'],
    [{ methods: 'GET' }, 'methods has unexpected value'],
    [{ schedule: '61 * * * *' }, 'schedule is not a valid cron or OnCalendar expression'],
    [{ schedule: ' \n ' }, 'schedule is not a valid cron or OnCalendar expression'],
    [{ slug: 'A' }, 'slug does not match pattern'],
    [{ tz: 'Mars' }, 'tz is not a valid timezone'],
    [{ unique: 'name' }, 'unique is not an array'],
    [{ unique: ['desc'] }, "an item in 'unique' has unexpected value"],
    [{ tags: 'x'.repeat(501), name: 5 }, 'name is not a string'],
  ])('refuses %j', (json, message) => {
    expect(() => readSpec(json as never)).toThrow(`json validation error: ${message}`)
  })

  it('takes values at their limits and ignores what it does not know', () => {
    const spec = {
      name: 'x'.repeat(100),
      timeout: 60,
      grace: 31_536_000,
      slug: '',
      schedule: 'Mon..Fri 09:00',
      tags: 'x'.repeat(500),
    }
    expect(readSpec({ ...spec, other: 1 })).toEqual(spec)
  })
})
