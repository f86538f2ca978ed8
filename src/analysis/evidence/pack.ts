// The evidence pack: what is known about a stretch of time, chosen to fit, each piece with an id that can be cited.
import type { Level } from '../../logs/line.ts'
import type { QueryNode } from '../../logs/query/tree.ts'

/** How a pattern compares with the period before: the reasons it was chosen for. */
export type Change = 'new' | 'surging' | 'rare' | 'silent' | 'steady'

/** A kind of line, by its template; ids are `T1`, `T2` … */
export type PackPattern = {
  id: string
  change: Change
  level: Level
  template: string
  /** Lines in the window, and in the period before it scaled to the same length. */
  count: number
  before: number
  /** Whether the counts were estimated from a part of the lines. */
  estimated: boolean
  /** Whether the same error was seen in the day before that period. */
  known: boolean
  first: number | null
  last: number | null
  /** `source@host`, most frequent first, a few at most. */
  from: readonly string[]
  /** Counts over the window in twelve equal steps. */
  over: readonly number[]
}

/** One log line; ids are `L1`, `L2` …, `line` is its id in the log store. */
export type PackLine = {
  id: string
  line: string
  at: number
  level: Level
  from: string
  /** Secrets masked, at most 2,000 characters. */
  message: string
  pattern: string | null
}

/** Something that happened beside the logs: a missed beat, an acknowledgement, a restart; ids are `E1`, `E2` … */
export type TimelineEvent = { id: string; at: number; text: string; command: string | null }

/** A measurement out of its usual range; ids are `M1`, `M2` … */
export type Measured = { id: string; at: number; text: string }

export type Coverage = {
  lines: number
  /** Whether there are more lines than counted. */
  atLeast: boolean
  linesRead: number
  linesShown: number
  /** Lines in the period before; where there were none everything is new, which tells little. */
  linesBefore?: number
  patterns: number
  patternsShown: number
}

export type Pack = {
  subject: string
  /** Which lines it is about; what is looked up later stays within them. */
  where: QueryNode | null
  /** The window, and since when it is compared, epoch ms. */
  from: number
  until: number
  comparedFrom: number
  patterns: readonly PackPattern[]
  /** In the order of time. */
  lines: readonly PackLine[]
  happenings: readonly TimelineEvent[]
  measured: readonly Measured[]
  coverage: Coverage
  /** Who stands behind the pseudonyms that a model was given; forgotten with the evidence. */
  people?: Record<string, string>
}

/** A pack that found nothing at all. */
export function isEmpty(pack: Pack): boolean {
  return pack.coverage.lines === 0 && pack.happenings.length === 0 && pack.measured.length === 0
}

/** A pack without a line, of then or of before, and without a measurement: it tells nothing of how things are. */
export function isUnheard({ coverage, patterns, measured }: Pack): boolean {
  return coverage.lines === 0 && patterns.length === 0 && measured.length === 0
}

/** The patterns that ask for an explanation: errors and warnings that are new, surging or rare. */
export function troubles(pack: Pack): PackPattern[] {
  return pack.patterns.filter(({ change, level }) => isSevere(level) && change !== 'steady' && change !== 'silent')
}

/** Whether a level is at `warn` or above. */
export function isSevere(level: Level): boolean {
  return level === 'warn' || isError(level)
}

/** Whether a level is at `error` or above. */
export function isError(level: Level): boolean {
  return level === 'error' || level === 'fatal'
}

/** `84 of 12,410 lines, 31 of 47 patterns`. */
export function coverageText(coverage: Coverage): string {
  const { lines, atLeast, linesRead, linesShown, linesBefore, patterns, patternsShown } = coverage
  const many = (n: number) => n.toLocaleString('en')
  const all = `${many(lines)}${atLeast ? '+' : ''}`
  const read = linesRead < lines ? ` (${many(linesRead)} read)` : ''
  const none = lines > 0 && linesBefore === 0 ? '; no lines before to compare with' : ''
  return `${many(linesShown)} of ${all} lines${read}, ${many(patternsShown)} of ${many(patterns)} patterns${none}`
}
