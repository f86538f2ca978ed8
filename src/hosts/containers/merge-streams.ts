// Merges the lines of several containers into one order of time.
import type { Clock } from '../../clock.ts'
import { type OutputLine, sortByTime } from './output-line.ts'

/** How long a line waits for earlier lines of other containers. */
const WINDOW_MS = 500

/**
 * Creates a merger that passes lines to `onLines` in order of time, each delayed by at most two windows (1 s). A line that
 * arrives later than that keeps its place of arrival. `flush` passes the remaining lines; none is dropped.
 */
export function createLineMerger(clock: Clock, onLines: (lines: readonly OutputLine[]) => void) {
  let older: OutputLine[] = []
  let newer: OutputLine[] = []
  let isScheduled = false

  const emitReady = () => {
    isScheduled = false
    // Lines of the previous window are ready, and with them newer arrivals that are not later.
    const latest = older.reduce((at, line) => Math.max(at, line.at), Number.NEGATIVE_INFINITY)
    const ready = sortByTime([...older, ...newer.filter(line => line.at <= latest)])
    older = newer.filter(line => line.at > latest)
    newer = []
    if (older.length > 0) schedule()
    if (ready.length > 0) onLines(ready)
  }
  const schedule = () => {
    if (isScheduled) return
    isScheduled = true
    clock.at(clock.now() + WINDOW_MS, emitReady)
  }

  return {
    add(lines: readonly OutputLine[]) {
      for (const line of lines) newer.push(line)
      schedule()
    },
    flush() {
      const rest = sortByTime([...older, ...newer])
      older = []
      newer = []
      if (rest.length > 0) onLines(rest)
    },
  }
}
