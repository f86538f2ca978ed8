// Finds which lines of a text continue the stack trace above them: Java, Python, Node, Go, Ruby, .NET, Rust and PHP.

/** The kind of trace that the last line belongs to, which decides how it may continue; `none` after an ordinary line. */
export type TraceState = 'none' | 'frames' | 'python' | 'python-done' | 'go' | 'rust' | 'postgres' | 'slow-query'

/** Of longer lines only the beginning counts. */
const MAX_LINE_LENGTH = 1_000
const frame =
  /^\s+at\s|^\s*\.{3} \d+ (?:more|common frames)|^\s*(?:Caused by|Suppressed|Stack trace): ?|^\s+from \S.{0,500}?:\d+:in |^\s*-{3}(?:>| End of )|^#\d+ |^\s+thrown in |^\s+\S{1,300}\.rb:\d+:in [`']/
/** Rails writes frames without indentation, and the first of them may be the head of another trace. */
const rubyFrame = /^\S{1,300}\.rb:\d+:in [`'][^']{0,100}'$/
const failure =
  /^(?:Exception in thread "[^"]{0,100}" )?[\w.$:/\\]{0,200}(?:Error|Exception|Throwable|Panic|Fault)\b(?:\s?\(.{0,200}\))?(?::|$)/
const traceback = /^\s*(?:[+|] )?(?:Exception Group )?Traceback \(most recent call last\):/
const pythonChain = /^(?:During handling of the above exception|The above exception was the direct cause)/
const goHead = /^(?:panic: |fatal error: |goroutine \d+ \[)/
const goNext = /^(?:goroutine \d+ |\s|created by |\[signal |exit status |[\w./*()[\]{}·-]{1,300}\(.*\)$|panic: |\t)/
const rustHead = /^thread '[^']{0,100}'.{0,40} panicked at /
const rustNext = /^(?:note: |stack backtrace:|\s+\d+: |\s+at )/

/** PostgreSQL writes the details of a message as lines of their own, and further lines of a text behind a tab. */
const postgresHead = /^[^"]{0,200}\b(?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?): {2}/
const postgresNext = /^(?:\t|.{0,200}?\b(?:STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION): {2})/
/** The slow query log of MySQL. */
const slowQueryHead = /^# (?:Time|User@Host): /

/** The trace that starts with the first line of an entry. */
export function traceStartedBy(line: string): TraceState {
  if (traceback.test(line)) return 'python'
  if (goHead.test(line)) return 'go'
  if (rustHead.test(line)) return 'rust'
  if (line.includes(':  ') && postgresHead.test(line)) return 'postgres'
  if (line.startsWith('# ') && slowQueryHead.test(line)) return 'slow-query'
  return 'none'
}

/**
 * The state after `line` when it continues the entry above it, null when it starts a new one. `failed`: the entry's first
 * line is at error or above; `next` is the following line, for heads of traces on a line of their own.
 */
export function continueTrace(
  trace: TraceState,
  line: string,
  next: string | undefined,
  failed: boolean,
): TraceState | null {
  // The head of a line is enough to recognize it.
  const head = line.slice(0, MAX_LINE_LENGTH)
  const following = next?.slice(0, MAX_LINE_LENGTH)
  if (head.trim() === '') {
    const open = (trace === 'go' || trace === 'python-done') && following !== undefined && following.trim() !== ''
    return open && continueTrace(trace, following, undefined, failed) ? trace : null
  }
  return (
    continueWithin(trace, head, following) ??
    (trace === 'go' || trace === 'rust' ? null : startBelow(trace, head, following, failed))
  )
}

/** Continues within a started trace. */
function continueWithin(trace: TraceState, line: string, next: string | undefined): TraceState | null {
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
    case 'postgres':
      return postgresNext.test(line) ? 'postgres' : null
    case 'slow-query':
      return line.startsWith('# Time: ') ? null : 'slow-query'
    case 'frames':
      // The fields of an error that Node prints after its frames: `  code: 'ECONNREFUSED'` and the closing brace.
      return /^\s|^[}\])]+,?$/.test(line) ? 'frames' : null
    default:
      return null
  }
}

/** Starts a trace below the line it belongs to. */
function startBelow(trace: TraceState, line: string, next: string | undefined, failed: boolean): TraceState | null {
  if (traceback.test(line)) return failed || trace !== 'none' ? 'python' : null
  if (frame.test(line)) return 'frames'
  if (failed && rubyFrame.test(line)) return 'frames'
  if (failed && goHead.test(line)) return 'go'
  return failed && next !== undefined && failure.test(line) && frame.test(next) ? 'frames' : null
}
