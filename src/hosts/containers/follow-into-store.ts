// Stores the lines of one followed container in batches, each exactly once, also across a crash of Vakt.
import { randomUUID } from 'node:crypto'
import { MEBIBYTE } from '../../bytes.ts'
import type { Batch, LogWriter } from '../../logs/store.ts'
import type { OutputPosition } from '../../state/schema/index.ts'
import { SECOND } from '../../time.ts'
import { type FollowOptions, followContainer } from './follow-stream.ts'
import { readPosition, recordPendingBatch, recordPosition } from './follows.ts'
import { type OutputLine, sortByTime } from './output-line.ts'
import { advance, createNewLineFilter, START } from './output-position.ts'

/** A batch is stored when it has this many lines or characters, or after the interval. */
const BATCH_LINES = 1_000
const BATCH_CHARACTERS = 4 * MEBIBYTE
const BATCH_INTERVAL_MS = SECOND
/** Reading stops while this much is queued. */
const MAX_QUEUED_LINES = 20_000
const MAX_QUEUED_CHARACTERS = 8 * BATCH_CHARACTERS
const RETRY_MS = 3 * SECOND
/** How long to wait for the lines of an interrupted batch; rotation may have deleted them. */
const REREAD_TIMEOUT_MS = 10 * SECOND

export type FollowIntoStoreOptions = Pick<FollowOptions, 'state' | 'clock' | 'hostRuntime' | 'host' | 'container'> & {
  logWriter: LogWriter
  /** Where to start when nothing is stored yet, RFC 3339. */
  since: string
  /** Reads the current settings of the project. */
  settings(): Pick<Batch, 'project' | 'limits' | 'retentionMs' | 'zones' | 'formats' | 'privacy'>
  /** Called with each error of the store; the batch is retried. */
  onError(error: unknown): void
}

/** The batch being stored. After a crash its lines are read again first, `count` of them, so that it is the same batch. */
type PendingBatch = { key: string; until: OutputPosition; count: number; lines: OutputLine[] }

/** Follows until the returned function is called. Lines that are not stored by then are read again the next time. */
export function followIntoStore(options: FollowIntoStoreOptions): () => void {
  const { state, clock, host, container, since } = options
  const saved = readPosition(state, host.id, container)
  let position = saved?.position ?? START
  let readUpTo = position
  let pending: PendingBatch | null = saved?.pending ? { ...saved.pending, count: saved.pending.lines, lines: [] } : null
  const isLater = createNewLineFilter(pending?.until ?? position, position)
  let startedAt = clock.now()
  let queue: OutputLine[] = []
  let queuedCharacters = 0
  let isStoring = false
  let isStopped = false
  let cancel = () => {}
  let unfollow: (() => void) | null = null

  const follow = () => {
    const known = readUpTo.stdout !== null || readUpTo.stderr !== null
    const from = known ? readUpTo : { since }
    unfollow = followContainer({ ...options, ignoreBackoff: false, from, onLines: enqueue })
  }

  const enqueue = (lines: readonly OutputLine[]) => {
    for (const line of lines) {
      readUpTo = advance(readUpTo, line)
      if (isLater(line)) {
        queue.push(line)
        queuedCharacters += line.text.length
      } else pending?.lines.push(line)
    }
    if (queue.length >= MAX_QUEUED_LINES || queuedCharacters >= MAX_QUEUED_CHARACTERS) {
      unfollow?.()
      unfollow = null
    }
    schedule(hasBatch() ? 0 : BATCH_INTERVAL_MS)
  }

  const hasBatch = () => queue.length >= BATCH_LINES || queuedCharacters >= BATCH_CHARACTERS

  const schedule = (ms: number) => {
    if (isStopped) return
    cancel()
    cancel = clock.at(clock.now() + ms, storeNext)
  }

  const storeNext = () => {
    if (isStoring || isStopped) return
    // After the clock went back, the wait for an interrupted batch begins again.
    startedAt = Math.min(startedAt, clock.now())
    if (pending !== null && pending.lines.length < pending.count && clock.now() < startedAt + REREAD_TIMEOUT_MS)
      return schedule(BATCH_INTERVAL_MS)
    pending ??= takeBatch()
    if (pending === null) return
    isStoring = true
    storeBatch(pending).then(
      () => {
        isStoring = false
        if (unfollow === null && !isStopped && !hasBatch()) follow()
        if (queue.length > 0) schedule(hasBatch() ? 0 : BATCH_INTERVAL_MS)
      },
      error => {
        // Retry the same batch: it may have been stored in spite of the error.
        isStoring = false
        if (!isStopped) options.onError(error)
        schedule(RETRY_MS)
      },
    )
  }

  const takeBatch = (): PendingBatch | null => {
    if (queue.length === 0) return null
    const lines = queue.slice(0, countBatchLines(queue))
    queue = queue.slice(lines.length)
    queuedCharacters -= countCharacters(lines)
    return { key: randomUUID(), until: lines.reduce(advance, position), count: lines.length, lines }
  }

  const storeBatch = async ({ key, until, count, lines }: PendingBatch) => {
    recordPendingBatch(state, host.id, container, position, { key, until, lines: count })
    if (lines.length > 0)
      await options.logWriter.append({
        ...options.settings(),
        body: encodeLines(lines),
        format: 'text',
        defaults: { source: container, host: host.name },
        receivedAt: clock.now(),
        idempotencyKey: `follow:${key}`,
      })
    position = until
    pending = null
    // After a stop, the position may be deleted already.
    if (!isStopped) recordPosition(state, host.id, container, position)
  }

  follow()
  if (pending !== null) schedule(BATCH_INTERVAL_MS)
  return () => {
    isStopped = true
    cancel()
    unfollow?.()
  }
}

/** How many of the lines fit into one batch, at least one. */
function countBatchLines(lines: readonly OutputLine[]): number {
  let characters = 0
  for (const [i, line] of lines.entries()) {
    characters += line.text.length
    if (i === BATCH_LINES || (i > 0 && characters > BATCH_CHARACTERS)) return i
  }
  return lines.length
}

function countCharacters(lines: readonly OutputLine[]): number {
  return lines.reduce((sum, line) => sum + line.text.length, 0)
}

/** Writes each line with its time, as the engine does; what belongs together is joined where lines are read. */
function encodeLines(lines: readonly OutputLine[]): ArrayBuffer {
  const text = sortByTime(lines)
    .map(({ stamp, text }) => `${fullStamp(stamp)} ${text}`)
    .join('\n')
  return new Uint8Array(Buffer.from(text)).buffer
}

/** A stamp with all nine digits of a second, as engines write it: then no program's own time looks like it. */
function fullStamp(stamp: string): string {
  const found = /^([^.Z+]*?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(stamp)
  return found ? `${found[1]}.${(found[2] ?? '').padEnd(9, '0')}${found[3]}` : stamp
}
