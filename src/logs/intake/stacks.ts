// Tells which lines of a text belong to the stack trace above them: Java, Python, Node, Go, Ruby, .NET, Rust and PHP.

/** What kind of trace is open: it decides what may follow. `none` after an ordinary line. */
export type Trace = 'none' | 'frames' | 'python' | 'python-done' | 'go' | 'rust'

/** Longer lines are judged by their beginning. */
const LONGEST = 1_000
const frame =
  /^\s+at\s|^\s*\.{3} \d+ (?:more|common frames)|^\s*(?:Caused by|Suppressed|Stack trace): ?|^\s+from \S.{0,500}?:\d+:in |^\s*-{3}(?:>| End of )|^#\d+ |^\s+thrown in |^\s+\S{1,300}\.rb:\d+:in [`']/
/** Rails writes its frames without indentation, and the first of them may be the head of a trace of its own. */
const rubyFrame = /^\S{1,300}\.rb:\d+:in [`'][^']{0,100}'$/
const failure =
  /^(?:Exception in thread "[^"]{0,100}" )?[\w.$:/\\]{0,200}(?:Error|Exception|Throwable|Panic|Fault)\b(?:\s?\(.{0,200}\))?(?::|$)/
const traceback = /^\s*(?:[+|] )?(?:Exception Group )?Traceback \(most recent call last\):/
const pythonChain = /^(?:During handling of the above exception|The above exception was the direct cause)/
const goHead = /^(?:panic: |fatal error: |goroutine \d+ \[)/
const goNext = /^(?:goroutine \d+ |\s|created by |\[signal |exit status |[\w./*()[\]{}·-]{1,300}\(.*\)$|panic: |\t)/
const rustHead = /^thread '[^']{0,100}'.{0,40} panicked at /
const rustNext = /^(?:note: |stack backtrace:|\s+\d+: |\s+at )/

/** The trace that a line opens when it begins an entry. */
export function openedBy(line: string): Trace {
  if (traceback.test(line)) return 'python'
  if (goHead.test(line)) return 'go'
  if (rustHead.test(line)) return 'rust'
  return 'none'
}

/**
 * The state after `line` when it belongs to the entry above it, null when it begins one of its own. `failed`: the entry's
 * first line is at error or above; `next` is the line after, for heads of traces that stand on a line of their own.
 */
export function continues(trace: Trace, line: string, next: string | undefined, failed: boolean): Trace | null {
  // No line of a trace is told by more than its head.
  const head = line.slice(0, LONGEST)
  const following = next?.slice(0, LONGEST)
  if (head.trim() === '') {
    const open = (trace === 'go' || trace === 'python-done') && following !== undefined && following.trim() !== ''
    return open && continues(trace, following, undefined, failed) ? trace : null
  }
  return (
    within(trace, head, following) ??
    (trace === 'go' || trace === 'rust' ? null : begins(trace, head, following, failed))
  )
}

/** What may follow within an open trace. */
function within(trace: Trace, line: string, next: string | undefined): Trace | null {
  switch (trace) {
    case 'python':
      // The first line that is not indented names the exception and ends the trace.
      return /^\s|^[+|]/.test(line) ? 'python' : 'python-done'
    case 'python-done':
      return pythonChain.test(line) ? 'python-done' : null
    case 'go':
      return goNext.test(line) ? 'go' : null
    case 'rust':
      return rustNext.test(line) || next === undefined || rustNext.test(next) ? 'rust' : null
    case 'frames':
      // What is printed of an error's own fields after its frames: `  code: 'ECONNREFUSED'` and the closing brace.
      return /^\s|^[}\])]+,?$/.test(line) ? 'frames' : null
    default:
      return null
  }
}

/** What begins a trace below the line it belongs to. */
function begins(trace: Trace, line: string, next: string | undefined, failed: boolean): Trace | null {
  if (traceback.test(line)) return failed || trace !== 'none' ? 'python' : null
  if (frame.test(line)) return 'frames'
  if (failed && rubyFrame.test(line)) return 'frames'
  if (failed && goHead.test(line)) return 'go'
  return failed && next !== undefined && failure.test(line) && frame.test(next) ? 'frames' : null
}
