// Searches a partition of blocks: the blocks that may have matching lines one by one, and the lines that are not sealed yet.
import type { Level, LogLine } from '../../../line.ts'
import { matches } from '../../../query/matches.ts'
import type { TopField } from '../../../store.ts'
import { compareKeys, type LineKey, MAX_POSITION } from '../../partitions/line-key.ts'
import type { KeyRange, Order, PartitionSearch, Selection } from '../../query/partition-search.ts'
import type { BlockReader } from '../block-reader.ts'
import type { StoredBlock } from '../block-table.ts'
import type { BlockView } from '../block-view.ts'
import { RowSet } from '../columns/row-set.ts'
import { type ArrivalView, requiredWords } from './arrival-view.ts'
import { type Candidate, CandidateMerge } from './candidate-merge.ts'
import { type Evaluation, evaluate } from './evaluate.ts'
import { countSummaryLevels, countSummaryValues } from './summary-counts.ts'
import { mayMatch } from './summary-filter.ts'

/** So many lines are tested in any case, so that every search makes progress; then the clock is read after every few. */
const MIN_LINES = 1_000
const LINES_PER_TIME_CHECK = 50
/** Slices of time may cut a block, so what was found in the last blocks is remembered. */
const MAX_EVALUATIONS = 16

/** What a count does with the parts of a partition that match. */
type PartVisitor = {
  /** A block, all of whose lines match; false when its summary does not answer. */
  summary: (block: StoredBlock) => boolean
  rows: (block: BlockReader, rows: RowSet) => void
  line: (line: LogLine, key: LineKey) => void
  isDone?: () => boolean
}

export class BlockSearch implements PartitionSearch {
  readonly #view: BlockView
  readonly #selection: Selection
  readonly #after: number
  readonly #words: readonly string[]
  readonly #evaluations = new Map<number, Evaluation>()
  /** The blocks that may have matching lines, as of a generation of the partition. */
  #blocks: readonly StoredBlock[] = []
  #generation = -1

  /** Only lines stored after a position are found. */
  constructor(view: BlockView, selection: Selection, after: number) {
    this.#view = view
    this.#selection = selection
    this.#after = after
    this.#words = selection.where ? requiredWords(selection.where) : []
  }

  scan(
    range: KeyRange,
    order: Order,
    deadline: number,
    visit: (line: LogLine, key: LineKey) => 'continue' | 'stop',
  ): LineKey | null {
    const merge = new CandidateMerge(this.#view, order, this.#blocksIn(range))
    merge.add(this.#arrivalCandidates(range, order))
    for (let tested = 0; ; ) {
      const block = merge.nextBlock()
      if (block) {
        // Not where the range begins: that would be no progress.
        const reached = keyBefore(block, order)
        if (isBeyond(reached, range, order) && performance.now() > deadline) return reached
        merge.add(this.#blockCandidates(block, range, order))
        continue
      }
      const next = merge.take()
      if (!next) return null
      const key = { timestamp: next.timestamp, position: next.position }
      const line = this.#view.guarded(next.line)
      if (line && (next.isCertain || this.#isMatch(line)) && visit(line, key) === 'stop') return key
      if (isOver(++tested, deadline)) return key
    }
  }

  count(range: KeyRange, limit: number, deadline: number): { count: number; stoppedAt: number | null } {
    let count = 0
    const stoppedAt = this.#eachPart(range, deadline, {
      summary: block => {
        count += block.summary.lines
        return true
      },
      rows: (_, rows) => {
        count += rows.count
      },
      line: () => {
        count++
      },
      isDone: () => count >= limit,
    })
    return { count: Math.min(count, limit), stoppedAt }
  }

  countLevels(
    range: KeyRange,
    { from, width }: { from: number; width: number },
    deadline: number,
    add: (bucket: number, level: Level, count: number) => void,
  ): number | null {
    const bucketOf = (timestamp: number) => Math.floor((timestamp - from) / width)
    return this.#eachPart(range, deadline, {
      summary: block => countSummaryLevels(block.summary, bucketOf, add),
      rows: (block, rows) => {
        const { ids, values } = block.fields.level
        const { timestamps } = block.keys
        for (const row of rows.ascending()) add(bucketOf(timestamps[row]!), values[ids[row]!] as Level, 1)
      },
      line: line => add(bucketOf(line.timestamp), line.level, 1),
    })
  }

  countValues(
    range: KeyRange,
    field: Exclude<TopField, 'pattern'>,
    deadline: number,
    add: (value: string, count: number, newest: LineKey) => void,
  ): number | null {
    return this.#eachPart(range, deadline, {
      summary: block => countSummaryValues(block.summary, field, add),
      rows: (block, rows) => countRowValues(block, rows, field, add),
      line: (line, key) => {
        for (const value of field === 'tag' ? new Set(line.tags) : [line[field]]) if (value !== '') add(value, 1, key)
      },
    })
  }

  /**
   * Visits what matches, newest blocks first: blocks as a whole where `summary` answers for them, rows, or single lines.
   * Returns the instant it came to when time ran out, else null.
   */
  #eachPart(range: KeyRange, deadline: number, visit: PartVisitor): number | null {
    const blocks = this.#blocksIn(range).toSorted((a, b) => b.summary.until - a.summary.until)
    const arrivalsTo = this.#visitArrivals(range, deadline, visit)
    if (arrivalsTo !== null) return Math.max(arrivalsTo, (blocks[0]?.summary.until ?? 0) + 1)
    for (const [index, block] of blocks.entries()) {
      if (visit.isDone?.()) return null
      if (index > 0 && performance.now() > deadline) return block.summary.until + 1
      const stoppedAt = this.#view.guarded(() => this.#visitBlock(block, range, deadline, visit))
      // Blocks that reach into the time of this one are not counted from here on.
      if (stoppedAt !== null) return Math.max(stoppedAt, blocks[index + 1]?.summary.until ?? 0)
    }
    return null
  }

  /** Returns the instant it came to when time ran out, else null. */
  #visitArrivals(range: KeyRange, deadline: number, visit: PartVisitor): number | null {
    let tested = 0
    const candidates = this.#arrivalCandidates(range, 'newest')
    for (let next = candidates.next(); !next.done; next = candidates.next()) {
      const { timestamp, position } = next.value
      const line = next.value.line()
      if (this.#isMatch(line)) visit.line(line, { timestamp, position })
      if (isOver(++tested, deadline)) return timestamp
    }
    return null
  }

  /** Returns the instant it came to when time ran out, else null. */
  #visitBlock(block: StoredBlock, range: KeyRange, deadline: number, visit: PartVisitor): number | null {
    const { where, test } = this.#selection
    const isWhole = where === null && test === null && isWithin(block, range) && !this.#isCut(block)
    if (isWhole && visit.summary(block)) return null
    const reader = this.#view.open(block)
    const { rows, isExact } = this.#evaluate(block, reader)
    const inRange = this.#laterRows(rows.and(rowsIn(range, reader)), reader)
    if (isExact) {
      visit.rows(reader, inRange)
      return null
    }
    const { matching, stoppedAt } = this.#testRows(reader, inRange, deadline)
    visit.rows(reader, matching)
    return stoppedAt
  }

  #testRows(block: BlockReader, rows: RowSet, deadline: number): { matching: RowSet; stoppedAt: number | null } {
    const matching = new RowSet(block.lines)
    let tested = 0
    for (const row of rows.descending()) {
      if (this.#isMatch(block.line(row))) matching.add(row)
      if (isOver(++tested, deadline)) return { matching, stoppedAt: block.keys.timestamps[row]! }
    }
    return { matching, stoppedAt: null }
  }

  #isMatch(line: LogLine): boolean {
    const { where, test } = this.#selection
    return (where === null || matches(where, line)) && (test?.(line) ?? true)
  }

  /** The blocks with lines in a range that may match. */
  #blocksIn({ first, last }: KeyRange): StoredBlock[] {
    if (this.#generation !== this.#view.generation) {
      this.#generation = this.#view.generation
      this.#blocks = this.#view.blocks.filter(block => this.#mayMatch(block))
    }
    return this.#blocks.filter(({ summary }) => summary.until >= first.timestamp && summary.from <= last.timestamp)
  }

  /** Whether some of the lines of a block were stored before what is searched. */
  #isCut({ summary }: Pick<StoredBlock, 'summary'>): boolean {
    return summary.firstPosition <= this.#after
  }

  #laterRows(rows: RowSet, block: BlockReader): RowSet {
    if (!this.#isCut(block)) return rows
    const later = new RowSet(rows.size)
    for (const row of rows.ascending()) if (block.keys.positions[row]! > this.#after) later.add(row)
    return later
  }

  #mayMatch({ id, summary }: StoredBlock): boolean {
    const { where } = this.#selection
    const { words } = this.#view
    if (summary.lastPosition <= this.#after) return false
    return where === null || mayMatch(where, summary, (place, word) => words.mayHave(id, place, word))
  }

  #evaluate(block: StoredBlock, reader: BlockReader): Evaluation {
    const { where, test } = this.#selection
    const all = RowSet.range(reader.lines, 0, reader.lines)
    if (where === null) return { rows: all, isExact: test === null }
    let evaluation = this.#evaluations.get(block.id)
    if (!evaluation) {
      const { words } = this.#view
      evaluation = evaluate(where, reader, (place, word) => words.mayHave(block.id, place, word), all)
      if (this.#evaluations.size >= MAX_EVALUATIONS) this.#evaluations.delete(this.#evaluations.keys().next().value!)
      this.#evaluations.set(block.id, evaluation)
    }
    return test === null ? evaluation : { ...evaluation, isExact: false }
  }

  *#blockCandidates(block: StoredBlock, range: KeyRange, order: Order): Generator<Candidate> {
    const reader = this.#view.open(block)
    const { rows, isExact } = this.#evaluate(block, reader)
    if (rows.isEmpty) return
    const inRange = this.#laterRows(rows.and(rowsIn(range, reader)), reader)
    const { timestamps, positions } = reader.keys
    for (const row of order === 'newest' ? inRange.descending() : inRange.ascending()) {
      const line = () => reader.line(row)
      yield { timestamp: timestamps[row]!, position: positions[row]!, isCertain: isExact, line }
    }
  }

  *#arrivalCandidates(range: KeyRange, order: Order): Generator<Candidate> {
    const found: (LineKey & { view: ArrivalView; index: number })[] = []
    for (const view of this.#view.arrivals()) {
      if (!view.mayContain(this.#words)) continue
      const { timestamps, positions } = view
      for (let index = 0; index < timestamps.length; index++) {
        const key = { timestamp: timestamps[index]!, position: positions[index]! }
        if (key.position <= this.#after || !isInRange(key, range)) continue
        if (view.mayLineContain(index, this.#words)) found.push({ ...key, view, index })
      }
    }
    found.sort(order === 'newest' ? (a, b) => compareKeys(b, a) : compareKeys)
    for (const { timestamp, position, view, index } of found)
      yield { timestamp, position, isCertain: false, line: () => view.line(index) }
  }
}

/** Whether a search that has tested so many lines must stop. */
function isOver(tested: number, deadline: number): boolean {
  return tested >= MIN_LINES && tested % LINES_PER_TIME_CHECK === 0 && performance.now() > deadline
}

function countRowValues(
  block: BlockReader,
  rows: RowSet,
  field: Exclude<TopField, 'pattern'>,
  add: (value: string, count: number, newest: LineKey) => void,
): void {
  const { values, ids } = block.fields[field === 'tag' ? 'tags' : field]
  const counts = new Uint32Array(values.length)
  const newest = new Uint16Array(values.length)
  for (const row of rows.ascending()) {
    const id = ids[row]!
    counts[id]!++
    newest[id] = row
  }
  const { timestamps, positions } = block.keys
  for (let id = 0; id < values.length; id++) {
    if (counts[id] === 0) continue
    const row = newest[id]!
    const key = { timestamp: timestamps[row]!, position: positions[row]! }
    for (const value of field === 'tag' ? new Set(block.tagLists[id]) : [values[id]!])
      if (value !== '') add(value, counts[id]!, key)
  }
}

/** The last key before everything in a block. */
function keyBefore({ summary }: StoredBlock, order: Order): LineKey {
  return order === 'newest'
    ? { timestamp: summary.until + 1, position: 0 }
    : { timestamp: summary.from - 1, position: MAX_POSITION }
}

/** Whether a key lies behind the first one of a range in an order. */
function isBeyond(key: LineKey, { first, last }: KeyRange, order: Order): boolean {
  return order === 'newest' ? compareKeys(key, last) < 0 : compareKeys(key, first) > 0
}

function isWithin({ summary }: StoredBlock, { first, last }: KeyRange): boolean {
  const begins = summary.from > first.timestamp || (summary.from === first.timestamp && first.position === 0)
  const ends = summary.until < last.timestamp || (summary.until === last.timestamp && last.position >= MAX_POSITION)
  return begins && ends
}

function isInRange(key: LineKey, { first, last }: KeyRange): boolean {
  return compareKeys(key, first) >= 0 && compareKeys(key, last) <= 0
}

/** The rows of a block in a range of keys; they are next to each other. */
function rowsIn({ first, last }: KeyRange, block: BlockReader): RowSet {
  let from = block.firstRowFrom(first.timestamp)
  let until = block.firstRowFrom(last.timestamp + 1)
  const { timestamps, positions } = first.position > 0 || last.position < MAX_POSITION ? block.keys : NO_KEYS
  while (from < until && timestamps[from] === first.timestamp && positions[from]! < first.position) from++
  while (from < until && timestamps[until - 1] === last.timestamp && positions[until - 1]! > last.position) until--
  return RowSet.range(block.lines, from, until)
}

const NO_KEYS = { timestamps: new Float64Array(), positions: new Float64Array() }
