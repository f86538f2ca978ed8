// How far the output of a container is read, and which lines of an overlapping stream are new. Pure.
import type { OutputPosition, StreamPosition } from '../../state/schema/index.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { compareStamps, type OutputLine, type StreamName } from './output-line.ts'

export const START: OutputPosition = { stdout: null, stderr: null }

/** The position after one more line. */
export function advance(position: OutputPosition, line: Pick<OutputLine, 'stream' | 'stamp'>): OutputPosition {
  const before = position[line.stream]
  const lines = before !== null && before.stamp === line.stamp ? before.lines + 1 : 1
  return { ...position, [line.stream]: { stamp: line.stamp, lines } }
}

/**
 * Where to start reading: an instant (RFC 3339) shortly before the position, undefined for the beginning. A position ahead of
 * `now` is of a clock that was put back since: the lines after it may be earlier, so reading starts shortly before now.
 */
export function computeSince({ stdout, stderr }: OutputPosition, now: number): string | undefined {
  const known = [stdout, stderr].filter(stream => stream !== null).map(stream => Date.parse(stream.stamp))
  if (known.length === 0) return undefined
  // A stream without output so far is read from the position of the other: its first line can only be later.
  const first = Math.min(...known) - SECOND
  return new Date(Math.max(...known) > now ? Math.min(first, now - MINUTE) : first).toISOString()
}

/**
 * Creates a filter that accepts the lines beyond `position`, for a stream that begins before it. What follows the line of the
 * position is new whatever its timestamp, as clocks are put back; when rotation deleted that line, what is later is new. Lines
 * with the same timestamp as the position are counted. `start` is where the stream begins, if not at the beginning of the
 * output.
 */
export function createNewLineFilter(
  position: OutputPosition,
  start: OutputPosition = START,
): (line: Pick<OutputLine, 'stream' | 'stamp'>) => boolean {
  const countSkipped = (stream: StreamName) =>
    (start[stream]?.stamp === position[stream]?.stamp ? start[stream]?.lines : 0) ?? 0
  const same: Record<StreamName, number> = { stdout: countSkipped('stdout'), stderr: countSkipped('stderr') }
  const isPassed = (stream: StreamName) => same[stream] >= (position[stream]?.lines ?? 0)
  const passed: Record<StreamName, boolean> = { stdout: isPassed('stdout'), stderr: isPassed('stderr') }
  return ({ stream, stamp }) => {
    const reached: StreamPosition | null = position[stream]
    if (passed[stream] || reached === null) return true
    const order = compareStamps(stamp, reached.stamp)
    if (order === 0) same[stream]++
    passed[stream] = order > 0 || isPassed(stream)
    return order > 0
  }
}
