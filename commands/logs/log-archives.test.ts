// Archives and the log engine as people and scripts are answered, over an archiver and a store that say what each test does.
import { afterEach, expect, it, vi } from 'vitest'
import { recordArchive } from '../../src/logs/archives.ts'
import type { EngineStatus } from '../../src/logs/store.ts'
import { Problem } from '../../src/problem.ts'
import { Rejections } from '../../src/telemetry.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { DAY, HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const MEGABYTE = 1e6

afterEach(() => void vi.useRealTimers())

const partition = (name: string) => ({
  ...{ name, lines: 1, bytes: 1000, from: NOW - DAY, until: NOW, state: 'closed' as const, message: null },
  ...{ lastPosition: 1, expiresAt: NOW + DAY },
})

function begin(status: object = {}, given: object = {}) {
  const archiver = {
    place: 's3://bucket',
    pending: () => [partition('p1'), partition('p2')],
    run: async (): Promise<number> => 2,
    restore: async (_: string, __: number): Promise<number> => 7,
    jobs: () => [] as object[],
    failing: () => undefined as object | null | undefined,
    restoreFailure: () => null as object | null,
  }
  const size = { lines: 0, bytes: 0, partitions: [partition('p1')], diskBudgetBytes: null, queued: 0, ...status }
  const rejections = new Rejections()
  const runner = createCommandRunner({ archiver, store: { status: async () => size }, parts: { rejections }, ...given })
  recordArchive(runner.state, {
    ...{ name: 'p1~2', partition: 'p1', place: 's3://old', key: 'p1.zst', lines: 5, bytes: 2000, sha256: 'abc' },
    ...{ from: NOW - DAY, until: NOW - HOUR, lastPosition: 1, archivedAt: NOW },
  })
  return { ...runner, archiver, size, rejections }
}

it('closed partitions are archived now, or nothing is', async () => {
  const { run, text, archiver } = begin()
  expect(await run('logs archive')).toMatchObject({
    card: { title: 'Archived 2 partitions', tone: 'good', lines: ['Stored in s3://bucket.'] },
    result: { archived: 2, waiting: 0 },
  })
  archiver.run = async () => 1
  expect((await run('logs archive')).result).toEqual({ archived: 1, waiting: 1 })
  archiver.run = () => Promise.reject(new Problem('busy', 'no bucket'))
  expect(await text('logs archive')).toBe('no bucket')
  archiver.pending = () => []
  expect(await text('logs archive')).toBe(
    '(plain) No partitions to archive\nThe current partition is archived when its day is over.\n[Archives: logs archives]',
  )
})

it('what takes longer than four seconds goes on, and is told so', async () => {
  vi.useFakeTimers()
  const { run, archiver } = begin()
  archiver.run = () => new Promise(() => {})
  archiver.restore = () => new Promise(() => {})
  const [archiving, restoring] = [run('logs archive'), run('logs restore p1~2')]
  await vi.advanceTimersByTimeAsync(4000)
  const background = {
    tone: 'info',
    lines: ['This takes a while and continues in the background.'],
    buttons: [{ line: 'logs archives' }],
  }
  expect(await archiving).toMatchObject({
    card: { title: 'Archiving 2 partitions to s3://bucket', ...background },
    result: { archived: null, waiting: 2 },
  })
  expect(await restoring).toMatchObject({
    card: { title: 'Restoring 5 lines of p1~2', ...background },
    result: { archive: 'p1~2', lines: null, expires_at: '2026-03-09T09:00:00.000Z' },
  })
})

it('an archive is restored for a week, or as long as it says', async () => {
  const { run, archiver } = begin()
  const restored: unknown[] = []
  archiver.restore = async (...given) => restored.push(given) + 6
  const { card, result } = await run('logs restore p1~2')
  expect(card).toEqual({
    title: 'Restored 7 lines of p1~2',
    tone: 'good',
    lines: [['They can be searched until ', { time: NOW + 7 * DAY, style: 'moment' }, '.']],
    buttons: [{ label: 'Search', line: 'logs search since:2026-03-01T09:00:00.000Z until:2026-03-02T08:00:00.001Z' }],
  })
  expect(result).toMatchObject({ archive: 'p1~2', lines: 7, kept_until: '2026-03-09T09:00:00.000Z' })
  await run('logs restore p1~2 --for 2d')
  expect(restored).toEqual([
    ['p1~2', NOW + 7 * DAY],
    ['p1~2', NOW + 2 * DAY],
  ])
  await expect(run('logs restore nothing')).rejects.toThrow('There is no archive "nothing"')
})

it('the archives are shown with what goes on and what fails', async () => {
  const { text, result, archiver } = begin()
  expect(await text('logs archives')).toBe(
    [
      '(plain) 1 archived partition: 5 lines, 2.0 kB',
      'Archives are stored in s3://bucket.',
      'Pending: 2 closed partitions.',
      '▫️ p1~2 5 lines, 2.0 kB, 2026-03-01 09:00:00 UTC to 2026-03-02 08:00:00 UTC (searchable now)',
      '[Archive now: logs archive]',
    ].join('\n'),
  )
  archiver.pending = () => []
  archiver.jobs = () => [
    { what: 'archive', name: 'p1', since: NOW - MINUTE, done: 0, total: 0 },
    { what: 'restore', name: 'p2', since: NOW - HOUR, done: MEGABYTE, total: 2 * MEGABYTE },
  ]
  archiver.failing = () => ({ since: NOW, problem: new Problem('busy', 'no bucket') })
  expect(await text('logs archives')).toContain(
    [
      '(warning) 1 archived partition: 5 lines, 2.0 kB',
      'Archives are stored in s3://bucket.',
      'Archiving fails: no bucket',
      '⏳ Archiving p1: preparing, for 1m.',
      '⏳ Restoring p2: 1.0 MB of 2.0 MB, for 1h.',
      '▫️',
    ].join('\n'),
  )
  expect(await result('logs archives')).toMatchObject({
    ...{ place: 's3://bucket', total: 1, waiting: [], failing: 'no bucket' },
    archives: [{ name: 'p1~2', place: 's3://old', key: 'p1.zst', sha256: 'abc', searchable: true }],
    jobs: [{ what: 'archive', since: '2026-03-02T08:59:00.000Z' }, {}],
  })
  archiver.failing = () => null
  archiver.restoreFailure = () => ({ name: 'p1~2', problem: new Problem('busy', 'no space') })
  expect(await text('logs archives')).toContain('(warning)')
  expect(await text('logs archives')).toContain('Restoring p1~2 failed: no space')
})

it('archives stay listed without ARCHIVE_TO, and those that are not restored are not searchable', async () => {
  const { text, result } = begin({ partitions: [] }, { archiver: null })
  expect(await text('logs archives')).toMatch(/^\(plain\) 1 archived partition[\s\S]*\nSet ARCHIVE_TO [\s\S]* UTC$/)
  expect(await result('logs archives')).toMatchObject({
    place: null,
    jobs: [],
    failing: null,
    archives: [{ searchable: false }],
  })
})

it('the size of the store is a warning while archiving fails, the engine is away or lines are refused', async () => {
  const { run, archiver, size, rejections } = begin({ lines: 1, bytes: 10 })
  const tone = async () => (await run('logs status')).card.tone
  expect(await tone()).toBe('plain')
  archiver.failing = () => ({ problem: new Problem('busy', 'no bucket') })
  expect((await run('logs status')).card).toMatchObject({
    tone: 'warning',
    lines: ['Archiving fails: no bucket', {}, {}, {}, {}],
  })
  expect((await run('logs status')).result).toMatchObject({
    archive: { waiting: 2, failing: 'no bucket', archives: 1 },
  })
  archiver.failing = () => null
  Object.assign(size, { engine })
  expect(await tone()).toBe('plain')
  for (const changes of [{ away: { since: NOW, message: 'no answer' } }, { refusal: { message: 'read-only' } }]) {
    Object.assign(size, { engine: { ...engine, ...changes } })
    expect(await tone()).toBe('warning')
  }
  Object.assign(size, { engine: undefined })
  const rejected = {
    project: 'default',
    source: 'api',
    host: '',
    sender: '',
    reason: 'invalid',
    message: 'x',
    requests: 2,
    lines: 3,
  }
  rejections.record(rejected as never, NOW - DAY)
  expect(await tone()).toBe('plain')
  for (let i = 0; i < 9; i++) rejections.record({ ...rejected, source: `s${i}`, requests: 0 } as never, NOW - DAY + 1)
  const lines = async () => (await run('logs status')).card.lines!.map(line => JSON.stringify(line)).join('\n')
  expect(await tone()).toBe('warning')
  expect(await lines()).toContain('Not stored since the start of Vakt: 30 lines and 2 requests.')
  expect(await lines()).not.toContain('other kinds')
  rejections.record({ ...rejected, source: 's9', requests: 0 } as never, NOW)
  expect(await lines()).toContain('… 1 other kinds')
})

it('maintenance says what it freed, what it removed, and when nothing may be deleted', async () => {
  const { text, result, size } = begin({ lines: 10, bytes: 2000 })
  const removed = [{ partition: partition('p0'), message: 'p0 was deleted: its retention is over.' }]
  const maintains = (answer: object | null, lines: number, bytes: number) => ({
    async maintainLogs() {
      Object.assign(size, { lines, bytes })
      return answer
    },
  })
  expect(await text('logs maintain', maintains({ removed }, 8, 1000))).toBe(
    '(good) The log store has 8 lines in 1.0 kB\nThe new lines are sealed. 2 expired lines are deleted. 1.0 kB are free again.\np0 was deleted: its retention is over.',
  )
  expect(await text('logs maintain', maintains({ removed: [] }, 7, 1000))).toContain('1 expired line is deleted.')
  expect(await text('logs maintain', maintains({ removed: [] }, 7, 1000))).toBe(
    '(good) The log store has 7 lines in 1.0 kB\nThe new lines are sealed. No line has expired.',
  )
  expect(await text('logs maintain', maintains({ removed: [] }, 9, 2000))).toContain('No line has expired.')
  expect(await text('logs maintain', maintains(null, 9, 1000))).toBe(
    '(good) The log store has 9 lines in 1.0 kB\nThe new lines are sealed. Nothing is deleted until the clock is certain.',
  )
  expect(await result('logs maintain', maintains({ removed }, 8, 500))).toEqual({
    lines: 8,
    bytes: 500,
    bytes_before: 1000,
    removed: ['p0'],
  })
})

const engine: EngineStatus = {
  ...{ version: 'OpenSearch 2.19', nodes: 3, health: 'green', away: null, refusal: null, warnings: [] },
  ...{ waiting: 0, spoolBytes: 0, spoolBudgetBytes: 1000, refused: 0 },
} as never

it('a move to the log engine says how far it is', async () => {
  const { text, result, size } = begin()
  expect(await text('logs move')).toContain('No log engine is set.')
  Object.assign(size, { engine, lines: 3 })
  expect(await text('logs move')).toBe(
    [
      '(good) All log lines are in the log engine',
      '3 lines moved, 0 lines left.',
      'Log engine: OpenSearch 2.19, 3 nodes, green.',
      'Waiting here: 0 lines; the spool has 0 B of 1.0 kB.',
    ].join('\n'),
  )
  Object.assign(size, { engine: { ...engine, waiting: 1, version: null } })
  expect(await text('logs move')).toBe(
    [
      '(info) 66% of the log lines are in the log engine',
      '2 lines moved, 1 line left.',
      'Log engine: never reached yet.',
      'Waiting here: 1 line; the spool has 0 B of 1.0 kB.',
      'The rest moves by itself; searches find every line meanwhile.',
      '[Refresh: logs move]',
    ].join('\n'),
  )
  expect(await result('logs move')).toMatchObject({
    moved: 2,
    left: 1,
    percent: 66,
    done: false,
    engine: { waiting_lines: 1, failing: null },
  })
  Object.assign(size, { lines: 0, engine: { ...engine, waiting: 4, nodes: null } })
  expect(await result('logs move')).toMatchObject({ moved: 0, left: 4, percent: 100, done: false })
  expect(await text('logs move')).toContain('0 nodes')
  const away = { since: NOW, message: 'No answer.' }
  Object.assign(size, {
    engine: { ...engine, away, refused: 1, warnings: ['Disk nearly full.'], refusal: { message: 'read-only' } },
  })
  expect(await text('logs move')).toContain(
    [
      '⚠️ The log engine does not answer since 2026-03-02 09:00:00 UTC. No answer.',
      '⚠️ The log engine takes no lines: read-only',
      'Log engine: OpenSearch 2.19, 3 nodes, green.',
      'Waiting here: 0 lines; the spool has 0 B of 1.0 kB.',
      '1 line can be searched by text only: the engine refused their fields.',
      '⚠️ Disk nearly full.',
    ].join('\n'),
  )
  expect(await text('logs move')).toContain('(warning)')
  expect(await result('logs move')).toMatchObject({
    done: true,
    engine: { away_since: '2026-03-02T09:00:00.000Z', failing: 'No answer.' },
  })
  Object.assign(size, { engine: { ...engine, refusal: { message: 'read-only' } } })
  expect(await text('logs move')).toContain('(warning)')
  expect(await result('logs move')).toMatchObject({ engine: { away_since: null, failing: 'read-only' } })
})
