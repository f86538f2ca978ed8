// The texts that every match of a regular expression contains: a row without them need not be tested.

/**
 * Runs of ASCII letters and digits in lower case, all of which are in every match; none when nothing is certain. Reads
 * RE2's syntax conservatively: what is in a group, a class or an alternative is left out.
 */
export function requiredRuns(source: string): string[] {
  // In quoted text and behind the minus of a range, brackets have no meaning.
  if (/\\Q|-\[:/.test(source)) return []
  const literals: string[] = []
  let literal = ''
  for (let at = 0; at < source.length; ) {
    const piece = readPiece(source, at)
    if (piece.kind === 'unknown') return []
    at = piece.end
    if (piece.kind === 'literal') literal += piece.text
    else {
      // What is optional is not required: neither is the character before it.
      literals.push(piece.kind === 'optional' ? literal.slice(0, -1) : literal)
      literal = ''
    }
  }
  return runsOf([...literals, literal])
}

/** A part of an expression: text, the end of a text, a sign that makes what is before it optional, or something else. */
type Piece =
  | { kind: 'literal'; text: string; end: number }
  | { kind: 'end' | 'optional'; end: number }
  | { kind: 'unknown'; end: number }

function readPiece(source: string, at: number): Piece {
  const sign = source[at]!
  if (sign === '|') return { kind: 'unknown', end: at }
  if (sign === '(') return { kind: 'end', end: groupEnd(source, at) }
  if (sign === '[') return { kind: 'end', end: classEnd(source, at) }
  if (sign === '{') return { kind: 'optional', end: quantifierEnd(source, at) }
  if (sign === '*' || sign === '?') return { kind: 'optional', end: at + 1 }
  if (/[+.^$)\]}]/.test(sign)) return { kind: 'end', end: at + 1 }
  if (sign !== '\\') return { kind: 'literal', text: sign, end: at + 1 }
  const next = source[at + 1] ?? ''
  // An escaped sign stands for itself; a letter has a meaning, and `\Q…\E`, `\p{…}`, `\x{…}` and octal numbers go on.
  if (/[QpPxC0-9]/.test(next)) return { kind: 'unknown', end: at }
  return /[A-Za-z]/.test(next) ? { kind: 'end', end: at + 2 } : { kind: 'literal', text: next, end: at + 2 }
}

function runsOf(literals: readonly string[]): string[] {
  return [...new Set(literals.flatMap(literal => literal.toLowerCase().match(/[a-z0-9]+/g) ?? []))]
}

/** The place behind a group, its parts and classes skipped. */
function groupEnd(source: string, start: number): number {
  let depth = 0
  for (let at = start; at < source.length; at++) {
    const sign = source[at]
    if (sign === '\\') at++
    else if (sign === '[') at = classEnd(source, at) - 1
    else if (sign === '(') depth++
    else if (sign === ')' && --depth === 0) return at + 1
  }
  return source.length
}

function classEnd(source: string, start: number): number {
  let at = start + 1
  if (source[at] === '^') at++
  if (source[at] === ']') at++
  for (; at < source.length; at++) {
    if (source[at] === '\\') at++
    // Without its end, `[:` are two signs of the class.
    else if (source.startsWith('[:', at) && source.includes(':]', at)) at = source.indexOf(':]', at) + 1
    else if (source[at] === ']') return at + 1
  }
  return source.length
}

/** The place behind `{2,5}`; a brace that is no quantifier is a sign like any other. */
function quantifierEnd(source: string, start: number): number {
  return start + (/^\{\d*,?\d*\}/.exec(source.slice(start))?.[0].length ?? 1)
}
