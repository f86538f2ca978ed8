// Splits text into the words of the search: exactly the tokens of SQLite FTS5's `unicode61 remove_diacritics 2`.
import { EDGES, FOLDS, REMOVED_CHARACTERS } from './word-table.ts'

/** FTS5 cuts longer tokens to this many bytes of UTF-8 (FTS5_MAX_TOKEN_SIZE in fts5Int.h). */
const MAX_WORD_BYTES = 32_768

const SPLITS = 0
const REMOVED = 1
const LAST_BMP = 0xffff

const edges = distances(EDGES)
const folds = readFolds()
const bmpFolds = foldBasicPlane()
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The words of a text in order: lower case, without diacritics, split at everything except letters and digits. */
export function words(text: string): string[] {
  const found: string[] = []
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code < 128 && bmpFolds[code] === SPLITS) {
      at++
      continue
    }
    const start = at
    let upper = false
    let next = code
    while (next < 128 && bmpFolds[next] !== SPLITS) {
      upper ||= bmpFolds[next] !== next
      next = ++at < text.length ? text.charCodeAt(at) : 0
    }
    if (next >= 128) at = foldWord(text, start, found)
    else found.push(cutWord(upper ? text.slice(start, at).toLowerCase() : text.slice(start, at)))
  }
  return found
}

/** Reads a word with characters beyond ASCII from `start`; returns its end. */
function foldWord(text: string, start: number, found: string[]): number {
  let word = ''
  let at = start
  while (at < text.length) {
    const code = text.codePointAt(at)!
    const fold = foldOf(code)
    // A combining mark is removed within a word only; elsewhere it splits like any symbol.
    if (fold === SPLITS || (fold === REMOVED && at === start)) break
    if (fold !== REMOVED) word += String.fromCodePoint(fold)
    at += code > LAST_BMP ? 2 : 1
  }
  if (at > start) found.push(cutWord(word))
  return at > start ? at : at + (text.codePointAt(at)! > LAST_BMP ? 2 : 1)
}

/** What a character becomes within a word: a code point, `SPLITS` or `REMOVED`. */
function foldOf(code: number): number {
  return code <= LAST_BMP ? bmpFolds[code]! : isLetter(code) ? (folds.get(code) ?? code) : SPLITS
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

function cutWord(word: string): string {
  // No UTF-16 unit takes more than three bytes.
  if (word.length * 3 <= MAX_WORD_BYTES) return word
  const bytes = encoder.encode(word)
  return bytes.length <= MAX_WORD_BYTES ? word : decoder.decode(bytes.subarray(0, MAX_WORD_BYTES))
}

/** The fold of every character up to U+FFFF, so that almost no text needs a search. */
function foldBasicPlane(): Uint16Array {
  const table = new Uint16Array(LAST_BMP + 1)
  for (let code = 0; code <= LAST_BMP; code++) if (isLetter(code)) table[code] = folds.get(code) ?? code
  for (const code of REMOVED_CHARACTERS.split(' ')) table[Number.parseInt(code, 36)] = REMOVED
  // Half a surrogate pair is not a character: it is stored as U+FFFD, which splits.
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
