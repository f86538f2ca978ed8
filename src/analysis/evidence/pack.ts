// The evidence pack: what is known about a period, limited in size, each piece with an id for citations.
import type { Level } from '../../logs/line.ts'
import type { QueryNode } from '../../logs/query/tree.ts'

/** How a pattern compares with the period before. */
export type PatternChange = 'new' | 'surging' | 'rare' | 'silent' | 'steady'

/** A pattern of lines, by its template; ids are `T1`, `T2` … */
export type PackPattern = {
  id: string
  change: PatternChange
  level: Level
  template: string
  /** Lines in the window, and in the period before it scaled to the same length. */
  count: number
  before: number
  /** Whether the counts are estimated from a part of the lines. */
  estimated: boolean
  /** Whether the same error was seen in the day before that period. */
  known: boolean
  first: number | null
  last: number | null
  /** The most frequent origins, `source@host`. */
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

/** An event beside the logs: a missed beat, an acknowledgement, a restart; ids are `E1`, `E2` … */
export type TimelineEvent = { id: string; at: number; text: string; command: string | null }

/** An unusual measurement; ids are `M1`, `M2` … */
export type PackMeasurement = { id: string; at: number; text: string }

export type Coverage = {
  lines: number
  /** Whether there are more lines than counted. */
  atLeast: boolean
  linesRead: number
  linesShown: number
  /** Lines in the period before; without any, every pattern is new. */
  linesBefore?: number
  patterns: number
  patternsShown: number
}

export type Pack = {
  subject: string
  /** The lines that the pack is about; later look-ups stay within them. */
  where: QueryNode | null
  /** The window and the start of the period before it, epoch ms. */
  from: number
  until: number
  comparedFrom: number
  patterns: readonly PackPattern[]
  /** Ordered by time. */
  lines: readonly PackLine[]
  timeline: readonly TimelineEvent[]
  measurements: readonly PackMeasurement[]
  coverage: Coverage
  /** The persons behind the pseudonyms that a model got; deleted with the evidence. */
  people?: Record<string, string>
}

/** Whether a pack contains nothing at all. */
export function isEmpty(pack: Pack): boolean {
  return pack.coverage.lines === 0 && pack.timeline.length === 0 && pack.measurements.length === 0
}

/** Whether a pack has no lines in either period and no measurements, so that the state of the system is unknown. */
export function hasNoData({ coverage, patterns, measurements }: Pack): boolean {
  return coverage.lines === 0 && patterns.length === 0 && measurements.length === 0
}

/** The patterns that need an explanation: errors and warnings that are new, surging or rare. */
export function listSeverePatterns(pack: Pack): PackPattern[] {
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
export function writeCoverage(coverage: Coverage): string {
  const { lines, atLeast, linesRead, linesShown, linesBefore, patterns, patternsShown } = coverage
  const write = (count: number) => count.toLocaleString('en')
  const all = `${write(lines)}${atLeast ? '+' : ''}`
  const read = linesRead < lines ? ` (${write(linesRead)} read)` : ''
  const noBaseline = lines > 0 && linesBefore === 0 ? '; no lines before to compare with' : ''
  return `${write(linesShown)} of ${all} lines${read}, ${write(patternsShown)} of ${write(patterns)} patterns${noBaseline}`
}
