// Chooses the content of an evidence pack within a token limit: patterns, lines near the onset, and events beside the logs. Pure.
import type { QueryNode } from '../../logs/query/tree.ts'
import { MINUTE } from '../../time.ts'
import { listOrigins, type PatternGroup, selectSamples } from './mining.ts'
import {
  isSevere,
  type Pack,
  type PackLine,
  type PackMeasurement,
  type PackPattern,
  type TimelineEvent,
} from './pack.ts'
import { estimateTokens, writeLine, writePattern, writeTimelineEvent } from './pack-text.ts'
import { findOnset, type RankedGroup } from './ranking.ts'
import { type SampledLine, writeOrigin } from './read-logs.ts'

export type PackInput = {
  subject: string
  where: QueryNode | null
  from: number
  until: number
  comparedFrom: number
  ranked: readonly RankedGroup[]
  /** Lines of the same source and host around the first errors. */
  around: readonly SampledLine[]
  lines: { total: number; atLeast: boolean; read: number; before: number }
  timeline: readonly Omit<TimelineEvent, 'id'>[]
  measurements: readonly Omit<PackMeasurement, 'id'>[]
}

/** Increased with every change that ranks or chooses evidence differently, so that results of evaluations can be compared. */
export const PACK_VERSION = 2

/** The size limit of a pack, in tokens as `estimateTokens` counts them. */
export const MAX_PACK_TOKENS = 15_000
const HEADER_TOKENS = 150
/** The share of the tokens of each section; a section may also use what earlier ones leave. */
const SECTION_SHARES = { severe: 0.5, near: 0.2, beside: 0.15, rest: 0.15 }
const MAX_ANCHORS = 3
const NEAR_MS = 5 * MINUTE
const NEAR_LINES_PER_ANCHOR = 8
const PATTERN_STEPS = 12
const MAX_OTHER_PATTERNS = 40

/** Chooses the pack for `input` within `tokens`. Its coverage counts what does not fit. */
export function choosePack(input: PackInput, tokens = MAX_PACK_TOKENS): Pack {
  const { ranked, from, until } = input
  const lines = new Map<string, SampledLine>()
  const patterns: PackPattern[] = []
  const ids = new Map<string, string>()
  let left = -HEADER_TOKENS

  const add = (group: RankedGroup, samples: number): boolean => {
    const pattern = toPackPattern(group, `T${patterns.length + 1}`, from, until)
    const shown = selectSamples(group, samples).filter(line => !lines.has(line.id))
    const cost =
      estimateTokens(writePattern(pattern, unchanged)) + shown.reduce((sum, line) => sum + countLineTokens(line), 0)
    if (cost > left) return false
    left -= cost
    patterns.push(pattern)
    for (const line of group.lines) ids.set(line.id, pattern.id)
    for (const line of shown) lines.set(line.id, line)
    return true
  }

  left += tokens * SECTION_SHARES.severe
  const severe = ranked.filter(({ level, change }) => isSevere(level) && change !== 'steady' && change !== 'silent')
  // A pattern that does not fit with all its samples may fit with one.
  for (const [rank, group] of severe.entries()) add(group, rank < 5 ? 3 : rank < 12 ? 2 : 1) || add(group, 1)

  left += tokens * SECTION_SHARES.near
  for (const line of selectNearLines(ranked, input.around)) {
    const cost = countLineTokens(line)
    if (lines.has(line.id) || cost > left) continue
    left -= cost
    lines.set(line.id, line)
  }

  left += tokens * SECTION_SHARES.beside
  const timeline: TimelineEvent[] = []
  const measurements: PackMeasurement[] = []
  for (const event of input.timeline) place(timeline, { ...event, id: `E${timeline.length + 1}` })
  for (const measurement of input.measurements)
    place(measurements, { ...measurement, id: `M${measurements.length + 1}` })

  left += tokens * SECTION_SHARES.rest
  const rest = ranked.filter(group => !severe.includes(group) && (group.count > 0 || group.change === 'silent'))
  for (const group of rest.slice(0, MAX_OTHER_PATTERNS)) add(group, 1)

  const packLines = numberLines(lines, ids)
  const { total, atLeast, read, before } = input.lines
  return {
    ...{ subject: input.subject, where: input.where, from, until, comparedFrom: input.comparedFrom },
    ...{ patterns, lines: packLines, timeline, measurements },
    coverage: {
      ...{ lines: total, atLeast, linesRead: read, linesShown: packLines.length, linesBefore: before },
      ...{ patterns: ranked.length, patternsShown: patterns.length },
    },
  }

  function place<T extends TimelineEvent | PackMeasurement>(list: T[], item: T): void {
    const cost = estimateTokens(writeTimelineEvent(item, unchanged))
    if (cost > left) return
    left -= cost
    list.push(item)
  }
}

const unchanged = (text: string) => text

function countLineTokens(line: SampledLine): number {
  return estimateTokens(writeLine(toPackLine(line, 'L99', 'T99'), unchanged)) + 1
}

function numberLines(lines: ReadonlyMap<string, SampledLine>, patterns: ReadonlyMap<string, string>): PackLine[] {
  return [...lines.values()]
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    .map((line, at) => toPackLine(line, `L${at + 1}`, patterns.get(line.id) ?? null))
}

/** A line with the id that citations use. */
export function toPackLine(line: SampledLine, id: string, pattern: string | null): PackLine {
  return { id, line: line.id, at: line.at, level: line.level, from: writeOrigin(line), message: line.message, pattern }
}

function toPackPattern(group: RankedGroup, id: string, from: number, until: number): PackPattern {
  const counts = new Array<number>(PATTERN_STEPS).fill(0)
  const width = Math.max(1, (until - from) / PATTERN_STEPS)
  for (const line of group.lines)
    counts[Math.min(PATTERN_STEPS - 1, Math.floor((line.at - from) / width))]! += line.weight
  return {
    id,
    ...{ change: group.change, level: group.level, template: group.template, known: group.known },
    ...{ count: Math.round(group.count), before: Math.round(group.before), estimated: group.estimated },
    first: group.lines[0]?.at ?? null,
    last: group.lines.at(-1)?.at ?? null,
    from: listOrigins(group, 3),
    over: counts.map(Math.round),
  }
}

/**
 * Lines shortly before the onset, the most unusual first: what is new or rare right before it may be the cause, in any source.
 * Then the lines of the same source and host around the first errors.
 */
function selectNearLines(ranked: readonly RankedGroup[], around: readonly SampledLine[]): SampledLine[] {
  const near: SampledLine[] = []
  for (const anchor of findAnchors(ranked)) {
    const before = ranked
      .flatMap(group =>
        group.lines.filter(line => line.at <= anchor && line.at >= anchor - NEAR_MS).map(line => ({ line, group })),
      )
      .sort((a, b) => scoreUnusualness(b.group) - scoreUnusualness(a.group) || b.line.at - a.line.at)
    const seen = new Map<PatternGroup, number>()
    for (const { line, group } of before) {
      const count = seen.get(group) ?? 0
      seen.set(group, count + 1)
      if (count < 2) near.push(line)
      if (near.length >= NEAR_LINES_PER_ANCHOR * MAX_ANCHORS) break
    }
  }
  return [...near, ...around]
}

/** The instants at which the most severe patterns began, and the onset. */
function findAnchors(ranked: readonly RankedGroup[]): number[] {
  const onset = findOnset(ranked)
  const worst = ranked
    .filter(({ level, change, lines }) => isSevere(level) && change !== 'steady' && lines.length > 0)
    .slice(0, MAX_ANCHORS)
    .map(group => group.lines[0]!.at)
  return [...new Set([...(onset === null ? [] : [onset]), ...worst])].slice(0, MAX_ANCHORS)
}

function scoreUnusualness({ change, count }: RankedGroup): number {
  return (change === 'new' ? 10 : change === 'steady' ? 0 : 5) - Math.log2(1 + count)
}
