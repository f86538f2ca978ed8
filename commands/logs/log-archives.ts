// Where the log lines are: how much disk they take, what is archived elsewhere, and bringing that back.
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { writeSize } from '../../src/bytes.ts'
import type { Card, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import type { Archiver } from '../../src/logs/archive/archiver.ts'
import { countArchives, findArchive, type LogArchive, listArchives } from '../../src/logs/archives.ts'
import type { PartitionStatus } from '../../src/logs/store.ts'
import { Problem } from '../../src/problem.ts'
import { aboutDuration, DAY, formatDuration, isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command, counted, duration } from '../context.ts'
import { storeOf } from './log-query.ts'

const PARTITIONS = 15
const PAGE = 10
/** So long a command waits for what it began; then it tells where to look. */
const PATIENCE_MS = 4_000
const KEPT = 7 * DAY

const status = command({
  name: 'logs status',
  summary: 'Show how many log lines there are, and the disk they take',
  role: 'viewer',
  args: {},
  async run(_, context) {
    const { state, config, archiver } = context
    const store = await storeOf(context).status()
    const { lines, bytes, diskBudgetBytes, queued, partitions } = store
    const newestFirst = partitions.toReversed()
    const waiting = archiver?.pending(partitions) ?? []
    const kept = countArchives(state)
    const part = diskBudgetBytes === null ? 0 : bytes / diskBudgetBytes
    const damaged = partitions.filter(one => one.state === 'damaged')
    const summary: Text[] = [
      diskBudgetBytes === null
        ? 'No disk budget; LOG_DISK_BUDGET sets one.'
        : `${Math.round(part * 100)}% of the disk budget of ${writeSize(diskBudgetBytes)}.`,
      `Lines are kept for ${formatDuration(config.retentionMs)}, unless a project says otherwise.`,
      archiver
        ? `${counted(kept.archives, 'partition')} archived in ${archiver.place}, ${waiting.length} waiting.`
        : 'No archive; ARCHIVE_TO sets one.',
      ...(queued > 0 ? [`${counted(queued, 'request')} wait to be stored.`] : []),
      ...newestFirst.slice(0, PARTITIONS).map(partitionLine),
      ...(partitions.length > PARTITIONS ? [`… ${partitions.length - PARTITIONS} older`] : []),
    ]
    const failing = archiver?.failing()
    return {
      card: {
        title: lines === 0 ? 'No log lines yet' : `${lines.toLocaleString('en')} log lines in ${writeSize(bytes)}`,
        tone: damaged.length > 0 || failing ? 'warning' : 'plain',
        lines: failing ? [`Archiving fails: ${failing.problem.message}`, ...summary] : summary,
        buttons: archiver ? [{ label: 'Archives', line: 'logs archives' }] : [],
      },
      result: {
        lines,
        bytes,
        disk_budget_bytes: diskBudgetBytes,
        retention_ms: config.retentionMs,
        queued,
        partitions: newestFirst.map(one => ({
          name: one.name,
          state: one.state,
          lines: one.lines,
          bytes: one.bytes,
          from: one.lines > 0 ? isoTime(one.from) : null,
          until: one.lines > 0 ? isoTime(one.until) : null,
          expires_at: isoTime(one.expiresAt),
          message: one.message,
        })),
        archive: archiver
          ? { place: archiver.place, ...kept, waiting: waiting.length, failing: failing?.problem.message ?? null }
          : null,
      },
    }
  },
})

const archives = command({
  name: 'logs archives',
  summary: 'List the archived log partitions, newest first',
  details: '"logs restore" makes the lines of one searchable again.',
  role: 'viewer',
  args: { page: z.number().int().min(1).max(100_000).optional().describe('Which page, 1 unless said') },
  async run({ page = 1 }, context) {
    const { state, archiver } = context
    const kept = countArchives(state)
    const found = listArchives(state, PAGE, (page - 1) * PAGE)
    const partitions = archiver || found.length > 0 ? (await storeOf(context).status()).partitions : []
    const here = new Set(partitions.map(({ name }) => name))
    const waiting = archiver?.pending(partitions) ?? []
    const more = page * PAGE < kept.archives
    return {
      card: {
        title:
          kept.archives === 0
            ? archiver
              ? 'Nothing is archived yet'
              : 'No archive is set'
            : `${counted(kept.archives, 'archived partition')}: ${kept.lines.toLocaleString('en')} lines, ${writeSize(kept.bytes)}`,
        tone: archiver?.failing() || archiver?.restoreFailure() ? 'warning' : 'plain',
        lines: [...archiverLines(archiver, waiting, context.now), ...found.map(one => archiveLine(one, here))],
        buttons: [
          ...(page > 1 ? [{ label: 'Newer', line: `logs archives --page ${page - 1}` }] : []),
          ...(more ? [{ label: 'Older', line: `logs archives --page ${page + 1}` }] : []),
          ...(archiver && waiting.length > 0 ? [{ label: 'Archive now', line: 'logs archive' }] : []),
        ],
      },
      result: {
        place: archiver?.place ?? null,
        archives: found.map(one => archiveResult(one, here)),
        total: kept.archives,
        waiting: waiting.map(({ name }) => name),
        jobs: (archiver?.jobs() ?? []).map(({ since, ...job }) => ({ ...job, since: isoTime(since) })),
        failing: archiver?.failing()?.problem.message ?? null,
      },
    }
  },
})

const archive = command({
  name: 'logs archive',
  summary: 'Archive the closed log partitions now',
  details: 'They are archived by themselves within minutes of being closed; this is for after a failure was mended.',
  role: 'admin',
  args: {},
  async run(_, context) {
    const archiver = archiverOf(context)
    const { partitions } = await storeOf(context).status()
    const waiting = archiver.pending(partitions).length
    const done = waiting === 0 ? 0 : await within(archiver.run())
    if (done === null)
      return underWay(`Archiving ${counted(waiting, 'partition')} to ${archiver.place}`, { archived: null, waiting })
    return {
      card: {
        title: done === 0 ? 'Nothing waits to be archived' : `Archived ${counted(done, 'partition')}`,
        tone: done === 0 ? 'plain' : 'good',
        lines: done === 0 ? ['What is written to now is archived when its day is over.'] : [`In ${archiver.place}.`],
        buttons: [{ label: 'Archives', line: 'logs archives' }],
      },
      result: { archived: done, waiting: waiting - done },
    }
  },
})

const restore = command({
  name: 'logs restore',
  summary: 'Make the lines of an archive searchable again for a while',
  details: 'They come back under their old ids and go again by themselves. The archive stays.',
  examples: ['logs restore 2026-11-20.3d.0', 'logs restore 2026-11-20.3d.0 --keep 2d'],
  role: 'admin',
  args: {
    name: completes(positional(z.string().min(1).max(100)), 'archive').describe(
      'An archive, as "logs archives" calls it',
    ),
    keep: duration(MINUTE).optional().describe('For how long, 7d unless said'),
  },
  async run({ name, keep = KEPT }, context) {
    const archiver = archiverOf(context)
    const found = findArchive(context.state, name)
    const until = context.now + keep
    const lines = await within(archiver.restore(found.name, until))
    const shown = { archive: found.name, kept_until: isoTime(until) }
    if (lines === null)
      return underWay(`Restoring ${found.lines.toLocaleString('en')} lines of ${found.name}`, { ...shown, lines: null })
    const time = `since:${isoTime(found.from)} until:${isoTime(found.until + 1)}`
    return {
      card: {
        title: `${lines.toLocaleString('en')} lines of ${found.name} are back`,
        tone: 'good',
        lines: [['They can be searched until ', { time: until, style: 'moment' }, '.']],
        buttons: [{ label: 'Search them', line: `logs search ${time}` }],
      },
      result: { ...shown, lines },
    }
  },
})

export const logArchiveCommands = [status, archives, archive, restore]

function archiverOf({ archiver }: Context): Archiver {
  if (archiver) return archiver
  throw new Problem('not_found', 'No archive is set. Set ARCHIVE_TO to a folder or to s3://bucket/prefix, and restart.')
}

/** What comes of work, or null when that takes longer than anybody waits; the work goes on. */
async function within<T>(work: Promise<T>): Promise<T | null> {
  work.catch(() => {})
  return Promise.race([work, setTimeout(PATIENCE_MS, null, { ref: false })])
}

function underWay(what: string, result: object): { card: Card; result: object } {
  const buttons = [{ label: 'How far is it?', line: 'logs archives' }]
  return { card: { title: what, tone: 'info', lines: ['This takes a while and goes on by itself.'], buttons }, result }
}

function partitionLine({ name, state, lines, bytes, message, expiresAt }: PartitionStatus): Text {
  if (state === 'damaged') return ['❌ ', { bold: name }, `: ${message ?? 'damaged'}`]
  const size = ` ${state}, ${lines.toLocaleString('en')} lines, ${writeSize(bytes)}, goes `
  return [state === 'open' ? '✏️ ' : '▫️ ', { bold: name }, size, { time: expiresAt ?? 0, style: 'relative' }]
}

function archiveLine(one: LogArchive, here: ReadonlySet<string>): Text {
  const size = ` ${one.lines.toLocaleString('en')} lines, ${writeSize(one.bytes)}, `
  const span: Text = [{ time: one.from, style: 'moment' }, ' to ', { time: one.until, style: 'moment' }]
  return ['▫️ ', { bold: one.name }, size, ...span, here.has(one.partition) ? ' (searchable now)' : '']
}

function archiveResult(one: LogArchive, here: ReadonlySet<string>) {
  return {
    name: one.name,
    place: one.place,
    key: one.key,
    lines: one.lines,
    bytes: one.bytes,
    sha256: one.sha256,
    from: isoTime(one.from),
    until: isoTime(one.until),
    archived_at: isoTime(one.archivedAt),
    searchable: here.has(one.partition),
  }
}

function archiverLines(archiver: Archiver | null, waiting: readonly PartitionStatus[], now: number): Text[] {
  if (!archiver) return ['Set ARCHIVE_TO to a folder or to s3://bucket/prefix to keep log lines past their retention.']
  const failing = archiver.failing()
  const failure = archiver.restoreFailure()
  const jobs = archiver.jobs().map((job): Text => {
    const far = job.total > 0 ? `${writeSize(job.done)} of ${writeSize(job.total)}` : 'working'
    const verb = job.what === 'archive' ? 'Archiving' : 'Restoring'
    return `⏳ ${verb} ${job.name}: ${far}, for ${aboutDuration(now - job.since)}.`
  })
  return [
    `In ${archiver.place}.`,
    ...(failing ? [`Archiving fails: ${failing.problem.message}`] : []),
    ...(failure ? [`${failure.name} could not be restored: ${failure.problem.message}`] : []),
    ...jobs,
    ...(waiting.length > 0 ? [`${counted(waiting.length, 'closed partition')} not archived yet.`] : []),
  ]
}
