// Fetches remote logs into the log store, on a schedule or on request; stores each line once, also across a crash.
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { lineSettings } from '../../logs/line-settings.ts'
import type { LogWriter } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { findProject, readProjectById, retentionOf } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import type { Rejections } from '../../telemetry.ts'
import { errorMessage } from '../../text.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import type { HostRuntime } from '../host-runtime.ts'
import { readHost } from '../hosts.ts'
import type { Machine } from '../machine.ts'
import { buildFileArgv, buildJournalArgv } from './fetch-script.ts'
import { readBytes } from './read-bytes.ts'
import {
  findFirstCursor,
  type LogReading,
  MAX_BATCH_LINES,
  MAX_JOURNAL_BYTES,
  MAX_READ_BYTES,
  parseFileAnswer,
  parseFileStart,
  parseJournalAnswer,
  type RemoteLog,
} from './remote-log.ts'
import {
  listDueRemoteLogs,
  readNextDueAt,
  readRemoteLog,
  recordFailed,
  recordFetched,
  recordPendingBatch,
  recordPosition,
  recordSkipped,
} from './remote-logs.ts'

const MAX_CONCURRENT_FETCHES = 8
/** After this many batches a scheduled fetch lets other logs go first, and is due again at once. */
const MAX_BATCHES_PER_FETCH = 64
const MAX_SLEEP_MS = MINUTE
const MAX_RETRY_MS = MINUTE
/** The shortest interval that a log can be fetched at. */
export const MIN_FETCH_INTERVAL_MS = 5 * SECOND

export type FetchResult = {
  lines: number
  /** Whether there is more to read. */
  more: boolean
  /** Whether lines written before a rotation could not be found. */
  lost: boolean
}
const NO_LINES: FetchResult = { lines: 0, more: false, lost: false }

export interface LogFetcher {
  start(): void
  /** Applies a change of the remote logs at once. */
  refresh(): void
  /** Fetches a log to its end now; `onProgress` gets the number of lines so far. Rejects with the `Problem` of the log. */
  fetch(log: RemoteLog, onProgress?: (lines: number) => void): Promise<FetchResult>
  /** Leaves running fetches where they are; they continue after the next start. */
  stop(): void
}

export type LogFetcherOptions = {
  state: State
  logWriter: LogWriter
  hostRuntime: Pick<HostRuntime, 'connections' | 'isOnline'>
  clock: Clock
  logger: Logger
  /** Counts the lines that cannot be stored. */
  rejections: Rejections
  /** Retention of lines whose project sets none, ms. */
  retentionMs: number
  /** The zone of Vakt. */
  timeZone: string
}

/** What a host answers when Vakt may not read the log, or may not run its script. */
const RIGHTS_PROBLEMS: readonly string[] = ['forbidden', 'conflict']

type FetchOptions = { maxBatches: number; isRequested: boolean; onProgress?: (lines: number) => void }

/** Creates the fetcher. Before `start` it fetches only on request. */
export function createLogFetcher({
  state,
  logWriter,
  hostRuntime,
  clock,
  logger,
  rejections,
  retentionMs,
  timeZone,
}: LogFetcherOptions): LogFetcher {
  const fetches = new Map<number, Promise<FetchResult>>()
  let isStopped = false
  let isRunning = false
  let cancel = () => {}

  const schedule = () => {
    cancel()
    // At the limit, the next fetch that ends schedules again.
    if (!isRunning || isStopped || fetches.size >= MAX_CONCURRENT_FETCHES) return
    const next = readNextDueAt(state, [...fetches.keys()])
    if (next !== null) cancel = clock.at(Math.max(clock.now(), Math.min(next, clock.now() + MAX_SLEEP_MS)), tick)
  }

  const tick = () => {
    try {
      const due = listDueRemoteLogs(state, clock.now()).filter(({ id }) => !fetches.has(id))
      for (const log of due.slice(0, Math.max(0, MAX_CONCURRENT_FETCHES - fetches.size)))
        startFetch(log, { maxBatches: MAX_BATCHES_PER_FETCH, isRequested: false }).catch(() => {})
      schedule()
    } catch (error) {
      logger.error('listing the remote logs failed; retrying', { error })
      cancel = clock.at(clock.now() + MAX_SLEEP_MS, tick)
    }
  }

  const startFetch = (log: RemoteLog, options: FetchOptions): Promise<FetchResult> => {
    const fetching = fetchAll(log.id, options)
      .then(
        result => {
          const now = clock.now()
          if (isStopped) return result ?? NO_LINES
          if (result) recordFetched(state, log.id, now, result.more ? now : now + log.every)
          else recordSkipped(state, log.id, now + log.every)
          return result ?? NO_LINES
        },
        error => {
          const problem = error instanceof Problem ? error : unexpectedProblem(log, error)
          if (!(error instanceof Problem)) logger.error('fetching a remote log failed', { target: log.target, error })
          const now = clock.now()
          const retryAt = now + Math.min(log.every, MAX_RETRY_MS)
          if (!isStopped) recordFailed(state, log.id, problem.message, hostRuntime.isOnline(), now, retryAt)
          throw problem
        },
      )
      .finally(() => {
        fetches.delete(log.id)
        if (isRunning && !isStopped) schedule()
      })
    fetches.set(log.id, fetching)
    return fetching
  }

  /** Null when there is nothing to fetch from: the log was removed, or its host is not watched. */
  const fetchAll = async (id: number, { maxBatches, isRequested, onProgress }: FetchOptions) => {
    const total: FetchResult = { lines: 0, more: true, lost: false }
    for (let batch = 0; batch < maxBatches && total.more && !isStopped; batch++) {
      const log = readRemoteLog(state, id)
      const host = log && readHost(state, log.hostId)
      if (!log || !host || !(isRequested || host.enabled)) return null
      const result = await fetchBatch(log, host, isRequested)
      total.lines += result.lines
      total.more = result.more
      total.lost ||= result.lost
      onProgress?.(total.lines)
    }
    return total
  }

  const fetchBatch = async (log: RemoteLog, host: Host, ignoreBackoff: boolean): Promise<FetchResult> => {
    const reading = await read(log, host, ignoreBackoff)
    const { lost, until, start } = reading
    let { lines } = reading
    if (isStopped) return { lines: 0, more: true, lost }
    if (lines > 0 && until !== null) {
      const isRepeated = log.pending !== null && isSamePosition(log.pending.until, until)
      const batch = isRepeated ? log.pending!.batch : log.batches + 1
      recordPendingBatch(state, log.id, { batch, start, until })
      lines -= (await storeBatch(log, host, reading, batch)).rejected
      // A batch that is stored but not recorded is sent again with the same number, so the store keeps it once.
      if (isStopped) return { lines: 0, more: true, lost }
    }
    recordPosition(state, log, until, lines, lost ? clock.now() : null)
    if (reading.unreadable > 0) recordUnreadable(log, host, reading.unreadable)
    const hasMoved = until !== null && (log.position === null || !isSamePosition(log.position, until))
    return { lines, more: reading.more && hasMoved, lost }
  }

  const read = async (log: RemoteLog, host: Host, ignoreBackoff: boolean): Promise<LogReading> => {
    const { connections } = hostRuntime
    const machine = connections.machine(host, { ignoreBackoff })
    try {
      return await (log.position === null ? findStart : readNext)(log, host, machine)
    } catch (error) {
      // Forced commands and groups that are corrected there count from the next connection on.
      if (error instanceof Problem && RIGHTS_PROBLEMS.includes(error.code)) connections.renew(host.id)
      throw error
    }
  }

  /** Finds where to begin, without reading a line: then the first batch too has a fixed start and is the same when repeated. */
  const findStart = async (log: RemoteLog, host: Host, machine: Machine): Promise<LogReading> => {
    const nothing = { lines: 0, unreadable: 0, body: '', format: 'text', start: null, lost: false } as const
    if (log.kind === 'file') {
      const { stdout, stderr } = await readBytes(machine, host, buildFileArgv(log.target, null, MAX_READ_BYTES), clock)
      return { ...nothing, until: parseFileStart(host, log.target, stdout, stderr), more: true }
    }
    const argv = buildJournalArgv(log.target, null, MAX_JOURNAL_BYTES)
    const { stdout, stderr } = await readBytes(machine, host, argv, clock)
    const cursor = findFirstCursor(host, log.target, stdout, stderr)
    return { ...nothing, until: cursor === null ? null : { cursor }, more: cursor !== null }
  }

  const readNext = async (log: RemoteLog, host: Host, machine: Machine): Promise<LogReading> => {
    const { position, pending } = log
    if (position !== null && 'file' in position) {
      const argv = buildFileArgv(log.target, position.file, MAX_READ_BYTES)
      const { stdout, stderr } = await readBytes(machine, host, argv, clock)
      const fresh = parseFileAnswer(host, log.target, stdout, null, stderr)
      const until = pending && 'file' in pending.until ? pending.until.file.offset : null
      const isSameStart = pending?.start?.inode === fresh.start?.inode && pending?.start?.offset === fresh.start?.offset
      return until !== null && isSameStart ? parseFileAnswer(host, log.target, stdout, until) : fresh
    }
    const argv = buildJournalArgv(log.target, position?.cursor ?? null, MAX_JOURNAL_BYTES)
    const { stdout, stderr } = await readBytes(machine, host, argv, clock)
    const until = pending && 'cursor' in pending.until ? pending.until.cursor : null
    return parseJournalAnswer(host, log.target, stdout, stderr, until)
  }

  const projectOf = (log: RemoteLog) =>
    (log.projectId === null ? undefined : readProjectById(state, log.projectId)) ?? findProject(state)

  const recordUnreadable = (log: RemoteLog, host: Host, lines: number) => {
    const names = { project: projectOf(log).name, source: log.source, host: host.name, sender: '' }
    const message = `${host.name} sent entries of its journal that are no JSON or have no cursor.`
    rejections.record({ ...names, reason: 'unreadable', message, lines, requests: 0 }, clock.now())
  }

  const storeBatch = (log: RemoteLog, host: Host, { body, format }: LogReading, batch: number) => {
    const project = projectOf(log)
    return logWriter.append({
      body: new TextEncoder().encode(body).buffer,
      format,
      ...lineSettings(state, project, host.timeZone, timeZone),
      defaults: { source: log.source, host: host.name },
      receivedAt: clock.now(),
      limits: { lines: MAX_BATCH_LINES + 1, messageBytes: project.messageLimit },
      retentionMs: retentionOf(project, retentionMs).retentionMs,
      idempotencyKey: `remote-log:${log.id}:${log.addedAt}:${batch}`,
    })
  }

  return {
    start() {
      isRunning = true
      schedule()
    },
    refresh: schedule,
    async fetch(log, onProgress) {
      // A running fetch of the same log ends first.
      while (fetches.has(log.id)) await fetches.get(log.id)!.catch(() => {})
      const progress = onProgress === undefined ? {} : { onProgress }
      return startFetch(log, { maxBatches: Number.POSITIVE_INFINITY, isRequested: true, ...progress })
    },
    stop() {
      isStopped = true
      cancel()
    },
  }
}

function isSamePosition(a: NonNullable<RemoteLog['position']>, b: NonNullable<RemoteLog['position']>): boolean {
  if ('cursor' in a || 'cursor' in b) return 'cursor' in a && 'cursor' in b && a.cursor === b.cursor
  return a.file.inode === b.file.inode && a.file.offset === b.file.offset
}

function unexpectedProblem(log: RemoteLog, cause: unknown): Problem {
  return new Problem('internal', `Fetching ${log.target} failed: ${errorMessage(cause)}`, { cause })
}
