// Several containers' lines in one order of time, though they arrive as their connections please.
import type { Clock } from '../../clock.ts'
import { inOrder, type OutputLine } from './output-line.ts'

/** How long a line waits for earlier ones that are still under way, ms. */
const WINDOW = 500

/**
 * Takes lines as they come and hands them on in order of time, each at most a second late; one that is later than that stands
 * where it arrived. Nothing is dropped: `flush` hands on the rest.
 */
export function createMerge(clock: Clock, onLines: (lines: readonly OutputLine[]) => void) {
  let older: OutputLine[] = []
  let newer: OutputLine[] = []
  let armed = false

  const turn = () => {
    armed = false
    // What came in the window before is ready, and with it what came since then and is no later.
    const latest = older.reduce((at, line) => Math.max(at, line.at), Number.NEGATIVE_INFINITY)
    const ready = inOrder([...older, ...newer.filter(line => line.at <= latest)])
    older = newer.filter(line => line.at > latest)
    newer = []
    if (older.length > 0) arm()
    if (ready.length > 0) onLines(ready)
  }
  const arm = () => {
    if (armed) return
    armed = true
    clock.at(clock.now() + WINDOW, turn)
  }

  return {
    add(lines: readonly OutputLine[]) {
      for (const line of lines) newer.push(line)
      arm()
    },
    flush() {
      const rest = inOrder([...older, ...newer])
      older = []
      newer = []
      if (rest.length > 0) onLines(rest)
    },
  }
}
