// Groups the lines of a window and of the period before it into patterns, and counts both.
import type { Level } from '../../logs/line.ts'
import { createMiner } from '../../logs/patterns/miner.ts'
import { mask, type SampledLine, writeOrigin } from './read-logs.ts'

/** A pattern at one level: its lines in the window, oldest first, and its counts in both periods. */
export type PatternGroup = {
  template: string
  level: Level
  lines: SampledLine[]
  count: number
  before: number
  estimated: boolean
}

const MAX_PATTERNS = 2_000

/** Yields to the event loop after this many lines, so that beats and buttons are not delayed. */
const LINES_PER_TICK = 500

/** Mines the patterns of both periods; a pattern of only the earlier period has no lines. Counts are weighted, not rounded. */
export async function minePatterns(
  window: readonly SampledLine[],
  earlier: readonly SampledLine[],
): Promise<PatternGroup[]> {
  const miner = createMiner({ maxPatterns: MAX_PATTERNS })
  const learn = async (lines: readonly SampledLine[]) => {
    const learned: { line: SampledLine; id: string }[] = []
    for (const [at, line] of lines.entries()) {
      if (at % LINES_PER_TICK === LINES_PER_TICK - 1) await new Promise(setImmediate)
      learned.push({ line, id: miner.learn(mask(line.message)).id })
    }
    return learned
  }
  const before = await learn(earlier)
  const now = await learn(window)
  // Resolved after all lines are learned, because patterns merge while learning.
  const groups = new Map<string, PatternGroup>()
  const findGroup = ({ line, id }: { line: SampledLine; id: string }): PatternGroup => {
    const pattern = miner.find(id) ?? { id, template: mask(line.message) }
    const key = `${line.level} ${pattern.id}`
    let group = groups.get(key)
    if (!group) {
      group = { template: pattern.template, level: line.level, lines: [], count: 0, before: 0, estimated: false }
      groups.set(key, group)
    }
    return group
  }
  for (const learned of before) {
    const group = findGroup(learned)
    group.before += learned.line.weight
    group.estimated ||= learned.line.weight > 1
  }
  for (const learned of now) {
    const group = findGroup(learned)
    group.lines.push(learned.line)
    group.count += learned.line.weight
    group.estimated ||= learned.line.weight > 1
  }
  return [...groups.values()]
}

/** Up to `limit` lines that represent a group: the first, the last, and the one least similar to the first. */
export function selectSamples({ lines }: PatternGroup, limit: number): SampledLine[] {
  const first = lines[0]
  const last = lines.at(-1)
  if (!first || !last) return []
  const words = new Set(first.message.split(/\s+/))
  let other: SampledLine | null = null
  let maxDifference = 0
  // Of a long list only about 200 lines are compared.
  const step = Math.max(1, Math.floor(lines.length / 200))
  for (let at = 1; at < lines.length - 1; at += step) {
    const line = lines[at]!
    const difference = line.message.split(/\s+/).filter(word => !words.has(word)).length
    if (difference > maxDifference) {
      maxDifference = difference
      other = line
    }
  }
  return [...new Set([first, last, ...(other ? [other] : [])])].slice(0, limit)
}

/** The origins (`source@host`) of a group's lines, most frequent first. */
export function listOrigins({ lines }: PatternGroup, limit: number): string[] {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const from = writeOrigin(line)
    if (from !== '') counts.set(from, (counts.get(from) ?? 0) + line.weight)
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([from]) => from)
  return sorted.length > limit ? [...sorted.slice(0, limit), `${sorted.length - limit} more`] : sorted
}
