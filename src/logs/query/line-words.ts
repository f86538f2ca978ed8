// The words of a line that an index holds, and those that a query looks for: one function makes both, so that they agree.
import type { Json, NewLine } from '../line.ts'
import { words } from './words.ts'

/**
 * How the words of lines were made when an index was written. 1: the words of message and stack, split at signs only.
 * 2: writing without spaces between its words is split into pairs of characters, and values of attributes have words too.
 */
export type WordVersion = 1 | 2
export const WORD_VERSION: WordVersion = 2

/** Writing that puts no spaces between words, or several words and endings into one: letters and their marks. */
const RUN =
  /[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}\p{scx=Yiii}\p{scx=Tale}\p{scx=Talu}\p{scx=Lana}\p{scx=Tavt}\p{scx=Java}\p{scx=Bali}\p{scx=Ahom}\p{scx=Cakm}]&&[\p{L}\p{M}]]+/gv
/** Every text with a run has one of these; most texts have none. */
const MAY_HAVE_RUN = /[\u0e00-\u109f\u1100-\u11ff\u1780-\u1cff\u2e80-\udfff\uf900-\ufaff\uff66-\uffdf]/

/** Stands between the values of attributes, so that no phrase goes from one into the next; no text has it. */
const SEPARATOR = '\uf8fe'
/** What identifies a trace or span alone. An index has these as fields. */
const PLAIN_ID = /^(?=.*[0-9])[0-9a-z]{8,40}$/

/** The text whose words (as SQLite's unicode61 splits it) are the words of `text`; most texts are that already. */
export function indexText(text: string, version: WordVersion = WORD_VERSION): string {
  return version === 1 || !MAY_HAVE_RUN.test(text) ? text : text.replace(RUN, pairsOf)
}

/** The same of everything in attributes that a bare word finds: texts and whole numbers, nested ones too. */
export function attributesText(line: Pick<NewLine, 'attributes' | 'traceId' | 'spanId'>): string {
  let text = ''
  for (const name in line.attributes) text = addValue(text, line.attributes[name]!)
  if (line.traceId !== '' && !isPlainId(line.traceId)) text = addText(text, line.traceId)
  if (line.spanId !== '' && !isPlainId(line.spanId)) text = addText(text, line.spanId)
  return text
}

function addValue(text: string, value: Json): string {
  if (typeof value === 'string') return value === '' ? text : addText(text, value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? addText(text, String(value)) : text
  if (typeof value !== 'object' || value === null) return text
  let added = text
  for (const item of Array.isArray(value) ? value : Object.values(value)) added = addValue(added, item)
  return added
}

function addText(text: string, value: string): string {
  return text === '' ? indexText(value) : `${text} ${SEPARATOR} ${indexText(value)}`
}

/** Words in a row to look for; with `prefix` the last one is the beginning of a word. */
export type SoughtWords = { sequence: string[]; prefix: boolean }

/** The words to look for in an index or a line. A run at the end of the text is found as a part of a longer one. */
export function soughtWords(text: string, prefix: boolean, version: WordVersion = WORD_VERSION): SoughtWords {
  if (version === 1 || !MAY_HAVE_RUN.test(text)) return { sequence: words(text), prefix }
  const last = [...text.matchAll(RUN)].at(-1)
  const end = last ? last.index + last[0].length : 0
  if (!last || words(text.slice(end)).length > 0) return { sequence: words(indexText(text)), prefix }
  const units = unitsOf(last[0])
  const before = words(indexText(text.slice(0, last.index)))
  const isPart = units.length === 1
  return { sequence: [...before, ...words(isPart ? units[0]! : pairs(units).join(' '))], prefix: isPart }
}

/** The words of a text as people read them: runs stay whole, with their marks. */
export function readableWords(text: string): string[] {
  if (!MAY_HAVE_RUN.test(text)) return words(text)
  const found: string[] = []
  let at = 0
  for (const { 0: run, index } of text.matchAll(RUN)) {
    found.push(...words(text.slice(at, index)), run.normalize('NFKC'))
    at = index + run.length
  }
  return [...found, ...words(text.slice(at))]
}

/** The parts of a text that are runs, which a highlight finds within longer ones. */
export function runsOf(text: string): string[] {
  return MAY_HAVE_RUN.test(text) ? (text.match(RUN) ?? []) : []
}

/** Whether a word is the id of a trace or span as an index has it among the fields. */
export function isPlainId(word: string): boolean {
  return PLAIN_ID.test(word.toLowerCase())
}

/** Every pair of neighbours and the last character: a part of the run is a phrase of pairs, one character a beginning. */
function pairsOf(run: string): string {
  const units = unitsOf(run)
  return ` ${pairs(units).join(' ')} ${units.at(-1)} `
}

function pairs(units: readonly string[]): string[] {
  return units.slice(1).map((unit, i) => units[i]! + unit)
}

function unitsOf(run: string): string[] {
  return Array.from(run.normalize('NFKC'), unit => (/\p{M}/u.test(unit) ? asLetter(unit.codePointAt(0)!) : unit))
}

/** A mark would split words like any sign, but vowels of these scripts are marks: each is a letter of private use instead. */
function asLetter(mark: number): string {
  if (mark < 0x2000) return String.fromCharCode(mark + 0xd200)
  if (mark < 0xa000) return String.fromCharCode(mark + 0xc500)
  return String.fromCharCode(mark < 0x10000 ? mark - 0xa800 + 0xf000 : 0xf600 + (mark & 0xff))
}
