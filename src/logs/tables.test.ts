// The small tables of logs: saved searches, archives, formats, known errors and counts; which rows each query finds.
import { beforeEach, describe, expect, it } from 'vitest'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { downtimes } from '../state/schema/index.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import {
  countArchives,
  findArchive,
  hasArchive,
  isArchived,
  type LogArchive,
  listArchives,
  nextArchiveName,
  recordArchive,
} from './archives.ts'
import {
  addCount,
  countByMinute,
  countErrorLines,
  countErrorsByMinute,
  countedSince,
  isSeparate,
  lastAggregatedAt,
  listSeries,
  MAX_SERIES_PER_MINUTE,
  moveCount,
  pruneCountedBatches,
  readSeries,
  registerBatch,
  type SeriesLabels,
  seriesFor,
  seriesForRepeated,
  startOfMinute,
} from './counters.ts'
import {
  type ErrorLines,
  findErrorsByPrefix,
  listErrors,
  pruneErrors,
  readError,
  readErrorById,
  recordError,
  rewindErrors,
  setErrorState,
} from './errors/errors.ts'
import { listLogFormats, readLogFormat, removeLogFormat, saveLogFormat, userFormats } from './log-formats.ts'
import {
  expandSavedSearch,
  listSearches,
  readSearch,
  removeSearch,
  savedSearchIn,
  saveSearch,
  searchScope,
} from './searches.ts'
import { listSources, readSource, readSourceById, recordSource } from './sources.ts'
import { countBySeries, createWindowCounter, readAllSeries, rewindCounts } from './window-counts.ts'

const NOW = 1_000 * DAY
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})

describe('a saved search', () => {
  const save = (name: string, projectId: number, query: string) =>
    saveSearch(state, { name, projectId, query, savedBy: 'Ann', savedAt: NOW } as never)
  it('is that of its project, then that of people', () => {
    save('slow', 0, 'level>=warn')
    save('slow', 1, 'timeout')
    expect([searchScope({ projectId: null }), searchScope({ projectId: 1 })]).toEqual([[0], [1, 0]])
    expect(readSearch(state, 'slow', [1, 0]).query).toBe('timeout')
    expect(readSearch(state, 'slow', [2, 0]).query).toBe('level>=warn')
    expect(() => readSearch(state, 'slow', [2])).toThrow('"logs save" saves one.')
    expect(() => readSearch(state, 'fast', [1, 0])).toThrow('Saved searches: @slow, @slow.')
    expect(save('slow', 1, 'late').query).toBe('late')
    expect(listSearches(state, 1)).toHaveLength(1)
  })

  it('is listed by name, in pages, and removed from its project only', () => {
    for (const name of ['c', 'a', 'b']) save(name, 1, name)
    save('a', 2, 'x')
    const names = (...page: number[]) => listSearches(state, 1, ...page).map(({ name }) => name)
    expect([names(), names(2), names(2, 1)]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b'],
      ['b', 'c'],
    ])
    removeSearch(state, 'a', 1)
    expect([names(), listSearches(state, 2).length]).toEqual([['b', 'c'], 1])
    expect(() => removeSearch(state, 'a', 1)).toThrow('There is no saved search "a".')
  })

  it.each([
    ['no name', 'no name'],
    ['@slow', '(level>=warn OR x) last:1h'],
    ['(@slow OR y) z', '((level>=warn OR x) OR y) z last:1h'],
    ['y @slow', 'y @slow'],
    ['@times y', 'y last:2h'],
  ])('in %s becomes %s', (query, expanded) => {
    save('slow', 1, 'level>=warn OR x last:1h')
    save('times', 1, 'last:2h')
    expect(expandSavedSearch(state, query, [1])).toBe(expanded)
  })

  it('that is not known is refused, or stays a word', () => {
    expect(() => expandSavedSearch(state, '@slow x', [1])).toThrow('There is no saved search "slow"')
    expect(expandSavedSearch(state, '@slow x', [1], 'stays')).toBe('@slow x')
    save('slow', 1, 'y')
    expect(expandSavedSearch(state, '@slow x', [1], 'stays')).toBe('(y) x')
    const found = (query: string) => savedSearchIn(state, query, [1, 0])?.query
    expect([found('(@slow OR x)'), found('x @slow'), found('@fast')]).toEqual(['y', undefined, undefined])
  })
})

describe('an archive', () => {
  const archive = (name: string, more: Partial<LogArchive> = {}) =>
    recordArchive(state, {
      ...{ name, partition: name.replace(/~\d+$/, ''), place: '/a', key: `${name}.ndjson.zst`, lines: 2, bytes: 10 },
      ...{ sha256: 'x', from: 0, until: NOW, lastPosition: 5, archivedAt: NOW, ...more },
    })
  it('has all lines of its partition, or only those up to a position', () => {
    archive('a')
    const has = (name: string, lastPosition: number) => isArchived(state, { name, lastPosition })
    expect([has('a', 4), has('a', 5), has('a', 6), has('b', 5)]).toEqual([true, true, false, false])
    expect([hasArchive(state, 'a'), hasArchive(state, 'b')]).toEqual([true, false])
    expect([nextArchiveName(state, 'a'), nextArchiveName(state, 'b')]).toEqual(['a~2', 'b'])
    archive('a~2', { lastPosition: 6 })
    expect([has('a', 6), nextArchiveName(state, 'a')]).toEqual([true, 'a~3'])
  })

  it('is listed from the newest lines on, in pages, and found by its name or file', () => {
    expect(countArchives(state)).toEqual({ archives: 0, lines: 0, bytes: 0 })
    archive('a', { until: 1 })
    archive('c')
    archive('b')
    const names = (limit: number, offset?: number) => listArchives(state, limit, offset).map(({ name }) => name)
    expect([names(9), names(2, 1)]).toEqual([
      ['c', 'b', 'a'],
      ['b', 'a'],
    ])
    expect(countArchives(state)).toEqual({ archives: 3, lines: 6, bytes: 30 })
    expect([findArchive(state, ' b ').name, findArchive(state, 'c.ndjson.zst').name]).toEqual(['b', 'c'])
    expect(() => findArchive(state, 'd')).toThrow(expect.objectContaining({ fields: { name: 'no such archive' } }))
  })
})

describe('a log format', () => {
  const format = (name: string, projectId = 1, pattern = '(?<message>.*)') =>
    saveLogFormat(state, { name, projectId, pattern, addedBy: 'Ann', addedAt: NOW } as never)
  it('is used from the moment it is saved until it is removed, in its project', () => {
    expect(userFormats(state, 1)).toBeUndefined()
    format('b')
    format('a')
    expect(userFormats(state, 1)?.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(userFormats(state, 2)).toBeUndefined()
    format('a', 1, '(?<level>\\w+) (?<message>.*)')
    expect(userFormats(state, 1)?.[0]?.pattern).toBe('(?<level>\\w+) (?<message>.*)')
    expect(readLogFormat(state, 1, 'b').pattern).toBe('(?<message>.*)')
    expect(() => readLogFormat(state, 2, 'b')).toThrow(expect.objectContaining({ code: 'not_found' }))
    expect(() => removeLogFormat(state, 2, 'b')).toThrow('There is no format "b"')
    format('b', 2)
    removeLogFormat(state, 1, 'b')
    expect(userFormats(state, 1)?.map(({ name }) => name)).toEqual(['a'])
    expect(userFormats(state, 2)?.map(({ name }) => name)).toEqual(['b'])
    expect(() => format('c', 1, '(nonsense')).toThrow(expect.objectContaining({ code: 'invalid' }))
  })

  it('is one of fifty at most', () => {
    state.transaction(() => {
      for (let i = 0; i < 50; i++) format(`f${i}`)
    })
    expect(() => format('one more')).toThrow('at most 50 formats')
    format('f7', 1, '(?<level>\\w+) (?<message>.*)')
    format('one more', 2)
    expect(listLogFormats(state, 1)).toHaveLength(50)
  })
})

describe('a known error', () => {
  const lines = (more: Partial<ErrorLines> = {}) =>
    recordError(state, {
      ...{
        projectId: 1,
        fingerprint: 'f1',
        source: 'api',
        why: 'Grouped by x.',
        recent: [[NOW, 1, 1]],
        at: NOW,
        count: 1,
      },
      ...{ samples: [{ id: '1', message: 'a', host: '', at: NOW }], ...more },
    })
  it('adds up its lines, keeps three samples and its newest time', () => {
    expect(lines().before).toBeNull()
    const sample = (message: string) => ({ id: '1', message, host: '', at: NOW })
    const { error, before } = lines({
      at: NOW - 5,
      count: 4,
      recent: [[NOW - 5, 4, 2]],
      samples: ['b', 'c', 'd'].map(sample),
    })
    expect(before).toMatchObject({ count: 1 })
    expect(error).toMatchObject({
      count: 5,
      firstSeenAt: NOW,
      lastSeenAt: NOW,
      recent: [
        [NOW - 5, 4, 2],
        [NOW, 1, 1],
      ],
    })
    expect(error.samples.map(({ message }) => message)).toEqual(['b', 'c', 'd'])
    expect([readError(state, 1, 'f1'), readErrorById(state, error.id)]).toEqual([error, error])
    expect([readError(state, 2, 'f1'), readErrorById(state, 99)]).toEqual([undefined, undefined])
    expect(lines({ at: NOW + 9 }).error.lastSeenAt).toBe(NOW + 9)
  })

  it('is listed from the last seen on, by time, project and state, and found by the beginning of its fingerprint', () => {
    lines()
    lines({ fingerprint: 'f2', at: NOW + 1 })
    lines({ fingerprint: 'g1', at: NOW + 2, projectId: 2 })
    setErrorState(state, 2, 'resolved', 'Ann', NOW + 3)
    const ids = (filter: Omit<Parameters<typeof listErrors>[1], 'limit'>, limit = 9) =>
      listErrors(state, { ...filter, limit }).map(({ id }) => id)
    expect([ids({}), ids({}, 2), ids({ since: NOW + 1 }), ids({ projectId: 1 }), ids({ state: 'open' })]).toEqual([
      ...[
        [3, 2, 1],
        [3, 2],
        [3, 2],
        [2, 1],
        [3, 1],
      ],
    ])
    expect(readErrorById(state, 2)).toMatchObject({ state: 'resolved', stateBy: 'Ann', stateAt: NOW + 3 })
    expect(findErrorsByPrefix(state, 'f', 9).map(({ id }) => id)).toEqual([1, 2])
    expect(findErrorsByPrefix(state, 'f2', 9).map(({ id }) => id)).toEqual([2])
    expect(findErrorsByPrefix(state, 'f', 1)).toHaveLength(1)
  })

  it('is removed when it was not seen for long, and moved back with the clock', () => {
    lines({ at: NOW })
    lines({ fingerprint: 'f2', at: NOW + HOUR })
    lines({ fingerprint: 'f3', at: NOW })
    setErrorState(state, 3, 'muted', 'Ann', NOW + HOUR)
    pruneErrors(state, NOW)
    expect(listErrors(state, { limit: 9 })).toHaveLength(3)
    rewindErrors(state, NOW)
    expect(readErrorById(state, 1)).toMatchObject({ recent: [[NOW, 1, 1]] })
    expect(readErrorById(state, 2)).toMatchObject({ lastSeenAt: NOW, firstSeenAt: NOW, recent: [], stateAt: null })
    expect(readErrorById(state, 3)).toMatchObject({ lastSeenAt: NOW, stateAt: NOW, recent: [] })
    pruneErrors(state, NOW + 1)
    expect(listErrors(state, { limit: 9 })).toEqual([])
  })

  it('that is open is removed beyond 50,000, the one that was not seen for longest first', () => {
    const many = `insert into fingerprints (project_id, fingerprint, source, why, samples, recent, count, first_seen_at, last_seen_at)
      with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 50003)
      select 1, 'f' || n, '', '', '[]', '[]', 1, 1, n from numbers`
    state.prepare(many).run()
    state.prepare("update fingerprints set state = 'muted' where fingerprint = 'f2'").run()
    pruneErrors(state, 0)
    const oldest = 'select fingerprint as name from fingerprints order by last_seen_at limit 2'
    expect(state.prepare<[], { name: string }>(oldest).all()).toEqual([{ name: 'f2' }, { name: 'f4' }])
  })
})

describe('counts', () => {
  const labels = (more: Partial<SeriesLabels> = {}): SeriesLabels => ({
    ...{ source: 'api', host: '', group: '', level: 'info', fingerprint: '', ...more },
  })
  const series = (more: Partial<SeriesLabels> = {}, project = 1) => seriesFor(state, project, labels(more), NOW)
  const counts = (id: number) => countByMinute(state, [{ id }], 0, 2 * NOW)

  it('are of whole minutes, from the first and without the last', () => {
    const { id } = series()
    addCount(state, id, NOW + 59_999, 2)
    addCount(state, id, NOW + 3, 1)
    addCount(state, id, NOW + MINUTE, 5)
    expect(startOfMinute(NOW + 59_999)).toBe(NOW)
    expect(counts(id)).toEqual([
      { at: NOW, count: 3 },
      { at: NOW + MINUTE, count: 5 },
    ])
    expect(countByMinute(state, [{ id }], NOW, NOW + MINUTE)).toEqual([{ at: NOW, count: 3 }])
    expect(countByMinute(state, [{ id }], NOW + 1, 2 * NOW)).toEqual([{ at: NOW + MINUTE, count: 5 }])
    expect(countBySeries(state, [{ id }, { id: 99 }], NOW, NOW + MINUTE)).toEqual(new Map([[id, 3]]))
    expect(countBySeries(state, [{ id }], NOW + 1, NOW + MINUTE + 1)).toEqual(new Map([[id, 5]]))
    rewindCounts(state, NOW)
    expect(counts(id)).toEqual([{ at: NOW, count: 3 }])
  })

  it('move from one series to another, and never below zero', () => {
    const [a, b] = [series(), series({ source: 'web' })]
    addCount(state, a.id, NOW, 5)
    addCount(state, a.id, NOW + MINUTE, 5)
    moveCount(state, a.id, b.id, NOW + 5, 3)
    moveCount(state, a.id, b.id, NOW, 9)
    expect([counts(a.id), counts(b.id)]).toEqual([
      [
        { at: NOW, count: 0 },
        { at: NOW + MINUTE, count: 5 },
      ],
      [{ at: NOW, count: 12 }],
    ])
  })

  it('of errors are those of their level, project and fingerprint', () => {
    for (const [level, project] of [
      ['error', 1],
      ['fatal', 1],
      ['warn', 1],
      ['error', 2],
    ] as const)
      addCount(
        state,
        series({ level, fingerprint: level === 'warn' ? '' : 'f' }, project).id,
        NOW,
        project === 1 ? 1 : 10,
      )
    expect(countErrorLines(state, null, NOW, NOW + 1)).toEqual([{ at: NOW, count: 12 }])
    expect(countErrorLines(state, 1, NOW, NOW + 1)).toEqual([{ at: NOW, count: 2 }])
    expect([countErrorLines(state, 1, NOW + 1, 2 * NOW), countErrorLines(state, 1, 0, NOW)]).toEqual([[], []])
    expect(countErrorsByMinute(state, 1, 'f', NOW, NOW + 1)).toEqual([{ at: NOW, count: 2 }])
    expect(countErrorsByMinute(state, 2, 'f', NOW, NOW + 1)).toEqual([{ at: NOW, count: 10 }])
    expect([countErrorsByMinute(state, 1, 'g', NOW, NOW + 1), countErrorsByMinute(state, 1, 'f', 0, NOW)]).toEqual([
      [],
      [],
    ])
  })

  it('are known since their first day, when they were there on enough days', () => {
    const [a, b] = [series(), series({ source: 'web' })]
    for (const at of [NOW + DAY, NOW + DAY + HOUR, NOW + 2 * DAY]) addCount(state, a.id, at, 1)
    expect([countedSince(state, [a.id], 2), countedSince(state, [a.id], 3)]).toEqual([NOW + DAY, null])
    addCount(state, b.id, NOW, 1)
    expect(countedSince(state, [a.id, b.id], 3)).toBe(NOW)
    expect(countedSince(state, [], 1)).toBeNull()
  })

  it('of a window are cached, and of all series', () => {
    const [a, b] = [series(), series({ source: 'web' })]
    addCount(state, a.id, NOW, 1)
    addCount(state, b.id, NOW + MINUTE, 2)
    const run = <T>(steps: Generator<undefined, T>) => {
      for (;;) {
        const { done, value } = steps.next()
        if (done) return value
      }
    }
    const count = createWindowCounter(state)
    expect(run(count(NOW, NOW + MINUTE))).toEqual(new Map([[a.id, 1]]))
    expect(run(count(NOW, NOW + 2 * MINUTE))).toEqual(
      new Map([
        [a.id, 1],
        [b.id, 2],
      ]),
    )
    addCount(state, a.id, NOW, 1)
    expect(run(count(NOW, NOW + MINUTE))).toEqual(new Map([[a.id, 1]]))
    expect(run(createWindowCounter(state)(NOW, NOW + MINUTE))).toEqual(new Map([[a.id, 2]]))
    const all = run(readAllSeries(state))
    expect(all.map(({ id }) => id)).toEqual([a.id, b.id])
    const c = series({ source: 'new' })
    expect(run(readAllSeries(state)).map(({ id }) => id)).toEqual([a.id, b.id, c.id])
    expect([...readSeries(state, [a.id, 99]).keys()]).toEqual([a.id])
    expect(listSeries(state)).toHaveLength(3)
  })

  it('of one series are of its labels only', () => {
    const one = series({ host: 'h', group: 'g', level: 'error', fingerprint: 'f' })
    const same: SeriesLabels = { source: 'api', host: 'h', group: 'g', level: 'error', fingerprint: 'f' }
    expect(isSeparate(one, same)).toBe(true)
    for (const more of [
      { source: 'x' },
      { host: 'x' },
      { group: 'x' },
      { level: 'fatal' as const },
      { fingerprint: 'x' },
    ])
      expect(isSeparate(one, { ...same, ...more })).toBe(false)
  })

  it('of a quiet source have a place beside a noisy one, and of lines that repeat one of their own', () => {
    state.transaction(() => {
      for (let i = 0; i < MAX_SERIES_PER_MINUTE; i++) series({ host: `h${i}` })
    })
    expect([series({ host: 'more' }).host, lastAggregatedAt(state, 1), lastAggregatedAt(state, 2)]).toEqual([
      '',
      NOW,
      null,
    ])
    // Twenty of another source, of another level, and of errors.
    for (let i = 0; i < 20; i++) expect(series({ source: 'quiet', host: `h${i}` }).host).toBe(`h${i}`)
    expect(series({ source: 'quiet', host: 'h20' })).toMatchObject({ source: 'quiet', host: '' })
    expect(series({ level: 'warn', host: 'x' }).host).toBe('x')
    expect(series({ level: 'error', host: 'x', fingerprint: 'f' }).host).toBe('x')
    // A series that is known keeps its place within the minute.
    expect(series({ host: 'h5' }).host).toBe('h5')
    const repeated = seriesForRepeated(state, 1, labels({ host: 'more' }), NOW)!
    expect([repeated.host, series({ host: 'more' }).id]).toEqual(['more', repeated.id])
  })

  it('of a batch are taken once, also long after, unless Vakt was away', () => {
    const first = (key: string, at: number, now: number) => registerBatch(state, 1, key, at, now)
    expect([first('a', NOW, NOW), first('a', NOW, NOW), registerBatch(state, 2, 'a', NOW, NOW)]).toEqual([
      true,
      false,
      true,
    ])
    expect([first('b', NOW, NOW + 6 * MINUTE), first('c', NOW, NOW + 6 * MINUTE + 1)]).toEqual([true, false])
    state.db
      .insert(downtimes)
      .values({ kind: 'stopped', from: NOW + MINUTE, to: NOW + 5 * MINUTE })
      .run()
    expect([first('c', NOW, NOW + 10 * MINUTE), first('d', NOW, NOW + 10 * MINUTE + 1)]).toEqual([true, false])
    const keys = () => state.prepare<[], { key: string }>('select key from counted_batches order by at').all().length
    const stored = keys()
    pruneCountedBatches(state, NOW + 10 * MINUTE)
    expect(keys()).toBe(stored)
    pruneCountedBatches(state, NOW + 10 * MINUTE + 1)
    expect(keys()).toBe(stored - 2)
  })
})

it('sources are listed by name and found by their id', () => {
  for (const name of ['web', 'api']) recordSource(state, 1, name, NOW)
  recordSource(state, 2, 'api', NOW)
  expect(listSources(state).map(({ name }) => name)).toEqual(['api', 'api', 'web'])
  expect(readSourceById(state, 1)).toMatchObject({ name: 'web' })
  expect([readSourceById(state, 99), readSource(state, 2, 'web')]).toEqual([undefined, undefined])
})
