// A plan to find lines in a partition: an expression of its full-text index, and what the index cannot decide.
import { LEVELS } from '../../line.ts'
import { levelToken } from './field-tokens.ts'

/**
 * How to find candidates: the lines that match the index `expression` (null: every line) and whose stored `rest` matches
 * all `likePatterns`. Unless the plan `isExact`, each candidate must still be tested against the query tree. `isEmpty`:
 * no line can match.
 */
export type Plan = {
  expression: string | null
  isEmpty: boolean
  isExact: boolean
  likePatterns: readonly string[]
}

export const MATCH_ALL: Plan = { expression: null, isEmpty: false, isExact: true, likePatterns: [] }
export const MATCH_NONE: Plan = { ...MATCH_ALL, isEmpty: true }
/** The index cannot decide: every line is a candidate. */
export const SCAN_ALL: Plan = { ...MATCH_ALL, isExact: false }

// SQLite parses the whole expression before it starts.
const MAX_EXPRESSION_LENGTH = 30_000

/** An expression that every line matches: each line has a level. */
export const ALL_LINES_EXPRESSION = `fields : (${LEVELS.map(level => `"${levelToken(level)}"`).join(' OR ')})`

/** A plan whose index expression decides everything. */
export function exactPlan(expression: string): Plan {
  return { ...MATCH_ALL, expression }
}

/** The lines that match all plans and none of the `without` expressions. */
export function allOf(plans: readonly Plan[], without: readonly string[] = []): Plan {
  if (plans.some(plan => plan.isEmpty)) return MATCH_NONE
  const expressions = plans.flatMap(plan => plan.expression ?? [])
  const base = expressions.length > 0 ? join(expressions, 'AND') : without.length > 0 ? ALL_LINES_EXPRESSION : null
  return limitLength({
    expression: without.length > 0 ? `(${base} NOT ${join(without, 'OR')})` : base,
    isEmpty: false,
    isExact: plans.every(plan => plan.isExact),
    likePatterns: plans.flatMap(plan => plan.likePatterns),
  })
}

/** The lines that match at least one plan. */
export function anyOf(plans: readonly Plan[]): Plan {
  const possible = plans.filter(plan => !plan.isEmpty)
  if (possible.length === 0) return MATCH_NONE
  if (possible.some(plan => plan.isExact && plan.expression === null)) return MATCH_ALL
  const expressions = possible.map(plan => plan.expression)
  if (!expressions.every(expression => expression !== null)) return SCAN_ALL
  return limitLength({ ...exactPlan(join(expressions, 'OR')), isExact: possible.every(plan => plan.isExact) })
}

function join(expressions: readonly string[], operator: 'AND' | 'OR'): string {
  return expressions.length === 1 ? expressions[0]! : `(${expressions.join(` ${operator} `)})`
}

function limitLength(plan: Plan): Plan {
  return plan.expression !== null && plan.expression.length > MAX_EXPRESSION_LENGTH ? SCAN_ALL : plan
}
