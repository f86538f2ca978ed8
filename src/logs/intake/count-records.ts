// Counts the records of a body without parsing them, so that a body with too many is refused at once. Pure.

const OPEN = new Set(['[', '{'].map(mark => mark.charCodeAt(0)))
const CLOSE = new Set([']', '}'].map(mark => mark.charCodeAt(0)))
const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92
const COLON = 58
const BRACKET = 91
const BRACE = 123
/** The names under which an object has its lines. */
const LISTS = /^(?:logs|events|Events)$/

/** How many lines of a text are not empty; it stops counting beyond `limit`. */
export function countLines(text: string, limit = Number.POSITIVE_INFINITY): number {
  let count = 0
  for (let start = 0; start < text.length && count <= limit; ) {
    const end = text.indexOf('\n', start)
    const until = end < 0 ? text.length : end
    if (hasText(text, start, until)) count++
    start = until + 1
  }
  return count
}

/**
 * How many records a JSON body has: the elements of its array, or of the array under `logs` or `events`, else 1. It stops
 * counting beyond `limit`. For a body that is not JSON the number means nothing.
 */
export function countElements(text: string, limit = Number.POSITIVE_INFINITY): number {
  const start = skipSpace(text, 0)
  const first = text.charCodeAt(start)
  if (first === BRACKET) return elementsFrom(text, start, limit)
  if (first !== BRACE) return 1
  const list = findList(text, start)
  return list < 0 ? 1 : elementsFrom(text, list, limit)
}

/**
 * How many records a body of NDJSON has: its lines, or the elements of the list that it is in truth, on one line or printed
 * over several.
 */
export function countJsonLines(text: string): number {
  const lines = countLines(text)
  const start = skipSpace(text, 0)
  const first = text.charCodeAt(start)
  const isPrinted = first === BRACE && text.slice(start, endOfList(text, start)).includes('\n')
  return first === BRACKET || isPrinted ? Math.max(lines, countElements(text)) : lines
}

/**
 * How many elements all arrays have together that stand under one of `names` anywhere in a JSON body, but not within one
 * another; it stops counting beyond `limit`.
 */
export function countElementsUnder(text: string, names: readonly string[], limit = Number.POSITIVE_INFINITY): number {
  let count = 0
  for (let at = 0; at < text.length && count <= limit; at++) {
    if (text.charCodeAt(at) !== QUOTE) continue
    const end = endOfString(text, at)
    const name = names.find(wanted => end - at === wanted.length + 1 && text.startsWith(wanted, at + 1))
    const colon = name === undefined ? -1 : skipSpace(text, end + 1)
    const list = colon >= 0 && text.charCodeAt(colon) === COLON ? skipSpace(text, colon + 1) : -1
    at = end
    if (list < 0 || text.charCodeAt(list) !== BRACKET) continue
    count += elementsFrom(text, list, limit - count)
    at = endOfList(text, list)
  }
  return count
}

/** The place of the bracket that closes the one at `start`, or the last one of any other value. */
export function endOfValue(text: string, start: number): number {
  return OPEN.has(text.charCodeAt(start)) ? endOfList(text, start) : endOfWord(text, start)
}

/** The place before the next space, comma or bracket. */
function endOfWord(text: string, start: number): number {
  if (text.charCodeAt(start) === QUOTE) return endOfString(text, start)
  let at = start
  while (at + 1 < text.length && !/[\s,[\]{}]/.test(text[at + 1]!)) at++
  return at
}

/** The place of the bracket that closes the one at `start`. */
function endOfList(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (OPEN.has(code)) depth++
    else if (CLOSE.has(code) && --depth === 0) return at
  }
  return text.length
}

/** The elements of the array that begins at `start`. */
function elementsFrom(text: string, start: number, limit: number): number {
  const second = skipSpace(text, start + 1)
  if (second >= text.length || CLOSE.has(text.charCodeAt(second))) return 0
  let count = 1
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COMMA && depth === 1 && ++count > limit) return count
    else if (OPEN.has(code)) depth++
    else if (CLOSE.has(code) && --depth === 0) return count
  }
  return count
}

/** Where the list of lines begins in the object at `start`; -1 when it has none. */
function findList(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfString(text, at)
      const colon = skipSpace(text, end + 1)
      const value = skipSpace(text, colon + 1)
      const isList = depth === 1 && text.charCodeAt(colon) === COLON && text.charCodeAt(value) === BRACKET
      if (isList && LISTS.test(text.slice(at + 1, end))) return value
      at = end
    } else if (OPEN.has(code)) depth++
    else if (CLOSE.has(code) && --depth === 0) return -1
  }
  return -1
}

/** The place of the quote that ends the string at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; ) {
    const end = text.indexOf('"', at)
    if (end < 0) return text.length
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
    at = end + 1
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 32) at++
  return at
}

function hasText(text: string, from: number, until: number): boolean {
  for (let at = from; at < until; at++) if (text.charCodeAt(at) > 32) return text.slice(at, until).trim() !== ''
  return false
}
