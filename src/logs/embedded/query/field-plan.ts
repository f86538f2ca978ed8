// Compiles conditions on the named fields of a line, wildcards included, to expressions of a partition's index.
import { LEVELS, type Level } from '../../line.ts'
import type { FieldName, QueryNode } from '../../query/tree.ts'
import { foldCase, wildcard } from '../../query/wildcard.ts'
import { NAMED_FIELDS, type NamedField } from '../partitions/partition-names.ts'
import { DEEPEST_BRANCH, fieldToken, type IndexedField } from './field-tokens.ts'
import { decidedBy, either, type Plan, UNDECIDED } from './plan.ts'

type FieldNode = Extract<QueryNode, { kind: 'field' }>
type LevelNode = Extract<QueryNode, { kind: 'level' }>

/** What a partition tells while a tree is compiled; null when there is too much of it to list. */
export type Vocabulary = {
  valuesOf(field: NamedField): readonly string[] | null
  wordsFrom(prefix: string): readonly string[] | null
}

const MOST_ALTERNATIVES = 200

export function fieldPlan({ field, value }: FieldNode, vocabulary: Vocabulary): Plan {
  // What is not given is not in the index.
  if (value === '' || !value.isWellFormed()) return UNDECIDED
  if (!value.includes('*')) return has(field, value)
  const branch = field === 'group' ? branchOf(value) : null
  if (branch !== null) return either([has('group', branch), has('branch', branch)])
  if (!isNamed(field)) return UNDECIDED
  // A branch fits its own top as well: `prod-*/*` is also `prod-1`.
  const patterns = field === 'group' && value.endsWith('/*') ? [value, value.slice(0, -2)] : [value]
  if (patterns.includes('')) return UNDECIDED
  const tests = patterns.map(wildcard)
  const values = vocabulary.valuesOf(field)?.filter(each => tests.some(test => test(each)))
  if (!values || values.length > MOST_ALTERNATIVES) return UNDECIDED
  return either([...new Set(values.map(foldCase))].map(each => has(field, each)))
}

/** The levels that a comparison fits. */
export function comparedLevels({ comparison, level }: LevelNode): Level[] {
  const limit = LEVELS.indexOf(level)
  return LEVELS.filter((_, at) => {
    if (comparison === '=') return at === limit
    if (comparison === '<') return at < limit
    if (comparison === '<=') return at <= limit
    return comparison === '>' ? at > limit : at >= limit
  })
}

/** The plan for one field having one value. */
export function has(field: IndexedField | FieldName, value: string): Plan {
  return decidedBy(`fields : "${fieldToken(field, value)}"`)
}

/** `prod/api` of `prod/api/*`, when that is all there is to the pattern and the index goes so deep. */
function branchOf(value: string): string | null {
  if (!value.endsWith('/*')) return null
  const branch = value.slice(0, -2)
  return branch === '' || branch.includes('*') || branch.split('/').length > DEEPEST_BRANCH ? null : branch
}

function isNamed(field: FieldName): field is NamedField {
  return (NAMED_FIELDS as readonly string[]).includes(field)
}
