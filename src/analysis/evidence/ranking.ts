// Classifies how patterns changed against the period before, and ranks them by importance. Pure.
import type { Level } from '../../logs/line.ts'
import { MINUTE } from '../../time.ts'
import type { PatternGroup } from './mining.ts'
import { isError, isSevere, type PatternChange } from './pack.ts'
import { measureResemblance } from './resemblance.ts'

export type RankedGroup = PatternGroup & { change: PatternChange; score: number; known: boolean }

const LEVEL_WEIGHTS: Record<Level, number> = { trace: 0.5, debug: 0.5, info: 1, warn: 2, error: 4, fatal: 5 }
const SURGE_FACTOR = 2
const MIN_SURGE_LINES = 5
const MAX_RARE_LINES = 3
const MIN_LINES_BEFORE_SILENCE = 10
/** A new pattern with this share of the words of an earlier one is a variant of it, and weighs less. */
const VARIANT_RESEMBLANCE = 0.6
const VARIANT_FACTOR = 0.75
/** A pattern that is new this shortly before the onset may be the cause, at any level. */
const NEAR_MS = 10 * MINUTE

/** Classifies the count of a group in the window against the one before. */
export function classifyChange({
  count,
  before,
  level,
}: Pick<PatternGroup, 'count' | 'before' | 'level'>): PatternChange {
  if (before >= MIN_LINES_BEFORE_SILENCE && count <= before / 10) return 'silent'
  if (count === 0) return 'steady'
  if (before === 0) return 'new'
  // A few lines can double by chance; four standard deviations of a Poisson process almost never occur by chance.
  const chanceLimit = before + 4 * Math.sqrt(before + 1)
  if (count >= MIN_SURGE_LINES && (count + 0.5) / (before + 0.5) >= SURGE_FACTOR && count > chanceLimit)
    return 'surging'
  return isError(level) && count <= MAX_RARE_LINES && before <= MAX_RARE_LINES ? 'rare' : 'steady'
}

/**
 * Ranks the groups, most important first; silent and steady ones come after those that are new or surging. `known` are
 * fingerprints seen in the day before, `preferredOrigins` the sources and hosts that the question is about.
 */
export function rankGroups(
  groups: readonly PatternGroup[],
  known: ReadonlySet<string>,
  preferredOrigins: ReadonlySet<string> = new Set(),
): RankedGroup[] {
  const classified = groups.map(group => ({
    ...group,
    change: classifyChange(group),
    known: group.lines.some(line => line.fingerprint !== '' && known.has(line.fingerprint)),
  }))
  const onset = findOnset(classified)
  const order = classified
    .filter(({ change, level }) => isError(level) && (change === 'new' || change === 'surging'))
    .sort((a, b) => firstAt(a) - firstAt(b))
  const resemblance = measureResemblance(classified)
  const precedence = new Map(order.map((group, at) => [group, 40 / (1 + at)]))
  return classified
    .map(group => {
      const isPreferred = group.lines.some(
        ({ source, host }) => preferredOrigins.has(source) || preferredOrigins.has(host),
      )
      const score =
        (scoreChange(group) * ((resemblance.get(group) ?? 0) >= VARIANT_RESEMBLANCE ? VARIANT_FACTOR : 1) +
          (precedence.get(group) ?? 0) +
          scoreNearness(group, onset)) *
        (isPreferred ? 1.3 : 1)
      return { ...group, score: group.known ? score * 0.7 : score }
    })
    .sort((a, b) => b.score - a.score || firstAt(a) - firstAt(b))
}

/** The onset: the first line of an error, otherwise of a warning, that is new, surging or rare; null without one. */
export function findOnset(groups: readonly (PatternGroup & { change: PatternChange })[]): number | null {
  for (const matches of [isError, isSevere]) {
    const times = groups
      .filter(({ change, level }) => matches(level) && (change === 'new' || change === 'surging' || change === 'rare'))
      .map(firstAt)
    if (times.length > 0) return Math.min(...times)
  }
  return null
}

function scoreChange({ change, level, count, before }: PatternGroup & { change: PatternChange }): number {
  const weight = LEVEL_WEIGHTS[level]
  switch (change) {
    case 'new':
      return weight * 22 + 3 * Math.log2(1 + count)
    case 'surging':
      return Math.min(110, weight * Math.log((count + 0.5) / (before + 0.5)) * Math.sqrt(count))
    case 'rare':
      return weight * 13
    case 'silent':
      return 25 + weight * 3 * Math.log2(before)
    case 'steady':
      return weight * Math.log2(1 + count)
  }
}

function scoreNearness(group: PatternGroup & { change: PatternChange }, onset: number | null): number {
  if (onset === null || group.change !== 'new' || isError(group.level)) return 0
  const lead = onset - firstAt(group)
  return lead >= 0 && lead <= NEAR_MS ? 30 * (1 - lead / NEAR_MS) + 10 : 0
}

function firstAt(group: PatternGroup): number {
  return group.lines[0]?.at ?? Number.POSITIVE_INFINITY
}
