// Mines patterns from a stream of messages within bounded memory: equal masked messages are one pattern, and patterns that
// differ in one word only become one with a wildcard there as soon as there are enough of them (siblings).
import { hash } from 'node:crypto'
import { maskForPattern, WILD } from './masks.ts'
import { joinPieces, type Pieces, pieces } from './pieces.ts'
import { siblingKeys } from './sibling-keys.ts'

/** So many patterns that differ in the same one word show that the word is a variable. */
const SIBLINGS = 5
/** The words that must remain beside it; more for the first word, which mostly names what happened. */
const WORDS_BESIDE = 3
const WORDS_BESIDE_FIRST = 5
/** For each pattern so many spellings, siblings and former ids are remembered. */
const MEMORY_PER_PATTERN = 8

export type Pattern = { id: string; template: string }

export type Miner = {
  /** The pattern of a message, after learning from it. Patterns that merge keep the id of one of them. */
  learn(message: string): Pattern
  /** The pattern that an id given earlier stands for now; null when it was forgotten. */
  find(id: string): Pattern | null
  /** How many patterns and other entries are held, for bounds and status. */
  size(): { patterns: number; entries: number }
}

type Group = Pieces & { id: string; age: number; mergedInto: Group | null; gone: boolean; siblings: readonly number[] }

/** A miner that keeps at most `maxPatterns` patterns; those not seen for longest are forgotten first. */
export function createMiner({ maxPatterns }: { maxPatterns: number }): Miner {
  return new SiblingMiner(maxPatterns)
}

class SiblingMiner implements Miner {
  private readonly max: number
  private age = 0
  /** Living patterns by id, least recently seen first. */
  private readonly groups = new Map<string, Group>()
  /** Patterns by the masked messages that led to them, least recently seen first. */
  private readonly known = new Map<string, Group>()
  /** Patterns that are equal but for one word, by what they have in common. */
  private readonly siblings = new Map<number, Set<Group>>()
  /** Patterns that grew a wildcard by merging, by their number of pieces. */
  private readonly merged = new Map<number, Set<Group>>()
  /** Ids that live on in another. */
  private readonly former = new Map<string, Group>()

  constructor(max: number) {
    this.max = max
  }

  learn(message: string): Pattern {
    const masked = pieces(maskForPattern(message))
    const key = masked.words.join(' ')
    const seen = this.known.get(key)
    const group = (seen && alive(seen)) ?? this.match(masked) ?? this.add(masked)
    this.remember(key, group)
    this.touch(group)
    return shown(group)
  }

  find(id: string): Pattern | null {
    const group = this.groups.get(id) ?? this.former.get(id)
    const now = group && alive(group)
    return now ? shown(now) : null
  }

  size(): { patterns: number; entries: number } {
    let entries = this.known.size + this.former.size
    for (const set of this.siblings.values()) entries += set.size
    return { patterns: this.groups.size, entries }
  }

  /** The most specific merged pattern that fits. */
  private match({ words }: Pieces): Group | null {
    let best: Group | null = null
    let fewest = Number.POSITIVE_INFINITY
    for (const group of this.merged.get(words.length) ?? []) {
      const wildcards = fits(group.words, words)
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
    const siblings = siblingKeys(masked.words, WORDS_BESIDE, WORDS_BESIDE_FIRST)
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

  /** Merges a new pattern with its siblings when there are enough; what comes of it may have siblings itself. */
  private join(group: Group): Group {
    for (const [at, key] of group.siblings.entries()) {
      const family = [...(this.siblings.get(key) ?? [])].filter(other => differsOnlyAt(group.words, other.words, at))
      if (family.length >= SIBLINGS) return this.join(this.merge(family, at))
    }
    return group
  }

  private merge(family: readonly Group[], at: number): Group {
    const oldest = family.reduce((first, other) => (other.age < first.age ? other : first))
    const words = oldest.words.with(at, WILD)
    const equal = [...(this.merged.get(words.length) ?? [])].find(
      other => fits(other.words, words) === fits(words, words),
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

  /** Moves a pattern to the end of the queue, and forgets what is at its beginning and too much. */
  private touch(group: Group): void {
    this.groups.delete(group.id)
    this.groups.set(group.id, group)
    while (this.groups.size > this.max) this.remove(this.groups.values().next().value!)
    for (const map of [this.known, this.former])
      while (map.size > this.max * MEMORY_PER_PATTERN) map.delete(map.keys().next().value!)
  }
}

/** What a pattern has become; null when it was forgotten, though a spelling or a former id still leads to it. */
function alive(group: Group): Group | null {
  let now = group
  while (now.mergedInto) now = now.mergedInto
  return now.gone ? null : now
}

function shown(group: Group): Pattern {
  return { id: group.id, template: joinPieces(group) }
}

/** How many wildcards of a pattern stand for other words of a message; infinite when it does not fit. */
function fits(pattern: readonly string[], words: readonly string[]): number {
  let wildcards = 0
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === words[at]) continue
    if (pattern[at] !== WILD) return Number.POSITIVE_INFINITY
    wildcards++
  }
  return wildcards
}

function differsOnlyAt(one: readonly string[], other: readonly string[], at: number): boolean {
  return one.length === other.length && one.every((word, index) => index === at || word === other[index])
}
