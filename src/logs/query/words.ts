// Splits text into the words that search knows: exactly the tokens of SQLite FTS5's `unicode61 remove_diacritics 2`.
import { EDGES, FOLDS, VANISHING } from './word-table.ts'

/** FTS5 cuts longer tokens to this many bytes of UTF-8 (FTS5_MAX_TOKEN_SIZE in fts5Int.h). */
const LONGEST_WORD_BYTES = 32_768

const SPLITS = 0
const VANISHES = 1
const LAST_BMP = 0xffff

const edges = distances(EDGES)
const folds = readFolds()
const plane = basicPlane()
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The words of a text in order: lower case, without diacritics, split at everything that is no letter or digit. */
export function words(text: string): string[] {
  const found: string[] = []
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code < 128 && plane[code] === SPLITS) {
      at++
      continue
    }
    const start = at
    let upper = false
    let next = code
    while (next < 128 && plane[next] !== SPLITS) {
      upper ||= plane[next] !== next
      next = ++at < text.length ? text.charCodeAt(at) : 0
    }
    if (next >= 128) at = foldWord(text, start, found)
    else found.push(cut(upper ? text.slice(start, at).toLowerCase() : text.slice(start, at)))
  }
  return found
}

/** Reads a word with characters beyond ASCII from `start`; answers where it ended. */
function foldWord(text: string, start: number, found: string[]): number {
  let word = ''
  let at = start
  while (at < text.length) {
    const code = text.codePointAt(at)!
    const fold = foldOf(code)
    // A mark that vanishes does so within a word only; elsewhere it splits like any sign.
    if (fold === SPLITS || (fold === VANISHES && at === start)) break
    if (fold !== VANISHES) word += String.fromCodePoint(fold)
    at += code > LAST_BMP ? 2 : 1
  }
  if (at > start) found.push(cut(word))
  return at > start ? at : at + (text.codePointAt(at)! > LAST_BMP ? 2 : 1)
}

/** What a character becomes within a word: a code point, or one of the two marks above. */
function foldOf(code: number): number {
  return code <= LAST_BMP ? plane[code]! : isLetter(code) ? (folds.get(code) ?? code) : SPLITS
}

function isLetter(code: number): boolean {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle]! <= code) low = middle + 1
    else high = middle
  }
  return low % 2 === 1
}

function cut(word: string): string {
  // No UTF-16 unit takes more than three bytes.
  if (word.length * 3 <= LONGEST_WORD_BYTES) return word
  const bytes = encoder.encode(word)
  return bytes.length <= LONGEST_WORD_BYTES ? word : decoder.decode(bytes.subarray(0, LONGEST_WORD_BYTES))
}

/** The fold of every character up to U+FFFF, so that all but the rarest texts need no search. */
function basicPlane(): Uint16Array {
  const table = new Uint16Array(LAST_BMP + 1)
  for (let code = 0; code <= LAST_BMP; code++) if (isLetter(code)) table[code] = folds.get(code) ?? code
  for (const code of VANISHING.split(' ')) table[Number.parseInt(code, 36)] = VANISHES
  // Half a surrogate pair is no character: it is stored as U+FFFD, which splits.
  table.fill(SPLITS, 0xd800, 0xe000)
  return table
}

function readFolds(): Map<number, number> {
  const read = new Map<number, number>()
  let at = 0
  for (const run of FOLDS.split(' ')) {
    const [distance, change, count] = run.split(',').map(digits => Number.parseInt(digits, 36))
    for (let left = count ?? 1; left > 0; left--) {
      at += distance!
      read.set(at, at + change!)
    }
  }
  return read
}

function distances(list: string): Int32Array {
  let at = 0
  return Int32Array.from(list.split(' '), digits => {
    at += Number.parseInt(digits, 36)
    return at
  })
}
