// Asks the engine for lines, counts and charts of a query: what its filter cannot decide, `matches` decides line by line.

import { type LineKey, MAX_POSITION, MAX_TIMESTAMP } from '../embedded/partitions/line-key.ts'
import type { LogLine } from '../line.ts'
import { createMiner } from '../patterns/miner.ts'
import { matches } from '../query/matches.ts'
import type { Query, QueryNode } from '../query/tree.ts'
import type { Bucket, Count, Position, TopField } from '../store.ts'
import type { EngineDriver, EngineOrder, EngineScope, Timed } from './driver.ts'
import { keyOf, MAX_EXACT_COUNT, type PagePart } from './merge.ts'
import { askInSlices, type TimeRange } from './time-slices.ts'

/** How many lines that may match are read at once. */
const CANDIDATES = 2_000
/** Values that are counted on each side before both are added up. */
export const MAX_TOP_VALUES = 1_000

export type Tally = { value: string; count: number; newest: LogLine | null }
export type Buckets = { from: number; until: number; width: number }

/** A query as the engine is asked it: the lines that it has up to a position. */
export class EngineSearch {
  readonly #driver: EngineDriver
  readonly #where: QueryNode | null
  readonly #range: TimeRange
  readonly #upTo: Position
  readonly #filter: unknown
  readonly #isExact: boolean

  constructor(driver: EngineDriver, { where, from, until }: Query, upTo: Position) {
    this.#driver = driver
    this.#where = where
    this.#upTo = upTo
    const compiled = driver.compile(where)
    this.#filter = compiled.filter
    this.#isExact = compiled.isExact
    this.#range = {
      from: Math.max(0, Math.ceil(from ?? 0)),
      until: Math.min(MAX_TIMESTAMP + 1, Math.ceil(until ?? MAX_TIMESTAMP + 1)),
    }
  }

  async page(order: EngineOrder, cursor: LineKey | null, limit: number, timeoutMs: number): Promise<PagePart> {
    const lines: LogLine[] = []
    const size = this.#isExact ? limit + 1 : Math.max(limit + 1, CANDIDATES)
    const range = afterCursor(this.#range, order, cursor)
    const reached = await this.#visit({ range, order, after: cursor, size, timeoutMs }, line => {
      lines.push(line)
      return lines.length > limit ? 'stop' : 'continue'
    })
    if (lines.length > limit)
      return { lines: lines.slice(0, limit), reached: keyOf(lines[limit - 1]!), isTimedOut: false }
    return { lines, reached, isTimedOut: reached !== null }
  }

  async count(timeoutMs: number): Promise<Count> {
    let total = 0
    const searchedTo = this.#isExact
      ? await this.#sum(timeoutMs, async (scope, ms) => {
          const asked = await this.#driver.count(scope, MAX_EXACT_COUNT + 1, ms)
          if (!('isTimedOut' in asked)) total += asked.answer
          return asked
        })
      : await this.eachLine(timeoutMs, () => (++total > MAX_EXACT_COUNT ? 'stop' : 'continue'))
    if (total > MAX_EXACT_COUNT) return { total: MAX_EXACT_COUNT, atLeast: true, searchedTo: null }
    return { total, atLeast: searchedTo !== null, searchedTo }
  }

  /** Oldest first; when time runs out, buckets that were not searched completely are left out. */
  async histogram({ from, until, width }: Buckets, timeoutMs: number): Promise<Bucket[]> {
    const all: Bucket[] = Array.from({ length: Math.max(0, Math.ceil((until - from) / width)) }, (_, i) => ({
      from: from + i * width,
      counts: { trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 },
    }))
    const range = { from: Math.max(this.#range.from, from), until: Math.min(this.#range.until, until) }
    const searchedTo = this.#isExact
      ? await this.#sum(
          timeoutMs,
          async (scope, ms) => {
            const asked = await this.#driver.levels(scope, { from, width }, ms)
            if (!('isTimedOut' in asked))
              for (const { bucket, level, count } of asked.answer) all[bucket]!.counts[level] += count
            return asked
          },
          range,
        )
      : await this.eachLine(
          timeoutMs,
          ({ timestamp, level }) => {
            all[Math.floor((timestamp - from) / width)]!.counts[level]++
            return 'continue'
          },
          range,
        )
    return searchedTo === null ? all : all.filter(bucket => bucket.from > searchedTo)
  }

  /** The most frequent values, in no order; `newest` is null where it was not read yet. */
  async top(
    field: Exclude<TopField, 'pattern'>,
    timeoutMs: number,
  ): Promise<{ tallies: Tally[]; searchedTo: number | null }> {
    const found = new Map<string, Tally>()
    const add = (value: string, count: number, newest: LogLine | null) => {
      const known = found.get(value)
      if (known) known.count += count
      else found.set(value, { value, count, newest })
    }
    const searchedTo = this.#isExact
      ? await this.#sum(timeoutMs, async (scope, ms) => {
          const asked = await this.#driver.top(scope, field, MAX_TOP_VALUES, ms)
          if (!('isTimedOut' in asked)) for (const { value, count } of asked.answer) add(value, count, null)
          return asked
        })
      : await this.eachLine(timeoutMs, line => {
          for (const value of valuesOf(line, field)) add(value, 1, line)
          return 'continue'
        })
    return { tallies: [...found.values()], searchedTo }
  }

  /** The newest line with each of these values. */
  async newestOf(field: Exclude<TopField, 'pattern'>, values: readonly string[]): Promise<readonly (LogLine | null)[]> {
    return values.length === 0 ? [] : this.#driver.newestOf(this.#scope(this.#range), field, values)
  }

  /** The ids of all lines that match; only for a condition that is not exact. */
  async ids(visit: (ids: readonly string[]) => Promise<void>): Promise<void> {
    let ids: string[] = []
    let after: LineKey | null = null
    for (;;) {
      const asked: Timed<readonly LogLine[]> = await this.#driver.page(
        this.#scope(this.#range),
        'newest',
        after,
        CANDIDATES,
        Number.POSITIVE_INFINITY,
      )
      const lines = 'isTimedOut' in asked ? [] : asked.answer
      ids = lines.filter(line => this.#isMatch(line)).map(({ id }) => id)
      if (ids.length > 0) await visit(ids)
      if (lines.length < CANDIDATES) return
      after = keyOf(lines.at(-1)!)
    }
  }

  get isExact(): boolean {
    return this.#isExact
  }

  /** What the engine is asked as a whole. */
  get scope(): EngineScope {
    return this.#scope(this.#range)
  }

  /** Visits matching lines, newest first; resolves with the instant it came to when time ran out, else null. */
  async eachLine(
    timeoutMs: number,
    visit: (line: LogLine) => 'continue' | 'stop',
    range: TimeRange = this.#range,
  ): Promise<number | null> {
    const reached = await this.#visit({ range, order: 'newest', after: null, size: CANDIDATES, timeoutMs }, visit)
    return reached?.timestamp ?? null
  }

  /** Visits matching lines in order; resolves with how far it came when time ran out, else null. */
  async #visit(
    walk: { range: TimeRange; order: EngineOrder; after: LineKey | null; size: number; timeoutMs: number },
    visit: (line: LogLine) => 'continue' | 'stop',
  ): Promise<LineKey | null> {
    const { order, size } = walk
    const deadline = performance.now() + walk.timeoutMs
    let after = walk.after
    let reached: LineKey | null = null
    const readSlice = async (slice: TimeRange, ms: number): Promise<Timed<'continue' | 'stop'>> => {
      for (;;) {
        const asked = await this.#driver.page(this.#scope(slice), order, after, size, ms)
        if ('isTimedOut' in asked) return asked
        const lines = asked.answer
        if (lines.some(line => this.#isMatch(line) && visit(line) === 'stop')) return { answer: 'stop' }
        if (lines.length < size) return { answer: 'continue' }
        after = keyOf(lines.at(-1)!)
        if (performance.now() <= deadline) continue
        reached = after
        return { answer: 'stop' }
      }
    }
    const rest = await askInSlices(walk.range, order, deadline, readSlice)
    return rest === null ? reached : edgeOf(rest, order)
  }

  /** Asks for one slice of time after the other; resolves with the instant it came to when time ran out, else null. */
  async #sum(
    timeoutMs: number,
    ask: (scope: EngineScope, timeoutMs: number) => Promise<Timed<unknown>>,
    range: TimeRange = this.#range,
  ): Promise<number | null> {
    const deadline = performance.now() + timeoutMs
    const stoppedAt = await askInSlices(range, 'newest', deadline, async (slice, ms) => {
      const asked = await ask(this.#scope(slice), ms)
      return 'isTimedOut' in asked ? asked : { answer: 'continue' }
    })
    return stoppedAt === null ? null : stoppedAt.until
  }

  #isMatch(line: LogLine): boolean {
    return this.#isExact || this.#where === null || matches(this.#where, line)
  }

  #scope({ from, until }: TimeRange): EngineScope {
    return { filter: this.#filter, from, until, upTo: this.#upTo }
  }
}

/** The values of a field that count. */
export function valuesOf(line: LogLine, field: Exclude<TopField, 'pattern'>): Iterable<string> {
  if (field === 'tag') return new Set(line.tags)
  return line[field] === '' ? [] : [line[field]]
}

/** Counts the patterns of messages, as lines come. */
export function patternCounter() {
  const miner = createMiner({ maxPatterns: 2_000 })
  const tallies = new Map<string, Tally>()
  const add = (found: Map<string, Tally>, value: string, count: number, line: LogLine | null) => {
    const known = found.get(value)
    if (known) known.count += count
    else found.set(value, { value, count, newest: line })
  }
  return {
    add: (line: LogLine) => add(tallies, miner.learn(line.message).id, 1, line),
    /** Patterns as people read them; some were counted before they merged with others. */
    tallies(): Tally[] {
      const merged = new Map<string, Tally>()
      for (const { value, count, newest } of tallies.values()) {
        const pattern = miner.find(value)
        if (pattern) add(merged, pattern.template, count, newest)
      }
      return [...merged.values()]
    },
  }
}

function afterCursor({ from, until }: TimeRange, order: EngineOrder, cursor: LineKey | null): TimeRange {
  if (cursor === null) return { from, until }
  return order === 'newest'
    ? { from, until: Math.min(until, cursor.timestamp + 1) }
    : { from: Math.max(from, cursor.timestamp), until }
}

/** The last key before a slice that was not searched. */
function edgeOf(slice: TimeRange, order: EngineOrder): LineKey {
  return order === 'newest'
    ? { timestamp: slice.until, position: 0 }
    : { timestamp: slice.from - 1, position: MAX_POSITION }
}
