// Finds which lines of a text continue the entry above them: stack traces of every language, and entries of several lines.

/**
 * The kind of trace that the last line belongs to, which decides how it may continue; `none` after an ordinary line. After
 * `…-head` the message stands on the next line.
 */
export type TraceState =
  | 'none'
  | 'frames'
  | 'python'
  | 'python-group'
  | 'python-done'
  | 'python-warning'
  | 'go'
  | 'go-frames'
  | 'rust'
  | 'dotnet-head'
  | 'dotnet'
  | 'jul-head'
  | 'node-head'
  | 'node-code'
  | 'node-done'
  | 'elixir'
  | 'report-head'
  | 'report'
  | 'julia'
  | 'postgres'
  | 'slow-query'
  | 'kernel'
  | 'android'
  | 'ruby-head'
  | 'samba-head'
  | 'samba'

/** Of longer lines only the beginning counts. */
const MAX_LINE_LENGTH = 1_000
const frame =
  /^\s+at\s|^\s*\.{3} \d+ (?:more|common frames)|^\s*(?:Caused by|Suppressed|Stack trace): ?|^\s+from \S.{0,500}?:\d+:in |^\s*-{3}(?:>| End of )|^#\d+ |^\s+thrown in |^\s+\S{1,300}\.rb:\d+:in [`']|^\[stacktrace\]$|^\[previous exception\] |^\s+what\(\): |^\s+#\d+ 0x|^\s+\S.{0,300} called at \S{1,300} line \d+/
/** Firefox and Safari write frames as `pay@https://shop.example/app.js:10:5`. */
const browserFrame = /^[\w$.<>/*]{0,100}@(?:https?|file|moz-extension):\/\/\S{1,400}:\d+:\d+$/
/** Rails writes frames without indentation, and the first of them may be the head of another trace. */
const rubyFrame = /^\S{1,300}\.rb:\d+:in [`'][^']{0,100}'$/
const failure =
  /^(?:Exception in thread "[^"]{0,100}" )?[\w.$:/\\]{0,200}(?:Error|Exception|Throwable|Panic|Fault)\b(?:\s?\(.{0,200}\))?(?::|$)/
const traceback = /^\s*(?:[+|] )?(?:Exception Group )?Traceback \(most recent call last\):/
const pythonChain = /^(?:During handling of the above exception|The above exception was the direct cause)/
const pythonGroup = /^\s*\+ Exception Group Traceback /
/** Python's warnings show the line of code below. */
const pythonWarning = /^\S{1,300}\.py:\d{1,7}: \w{0,60}Warning: /
const goHead = /^(?:panic: |fatal error: |goroutine \d+ \[)/
const goNext = /^(?:goroutine \d+ |\s|created by |\[signal |exit status |[\w./*()[\]{}·-]{1,300}\(.*\)$|panic: |\t)/
/** Loggers such as zap write a function and, below it, its place. */
const goFunction = /^[\w./*()[\]{}·~@-]{1,300}$/
const goPlace = /^\t\S.{0,500}\.go:\d{1,7}$/
const rustHead = /^thread '[^']{0,100}'.{0,40} panicked at /
const rustNext = /^(?:note: |stack backtrace:|\s+\d+: |\s+at )/
/** .NET's console writes the message below the category, in the column behind the level. */
const dotnetHead = /^(?:\S.{0,60} )?(?:trce|dbug|info|warn|fail|crit): \S.{0,200}\[-?\d{1,10}\]$/
const dotnetNext = /^ {6}/
/** java.util.logging writes the level and the message below the time and the place. */
const julHead = /^[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d\s[AP]M \S{1,200}(?: \S{1,200})?$/
const julNext = /^(?:SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): /
/** Node writes the place, the code with a mark, an empty line and then the error. */
const nodeHead = /^(?:file:\/\/|node:)?(?:[A-Za-z]:)?[\w@.\\/ -]{1,300}:\d{1,7}$/
const nodeMark = /^\s*\^{1,200}\s*$/
const nodeVersion = /^Node\.js v\d/
const elixirHead = /^(?:\*\* \(\w|Server: \S{1,200} \(https?\)$)/
const elixirNext =
  /^(?:\s|\*\* \(|(?:Server|Request|Last message|State|Function|Args|Client|Process Label|Initial Call|Current Call|Ancestors|Message Queue Length|Messages|Links|Dictionary|Trapping Exits|Status|Heap Size|Stack Size|Reductions|Neighbours)\b.{0,40}:)/
const reportHead = /^=[A-Z]{4,12} REPORT==== .{10,60} ===$/
const reportEnd = /^(?:=|\d{4}-)/
const juliaNext = /^[│└]/
const julia = /^┌ (?:Debug|Info|Warning|Error): /
/** After an empty line, what an exception was caused by. */
const previous = /^(?:\[previous exception\] |Next \S{1,200}(?:Exception|Error)\b|Caused by: )/

/** PostgreSQL writes the details of a message as lines of their own, and further lines of a text behind a tab. */
const postgresHead = /^[^"]{0,200}\b(?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?): {2}/
const postgresNext = /^(?:\t|.{0,200}?\b(?:STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION): {2})/
/** Registers, modules and frames that the kernel of Linux prints below a failure. */
const kernelHead =
  /^(?:BUG: |Oops: |WARNING: CPU: |Kernel panic - |Unable to handle kernel |general protection fault|INFO: task |watchdog: BUG: |kernel BUG at )/
const kernelNext =
  /^(?:\s|CPU: \d|Hardware name: |Modules linked in|R(?:IP|SP|AX|BX|CX|DX|SI|DI|BP|\d\d): |E(?:IP|AX|FLAGS): |[CDEFG]S: |CR\d: |DR\d: |PKRU: |Code: |Call [Tt]race:|<\/?(?:TASK|IRQ|NMI)>|task:|Tainted: |Not tainted|Workqueue: |PGD |#PF: |Oops: |invalid opcode|pc : |lr : |sp : |x\d{1,2} ?: |---\[ end |"echo 0 > )/
/** Samba writes the place in its source first, and the text below. */
const sambaHead = /^\[\d{4}\/\d\d\/\d\d [\d:.]{8,16}, {1,3}\d{1,2}[,\]].{1,300}\)$/
/** Rails begins the report of an exception with an empty line, which gets the header of Ruby's Logger alone. */
const rubyHead = /^[DIWEFAU], \[.{20,60}\] {1,2}[A-Z]{3,7} -- [^:]{0,80}: {0,2}(?:\[[^\]]{1,100}\] {0,2}){0,5}$/
/** The slow query log of MySQL. */
const slowQueryHead = /^# (?:Time|User@Host): /

/** The characters that a trace may begin with by the expressions above: almost every line begins with another. */
const HEADS = firstOf(' \t\n\v\f\r+|ETpfgtBOWKUIwkF#')
const FRAMES = firstOf(' \t\n\v\f\r.CS-#[')
const BELOW = firstOf(' \t\n\v\f\r+|ETpfg*S')

function firstOf(characters: string): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => Number(characters.includes(String.fromCharCode(code))))
}

/** Whether a line begins with one of these, or with a character beyond ASCII, which may be a space. */
function beginsWith(line: string, first: Uint8Array): boolean {
  const code = line.charCodeAt(0)
  return code < 128 ? first[code] === 1 : code >= 128
}

function isFrame(line: string): boolean {
  return beginsWith(line, FRAMES) && frame.test(line)
}

function tracebackOf(line: string): TraceState {
  return pythonGroup.test(line) ? 'python-group' : 'python'
}

/** A frame of Ruby or a browser, which begins with any character. */
function isScriptFrame(line: string): boolean {
  return (line.includes('.rb:') && rubyFrame.test(line)) || (line.includes('@') && browserFrame.test(line))
}

/** The trace that starts with the first line of an entry. */
export function traceStartedBy(line: string): TraceState {
  if (beginsWith(line, HEADS)) return traceHeadedBy(line) ?? headOfNext(line)
  return isPostgresHead(line) ? 'postgres' : headOfNext(line)
}

function traceHeadedBy(line: string): TraceState | null {
  if (traceback.test(line)) return tracebackOf(line)
  if (goHead.test(line)) return 'go'
  if (rustHead.test(line)) return 'rust'
  if (isPostgresHead(line)) return 'postgres'
  if (kernelHead.test(line)) return 'kernel'
  if (line.startsWith('FATAL EXCEPTION: ')) return 'android'
  return line.startsWith('# ') && slowQueryHead.test(line) ? 'slow-query' : null
}

function isPostgresHead(line: string): boolean {
  return line.includes(':  ') && postgresHead.test(line)
}

const TAB = 9
const COLON = 58
const COMMA = 44
const BRACKET = 93
const EQUALS = 61
const PARENTHESIS = 41

/** The heads whose message is on the next line, told apart by their last character. */
function headOfNext(line: string): TraceState {
  const last = line.charCodeAt(line.length - 1)
  if (last === BRACKET && dotnetHead.test(line)) return 'dotnet-head'
  if (last === PARENTHESIS && sambaHead.test(line)) return 'samba-head'
  if (last === EQUALS && reportHead.test(line)) return 'report-head'
  if (isDigit(last) && hasNumberAtEnd(line) && nodeHead.test(line)) return 'node-head'
  if (julHead.test(line)) return 'jul-head'
  if (!isDigit(line.charCodeAt(0)) && line.includes('.py:') && pythonWarning.test(line)) return 'python-warning'
  if (line.charCodeAt(1) === COMMA && rubyHead.test(line.trimEnd())) return 'ruby-head'
  return julia.test(line) ? 'julia' : 'none'
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Whether a line ends with a colon and digits. */
function hasNumberAtEnd(line: string): boolean {
  let at = line.length - 1
  while (at > 0 && isDigit(line.charCodeAt(at))) at--
  return line.charCodeAt(at) === COLON
}

/** The head of a line is enough to recognize it. */
function headOf(line: string): string {
  return line.length > MAX_LINE_LENGTH ? line.slice(0, MAX_LINE_LENGTH) : line
}

/**
 * The state after `line` when it continues the entry above it, null when it starts a new one. `hasFailed`: whether the entry's
 * first line is at error or above; `next` is the following line, for heads of traces on a line of their own.
 */
export function continueTrace(
  trace: TraceState,
  line: string,
  next: string | undefined,
  hasFailed: () => boolean,
): TraceState | null {
  const head = headOf(line)
  const following = next === undefined ? undefined : headOf(next)
  if (head.trim() === '') return continueAfterGap(trace, following, hasFailed)
  return (
    continueWithin(trace, head, following) ??
    (trace === 'go' || trace === 'rust' ? null : startBelow(trace, head, following, hasFailed))
  )
}

/** Continues over an empty line, when what follows it belongs to the trace. */
function continueAfterGap(trace: TraceState, next: string | undefined, hasFailed: () => boolean): TraceState | null {
  if (next === undefined || next.trim() === '') return null
  switch (trace) {
    case 'node-done':
      return trace
    case 'go':
    case 'python-done':
      return continueTrace(trace, next, undefined, hasFailed) ? trace : null
    case 'python-group':
      return pythonChain.test(next) ? trace : null
    case 'frames':
      return previous.test(next) || nodeVersion.test(next) ? trace : null
    default:
      return null
  }
}

/** The blocks that go on as long as their lines have one shape. */
const BLOCKS: { readonly [state in TraceState]?: RegExp } = {
  go: goNext,
  dotnet: dotnetNext,
  elixir: elixirNext,
  julia: juliaNext,
  postgres: postgresNext,
  kernel: kernelNext,
}

/** Continues within a started trace. */
function continueWithin(trace: TraceState, line: string, next: string | undefined): TraceState | null {
  const block = BLOCKS[trace]
  if (block !== undefined) return block.test(line) ? trace : null
  switch (trace) {
    case 'none':
      return null
    case 'python':
      // The first line that is not indented names the exception and ends the trace.
      return /^\s|^[+|]/.test(line) ? 'python' : 'python-done'
    case 'python-group':
      if (pythonChain.test(line)) return 'python-done'
      return /^\s*[+|]/.test(line) ? 'python-group' : null
    case 'python-done':
      return pythonChain.test(line) ? 'python-done' : null
    case 'rust':
      return rustNext.test(line) || next === undefined || rustNext.test(next) ? 'rust' : null
    case 'frames':
      // The fields of an error that Node prints after its frames, and what closes them or Laravel's context.
      return /^\s|^"?[}\])]+,?(?: \[\])?\s*$|^Node\.js v\d/.test(line) || previous.test(line) ? 'frames' : null
    default:
      return continueHead(trace, line, next)
  }
}

/** Continues below a head whose message is on the next line, and in the blocks of some languages. */
function continueHead(trace: TraceState, line: string, next: string | undefined): TraceState | null {
  switch (trace) {
    case 'dotnet-head':
      if (!dotnetNext.test(line)) return null
      // Scopes stand before the message.
      return line.startsWith('      => ') && next !== undefined && dotnetNext.test(next) ? trace : 'dotnet'
    case 'python-warning':
      return /^ {2}\S/.test(line) ? 'none' : null
    case 'go-frames':
      return goPlace.test(line) || isGoFrame(line, next) ? 'go-frames' : null
    case 'report-head':
    case 'report':
      return reportEnd.test(line) ? null : 'report'
    default:
      return continueBlock(trace, line, next)
  }
}

function continueBlock(trace: TraceState, line: string, next: string | undefined): TraceState | null {
  switch (trace) {
    case 'jul-head':
      return julNext.test(line) ? 'none' : null
    case 'ruby-head':
      return failure.test(line) ? 'frames' : null
    case 'node-head':
      return next !== undefined && nodeMark.test(next) ? 'node-code' : null
    case 'node-code':
      return nodeMark.test(line) ? 'node-done' : null
    case 'node-done':
      return 'frames'
    default:
      return continueSystem(trace, line)
  }
}

/** Continues what databases, kernels and daemons write over several lines. */
function continueSystem(trace: TraceState, line: string): TraceState | null {
  switch (trace) {
    case 'samba-head':
    case 'samba':
      return /^ {2}\S/.test(line) ? 'samba' : null
    case 'android':
      return line.startsWith('Process: ') ? 'android' : failure.test(line) ? 'frames' : null
    case 'slow-query':
      return line.startsWith('# Time: ') ? null : trace
    default:
      return null
  }
}

/** Whether a line is the name of a Go function whose place is on the next line. */
function isGoFrame(line: string, next: string | undefined): boolean {
  return next !== undefined && next.charCodeAt(0) === TAB && goPlace.test(next) && goFunction.test(line)
}

/** Starts a trace below the line it belongs to. */
function startBelow(
  trace: TraceState,
  line: string,
  next: string | undefined,
  hasFailed: () => boolean,
): TraceState | null {
  const isBelow = beginsWith(line, BELOW)
  if (isBelow && traceback.test(line)) return trace === 'none' && !hasFailed() ? null : tracebackOf(line)
  if (isFrame(line)) return 'frames'
  if (isGoFrame(line, next)) return 'go-frames'
  if (isScriptFrame(line)) return hasFailed() ? 'frames' : null
  if (isBelow && goHead.test(line)) return hasFailed() ? 'go' : null
  if (isBelow && elixirHead.test(line)) return hasFailed() ? 'elixir' : null
  return next !== undefined && isFrame(next) && failure.test(line) && hasFailed() ? 'frames' : null
}
