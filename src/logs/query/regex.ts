// Regular expressions that always run in linear time (RE2), with errors as sentences.
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { Problem } from '../../problem.ts'
import { truncate } from '../../text.ts'

const MAX_SOURCE_LENGTH = 500
const MAX_SHOWN_LENGTH = 60
/** RE2 takes time in proportion to text length × program size; this keeps a 64 KiB message below about 0.1 s. */
const MAX_PROGRAM_SIZE = 1_000

export type Regex = {
  /** Whether the expression is found anywhere in the text. */
  test(text: string): boolean
}

/**
 * Compiles an expression in RE2's syntax (no look-around, no back references). Throws `invalid` on the field `query` when it
 * is wrong or too big, with a sentence about what is expected.
 */
export function compileRegex(source: string, caseless: boolean): Regex {
  if (source.length > MAX_SOURCE_LENGTH)
    throw regexProblem(source, `has ${source.length} characters; at most ${MAX_SOURCE_LENGTH} are allowed`)
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(source, caseless ? RE2JS.CASE_INSENSITIVE : 0)
  } catch (error) {
    throw regexProblem(source, reason(error), error)
  }
  if (compiled.programSize() > MAX_PROGRAM_SIZE)
    throw regexProblem(source, 'is too complex to search quickly; use smaller numbers in {…}')
  return compiled
}

/** The places of an expression in a text: starts and ends (exclusive), in order, at most `limit` of them. */
export function findAll(regex: Regex, text: string, limit: number): [from: number, until: number][] {
  const matcher = (regex as RE2JS).matcher(text)
  const found: [number, number][] = []
  while (found.length < limit && matcher.find()) found.push([matcher.start(), matcher.end()])
  return found
}

function regexProblem(source: string, fault: string, cause?: unknown): Problem {
  const message = `The regular expression /${truncate(source, MAX_SHOWN_LENGTH)}/ ${fault}.`
  return new Problem('invalid', message, { fields: { query: message }, cause })
}

/** What is wrong and what is expected, for each error of RE2's parser. */
const REASONS: [RegExp, (piece: string) => string][] = [
  [/missing closing \)/, () => 'has a ( that is never closed; write \\( to match the character'],
  [/unexpected \)/, () => 'has a ) that was never opened; write \\) to match the character'],
  [/missing closing \]/, () => 'has a [ that is never closed; write \\[ to match the character'],
  [/missing argument/, piece => `has nothing to repeat before ${piece}; write \\${piece} to match the character`],
  [/nested repetition/, piece => `repeats a repetition (${piece}); one quantifier is enough`],
  [/repeat count/, piece => `has an invalid repeat count (${piece}); write at most 1000, the smaller number first`],
  [/class range/, piece => `has an invalid range (${piece}); write the smaller character first, as in [a-z]`],
  [/trailing backslash/, () => 'ends with a backslash; write \\\\ to match the character'],
  [/escape sequence/, piece => `has an unknown escape (${piece}); back references are not supported`],
  [/Perl syntax|named capture/, piece => `uses ${piece}, which is not supported (no look-ahead, no look-behind)`],
]

function reason(error: unknown): string {
  if (!(error instanceof RE2JSSyntaxException)) return 'cannot be used'
  const known = REASONS.find(([pattern]) => pattern.test(error.error))
  return known ? known[1](error.input ?? '') : `is invalid: ${error.error}`
}
