// Which characters may stand at the first places of a text that an expression matches: most formats are ruled out by them,
// without running their expressions. Syntax that this file does not know counts as any text, so that no format is missed.
import type { Pattern } from './format.ts'

/** How many places are looked at. */
export const PLACES = 12
/** The characters of ASCII, and one for all others. */
export const CHARACTERS = 129
const OTHER = 128

/** Which characters may stand at each place, 1 for each that may. */
export type FirstCharacters = readonly Uint8Array[]

/** The characters at the first places of the texts that a pattern matches; of more texts where it is not understood whole. */
export function firstCharacters(pattern: Pattern): FirstCharacters {
  if (!(pattern instanceof RegExp) || !pattern.source.startsWith('^')) return Array(PLACES).fill(ANY)
  const parser = new ExpressionParser(pattern)
  const automaton = new Automaton()
  automaton.add(parser.parse(), START, END)
  return automaton.charactersByPlace()
}

type Characters = Uint8Array
/** A part of an expression: a character, one part after another, one of several, one that repeats, or any text at all. */
type Node =
  | { kind: 'one'; of: Characters }
  | { kind: 'sequence'; parts: readonly Node[] }
  | { kind: 'choice'; parts: readonly Node[] }
  | { kind: 'repeat'; part: Node; least: number; most: number }
  | { kind: 'anything' }

const NOTHING: Node = { kind: 'sequence', parts: [] }
const ANY: Characters = new Uint8Array(CHARACTERS).fill(1)

function charactersOf(fits: (code: number) => boolean, withOther: boolean): Characters {
  return Uint8Array.from({ length: CHARACTERS }, (_, code) => Number(code === OTHER ? withOther : fits(code)))
}

const isDigit = (code: number) => code >= 48 && code <= 57
const isWord = (code: number) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
const isSpace = (code: number) => code === 32 || (code >= 9 && code <= 13)

const CLASSES: { readonly [letter: string]: Characters } = {
  d: charactersOf(isDigit, false),
  D: charactersOf(code => !isDigit(code), true),
  // With the flags i and u, two letters beyond ASCII are of it.
  w: charactersOf(isWord, true),
  W: charactersOf(code => !isWord(code), true),
  s: charactersOf(isSpace, true),
  S: charactersOf(code => !isSpace(code), true),
}
const CONTROLS: { readonly [letter: string]: number } = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 }

/** Reads the source of an expression. */
class ExpressionParser {
  private readonly source: string
  private readonly ignoresCase: boolean
  private at = 0

  constructor({ source, flags }: RegExp) {
    this.source = source
    this.ignoresCase = flags.includes('i')
  }

  parse(): Node {
    const node = this.choice()
    return this.at === this.source.length ? node : { kind: 'anything' }
  }

  private choice(): Node {
    const parts = [this.sequence()]
    while (this.take('|')) parts.push(this.sequence())
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts }
  }

  private sequence(): Node {
    const parts: Node[] = []
    while (this.at < this.source.length && this.source[this.at] !== '|' && this.source[this.at] !== ')')
      parts.push(this.repeated(this.part()))
    return { kind: 'sequence', parts }
  }

  private repeated(part: Node): Node {
    const found = this.match(/(?:[*+?]|\{(\d+)(,(\d*))?\})\??/y)
    if (found === null) return part
    const [text, least, several, most] = found
    if (text[0] === '*') return { kind: 'repeat', part, least: 0, most: Number.POSITIVE_INFINITY }
    if (text[0] === '+') return { kind: 'repeat', part, least: 1, most: Number.POSITIVE_INFINITY }
    if (text[0] === '?') return { kind: 'repeat', part, least: 0, most: 1 }
    const fewest = Number(least)
    return { kind: 'repeat', part, least: fewest, most: several ? Number(most || Number.POSITIVE_INFINITY) : fewest }
  }

  private part(): Node {
    const sign = this.source[this.at++]!
    switch (sign) {
      case '^':
      case '$':
        return NOTHING
      case '.':
        return { kind: 'one', of: ANY }
      case '(':
        return this.group()
      case '[':
        return { kind: 'one', of: this.list() }
      case '\\':
        return this.escape()
      default:
        return { kind: 'one', of: this.character(sign.charCodeAt(0)) }
    }
  }

  private group(): Node {
    const opening = this.match(/\?(?::|<[A-Za-z]\w*>|=|!|<=|<!)/y)?.[0]
    const isUnknown = opening === undefined && this.source[this.at] === '?'
    if (isUnknown) this.at++
    const node = this.choice()
    if (!this.take(')') || isUnknown) return { kind: 'anything' }
    // What is looked at ahead or behind takes no place.
    return opening !== undefined && /^\?<?[=!]$/.test(opening) ? NOTHING : node
  }

  private list(): Characters {
    const isNegative = this.take('^')
    const found = new Uint8Array(CHARACTERS)
    while (this.at < this.source.length && !this.take(']')) {
      const first = this.listed()
      const isRange = this.source[this.at] === '-' && this.source[this.at + 1] !== ']'
      if (isRange) this.at++
      addAll(found, this.range(first, isRange ? this.listed() : first))
    }
    return isNegative ? found.map((fits, code) => (code === OTHER ? 1 : 1 - fits)) : found
  }

  /** The characters from one to another, or those of a class. */
  private range(first: number | Characters, last: number | Characters): Characters {
    if (typeof first !== 'number') return first === last ? first : ANY
    if (typeof last !== 'number') return ANY
    const found = new Uint8Array(CHARACTERS)
    for (let code = first; code <= Math.min(last, OTHER); code++) addAll(found, this.character(code))
    if (last >= OTHER) addAll(found, this.character(last))
    return found
  }

  /** A character of a list by its code, or a class of them. */
  private listed(): number | Characters {
    const sign = this.source[this.at++]!
    if (sign !== '\\') return sign.charCodeAt(0)
    const letter = this.source[this.at]!
    if (letter === 'b') {
      this.at++
      return 8
    }
    const node = this.escape()
    if (node.kind !== 'one') return ANY
    return CLASSES[letter] ?? (node.of[OTHER] === 1 ? OTHER : node.of.indexOf(1))
  }

  private escape(): Node {
    const letter = this.source[this.at++]!
    if (Object.hasOwn(CLASSES, letter)) return { kind: 'one', of: CLASSES[letter]! }
    if (letter === 'b' || letter === 'B') return NOTHING
    if (Object.hasOwn(CONTROLS, letter)) return { kind: 'one', of: this.character(CONTROLS[letter]!) }
    if (letter === 'x' || letter === 'u') {
      const hex = this.match(letter === 'x' ? /([\da-fA-F]{2})/y : /([\da-fA-F]{4})|\{([\da-fA-F]+)\}/y)
      return hex === null
        ? { kind: 'anything' }
        : { kind: 'one', of: this.character(Number.parseInt(hex[1] ?? hex[2]!, 16)) }
    }
    if (/[a-zA-Z\d]/.test(letter)) {
      // A property of Unicode, or what a group found.
      this.match(/\{[^}]*\}|<\w+>/y)
      return letter === 'p' || letter === 'P' ? { kind: 'one', of: ANY } : { kind: 'anything' }
    }
    return { kind: 'one', of: this.character(letter.charCodeAt(0)) }
  }

  private character(code: number): Characters {
    const found = new Uint8Array(CHARACTERS)
    if (code >= OTHER) found[OTHER] = 1
    else found[code] = 1
    const isLetter = (code | 32) >= 97 && (code | 32) <= 122
    if (this.ignoresCase && isLetter && code < OTHER) {
      found[code ^ 32] = 1
      found[OTHER] = 1
    }
    // Beyond ASCII, case is not known.
    return this.ignoresCase && code >= OTHER ? ANY : found
  }

  private take(sign: string): boolean {
    if (this.source[this.at] !== sign) return false
    this.at++
    return true
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.source)
    if (found) this.at = pattern.lastIndex
    return found
  }
}

function addAll(to: Characters, from: Characters): void {
  for (let code = 0; code < CHARACTERS; code++) to[code]! |= from[code]!
}

const START = 0
const END = 1

/** The states between the characters of an expression; at its end, any text may follow. */
class Automaton {
  private readonly steps: { of: Characters; to: number }[][] = [[], [{ of: ANY, to: END }]]
  private readonly silent: number[][] = [[], []]

  /** Adds a part between two states. */
  add(node: Node, from: number, to: number): void {
    switch (node.kind) {
      case 'one':
        this.steps[from]!.push({ of: node.of, to })
        return
      case 'anything':
        this.silent[from]!.push(END)
        return
      case 'choice':
        for (const part of node.parts) this.add(part, from, to)
        return
      case 'sequence':
        this.addSequence(node.parts, from, to)
        return
      case 'repeat':
        this.addRepeated(node.part, node.least, node.most, from, to)
    }
  }

  private addSequence(parts: readonly Node[], from: number, to: number): void {
    let state = from
    for (const part of parts) {
      const next = this.newState()
      this.add(part, state, next)
      state = next
    }
    this.silent[state]!.push(to)
  }

  /** Beyond the places that are looked at, how often a part repeats makes no difference. */
  private addRepeated(part: Node, least: number, most: number, from: number, to: number): void {
    let state = from
    for (let i = 0; i < Math.min(most, PLACES + 1); i++) {
      if (i >= least) this.silent[state]!.push(to)
      const next = this.newState()
      this.add(part, state, next)
      state = next
    }
    this.silent[state]!.push(to)
    if (most > PLACES) this.silent[state]!.push(END)
  }

  private newState(): number {
    this.silent.push([])
    return this.steps.push([]) - 1
  }

  charactersByPlace(): FirstCharacters {
    let states = this.reach([START])
    return Array.from({ length: PLACES }, () => {
      const found = new Uint8Array(CHARACTERS)
      const next: number[] = []
      for (const state of states)
        for (const { of, to } of this.steps[state]!) {
          addAll(found, of)
          next.push(to)
        }
      states = this.reach(next)
      return found
    })
  }

  /** The states, and those that are reached from them without a character. */
  private reach(states: readonly number[]): Set<number> {
    const reached = new Set(states)
    for (const state of reached) for (const next of this.silent[state]!) reached.add(next)
    return reached
  }
}
