// Unsealed lines as a reader has them: as text, so that only lines that may match are parsed.
import type { LogLine } from '../../../line.ts'
import { soughtWords } from '../../../query/line-words.ts'
import { requiredRuns } from '../../../query/regex-literals.ts'
import type { QueryNode } from '../../../query/tree.ts'
import { parseArrival, toLogLine } from '../arrivals.ts'
import { attributeWords } from './summary-filter.ts'

/** One row of arrivals. */
export class ArrivalView {
  readonly texts: readonly string[]
  readonly timestamps: Float64Array
  readonly positions: Float64Array
  readonly #folded: string
  readonly #isAscii: boolean
  #foldedTexts: string[] | null = null

  constructor(data: Buffer) {
    const text = data.toString('utf8')
    this.texts = text.split('\n')
    this.timestamps = new Float64Array(this.texts.length)
    this.positions = new Float64Array(this.texts.length)
    for (let index = 0; index < this.texts.length; index++) {
      const own = this.texts[index]!
      const comma = own.indexOf(',')
      this.positions[index] = Number(own.slice(1, comma))
      this.timestamps[index] = Number(own.slice(comma + 1, own.indexOf(',', comma + 1)))
    }
    this.#folded = text.toLowerCase()
    this.#isAscii = data.length === text.length
  }

  /** Whether any line may contain all these words in lower case. */
  mayContain(words: readonly string[]): boolean {
    return !this.#isAscii || words.every(word => this.#folded.includes(word))
  }

  /** Whether a line may contain all these words in lower case. */
  mayLineContain(index: number, words: readonly string[]): boolean {
    if (!this.#isAscii || words.length === 0) return true
    this.#foldedTexts ??= this.#folded.split('\n')
    const text = this.#foldedTexts[index]!
    return words.every(word => text.includes(word))
  }

  line(index: number): LogLine {
    return toLogLine(parseArrival(this.texts[index]!))
  }
}

/** Words in lower case that the JSON of every line that matches contains, unless it has letters beyond ASCII. */
export function requiredWords(node: QueryNode): string[] {
  switch (node.kind) {
    case 'and':
      return node.parts.flatMap(requiredWords)
    case 'word':
      return soughtWords(node.text, node.prefix).sequence
    case 'phrase':
      return soughtWords(node.words.join(' '), node.prefix ?? false).sequence
    case 'attribute':
      return node.comparison === '=' ? attributeWords(node.value) : []
    case 'field':
      return attributeWords(node.value.replace(/\/\*$/, ''))
    case 'regex':
      return requiredRuns(node.source)
    case 'or':
    case 'not':
    case 'level':
      return []
  }
}
