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

/**
 * As `parseJson`, but throws the `SyntaxError` of a text that is no JSON. `mayBeLong` is false for a text that has no long
 * number for sure.
 */
export function parseExact(text: string, mayBeLong = findLongNumber(text, 0) >= 0): unknown {
  return mayBeLong || isEachExact ? JSON.parse(text, keepExact) : JSON.parse(text)
}

let isEachExact = false
let hasInfinite = false

/**
 * What `read` returns; it reads a second time, with each number looked at, when it met one beyond what JavaScript holds
 * (`1e400`). Such numbers have no mark in the text that is found for nothing, and no program writes them but by a fault.
 */
export function readExactly<T>(read: () => T): T {
  hasInfinite = false
  const first = read()
  if (!hasInfinite) return first
  isEachExact = true
  try {
    return read()
  } finally {
    isEachExact = false
  }
}

/** The text of a number that JSON made infinite, which `readExactly` reads again as it was written. */
export function infiniteText(value: number): string {
  hasInfinite = true
  return String(value)
}

function keepExact(_name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined) return value
  if (Number.isSafeInteger(value)) return value
  // 2^60 is a JavaScript number, but would be shown with other digits.
  return Number.isFinite(value) && (/[.eE]/.test(source) || String(value) === source) ? value : source
}

/**
 * Where the next number begins that has so many digits in a row, from `start` on; -1 when there is none. Digits behind a
 * letter or a quote are part of a text. Only each sixteenth character is looked at, so that a body without them costs next to
 * nothing.
 */
export function findLongNumber(text: string, start: number): number {
  for (let at = start + MAX_EXACT_DIGITS; at < text.length; at += MAX_EXACT_DIGITS + 1) {
    if (!isDigit(text.charCodeAt(at))) continue
    let from = at
    let until = at + 1
    while (from > start && isDigit(text.charCodeAt(from - 1))) from--
    while (isDigit(text.charCodeAt(until))) until++
    if (until - from > MAX_EXACT_DIGITS && mayBeginNumber(text.charCodeAt(from - 1))) return from
  }
  return -1
}

/** Whether digits behind this character may be a number of JSON, or a part of one; NaN before the first one. */
function mayBeginNumber(before: number): boolean {
  const letter = before | 32
  const isE = letter === 101
  return !(before === QUOTE || (letter >= 97 && letter <= 122 && !isE))
}

const QUOTE = 34

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
