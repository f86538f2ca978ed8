// What an answer must contain: a text, a regular expression, or a value of its JSON. Pure.
import { compileRegex } from '../logs/query/regex.ts'
import { invalid, Problem } from '../problem.ts'
import { truncate } from '../text.ts'

/** Expressions take time in proportion to the text, so they see only the start of a longer one, characters. */
const MAX_REGEX_TEXT_LENGTH = 256 * 1024
const MAX_EXPECTATION_LENGTH = 500
const MAX_SHOWN_VALUE_LENGTH = 80

const COMPARISONS: Record<string, (found: number, wanted: number) => boolean> = {
  '<': (found, wanted) => found < wanted,
  '<=': (found, wanted) => found <= wanted,
  '>': (found, wanted) => found > wanted,
  '>=': (found, wanted) => found >= wanted,
}

/** A condition for an answer, and the reason when it does not hold. */
export type Expectation = (answer: string) => string | null

/**
 * Reads an expectation: a text that the answer contains, `/regex/` (with `i` for any case), or `json.path=value` (also `!=`,
 * `<`, `<=`, `>`, `>=`). A leading `!` means the opposite. Throws `invalid` on the field `expect`.
 */
export function readExpectation(text: string): Expectation {
  if (text.length > MAX_EXPECTATION_LENGTH)
    throw invalid('expect', `An expectation has at most ${MAX_EXPECTATION_LENGTH} characters.`)
  if (/^!./.test(text)) {
    const holds = readExpectation(text.slice(1))
    return answer => (holds(answer) === null ? `the answer must not have ${text.slice(1)}` : null)
  }
  const regex = /^\/(.+)\/(i?)$/s.exec(text)
  if (regex) return expectRegex(text, regex[1]!, regex[2] === 'i')
  const json = /^(?:\$|json)\.([^=!<>]+?)\s*(=|!=|<=|>=|<|>)\s*(.*)$/s.exec(text)
  if (json) return expectJson(text, json[1]!, json[2]!, json[3]!)
  // Without a prefix the text itself may be meant as well as the value of a path.
  const path = /^([\w$][\w$.[\]-]*)=(.*)$/s.exec(text)
  const value = path ? expectJson(text, path[1]!, '=', path[2]!) : null
  return answer =>
    answer.includes(text) || value?.(answer) === null ? null : `the answer does not contain "${truncate(text, 80)}"`
}

/** Reads expectations, one a line. */
export function readExpectations(lines: string): Expectation[] {
  return lines.split('\n').filter(Boolean).map(readExpectation)
}

function expectRegex(text: string, source: string, isCaseless: boolean): Expectation {
  try {
    const regex = compileRegex(source, isCaseless)
    return answer =>
      regex.test(answer.slice(0, MAX_REGEX_TEXT_LENGTH)) ? null : `the answer does not match ${truncate(text, 80)}`
  } catch (error) {
    throw error instanceof Problem ? invalid('expect', error.message) : error
  }
}

function expectJson(text: string, path: string, operator: string, wanted: string): Expectation {
  const steps = [...path.matchAll(/[^.[\]]+/g)].map(([step]) => step)
  const compare = COMPARISONS[operator]
  if (steps.length === 0)
    throw invalid('expect', `"${text}" has no path. Write json.status=ok or json.queue.length<100.`)
  if (compare && !isNumber(wanted)) throw invalid('expect', `"${text}" compares with "${wanted}", which is no number.`)
  const shown = `json.${path}`
  return answer => {
    let document: unknown
    try {
      document = JSON.parse(answer)
    } catch {
      return `the answer is not JSON, so that it has no ${shown}`
    }
    const found = valueAt(document, steps) ?? valueAt(document, ['json', ...steps])
    if (found === undefined) return operator === '!=' ? null : `the answer has no ${shown}`
    const is = `${shown} is ${truncate(written(found), MAX_SHOWN_VALUE_LENGTH)}`
    if (compare) return compare(Number(found), Number(wanted)) ? null : `${is}, which is not ${operator} ${wanted}`
    const isEqual = equals(found, wanted)
    if (operator === '!=') return isEqual ? `${is}, which it must not be` : null
    return isEqual ? null : `${is} instead of ${truncate(wanted, MAX_SHOWN_VALUE_LENGTH)}`
  }
}

function valueAt(document: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string, unknown>)[step]
        : undefined,
    document,
  )
}

function equals(found: unknown, wanted: string): boolean {
  const bare = /^"(.*)"$/s.exec(wanted)?.[1] ?? wanted
  if (typeof found === 'string') return found === bare
  if (typeof found === 'number') return isNumber(wanted) && found === Number(wanted)
  return written(found) === wanted
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text))
}
