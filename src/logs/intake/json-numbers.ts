// Parses JSON without changing numbers: those that JavaScript cannot hold become texts of the same digits.

/** More digits in a row than a JavaScript number always holds. */
const MAX_EXACT_DIGITS = 15

/**
 * The value of a JSON text; undefined when it is no JSON. A number that would be changed (`1150736271837286401`) is a
 * text as it was written.
 */
export function parseJson(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    return undefined
  }
}

/** As `parseJson`, but throws the `SyntaxError` of a text that is no JSON. */
export function parseExact(text: string): unknown {
  return hasLongNumber(text) ? JSON.parse(text, keepExact) : JSON.parse(text)
}

function keepExact(_name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined) return value
  if (Number.isSafeInteger(value)) return value
  // 2^60 is a JavaScript number, but would be shown with other digits.
  return Number.isFinite(value) && (/[.eE]/.test(source) || String(value) === source) ? value : source
}

/**
 * Whether there are so many digits in a row, wherever they stand. Only each sixteenth character is looked at, so that a body
 * without them costs next to nothing.
 */
function hasLongNumber(text: string): boolean {
  for (let at = MAX_EXACT_DIGITS; at < text.length; at += MAX_EXACT_DIGITS + 1) {
    if (!isDigit(text.charCodeAt(at))) continue
    let from = at
    let until = at + 1
    while (from > 0 && isDigit(text.charCodeAt(from - 1))) from--
    while (isDigit(text.charCodeAt(until))) until++
    if (until - from > MAX_EXACT_DIGITS) return true
  }
  return false
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
