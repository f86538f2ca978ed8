// Sorts the lines of a window and of the period before it into patterns, counted side by side.
import type { Level } from '../../logs/line.ts'
import { createMiner } from '../../logs/patterns/miner.ts'
import { fromOf, masked, type ReadLine } from './read-logs.ts'

/** A pattern at one level: its lines in the window, oldest first, and its counts. */
export type Group = {
  template: string
  level: Level
  lines: ReadLine[]
  count: number
  before: number
  estimated: boolean
}

const MOST_PATTERNS = 2_000

/** So many lines are read in one turn; beats and buttons must not wait for the rest. */
const AT_ONCE = 500

/** The patterns of both periods; those of the earlier one alone have no lines. Counts are weighted, not rounded. */
export async function minePatterns(window: readonly ReadLine[], earlier: readonly ReadLine[]): Promise<Group[]> {
  const miner = createMiner({ maxPatterns: MOST_PATTERNS })
  const learned = async (lines: readonly ReadLine[]) => {
    const known: { line: ReadLine; id: string }[] = []
    for (const [at, line] of lines.entries()) {
      if (at % AT_ONCE === AT_ONCE - 1) await new Promise(setImmediate)
      known.push({ line, id: miner.learn(masked(line.message)).id })
    }
    return known
  }
  const before = await learned(earlier)
  const now = await learned(window)
  // Ids are read when all is learned, for patterns merge on the way.
  const groups = new Map<string, Group>()
  const groupOf = ({ line, id }: { line: ReadLine; id: string }): Group => {
    const pattern = miner.find(id) ?? { id, template: masked(line.message) }
    const key = `${line.level} ${pattern.id}`
    let group = groups.get(key)
    if (!group) {
      group = { template: pattern.template, level: line.level, lines: [], count: 0, before: 0, estimated: false }
      groups.set(key, group)
    }
    return group
  }
  for (const one of before) {
    const group = groupOf(one)
    group.before += one.line.weight
    group.estimated ||= one.line.weight > 1
  }
  for (const one of now) {
    const group = groupOf(one)
    group.lines.push(one.line)
    group.count += one.line.weight
    group.estimated ||= one.line.weight > 1
  }
  return [...groups.values()]
}

/** Up to `most` lines that show a group best: the first, the last, and the one least like the first. */
export function samplesOf({ lines }: Group, most: number): ReadLine[] {
  const first = lines[0]
  const last = lines.at(-1)
  if (!first || !last) return []
  const words = new Set(first.message.split(/\s+/))
  let other: ReadLine | null = null
  let differing = 0
  // A long list is looked at here and there.
  const step = Math.max(1, Math.floor(lines.length / 200))
  for (let at = 1; at < lines.length - 1; at += step) {
    const line = lines[at]!
    const differs = line.message.split(/\s+/).filter(word => !words.has(word)).length
    if (differs > differing) {
      differing = differs
      other = line
    }
  }
  return [...new Set([first, last, ...(other ? [other] : [])])].slice(0, most)
}

/** Where a group's lines come from, most frequent first. */
export function originsOf({ lines }: Group, most: number): string[] {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const from = fromOf(line)
    if (from !== '') counts.set(from, (counts.get(from) ?? 0) + line.weight)
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([from]) => from)
  return sorted.length > most ? [...sorted.slice(0, most), `${sorted.length - most} more`] : sorted
}
