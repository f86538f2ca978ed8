// Parses JSON without changing numbers: those that JavaScript cannot hold become texts of the same digits.

/** Sixteen digits in a row may be more than a JavaScript number holds; so may an exponent. */
const MAYBE_INEXACT = /[\d.]{16}|\d[eE][+-]?\d{3}/

/**
 * The value of a JSON text; undefined when it is no JSON. A number that would be changed (`1150736271837286401`, `1e400`) is a
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
  return MAYBE_INEXACT.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text)
}

function keepExact(_name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined) return value
  if (Number.isSafeInteger(value)) return value
  return Number.isFinite(value) && (isSame(value, source) || /[.eE]/.test(source)) ? value : source
}

/** Whether a large number has the same digits as its text. */
function isSame(value: number, source: string): boolean {
  return !Number.isInteger(value) || BigInt(value) === BigInt(source)
}
