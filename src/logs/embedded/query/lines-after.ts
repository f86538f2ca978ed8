// Reads lines in the order they were stored, merged over all partitions.
import type { LogLine } from '../../line.ts'
import type { FeedPage, Position } from '../../store.ts'
import { partitionVisitor, type Snapshot } from './search-job.ts'
import { nextTurn } from './turns.ts'

/** One line first, because many partitions have their next line far beyond the page; then this many at a time. */
const LINES_PER_READ = 256

/** The next lines of one partition; `after` is where it goes on, null at its end. */
type Cursor = { name: string; lines: { position: Position; line: LogLine }[]; at: number; after: Position | null }

/** As `LogFeed.linesAfter`; `committedTo` is known to the caller. `onLine` is called with each line and its partition. */
export async function linesAfter(
  snapshot: Snapshot,
  after: Position,
  committedTo: Position,
  limits: { lines: number; bytes: number },
  onLine?: (line: LogLine, position: Position, partition: string) => void,
): Promise<FeedPage> {
  const lines: FeedPage['lines'][number][] = []
  let bytes = 0
  let usedMs = 0
  const cursors = limits.lines > 0 ? cursorsFrom(snapshot, after) : []
  for (;;) {
    const begunAt = performance.now()
    for (const cursor of cursors) if (cursor.at === cursor.lines.length) readMore(snapshot, cursor, committedTo)
    const open = cursors.filter(({ at, lines: own }) => at < own.length)
    if (open.length === 0) return { lines, next: Math.max(after, committedTo), committedTo }
    let read = 0
    let lowest = lowestOf(open)
    do {
      const { position, line } = lowest.lines[lowest.at++]!
      lines.push(line)
      onLine?.(line, position, lowest.name)
      bytes += sizeOf(line)
      if (lines.length >= limits.lines || bytes >= limits.bytes) return { lines, next: position, committedTo }
      // A cursor without lines may have the next line.
      if (lowest.at === lowest.lines.length) break
      lowest = lowestOf(open)
    } while (++read < LINES_PER_READ)
    usedMs += performance.now() - begunAt
    await nextTurn(usedMs)
  }
}

/** A cursor in each partition that has lines after a position. */
function cursorsFrom(snapshot: Snapshot, after: Position): Cursor[] {
  const later = snapshot.partitions.filter(({ lines, lastPosition }) => lines > 0 && lastPosition > after)
  return later.map(({ name }): Cursor => ({ name, lines: [], at: 0, after }))
}

function readMore(snapshot: Snapshot, cursor: Cursor, committedTo: Position): void {
  const { after, name, lines: earlier } = cursor
  if (after === null) return
  const limit = earlier.length === 0 ? 1 : LINES_PER_READ
  const found = partitionVisitor(snapshot)(name, connection => connection.linesAfter(after, limit))
  const lines = (found ?? []).filter(({ position }) => position <= committedTo)
  cursor.lines = lines
  cursor.at = 0
  cursor.after = lines.length < limit ? null : lines.at(-1)!.position
}

/** How many lines each partition has after a position. */
export function countsAfter(snapshot: Snapshot, after: Position): { name: string; lines: number }[] {
  const visit = partitionVisitor(snapshot)
  return snapshot.partitions.map(({ name }) => ({
    name,
    lines: visit(name, connection => connection.countAfter(after)) ?? 0,
  }))
}

/** About the size of what a line holds, bytes. */
export function sizeOf({ message, tags, stack, traceId, spanId, attributes }: LogLine): number {
  const isPlain = tags.length === 0 && stack === '' && traceId === '' && spanId === '' && isEmpty(attributes)
  const rest = isPlain ? '' : JSON.stringify([tags, stack, traceId, spanId, attributes])
  return Buffer.byteLength(message) + Buffer.byteLength(rest)
}

function isEmpty(attributes: object): boolean {
  for (const _ in attributes) return false
  return true
}

function lowestOf(cursors: readonly Cursor[]): Cursor {
  return cursors.reduce((a, b) => (b.lines[b.at]!.position < a.lines[a.at]!.position ? b : a))
}
