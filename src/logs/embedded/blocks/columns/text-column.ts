// A column of texts in a block: each text is a template and its variables, the words with a digit in them, which lie apart
// by template and place. Alike values lie together so, and a word is looked for in a few templates or in one text.
import { ByteReader, ByteWriter, packNumbers, unpackNumbers } from './byte-io.ts'

/** Stands for a variable in a template; a text that has it is stored as it is. */
const VARIABLE = '\u0001'

const OTHER = 0
const SIGN = 1
const LETTER = 2
const DIGIT = 3
const CLASSES = characterClasses()
const SPACE = 0x20

/**
 * The parts of an encoded column: `variables` is only read when a template alone does not answer. `parts` are the texts that
 * make up all of them, each word whole.
 */
export type EncodedTexts = {
  templates: Buffer
  variables: Buffer
  parts: { templates: readonly string[]; raw: readonly string[]; variables: readonly string[] }
}

/** Encodes texts in the order of their rows, at most 65,535 of them. */
export function encodeTexts(texts: readonly string[]): EncodedTexts {
  const templates = new Map<string, number>()
  const variablesOf: string[][] = []
  const rows = new Uint16Array(texts.length)
  const raw: string[] = []
  const found: string[] = []
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]!
    found.length = 0
    const template = splitText(text, found)
    if (template === null) {
      raw.push(text)
      continue
    }
    let id = templates.get(template)
    if (id === undefined) {
      id = templates.size + 1
      templates.set(template, id)
      variablesOf[id] = []
    }
    rows[row] = id
    const variables = variablesOf[id]!
    for (const variable of found) variables.push(variable)
  }
  const counts = rowCounts(rows, templates.size)
  const ordered: string[] = []
  const lengths: number[] = []
  for (let id = 1; id <= templates.size; id++) lengths.push(addByPlace(variablesOf[id]!, counts[id]!, ordered))
  const writer = new ByteWriter()
  const names = [...templates.keys()]
  writer.json(names)
  writer.json(raw)
  writer.part(packNumbers(rows, templates.size))
  for (const length of lengths) writer.number(length)
  const variables = ordered.length === 0 ? '' : `\n${ordered.join('\n')}\n`
  const parts = { templates: names, raw, variables: ordered }
  return { templates: writer.finish(), variables: Buffer.from(variables, 'latin1'), parts }
}

/** Adds the variables of one template to `ordered`, place by place; returns their length with a separator each. */
function addByPlace(variables: readonly string[], rowCount: number, ordered: string[]): number {
  const places = rowCount === 0 ? 0 : variables.length / rowCount
  let length = 0
  for (let place = 0; place < places; place++) {
    for (let at = place; at < variables.length; at += places) {
      const variable = variables[at]!
      ordered.push(variable)
      length += variable.length + 1
    }
  }
  return length
}

/** The template of a text, whose variables are added to `variables`; null for a text that is not plain ASCII. */
function splitText(text: string, variables: string[]): string | null {
  let template = ''
  let copied = 0
  let start = 0
  let hasDigit = false
  const { length } = text
  for (let at = 0; at <= length; at++) {
    const code = at < length ? text.charCodeAt(at) : SPACE
    const kind = code < 128 ? CLASSES[code]! : OTHER
    if (kind >= LETTER) {
      if (kind === DIGIT) hasDigit = true
      continue
    }
    if (kind === OTHER) return null
    if (hasDigit) {
      template += text.slice(copied, start) + VARIABLE
      variables.push(text.slice(start, at))
      copied = at
      hasDigit = false
    }
    start = at + 1
  }
  return copied === 0 ? text : template + text.slice(copied)
}

function characterClasses(): Uint8Array {
  const classes = new Uint8Array(128)
  classes.fill(SIGN, 0x20, 0x7f)
  for (const sign of '\t\n\r') classes[sign.charCodeAt(0)] = SIGN
  classes.fill(DIGIT, 0x30, 0x3a)
  classes.fill(LETTER, 0x41, 0x5b)
  classes.fill(LETTER, 0x61, 0x7b)
  return classes
}

function rowCounts(rows: Uint8Array | Uint16Array, templates: number): Uint32Array {
  const counts = new Uint32Array(templates + 1)
  for (let row = 0; row < rows.length; row++) counts[rows[row]!]!++
  return counts
}

/** A decoded column. `readVariables` is called when a variable is needed. */
export class TextColumn {
  /** The templates, by id - 1. */
  readonly templates: readonly string[]
  /** The texts without a template, in the order of their rows. */
  readonly raw: readonly string[]
  /** The id of each row's template; 0 when it has none. */
  readonly ids: Uint8Array | Uint16Array
  readonly #counts: Uint32Array
  readonly #readVariables: () => Buffer
  /** Where the variables of each template begin, by id. */
  readonly #starts: number[] = [0, 1]
  #variables: string | null = null
  #folded: string | null = null
  /** The place of each row among the rows of its template. */
  #ranks: Uint16Array | null = null
  #rowsOf: Uint16Array[] | null = null
  #offsets = new Map<number, Uint32Array>()
  #pieces = new Map<number, string[]>()

  constructor(templates: Buffer, rowCount: number, readVariables: () => Buffer) {
    const reader = new ByteReader(templates)
    this.templates = reader.json()
    this.raw = reader.json()
    this.ids = unpackNumbers(reader.part(), rowCount)
    this.#counts = rowCounts(this.ids, this.templates.length)
    this.#readVariables = readVariables
    for (let id = 1; id <= this.templates.length; id++) this.#starts.push(this.#starts[id]! + reader.number())
  }

  /** The text of a row. */
  textAt(row: number): string {
    const id = this.ids[row]!
    if (id === 0) return this.raw[this.#rankOf(row)]!
    const pieces = this.#piecesOf(id)
    if (pieces.length === 1) return pieces[0]!
    let text = pieces[0]!
    const rank = this.#rankOf(row)
    for (let place = 0; place < pieces.length - 1; place++) text += this.#variable(id, place, rank) + pieces[place + 1]!
    return text
  }

  /** The rows of a template, ascending; of those without one for 0. */
  rowsOf(id: number): Uint16Array {
    return this.#rows()[id]!
  }

  /** How many variables a template has. */
  placesOf(id: number): number {
    return this.#piecesOf(id).length - 1
  }

  /** The variable at a place of the row that is `rank`-th among the rows of its template. */
  #variable(id: number, place: number, rank: number): string {
    const offsets = this.#offsetsOf(id)
    const at = place * this.#counts[id]! + rank
    return this.variables.slice(offsets[at]!, offsets[at + 1]! - 1)
  }

  /** The variable of a row in lower case. */
  foldedVariable(id: number, place: number, rank: number): string {
    const offsets = this.#offsetsOf(id)
    const at = place * this.#counts[id]! + rank
    return this.folded.slice(offsets[at]!, offsets[at + 1]! - 1)
  }

  /** All variables: each between two line feeds. */
  get variables(): string {
    this.#variables ??= this.#readVariables().toString('latin1')
    return this.#variables
  }

  /** The same in lower case. */
  get folded(): string {
    this.#folded ??= this.variables.toLowerCase()
    return this.#folded
  }

  /**
   * Calls `visit` with each row that has a variable equal to `word` (lower case), or with `isPart` one that contains it; a
   * row may be visited more than once.
   */
  visitVariables(word: string, isPart: boolean, visit: (row: number) => void): void {
    const text = this.folded
    const sought = isPart ? word : `\n${word}\n`
    let id = 1
    for (let at = text.indexOf(sought); at >= 0; ) {
      const start = isPart ? at : at + 1
      while (this.#starts[id + 1]! <= start) id++
      const offsets = this.#offsetsOf(id)
      const index = lastAtMost(offsets, start)
      const rank = index % this.#counts[id]!
      visit(this.#rows()[id]![rank]!)
      // The next variable begins at the line feed that ends this one.
      at = text.indexOf(sought, offsets[index + 1]! - 1)
    }
  }

  #offsetsOf(id: number): Uint32Array {
    let offsets = this.#offsets.get(id)
    if (offsets === undefined) {
      const text = this.variables
      const count = this.#counts[id]! * this.placesOf(id)
      offsets = new Uint32Array(count + 1)
      let at = this.#starts[id]!
      for (let index = 0; index < count; index++) {
        offsets[index] = at
        at = text.indexOf('\n', at) + 1
      }
      offsets[count] = at
      this.#offsets.set(id, offsets)
    }
    return offsets
  }

  #piecesOf(id: number): string[] {
    let pieces = this.#pieces.get(id)
    if (pieces === undefined) {
      pieces = this.templates[id - 1]!.split(VARIABLE)
      this.#pieces.set(id, pieces)
    }
    return pieces
  }

  /** The template of an id, cut at its variables. */
  piecesOf(id: number): readonly string[] {
    return this.#piecesOf(id)
  }

  #rankOf(row: number): number {
    if (this.#ranks === null) {
      const next = new Uint16Array(this.templates.length + 1)
      this.#ranks = new Uint16Array(this.ids.length)
      for (let row = 0; row < this.ids.length; row++) this.#ranks[row] = next[this.ids[row]!]!++
    }
    return this.#ranks[row]!
  }

  #rows(): Uint16Array[] {
    if (this.#rowsOf === null) {
      const rowsOf = Array.from(this.#counts, count => new Uint16Array(count))
      const next = new Uint16Array(this.#counts.length)
      for (let row = 0; row < this.ids.length; row++) {
        const id = this.ids[row]!
        rowsOf[id]![next[id]!++] = row
      }
      this.#rowsOf = rowsOf
    }
    return this.#rowsOf
  }
}

/** The index of the last number that is at most `value`; `numbers` ascend. */
function lastAtMost(numbers: Uint32Array, value: number): number {
  let low = 0
  let high = numbers.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (numbers[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}
