// The summary of a block as it is kept in memory, of every block of the partitions that a reader has open: so it is small.
import { BoundedMap } from '../../../bounded-map.ts'
import type { BlockSummary, ValueCount } from './block.ts'

type Field = keyof BlockSummary['values']

/** A summary as it was read; `values` has the values of each field, null where there are many. */
export type StoredSummary = Omit<BlockSummary, 'values'> & { values: { [field in Field]: ValueCounts | null } }

/** Blocks of the same time mostly list the same sources and hosts; so many lists are shared. */
const MAX_SHARED_LISTS = 1_000
const NUMBERS_PER_VALUE = 3

/** The values of a field in a block: how many lines have each, and the newest of these. */
export class ValueCounts {
  /** Without the counts. Blocks share equal lists. */
  readonly values: readonly string[]
  readonly #numbers: Float64Array
  readonly #first: number

  /** `numbers` has the numbers of all fields; those of this one begin at `first`. */
  constructor(values: readonly string[], numbers: Float64Array, first: number) {
    this.values = values
    this.#numbers = numbers
    this.#first = first
  }

  *[Symbol.iterator](): Generator<ValueCount> {
    for (const [index, value] of this.values.entries()) {
      const at = this.#first + index * NUMBERS_PER_VALUE
      yield [value, this.#numbers[at]!, this.#numbers[at + 1]!, this.#numbers[at + 2]!]
    }
  }
}

/** Reads the summary of a block from the text in its row. Throws when it is none. */
export function readStoredSummary(text: string): StoredSummary {
  const summary = JSON.parse(text) as BlockSummary
  const fields = Object.entries(summary.values) as [Field, readonly ValueCount[] | null][]
  const numbers = new Float64Array(
    fields.reduce((sum, [, counts]) => sum + (counts?.length ?? 0), 0) * NUMBERS_PER_VALUE,
  )
  let first = 0
  const compact = (counts: readonly ValueCount[]): ValueCounts => {
    const own = first
    for (const [, ...rest] of counts) {
      numbers.set(rest, first)
      first += NUMBERS_PER_VALUE
    }
    return new ValueCounts(sharedList(counts.map(([value]) => value)), numbers, own)
  }
  const values = Object.fromEntries(fields.map(([field, counts]) => [field, counts && compact(counts)]))
  return { ...summary, values: values as StoredSummary['values'] }
}

const sharedLists = new BoundedMap<string, readonly string[]>(MAX_SHARED_LISTS)

function sharedList(values: readonly string[]): readonly string[] {
  const key = JSON.stringify(values)
  const known = sharedLists.get(key)
  if (known) return known
  sharedLists.set(key, values)
  return values
}
