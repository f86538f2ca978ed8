// The formats that a text may have by its first characters and by a literal, so that few expressions are tried.
import { CHARACTERS, type FirstCharacters, firstCharacters, PLACES } from './first-characters.ts'
import type { Pattern, TextFormat } from './format.ts'
import { type FormattedText, readMatch } from './matched-parts.ts'

/** The formats by the character that a text begins with; the last is for those beyond ASCII. */
export type Buckets = readonly (Bucket | undefined)[]

const OTHER = 128
/** Of longer texts, only this much must hold the literal of a format. */
const MAX_LITERAL_DISTANCE = 400

/** The formats by the character that a text begins with. */
export function createBuckets(formats: readonly TextFormat[]): Buckets {
  const tests = formats.map(format => new RegExp(`^[${format.first.replaceAll('[', '\\[')}]`))
  return Array.from({ length: OTHER + 1 }, (_, code) => {
    const first = code === OTHER ? '\u{ffff}' : String.fromCharCode(code)
    const fitting = formats.filter((_format, i) => tests[i]!.test(first))
    return fitting.length > 0 ? new Bucket(fitting) : undefined
  })
}

/** The formats that a text may have by the character it begins with. */
export function bucketOf(buckets: Buckets, text: string): Bucket | undefined {
  const code = text.charCodeAt(0)
  return buckets[code < OTHER ? code : OTHER]
}

const UNKNOWN = 0
const PRESENT = 1
const ABSENT = 2

/** The formats of one first character, and the literals that they want: each is looked for once, if at all. */
export class Bucket {
  readonly formats: readonly TextFormat[]
  readonly #literals: readonly string[]
  /** The literal of each format, -1 for none. */
  readonly #literalOf: readonly number[]
  /** What is known of each literal in the text at hand. */
  readonly #states: Uint8Array
  /** How many numbers hold a bit for each format. */
  readonly #words: number
  /** Such numbers for each place and character: which formats may have it there. Made for the first text. */
  #byCharacter: Int32Array | null = null
  /** The formats that the text at hand may have. */
  readonly #possible: Int32Array

  constructor(formats: readonly TextFormat[]) {
    this.formats = formats
    this.#literals = [...new Set(formats.map(format => format.has).filter(has => has !== undefined))]
    this.#literalOf = formats.map(({ has }) => (has === undefined ? -1 : this.#literals.indexOf(has)))
    this.#states = new Uint8Array(this.#literals.length)
    this.#words = Math.ceil(formats.length / 32)
    this.#possible = new Int32Array(this.#words)
  }

  /** The fields of a text by the first format that it has, `recent` before all others. */
  firstMatch(text: string, recent: TextFormat | null): FormattedText | null {
    const head = text.length > MAX_LITERAL_DISTANCE ? text.slice(0, MAX_LITERAL_DISTANCE) : text
    this.#findPossible(text)
    this.#states.fill(UNKNOWN)
    const index = recent === null ? -1 : this.formats.indexOf(recent)
    if (index >= 0 && this.#isPossible(index)) {
      const again = this.#match(index, head, text)
      if (again) return again
    }
    for (let i = this.#nextPossible(0); i >= 0; i = this.#nextPossible(i + 1)) {
      const found = this.#match(i, head, text)
      if (found) return found
    }
    return null
  }

  #match(index: number, head: string, text: string): FormattedText | null {
    if (!this.#hasLiteral(index, head)) return null
    const format = this.formats[index]!
    const found = format.pattern.exec(text)
    return found === null ? null : readMatch(format, found, text)
  }

  #hasLiteral(index: number, head: string): boolean {
    const literal = this.#literalOf[index]!
    if (literal < 0) return true
    const states = this.#states
    if (states[literal] === UNKNOWN) states[literal] = head.includes(this.#literals[literal]!) ? PRESENT : ABSENT
    return states[literal] === PRESENT
  }

  /** Finds the formats that a text may have by its first characters. */
  #findPossible(text: string): void {
    this.#byCharacter ??= createCharacterTable(this.formats, this.#words)
    const table = this.#byCharacter
    const words = this.#words
    const possible = this.#possible
    possible.fill(-1)
    possible[words - 1] = -1 >>> (words * 32 - this.formats.length)
    const places = Math.min(PLACES, text.length)
    for (let place = 0; place < places; place++) {
      const code = text.charCodeAt(place)
      const at = (place * CHARACTERS + (code < OTHER ? code : OTHER)) * words
      for (let word = 0; word < words; word++) possible[word]! &= table[at + word]!
    }
  }

  #isPossible(index: number): boolean {
    return ((this.#possible[index >> 5]! >> (index & 31)) & 1) === 1
  }

  /** The next possible format from one on, -1 when there is none. */
  #nextPossible(from: number): number {
    let mask = -1 << (from & 31)
    for (let word = from >> 5; word < this.#words; word++) {
      const rest = this.#possible[word]! & mask
      if (rest !== 0) return word * 32 + (31 - Math.clz32(rest & -rest))
      mask = -1
    }
    return -1
  }
}

function createCharacterTable(formats: readonly TextFormat[], words: number): Int32Array {
  const table = new Int32Array(PLACES * CHARACTERS * words)
  for (const [i, { pattern }] of formats.entries()) {
    const bit = 1 << (i & 31)
    for (const [place, characters] of knownFirstCharacters(pattern).entries())
      for (let code = 0; code < CHARACTERS; code++)
        if (characters[code] === 1) table[(place * CHARACTERS + code) * words + (i >> 5)]! |= bit
  }
  return table
}

/** A format stands in the bucket of each character that it may begin with. */
const known = new WeakMap<Pattern, FirstCharacters>()

function knownFirstCharacters(pattern: Pattern): FirstCharacters {
  let found = known.get(pattern)
  if (found === undefined) {
    found = firstCharacters(pattern)
    known.set(pattern, found)
  }
  return found
}
