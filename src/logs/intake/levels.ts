// Reads a line's level from every common spelling and number, and detects it in a text line.
import { SYSLOG_SEVERITIES } from '../formats/number-levels.ts'
import type { Level } from '../line.ts'
import type { LevelScale } from './level-scales.ts'

const SPELLINGS: { [level in Level]: string } = {
  trace: 'trace trc trac trce finest finer silly verbose verb vrb v t all',
  debug: 'debug dbg dbug debu fine config d debug1 debug2 debug3 debug4 debug5',
  info: 'info inf information informational informative notice note n i log default success ok http hint statement',
  warn: 'warn wrn warning w warns',
  error: 'error err eror erro fail failed failure severe e exception',
  fatal: 'fatal ftl fata pani pnc crit critical c f emerg emergency alert panic dpanic a assert wtf fatl',
}

const names = new Map<string, Level>()
for (const [level, spellings] of Object.entries(SPELLINGS) as [Level, string][])
  for (const name of spellings.split(' '))
    for (const spelling of [name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1)])
      names.set(spelling, level)

const OTEL: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/**
 * The level that a value means, or null. Names may have any case and decoration (`[WARN]`, `LogLevel.Error`,
 * `ERROR2`). Numbers of any scale: 0-7 syslog, tens from 10 pino and bunyan, the rest up to 24 OpenTelemetry.
 */
export function readLevel(value: unknown, scale: LevelScale = 'any'): Level | null {
  if (typeof value === 'string') return names.get(value) ?? readName(value, scale)
  return typeof value === 'number' ? readNumber(value, scale) : null
}

function readName(text: string, scale: LevelScale): Level | null {
  if (text.length > 40) return null
  const bare = text.toLowerCase().replace(/^[\s[(<]+|[\s\])>:]+$/g, '')
  if (/^\d+$/.test(bare)) return readNumber(Number(bare), scale)
  const name = bare.slice(bare.lastIndexOf('.') + 1)
  return names.get(name) ?? names.get(name.replace(/[1-4]$/, '')) ?? null
}

function readNumber(value: number, scale: LevelScale): Level | null {
  if (!Number.isFinite(value) || value < 0) return null
  const number = Math.floor(value)
  if (scale === 'etw') return ETW[number] ?? null
  const steps = SCALES[scale]
  if (steps) return readStep(number, steps)
  if (scale === 'otel') return number >= 1 && number <= 24 ? OTEL[Math.floor((number - 1) / 4)]! : null
  if (number <= 7) return SYSLOG_SEVERITIES[number]!
  if (number % 10 === 0 || number > 24) return number <= 60 ? OTEL[Math.floor(number / 10) - 1]! : null
  return OTEL[Math.floor((number - 1) / 4)]!
}

/** The smallest number of each level, from fatal down. Python, .NET's LogLevel, java.util.logging, Monolog, Google, logback. */
const SCALES: { readonly [scale in LevelScale]?: readonly (readonly [number, Level])[] } = {
  python: [
    [50, 'fatal'],
    [40, 'error'],
    [30, 'warn'],
    [20, 'info'],
    [10, 'debug'],
    [0, 'trace'],
  ],
  dotnet: [
    [6, 'info'],
    [5, 'fatal'],
    [4, 'error'],
    [3, 'warn'],
    [2, 'info'],
    [1, 'debug'],
    [0, 'trace'],
  ],
  jul: [
    [1000, 'error'],
    [900, 'warn'],
    [700, 'info'],
    [500, 'debug'],
    [0, 'trace'],
  ],
  monolog: [
    [500, 'fatal'],
    [400, 'error'],
    [300, 'warn'],
    [200, 'info'],
    [0, 'debug'],
  ],
  gcp: [
    [600, 'fatal'],
    [500, 'error'],
    [400, 'warn'],
    [200, 'info'],
    [100, 'debug'],
    [0, 'info'],
  ],
  logback: [
    [50_000, 'fatal'],
    [40_000, 'error'],
    [30_000, 'warn'],
    [20_000, 'info'],
    [10_000, 'debug'],
    [0, 'trace'],
  ],
}
/** Event Tracing for Windows: 1 critical to 5 verbose, 0 always logged. */
const ETW: readonly Level[] = ['info', 'fatal', 'error', 'warn', 'info', 'debug']

function readStep(number: number, steps: readonly (readonly [number, Level])[]): Level | null {
  return steps.find(([from]) => number >= from)?.[1] ?? null
}

/** The level stands in this many characters; later words are prose. */
const HEAD_LENGTH = 160

const WORD = '(?:TRACE|FINEST|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|CRIT|EMERG|ALERT|PANIC)'
const klog = /^([IWEF])\d{4} \d\d:\d\d:\d\d/
const named = /\b(?:level|lvl|severity|loglevel)["']?\s?[=:]\s?["']?([a-z]{1,13})\b/i
const bracketed = /[[(<](?:[a-z_]{1,20}:)?([a-z]{1,13})\d?\s*[\])>]/gi
const opening = /^([a-z]{3,13})\b\s?(?::|\||-(?=\s))/i
/** `imap(alice)<1><x>: Error: `, `unbound[1:0] error: `, `rsync error: `. */
const tagged = /^[\w./-]{1,60}(?:\([^)]{0,80}\))?(?:<[^>]{0,60}>){0,2}(?:\[[\w:]{1,16}\])?(?:: | )([A-Za-z]{4,8}): /
const shouted = new RegExp(
  `(?:^|[\\s|:])(${WORD}|[IWEFD](?=/)|(?<=(?:^|\\s)\\d{1,7}\\s)[IWEFD](?=\\s\\w))\\s?(?=[\\s:|/-]|$)`,
)
const failure =
  /^(?:Traceback \(most recent call last\)|Exception in thread|Unhandled |Uncaught |Caused by: |PHP \w+ error: |Internal Server Error: |[\w.$]{0,80}(?:Error|Exception)\b(?::|$)|(?:\w{1,40}::){0,4}\w{0,60}(?:Error|Exception) \()|\((?:\w{1,40}::){0,4}\w{0,60}(?:Error|Exception)\)$/
const crash = /^(?:panic: |fatal error: |thread '[^']{0,80}' .{0,40}panicked at)/

/**
 * The level at the beginning of a text line: klog's letter, `level=…`, `[ERROR]`, `[E]`, `[core:error]`, `ERROR: `, a word
 * in capitals, the first line of a stack trace. Null when there is none, or when the line only mentions errors.
 */
export function detectLevel(text: string): Level | null {
  const head = text.length > HEAD_LENGTH ? text.slice(0, HEAD_LENGTH) : text
  const letter = klog.exec(head)
  if (letter) return readLevel(letter[1])
  if (crash.test(head)) return 'fatal'
  const hasColon = head.includes(':')
  const name = hasColon || head.includes('=') ? named.exec(head) : null
  const fromName = name && readLevel(name[1])
  if (fromName) return fromName
  const fromBracket = head.includes('[') || head.includes('(') || head.includes('<') ? firstBracketLevel(head) : null
  if (fromBracket) return fromBracket
  const first = opening.exec(head)
  const fromFirst = first && first[1]!.length > 2 && openingLevel(first[1]!)
  if (fromFirst) return fromFirst
  const behind = hasColon ? tagged.exec(head) : null
  const fromBehind = behind && openingLevel(behind[1]!)
  if (fromBehind) return fromBehind
  const loud = shouted.exec(head)
  if (loud) return readLevel(loud[1])
  return failure.test(head) ? 'error' : null
}

function firstBracketLevel(head: string): Level | null {
  for (const mark of head.matchAll(bracketed)) {
    const level = bracketLevel(mark[1]!)
    if (level) return level
  }
  return null
}

/** In brackets, single letters count only in capitals, and words that are no levels elsewhere do not count. */
function bracketLevel(mark: string): Level | null {
  if (mark.length === 1) return /[TDIWEF]/.test(mark) ? readLevel(mark) : null
  return /^(?:ok|log|http|all|note|hint|default|config|statement|assert|success|fine|verb)$/i.test(mark)
    ? null
    : readLevel(mark)
}

/** `error:` and `Warning -` mark a line of that level; `failed:` and `note:` are prose. */
function openingLevel(word: string): Level | null {
  return new RegExp(`^${WORD}$`, 'i').test(word) || /^(?:wrn|inf|dbg|err|ftl|trc|fail|info|crit|dbug|trce)$/i.test(word)
    ? readLevel(word)
    : null
}
