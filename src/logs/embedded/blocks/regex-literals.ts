// The texts that every match of a regular expression contains: a row without them need not be tested.

/**
 * Runs of ASCII letters and digits in lower case, all of which are in every match; none when nothing is certain. Reads
 * RE2's syntax conservatively: what is in a group, a class or an alternative is left out.
 */
export function requiredRuns(source: string): string[] {
  const literals: string[] = []
  let literal = ''
  let at = 0
  const end = () => {
    literals.push(literal)
    literal = ''
  }
  while (at < source.length) {
    const sign = source[at]!
    if (sign === '|') return []
    if (sign === '(') {
      end()
      at = groupEnd(source, at)
    } else if (sign === '[') {
      end()
      at = classEnd(source, at)
    } else if (sign === '\\') {
      const next = source[at + 1] ?? ''
      // An escaped sign stands for itself; a letter or digit has a meaning. `\Q…\E` quotes, `\p{…}` and `\x{…}` have more.
      if (/[A-Za-z0-9]/.test(next)) {
        end()
        if (/[QpPxC0-9]/.test(next)) return []
      } else literal += next
      at += 2
    } else if (/[*?{]/.test(sign)) {
      // The character before it may be missing.
      literal = literal.slice(0, -1)
      end()
      at = sign === '{' ? quantifierEnd(source, at) : at + 1
    } else if (/[+.^$)\]}]/.test(sign)) {
      end()
      at++
    } else {
      literal += sign
      at++
    }
  }
  end()
  return runsOf(literals)
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
    else if (source[at] === '[' && source[at + 1] === ':') at = source.indexOf(':]', at) + 1
    else if (source[at] === ']') return at + 1
  }
  return source.length
}

/** The place behind `{2,5}`; a brace that is no quantifier is a sign like any other. */
function quantifierEnd(source: string, start: number): number {
  return start + (/^\{\d*,?\d*\}/.exec(source.slice(start))?.[0].length ?? 1)
}
