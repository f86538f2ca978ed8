// Compiles a query tree for one partition, as far as its full-text index can decide.
import type { QueryNode } from '../../query/tree.ts'
import { words } from '../../query/words.ts'
import { attributePieces } from './attribute-pieces.ts'
import { comparedLevels, fieldPlan, type Vocabulary } from './field-plan.ts'
import { levelToken, MARK } from './field-tokens.ts'
import { both, decidedBy, EVERYTHING, either, NOTHING, type Plan, UNDECIDED } from './plan.ts'

// SQLite's parser of index expressions has a stack of its own.
const DEEPEST = 12

/** The plan for a condition; null fits every line. */
export function planFor(where: QueryNode | null, vocabulary: Vocabulary): Plan {
  return where === null ? EVERYTHING : compile(where, vocabulary, 0)
}

function compile(node: QueryNode, vocabulary: Vocabulary, depth: number): Plan {
  if (depth > DEEPEST) return UNDECIDED
  switch (node.kind) {
    case 'and':
      return conjunction(node.parts, vocabulary, depth)
    case 'or':
      return either(node.parts.map(part => compile(part, vocabulary, depth + 1)))
    case 'not':
      return conjunction([node], vocabulary, depth)
    case 'word':
      return row(words(node.text), node.prefix, vocabulary)
    case 'phrase':
      return row(words(node.words.join(' ')), node.prefix ?? false, vocabulary)
    case 'level':
      return either(comparedLevels(node).map(level => decidedBy(`fields : "${levelToken(level)}"`)))
    case 'field':
      return fieldPlan(node, vocabulary)
    case 'attribute':
      return { ...UNDECIDED, pieces: attributePieces(node) }
    case 'regex':
      return UNDECIDED
  }
}

/** Conditions and the negations among them, which the index can only take away from something. */
function conjunction(parts: readonly QueryNode[], vocabulary: Vocabulary, depth: number): Plan {
  const plans: Plan[] = []
  const without: string[] = []
  for (const part of parts) {
    if (part.kind !== 'not') {
      plans.push(compile(part, vocabulary, depth + 1))
      continue
    }
    const refused = compile(part.part, vocabulary, depth + 1)
    if (refused.none) continue
    if (!refused.exact) plans.push(UNDECIDED)
    else if (refused.words === null) return NOTHING
    else without.push(refused.words)
  }
  return both(plans, without)
}

/** Words in a row, within the message or within the stack. */
function row(row: readonly string[], prefix: boolean, vocabulary: Vocabulary): Plan {
  const last = row.at(-1)
  if (last === undefined) return NOTHING
  if (!prefix) return decidedBy(phrase(row))
  const begun = row.slice(0, -1)
  const endings = last.startsWith(MARK) ? null : vocabulary.wordsFrom(last)
  if (endings !== null) return either(endings.map(ending => decidedBy(phrase([...begun, ending]))))
  return begun.length > 0 ? { ...decidedBy(phrase(begun)), exact: false } : UNDECIDED
}

function phrase(row: readonly string[]): string {
  const text = `"${row.join(' ')}"`
  // Only such a word could be mistaken for a field's.
  return row.some(word => word.startsWith(MARK)) ? `{message stack} : ${text}` : text
}
