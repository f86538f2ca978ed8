// What must stand in the stored text of a line for an attribute to have a value: sorts out most lines without reading them.
import type { QueryNode } from '../../query/tree.ts'

// SQLite refuses patterns that are long, and tries long ones at every place.
const LONGEST_PIECE = 64
const MOST_PIECES = 4

type AttributeNode = Extract<QueryNode, { kind: 'attribute' }>

// LIKE folds ASCII only; K and I also have other capitals (the Kelvin sign, the dotted I), so any character may stand there.
/** LIKE patterns for the `rest` of a row; none when nothing can be said for sure. */
export function attributePieces({ comparison, value }: AttributeNode): string[] {
  if (comparison !== '=') return []
  // Only what JSON writes as it is, and long enough to tell lines apart.
  const runs = value.split('*').filter(run => /^[\w.:/@ -]{2,}$/.test(run))
  return runs.slice(0, MOST_PIECES).map(run => `%${run.slice(0, LONGEST_PIECE).replace(/[kKiI_]/g, '_')}%`)
}
