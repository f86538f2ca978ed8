// The rows of a block that match a whole query, exactly.
import { matches } from '../../../query/matches.ts'
import type { Query } from '../../../query/tree.ts'
import type { BlockReader } from '../block-reader.ts'
import { RowSet } from '../columns/row-set.ts'
import type { WordFilter } from '../words/block-words.ts'
import { evaluate } from './evaluate.ts'
import { mayMatch } from './summary-filter.ts'

/** The rows within the time range of a query; they are next to each other. */
export function rowsInTime({ from, until }: Pick<Query, 'from' | 'until'>, block: BlockReader): RowSet {
  const first = from === null ? 0 : block.firstRowFrom(Math.ceil(from))
  const end = until === null ? block.lines : block.firstRowFrom(Math.ceil(until))
  return RowSet.range(block.lines, first, end)
}

/** All rows that match. */
export function matchingRows(query: Query, block: BlockReader, mayHave: WordFilter): RowSet {
  const { where } = query
  const inTime = rowsInTime(query, block)
  if (where === null) return inTime
  if (!mayMatch(where, block.summary, mayHave)) return new RowSet(block.lines)
  const { rows, isExact } = evaluate(where, block, mayHave, inTime)
  if (isExact) return rows
  const matching = new RowSet(block.lines)
  for (const row of rows.ascending()) if (matches(where, block.line(row))) matching.add(row)
  return matching
}
