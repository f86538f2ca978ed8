// How far a container's output was read, and which lines of a stream that begins a little earlier are new. Pure.
import type { Position, StreamPosition } from '../../state/schema/index.ts'
import { compareStamps, type OutputLine, type StreamName } from './output-line.ts'

export type { Position } from '../../state/schema/index.ts'

export const START: Position = { stdout: null, stderr: null }

/** The position after one more line. */
export function after(position: Position, line: Pick<OutputLine, 'stream' | 'stamp'>): Position {
  const before = position[line.stream]
  const lines = before !== null && before.stamp === line.stamp ? before.lines + 1 : 1
  return { ...position, [line.stream]: { stamp: line.stamp, lines } }
}

/** The instant (RFC 3339) to ask for output from, a little before the position; undefined when everything is wanted. */
export function sinceOf({ stdout, stderr }: Position): string | undefined {
  const known = [stdout, stderr].filter(one => one !== null).map(one => Date.parse(one.stamp))
  // A stream that was silent so far is read from where the other is: what it says is said later.
  return known.length === 0 ? undefined : new Date(Math.min(...known) - 1000).toISOString()
}

/**
 * Says of every line of a stream that begins before the position whether it lies beyond it. Stamps only grow within one
 * stream; lines with the very stamp of the position are told apart by how many there were. What lies before `read` was left
 * out of the stream already.
 */
export function beyond(
  position: Position,
  read: Position = START,
): (line: Pick<OutputLine, 'stream' | 'stamp'>) => boolean {
  const leftOut = (stream: StreamName) =>
    (read[stream]?.stamp === position[stream]?.stamp ? read[stream]?.lines : 0) ?? 0
  const same: Record<StreamName, number> = { stdout: leftOut('stdout'), stderr: leftOut('stderr') }
  const passed: Record<StreamName, boolean> = { stdout: false, stderr: false }
  return ({ stream, stamp }) => {
    const reached: StreamPosition | null = position[stream]
    if (passed[stream] || reached === null) return true
    const order = compareStamps(stamp, reached.stamp)
    if (order < 0) return false
    if (order === 0) return ++same[stream] > reached.lines
    passed[stream] = true
    return true
  }
}
