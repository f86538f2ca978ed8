// Regular expressions that run in linear time whatever they are (RE2), compiled once, their mistakes told as sentences.
import { RE2JS, RE2JSSyntaxException } from 're2js'
import { Problem } from '../../problem.ts'

const LONGEST_SOURCE = 500
/** RE2 spends time on text length × program size at worst; this keeps a 64 KiB message under about 0.1 s. */
const LARGEST_PROGRAM = 1_000

export type Regex = {
  /** Whether it is found anywhere in the text. */
  test(text: string): boolean
}

/**
 * Compiles an expression in RE2's syntax (no look-around, no back references). `invalid` on the field `query` when it is
 * wrong or too big, with a sentence that says what would be right.
 */
export function compileRegex(source: string, caseless: boolean): Regex {
  if (source.length > LONGEST_SOURCE)
    throw refusal(source, `is ${source.length} characters long; at most ${LONGEST_SOURCE} are allowed`)
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(source, caseless ? RE2JS.CASE_INSENSITIVE : 0)
  } catch (error) {
    throw refusal(source, reason(error), error)
  }
  if (compiled.programSize() > LARGEST_PROGRAM)
    throw refusal(source, 'repeats too much to be searched quickly; use smaller numbers in {…}')
  return compiled
}

/** Where a compiled expression is found in a text: beginnings and ends, in order, at most `most` of them. */
export function findAll(regex: Regex, text: string, most: number): [from: number, until: number][] {
  const matcher = (regex as RE2JS).matcher(text)
  const found: [number, number][] = []
  while (found.length < most && matcher.find()) found.push([matcher.start(), matcher.end()])
  return found
}

function refusal(source: string, what: string, cause?: unknown): Problem {
  const shown = source.length > 60 ? `${source.slice(0, 60)}…` : source
  const message = `The regular expression /${shown}/ ${what}.`
  return new Problem('invalid', message, { fields: { query: message }, cause })
}

/** What is wrong and what would be right, for each complaint of RE2's parser. */
const REASONS: [RegExp, (piece: string) => string][] = [
  [/missing closing \)/, () => 'opens a ( that it does not close; write \\( for the sign itself'],
  [/unexpected \)/, () => 'closes a ) that it never opened; write \\) for the sign itself'],
  [/missing closing \]/, () => 'opens a [ that it does not close; write \\[ for the sign itself'],
  [/missing argument/, piece => `has nothing before ${piece} to repeat; write \\${piece} for the sign itself`],
  [/nested repetition/, piece => `repeats a repetition (${piece}); one sign is enough`],
  [/repeat count/, piece => `repeats too often or backwards (${piece}); at most 1000 times, smaller number first`],
  [/class range/, piece => `has a range it cannot read (${piece}); write the smaller character first, as in [a-z]`],
  [/trailing backslash/, () => 'ends in a backslash; write \\\\ for the sign itself'],
  [/escape sequence/, piece => `has an escape it does not know (${piece}); back references are not supported`],
  [/Perl syntax|named capture/, piece => `uses ${piece}, which is not supported: there is no looking ahead or behind`],
]

function reason(error: unknown): string {
  if (!(error instanceof RE2JSSyntaxException)) return 'cannot be used'
  const known = REASONS.find(([complaint]) => complaint.test(error.error))
  return known ? known[1](error.input ?? '') : `cannot be read: ${error.error}`
}
