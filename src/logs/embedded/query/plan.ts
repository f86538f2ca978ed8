// How to find lines in a partition: an expression of its full-text index, and what is still to be held against the query.
import { LEVELS } from '../../line.ts'
import { levelToken } from './field-tokens.ts'

/**
 * How to find candidates. `words` is an expression of the index, null for every line; `none` says that nothing can fit.
 * Unless `exact`, each candidate must still be held against the tree. `pieces` must stand in the `rest` of a row.
 */
export type Plan = { words: string | null; none: boolean; exact: boolean; pieces: readonly string[] }

export const EVERYTHING: Plan = { words: null, none: false, exact: true, pieces: [] }
export const NOTHING: Plan = { ...EVERYTHING, none: true }
/** Nothing is known: every line is a candidate. */
export const UNDECIDED: Plan = { ...EVERYTHING, exact: false }

// SQLite reads all of an expression before it begins.
const LONGEST = 30_000

/** What every line has in the index: a level. */
export const EVERY_LINE = `fields : (${LEVELS.map(level => `"${levelToken(level)}"`).join(' OR ')})`

/** A plan of one index expression that decides all by itself. */
export function decidedBy(expression: string): Plan {
  return { ...EVERYTHING, words: expression }
}

/** Every condition at once. */
export function both(plans: readonly Plan[], without: readonly string[] = []): Plan {
  if (plans.some(plan => plan.none)) return NOTHING
  const expressions = plans.flatMap(plan => plan.words ?? [])
  const base = expressions.length > 0 ? joined(expressions, 'AND') : without.length > 0 ? EVERY_LINE : null
  return curbed({
    words: without.length > 0 ? `(${base} NOT ${joined(without, 'OR')})` : base,
    none: false,
    exact: plans.every(plan => plan.exact),
    pieces: plans.flatMap(plan => plan.pieces),
  })
}

/** At least one of the conditions. */
export function either(plans: readonly Plan[]): Plan {
  const possible = plans.filter(plan => !plan.none)
  if (possible.length === 0) return NOTHING
  if (possible.some(plan => plan.exact && plan.words === null)) return EVERYTHING
  const expressions = possible.map(plan => plan.words)
  if (!expressions.every(expression => expression !== null)) return UNDECIDED
  return curbed({ ...decidedBy(joined(expressions, 'OR')), exact: possible.every(plan => plan.exact) })
}

function joined(expressions: readonly string[], by: 'AND' | 'OR'): string {
  return expressions.length === 1 ? expressions[0]! : `(${expressions.join(` ${by} `)})`
}

function curbed(plan: Plan): Plan {
  return plan.words !== null && plan.words.length > LONGEST ? UNDECIDED : plan
}
