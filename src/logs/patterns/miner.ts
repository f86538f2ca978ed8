// Mines patterns from a stream of messages in bounded memory: equal masked messages are one pattern, and patterns that
// differ in one word only (siblings) merge into one with a wildcard there as soon as there are enough of them.
import { hash } from 'node:crypto'
import { maskForPattern, WILDCARD } from './masks.ts'
import { joinPieces, type Pieces, splitPieces } from './pieces.ts'
import { siblingKeys } from './sibling-keys.ts'

/** This many patterns that differ in the same word prove that the word is a variable. */
const MIN_SIBLINGS = 5
/** Other words that a merged pattern must have; more for the first word, which mostly names what happened. */
const MIN_OTHER_WORDS = 3
const MIN_OTHER_WORDS_FIRST = 5
/** Masked messages and former ids that are kept per pattern. */
const ENTRIES_PER_PATTERN = 8

export type Pattern = { id: string; template: string }

export type Miner = {
  /** The pattern of a message, after learning from it. Patterns that merge keep the id of one of them. */
  learn(message: string): Pattern
  /** The pattern that an earlier id stands for now; null when it was dropped. */
  find(id: string): Pattern | null
  /** How many patterns and other entries the miner holds. */
  size(): { patterns: number; entries: number }
}

type Group = Pieces & { id: string; age: number; mergedInto: Group | null; gone: boolean; siblings: readonly number[] }

/** A miner with at most `maxPatterns` patterns; those not seen for longest are dropped first. */
export function createMiner({ maxPatterns }: { maxPatterns: number }): Miner {
  return new SiblingMiner(maxPatterns)
}

class SiblingMiner implements Miner {
  private readonly max: number
  private age = 0
  /** Current patterns by id, least recently seen first. */
  private readonly groups = new Map<string, Group>()
  /** Patterns by the masked messages that led to them, least recently seen first. */
  private readonly known = new Map<string, Group>()
  /** Patterns that are equal except for one word, by the hash of the other words. */
  private readonly siblings = new Map<number, Set<Group>>()
  /** Patterns that got a wildcard by merging, by their number of pieces. */
  private readonly merged = new Map<number, Set<Group>>()
  /** Patterns by the ids of patterns that merged into them. */
  private readonly former = new Map<string, Group>()

  constructor(max: number) {
    this.max = max
  }

  learn(message: string): Pattern {
    const masked = splitPieces(maskForPattern(message))
    const key = masked.words.join(' ')
    const seen = this.known.get(key)
    const group = (seen && currentGroup(seen)) ?? this.match(masked) ?? this.add(masked)
    this.remember(key, group)
    this.touch(group)
    return toPattern(group)
  }

  find(id: string): Pattern | null {
    const group = this.groups.get(id) ?? this.former.get(id)
    const now = group && currentGroup(group)
    return now ? toPattern(now) : null
  }

  size(): { patterns: number; entries: number } {
    let entries = this.known.size + this.former.size
    for (const set of this.siblings.values()) entries += set.size
    return { patterns: this.groups.size, entries }
  }

  /** The most specific merged pattern that matches. */
  private match({ words }: Pieces): Group | null {
    let best: Group | null = null
    let fewest = Number.POSITIVE_INFINITY
    for (const group of this.merged.get(words.length) ?? []) {
      const wildcards = wildcardsNeeded(group.words, words)
      if (wildcards < fewest) {
        fewest = wildcards
        best = group
      }
    }
    return best
  }

  private add(masked: Pieces): Group {
    const id = hash('sha1', masked.words.join(' '), 'hex').slice(0, 12)
    const known = this.groups.get(id)
    if (known) return known
    this.former.delete(id)
    const group = this.insert(masked, id, ++this.age)
    return this.join(group)
  }

  private insert(masked: Pieces, id: string, age: number): Group {
    const siblings = siblingKeys(masked.words, MIN_OTHER_WORDS, MIN_OTHER_WORDS_FIRST)
    const group: Group = { ...masked, id, age, mergedInto: null, gone: false, siblings }
    this.groups.set(id, group)
    for (const key of siblings) {
      if (key === 0) continue
      const set = this.siblings.get(key)
      if (set) set.add(group)
      else this.siblings.set(key, new Set([group]))
    }
    return group
  }

  /** Merges a new pattern with its siblings when there are enough; the merged one may have siblings itself. */
  private join(group: Group): Group {
    for (const [at, key] of group.siblings.entries()) {
      const family = [...(this.siblings.get(key) ?? [])].filter(other => differsOnlyAt(group.words, other.words, at))
      if (family.length >= MIN_SIBLINGS) return this.join(this.merge(family, at))
    }
    return group
  }

  private merge(family: readonly Group[], at: number): Group {
    const oldest = family.reduce((first, other) => (other.age < first.age ? other : first))
    const words = oldest.words.with(at, WILDCARD)
    const equal = [...(this.merged.get(words.length) ?? [])].find(
      other => wildcardsNeeded(other.words, words) === wildcardsNeeded(words, words),
    )
    for (const member of family) this.remove(member)
    const into = equal ?? this.insert({ words, spaced: oldest.spaced }, oldest.id, oldest.age)
    for (const member of family) {
      member.mergedInto = into
      if (member.id !== into.id) this.former.set(member.id, into)
    }
    const set = this.merged.get(words.length)
    if (set) set.add(into)
    else this.merged.set(words.length, new Set([into]))
    return into
  }

  private remove(group: Group): void {
    group.gone = true
    this.groups.delete(group.id)
    this.merged.get(group.words.length)?.delete(group)
    for (const key of group.siblings) {
      const set = this.siblings.get(key)
      if (set?.delete(group) && set.size === 0) this.siblings.delete(key)
    }
  }

  private remember(key: string, group: Group): void {
    this.known.delete(key)
    this.known.set(key, group)
  }

  /** Marks a pattern as just seen, and drops the least recently seen beyond the limits. */
  private touch(group: Group): void {
    this.groups.delete(group.id)
    this.groups.set(group.id, group)
    while (this.groups.size > this.max) this.remove(this.groups.values().next().value!)
    for (const map of [this.known, this.former])
      while (map.size > this.max * ENTRIES_PER_PATTERN) map.delete(map.keys().next().value!)
  }
}

/** What a pattern has merged into; null when it was dropped, although a message or a former id still leads to it. */
function currentGroup(group: Group): Group | null {
  let now = group
  while (now.mergedInto) now = now.mergedInto
  return now.gone ? null : now
}

function toPattern(group: Group): Pattern {
  return { id: group.id, template: joinPieces(group) }
}

/** How many wildcards a pattern needs to match the words of a message; infinite when it does not match. */
function wildcardsNeeded(pattern: readonly string[], words: readonly string[]): number {
  let wildcards = 0
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === words[at]) continue
    if (pattern[at] !== WILDCARD) return Number.POSITIVE_INFINITY
    wildcards++
  }
  return wildcards
}

function differsOnlyAt(words: readonly string[], other: readonly string[], at: number): boolean {
  return words.length === other.length && words.every((word, index) => index === at || word === other[index])
}
