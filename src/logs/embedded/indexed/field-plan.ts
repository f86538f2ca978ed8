// Compiles conditions on the fields of a line, wildcards included, to expressions of a partition's index.
import { LEVELS, type Level } from '../../line.ts'
import type { WordVersion } from '../../query/line-words.ts'
import type { FieldName, QueryNode } from '../../query/tree.ts'
import { foldCase, wildcardTest } from '../../query/wildcard.ts'
import { fieldToken, type IndexedField, MAX_BRANCH_DEPTH } from './field-tokens.ts'
import { LISTED_FIELDS, type ListedField } from './listed-fields.ts'
import { anyOf, exactPlan, type Plan, SCAN_ALL } from './plan.ts'

type FieldNode = Extract<QueryNode, { kind: 'field' }>
type LevelNode = Extract<QueryNode, { kind: 'level' }>

/** The values and words in a partition's index; null when there are too many to list. */
export type Vocabulary = {
  /** How the words of the index were made. */
  wordVersion: WordVersion
  valuesOf(field: ListedField): readonly string[] | null
  wordsWithPrefix(prefix: string): readonly string[] | null
}

const MAX_ALTERNATIVES = 200

export function fieldPlan({ field, value }: FieldNode, vocabulary: Vocabulary): Plan {
  // Empty fields are not in the index.
  if (value === '' || !value.isWellFormed()) return SCAN_ALL
  if (!value.includes('*')) return fieldEquals(field, value)
  const branch = field === 'group' ? branchOf(value) : null
  if (branch !== null) return anyOf([fieldEquals('group', branch), fieldEquals('branch', branch)])
  if (!isListed(field)) return SCAN_ALL
  // A branch matches its own top as well: `prod-*/*` is also `prod-1`.
  const patterns = field === 'group' && value.endsWith('/*') ? [value, value.slice(0, -2)] : [value]
  if (patterns.includes('')) return SCAN_ALL
  const tests = patterns.map(wildcardTest)
  const values = vocabulary.valuesOf(field)?.filter(candidate => tests.some(test => test(candidate)))
  if (!values || values.length > MAX_ALTERNATIVES) return SCAN_ALL
  return anyOf([...new Set(values.map(foldCase))].map(folded => fieldEquals(field, folded)))
}

/** The levels that match a comparison. */
export function levelsMatching({ comparison, level }: LevelNode): Level[] {
  const limit = LEVELS.indexOf(level)
  return LEVELS.filter((_, at) => {
    if (comparison === '=') return at === limit
    if (comparison === '<') return at < limit
    if (comparison === '<=') return at <= limit
    return comparison === '>' ? at > limit : at >= limit
  })
}

/** The plan for a field that has a value. */
export function fieldEquals(field: IndexedField | FieldName, value: string): Plan {
  return exactPlan(`fields : "${fieldToken(field, value)}"`)
}

/** `prod/api` of `prod/api/*`; null for any other pattern, and for branches below the depth of the index. */
function branchOf(value: string): string | null {
  if (!value.endsWith('/*')) return null
  const branch = value.slice(0, -2)
  return branch === '' || branch.includes('*') || branch.split('/').length > MAX_BRANCH_DEPTH ? null : branch
}

function isListed(field: FieldName): field is ListedField {
  return (LISTED_FIELDS as readonly string[]).includes(field)
}
