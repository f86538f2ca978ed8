// Decides how a pattern compares with the period before and how much it deserves a look. Pure.
import type { Level } from '../../logs/line.ts'
import { MINUTE } from '../../time.ts'
import type { Group } from './mining.ts'
import { type Change, isError, isSevere } from './pack.ts'

export type Ranked = Group & { change: Change; score: number; known: boolean }

const WEIGHT: Record<Level, number> = { trace: 0.5, debug: 0.5, info: 1, warn: 2, error: 4, fatal: 5 }
const SURGE = 2
const FEWEST_OF_A_SURGE = 5
const RARE = 3
const FEWEST_TO_MISS = 10
/** What is new so shortly before the trouble begins may be its cause, whatever its level. */
const NEAR = 10 * MINUTE

/** How a group's count in the window compares with the one before. */
export function changeOf({ count, before, level }: Pick<Group, 'count' | 'before' | 'level'>): Change {
  if (before >= FEWEST_TO_MISS && count <= before / 10) return 'silent'
  if (count === 0) return 'steady'
  if (before === 0) return 'new'
  // Few lines double by chance; four standard deviations of an even stream hardly ever do.
  const byChance = before + 4 * Math.sqrt(before + 1)
  if (count >= FEWEST_OF_A_SURGE && (count + 0.5) / (before + 0.5) >= SURGE && count > byChance) return 'surging'
  return isError(level) && count <= RARE && before <= RARE ? 'rare' : 'steady'
}

/**
 * The groups, most deserving first. `known` are fingerprints seen in the day before; `favoured` are the origins
 * (source or host) that the question is about. Silent and steady ones follow what is new or grows.
 */
export function rankGroups(
  groups: readonly Group[],
  known: ReadonlySet<string>,
  favoured: ReadonlySet<string> = new Set(),
): Ranked[] {
  const judged = groups.map(group => ({
    ...group,
    change: changeOf(group),
    known: group.lines.some(line => line.fingerprint !== '' && known.has(line.fingerprint)),
  }))
  const onset = onsetOf(judged)
  const order = judged
    .filter(({ change, level }) => isError(level) && (change === 'new' || change === 'surging'))
    .sort((a, b) => firstOf(a) - firstOf(b))
  const precedence = new Map(order.map((group, at) => [group, 40 / (1 + at)]))
  return judged
    .map(group => {
      const ours = group.lines.some(line => favoured.has(line.source) || favoured.has(line.host)) ? 1.3 : 1
      const score = (scoreOf(group) + (precedence.get(group) ?? 0) + nearness(group, onset)) * ours
      return { ...group, score: group.known ? score * 0.7 : score }
    })
    .sort((a, b) => b.score - a.score || firstOf(a) - firstOf(b))
}

/** When the trouble begins: the first line of an error (or else a warning) that is new or surging; null when none is. */
export function onsetOf(groups: readonly (Group & { change: Change })[]): number | null {
  for (const severe of [isError, isSevere]) {
    const firsts = groups
      .filter(({ change, level }) => severe(level) && (change === 'new' || change === 'surging' || change === 'rare'))
      .map(firstOf)
    if (firsts.length > 0) return Math.min(...firsts)
  }
  return null
}

function scoreOf({ change, level, count, before }: Group & { change: Change }): number {
  const weight = WEIGHT[level]
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

function nearness(group: Group & { change: Change }, onset: number | null): number {
  if (onset === null || group.change !== 'new' || isError(group.level)) return 0
  const ahead = onset - firstOf(group)
  return ahead >= 0 && ahead <= NEAR ? 30 * (1 - ahead / NEAR) + 10 : 0
}

function firstOf(group: Group): number {
  return group.lines[0]?.at ?? Number.POSITIVE_INFINITY
}
