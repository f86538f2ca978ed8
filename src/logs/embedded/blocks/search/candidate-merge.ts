// Merges the lines that may match from several blocks in the order of their keys, opening each block as late as possible.
import type { LogLine } from '../../../line.ts'
import { compareKeys, type LineKey, MAX_POSITION } from '../../partitions/line-key.ts'
import type { Order } from '../../query/partition-search.ts'
import type { StoredBlock } from '../block-table.ts'
import type { BlockView } from '../block-view.ts'

/** A line that may match: `isCertain` when it does. */
export type Candidate = LineKey & { isCertain: boolean; line: () => LogLine }
export type Candidates = Iterator<Candidate>

type Open = { candidates: Candidates; next: Candidate }

export class CandidateMerge {
  readonly #view: BlockView
  readonly #order: Order
  readonly #compare: (a: LineKey, b: LineKey) => number
  /** Blocks that are not open yet, the next one last. */
  readonly #waiting: StoredBlock[]
  #open: Open[] = []

  constructor(view: BlockView, order: Order, blocks: readonly StoredBlock[]) {
    this.#view = view
    this.#order = order
    const compare = order === 'newest' ? (a: LineKey, b: LineKey) => compareKeys(b, a) : compareKeys
    this.#compare = compare
    this.#waiting = blocks.toSorted((a, b) => compare(edgeOf(b, order), edgeOf(a, order)))
  }

  /** Adds lines, which are in order. A block that turns out to be damaged has none. */
  add(candidates: Candidates): void {
    const first = this.#view.guarded(() => candidates.next())
    if (first && !first.done) this.#open.push({ candidates, next: first.value })
  }

  /** The block that must be opened before the next line can be taken; null when there is none. */
  nextBlock(): StoredBlock | null {
    const block = this.#waiting.at(-1)
    if (!block) return null
    const best = this.#best()
    if (best && this.#compare(edgeOf(block, this.#order), best.next) > 0) return null
    return this.#waiting.pop()!
  }

  /** The next line of all, or null. */
  take(): Candidate | null {
    const best = this.#best()
    if (!best) return null
    const { next, candidates } = best
    const following = this.#view.guarded(() => candidates.next())
    if (following && !following.done) best.next = following.value
    else this.#open = this.#open.filter(open => open !== best)
    return next
  }

  #best(): Open | null {
    let best: Open | null = null
    for (const open of this.#open) if (!best || this.#compare(open.next, best.next) < 0) best = open
    return best
  }
}

/** The first key of a block in an order, or an earlier one. */
function edgeOf({ summary }: StoredBlock, order: Order): LineKey {
  return order === 'newest'
    ? { timestamp: summary.until, position: MAX_POSITION }
    : { timestamp: summary.from, position: 0 }
}
