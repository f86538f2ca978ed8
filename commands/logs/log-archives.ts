// The commands for log storage: its size on disk, the archive, and restoring from it.
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { formatBytes, MEBIBYTE } from '../../src/bytes.ts'
import type { Card, Text } from '../../src/card.ts'
import { aliased, completes, positional } from '../../src/command/command.ts'
import { rejectionText } from '../../src/detectors/rejected-lines.ts'
import type { Archiver } from '../../src/logs/archive/archiver.ts'
import { countArchives, findArchive, type LogArchive, listArchives } from '../../src/logs/archives.ts'
import type { PartitionStatus } from '../../src/logs/store.ts'
import { Problem } from '../../src/problem.ts'
import { shownProjectName } from '../../src/projects/projects.ts'
import type { RejectionKind } from '../../src/telemetry.ts'
import { plural } from '../../src/text.ts'
import { aboutDuration, DAY, formatDuration, isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command, duration } from '../context.ts'
import { engineResult, engineTexts } from './log-engine.ts'
import { storeOf } from './log-query.ts'

const MAX_SHOWN_PARTITIONS = 15
const MAX_SHOWN_REJECTIONS = 10
const MAX_SHOWN_PROJECTS = 10
const PAGE_SIZE = 10
/** How long a command waits for the work it started; then it answers where to see the progress. */
const ANSWER_TIMEOUT_MS = 4_000
/** How long rejected lines make the card a warning. */
const REJECTED_WARNING_MS = DAY
const RESTORE_DURATION_MS = 7 * DAY

const status = command({
  name: 'logs status',
  summary: 'Show how many log lines are stored, and their size on disk',
  role: 'viewer',
  args: {},
  async run(_, context) {
    const { state, config, archiver, now } = context
    const {
      lines,
      bytes,
      diskBudgetBytes,
      queued,
      partitions,
      projects: stored = [],
      unsealed = 0,
      engine,
    } = await storeOf(context).status()
    const projects = stored.map(size => ({ ...size, project: shownProjectName(state, size.project) }))
    const newestFirst = partitions.toReversed()
    const pending = archiver?.pending(partitions) ?? []
    const archived = countArchives(state)
    const rejected = context.parts.rejections.list()
    const used = diskBudgetBytes === null ? 0 : bytes / diskBudgetBytes
    const hasRejected = rejected.some(({ lastAt }) => lastAt > now - REJECTED_WARNING_MS)
    const isDamaged = partitions.some(partition => partition.state === 'damaged')
    const summary: Text[] = [
      ...(engine ? engineTexts(engine) : []),
      diskBudgetBytes === null
        ? 'Disk budget: none (set LOG_DISK_BUDGET).'
        : `Disk budget: ${Math.round(used * 100)}% of ${formatBytes(diskBudgetBytes)} used.`,
      `Retention: ${formatDuration(config.retentionMs)}, unless a project has its own.`,
      archiver
        ? `Archive: ${plural(archived.archives, 'partition')} in ${archiver.place}, ${pending.length} pending.`
        : 'Archive: none (set ARCHIVE_TO).',
      ...projects.slice(0, MAX_SHOWN_PROJECTS).map(projectText),
      ...rejectedTexts(rejected),
      ...(queued > 0 ? [`Queue: ${plural(queued, 'request')} waiting to be stored.`] : []),
      ...newestFirst.slice(0, MAX_SHOWN_PARTITIONS).map(partition => partitionLine(partition, now)),
      ...(partitions.length > MAX_SHOWN_PARTITIONS ? [`… ${partitions.length - MAX_SHOWN_PARTITIONS} older`] : []),
    ]
    const failing = archiver?.failing()
    return {
      card: {
        title: lines === 0 ? 'No log lines yet' : `${plural(lines, 'log line')} in ${formatBytes(bytes)}`,
        tone: isDamaged || failing || hasRejected || engine?.away || engine?.refusal ? 'warning' : 'plain',
        lines: failing ? [`Archiving fails: ${failing.problem.message}`, ...summary] : summary,
        buttons: archiver ? [{ label: 'Archives', line: 'logs archives' }] : [],
      },
      result: {
        lines,
        bytes,
        disk_budget_bytes: diskBudgetBytes,
        retention_ms: config.retentionMs,
        queued,
        unsealed_lines: unsealed,
        ...(engine ? { engine: engineResult(engine) } : {}),
        projects: projects.map(({ project, lines: own, rawBytes, bytes: size }) => ({
          project,
          lines: own,
          raw_bytes: rawBytes,
          stored_bytes: size,
          ratio: ratioOf(size, rawBytes),
        })),
        rejected: rejected.map(kind => ({
          project: kind.project,
          source: kind.source || null,
          host: kind.host || null,
          key: kind.sender || null,
          reason: kind.reason,
          message: kind.message,
          lines: kind.lines,
          requests: kind.requests,
          first_at: isoTime(kind.firstAt),
          last_at: isoTime(kind.lastAt),
        })),
        partitions: newestFirst.map(partition => ({
          name: partition.name,
          state: partition.state,
          lines: partition.lines,
          bytes: partition.bytes,
          from: partition.lines > 0 ? isoTime(partition.from) : null,
          until: partition.lines > 0 ? isoTime(partition.until) : null,
          expires_at: isoTime(partition.expiresAt),
          message: partition.message,
        })),
        archive: archiver
          ? { place: archiver.place, ...archived, waiting: pending.length, failing: failing?.problem.message ?? null }
          : null,
      },
    }
  },
})

/** What was not stored, the latest first. */
function rejectedTexts(rejected: readonly RejectionKind[]): Text[] {
  if (rejected.length === 0) return []
  const [lines, requests] = [sumOf(rejected, 'lines'), sumOf(rejected, 'requests')]
  const amounts = [plural(lines, 'line'), ...(requests > 0 ? [plural(requests, 'request')] : [])].join(' and ')
  return [
    `Not stored since the start of Vakt: ${amounts}.`,
    ...rejected.slice(0, MAX_SHOWN_REJECTIONS).map(rejectionText),
    ...(rejected.length > MAX_SHOWN_REJECTIONS ? [`… ${rejected.length - MAX_SHOWN_REJECTIONS} other kinds`] : []),
  ]
}

function sumOf(rejected: readonly RejectionKind[], amount: 'lines' | 'requests'): number {
  return rejected.reduce((sum, kind) => sum + kind[amount], 0)
}

const UNCERTAIN_CLOCK = 'The new lines are sealed. Nothing is deleted until the clock is certain.'

function expiredText(lines: number): string {
  if (lines <= 0) return 'The new lines are sealed. No line has expired.'
  return `The new lines are sealed. ${plural(lines, 'expired line')} ${lines === 1 ? 'is' : 'are'} deleted.`
}

const maintain = command({
  name: 'logs maintain',
  summary: 'Seal new lines into blocks, and drop expired ones, now',
  role: 'admin',
  changes: true,
  args: {},
  async run(_, context) {
    const { bytes: before, lines: linesBefore } = await storeOf(context).status()
    const maintained = await context.maintainLogs!()
    const { bytes, lines } = await storeOf(context).status()
    const removed = maintained?.removed ?? []
    const freed = before > bytes ? ` ${formatBytes(before - bytes)} are free again.` : ''
    return {
      card: {
        title: `The log store has ${plural(lines, 'line')} in ${formatBytes(bytes)}`,
        tone: 'good',
        lines: [
          maintained === null ? UNCERTAIN_CLOCK : `${expiredText(linesBefore - lines)}${freed}`,
          ...removed.map(({ message }) => message),
        ],
      },
      result: { lines, bytes, bytes_before: before, removed: removed.map(({ partition }) => partition.name) },
    }
  },
})

/** What a project sent, and what of that is on disk. */
function projectText({
  project,
  lines,
  rawBytes,
  bytes,
}: {
  project: string
  lines: number
  rawBytes: number
  bytes: number
}): Text {
  // The file itself takes more than a few lines.
  const ratio = rawBytes < MEBIBYTE ? null : ratioOf(bytes, rawBytes)
  return `${project}: ${plural(lines, 'line')}, ${formatBytes(rawBytes)} stored in ${formatBytes(bytes)}${ratio === null ? '' : ` (ratio ${ratio})`}.`
}

/** Stored bytes per raw byte, to two places; null when there is nothing. */
function ratioOf(stored: number, raw: number): number | null {
  return raw === 0 ? null : Math.round((stored / raw) * 100) / 100
}

const archives = command({
  name: 'logs archives',
  summary: 'Show the archived log partitions, newest first',
  details: '"logs restore" makes the lines of an archive searchable again.',
  role: 'viewer',
  args: { page: z.number().int().min(1).max(100_000).optional().describe('Page number (default: 1)') },
  async run({ page = 1 }, context) {
    const { state, archiver } = context
    const archived = countArchives(state)
    const found = listArchives(state, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    const partitions = archiver || found.length > 0 ? (await storeOf(context).status()).partitions : []
    const searchable = new Set(partitions.map(({ name }) => name))
    const pending = archiver?.pending(partitions) ?? []
    const hasMore = page * PAGE_SIZE < archived.archives
    return {
      card: {
        title:
          archived.archives === 0
            ? archiver
              ? 'Nothing is archived yet'
              : 'No archive is set'
            : `${plural(archived.archives, 'archived partition')}: ${plural(archived.lines, 'line')}, ${formatBytes(archived.bytes)}`,
        tone: archiver?.failing() || archiver?.restoreFailure() ? 'warning' : 'plain',
        lines: [
          ...archiverLines(archiver, pending, context.now),
          ...found.map(archive => archiveLine(archive, searchable)),
        ],
        buttons: [
          ...(page > 1 ? [{ label: 'Newer', line: `logs archives --page ${page - 1}` }] : []),
          ...(hasMore ? [{ label: 'Older', line: `logs archives --page ${page + 1}` }] : []),
          ...(archiver && pending.length > 0 ? [{ label: 'Archive now', line: 'logs archive' }] : []),
        ],
      },
      result: {
        place: archiver?.place ?? null,
        archives: found.map(archive => archiveResult(archive, searchable)),
        total: archived.archives,
        waiting: pending.map(({ name }) => name),
        jobs: (archiver?.jobs() ?? []).map(({ since, ...job }) => ({ ...job, since: isoTime(since) })),
        failing: archiver?.failing()?.problem.message ?? null,
      },
    }
  },
})

const archive = command({
  name: 'logs archive',
  summary: 'Archive the closed log partitions now',
  details: 'Closed partitions are archived automatically within minutes. Use this after you fixed a failure.',
  role: 'admin',
  args: {},
  async run(_, context) {
    const archiver = archiverOf(context)
    const { partitions } = await storeOf(context).status()
    const pending = archiver.pending(partitions).length
    const archived = pending === 0 ? 0 : await withTimeout(archiver.run())
    if (archived === null)
      return inProgress(`Archiving ${plural(pending, 'partition')} to ${archiver.place}`, {
        archived: null,
        waiting: pending,
      })
    return {
      card: {
        title: archived === 0 ? 'No partitions to archive' : `Archived ${plural(archived, 'partition')}`,
        tone: archived === 0 ? 'plain' : 'good',
        lines:
          archived === 0
            ? ['The current partition is archived when its day is over.']
            : [`Stored in ${archiver.place}.`],
        buttons: [{ label: 'Archives', line: 'logs archives' }],
      },
      result: { archived, waiting: pending - archived },
    }
  },
})

const restore = command({
  name: 'logs restore',
  summary: 'Restore an archive, so that its lines can be searched for a while',
  details: 'The lines keep their ids and are removed again automatically. The archive stays.',
  examples: ['logs restore 2026-11-20.3d.0', 'logs restore 2026-11-20.3d.0 --for 2d'],
  role: 'admin',
  args: {
    name: completes(positional(z.string().min(1).max(100)), 'archive').describe('Name of the archive'),
    for: aliased(duration(MINUTE).optional().describe('How long the lines can be searched (default: 7d)'), 'keep'),
  },
  async run({ name, for: durationMs = RESTORE_DURATION_MS }, context) {
    const archiver = archiverOf(context)
    const found = findArchive(context.state, name)
    const expiresAt = context.now + durationMs
    const lines = await withTimeout(archiver.restore(found.name, expiresAt))
    const result = { archive: found.name, expires_at: isoTime(expiresAt), kept_until: isoTime(expiresAt) }
    if (lines === null)
      return inProgress(`Restoring ${plural(found.lines, 'line')} of ${found.name}`, { ...result, lines: null })
    const time = `since:${isoTime(found.from)} until:${isoTime(found.until + 1)}`
    return {
      card: {
        title: `Restored ${plural(lines, 'line')} of ${found.name}`,
        tone: 'good',
        lines: [['They can be searched until ', { time: expiresAt, style: 'moment' }, '.']],
        buttons: [{ label: 'Search', line: `logs search ${time}` }],
      },
      result: { ...result, lines },
    }
  },
})

export const logArchiveCommands = [status, maintain, archives, archive, restore]

function archiverOf({ archiver }: Context): Archiver {
  if (archiver) return archiver
  throw new Problem('not_found', 'No archive is set. Set ARCHIVE_TO to a folder or to s3://bucket/prefix, and restart.')
}

/** The result of work, or null when it takes longer than the timeout; the work continues. */
async function withTimeout<T>(work: Promise<T>): Promise<T | null> {
  work.catch(() => {})
  return Promise.race([work, setTimeout(ANSWER_TIMEOUT_MS, null, { ref: false })])
}

function inProgress(title: string, result: object): { card: Card; result: object } {
  const buttons = [{ label: 'Progress', line: 'logs archives' }]
  return {
    card: { title, tone: 'info', lines: ['This takes a while and continues in the background.'], buttons },
    result,
  }
}

function partitionLine({ name, state, lines, bytes, message, expiresAt }: PartitionStatus, now: number): Text {
  if (state === 'damaged') return ['❌ ', { bold: name }, `: ${message ?? 'damaged'}`]
  const expiry = expiresAt === null || expiresAt > now ? 'expires' : 'expired'
  const facts = ` ${state}, ${plural(lines, 'line')}, ${formatBytes(bytes)}, ${expiry} `
  return [state === 'open' ? '✏️ ' : '▫️ ', { bold: name }, facts, { time: expiresAt ?? 0, style: 'relative' }]
}

function archiveLine(archive: LogArchive, searchable: ReadonlySet<string>): Text {
  const size = ` ${plural(archive.lines, 'line')}, ${formatBytes(archive.bytes)}, `
  const range: Text = [{ time: archive.from, style: 'moment' }, ' to ', { time: archive.until, style: 'moment' }]
  return ['▫️ ', { bold: archive.name }, size, ...range, searchable.has(archive.partition) ? ' (searchable now)' : '']
}

function archiveResult(archive: LogArchive, searchable: ReadonlySet<string>) {
  return {
    name: archive.name,
    place: archive.place,
    key: archive.key,
    lines: archive.lines,
    bytes: archive.bytes,
    sha256: archive.sha256,
    from: isoTime(archive.from),
    until: isoTime(archive.until),
    archived_at: isoTime(archive.archivedAt),
    searchable: searchable.has(archive.partition),
  }
}

function archiverLines(archiver: Archiver | null, pending: readonly PartitionStatus[], now: number): Text[] {
  if (!archiver) return ['Set ARCHIVE_TO to a folder or to s3://bucket/prefix to keep log lines past their retention.']
  const failing = archiver.failing()
  const restoreFailure = archiver.restoreFailure()
  const jobs = archiver.jobs().map((job): Text => {
    const progress = job.total > 0 ? `${formatBytes(job.done)} of ${formatBytes(job.total)}` : 'preparing'
    const verb = job.what === 'archive' ? 'Archiving' : 'Restoring'
    return `⏳ ${verb} ${job.name}: ${progress}, for ${aboutDuration(now - job.since)}.`
  })
  return [
    `Archives are stored in ${archiver.place}.`,
    ...(failing ? [`Archiving fails: ${failing.problem.message}`] : []),
    ...(restoreFailure ? [`Restoring ${restoreFailure.name} failed: ${restoreFailure.problem.message}`] : []),
    ...jobs,
    ...(pending.length > 0 ? [`Pending: ${plural(pending.length, 'closed partition')}.`] : []),
  ]
}
