// Texts without line feeds, one on each line of a long text: found and read without making all of them.

export class TextLines {
  readonly #text: string
  readonly #count: number
  #starts: Uint32Array | null = null
  #folded: string | null = null
  #isAscii: boolean | null = null

  /** `count` is the number of lines; a text without lines is empty. */
  constructor(text: string, count: number) {
    this.#text = text
    this.#count = count
  }

  at(index: number): string {
    const starts = this.#lineStarts()
    return this.#text.slice(starts[index]!, starts[index + 1]! - 1)
  }

  /** Visits the lines that may contain all these words in lower case, in order: lines with accents may contain any. */
  visit(words: readonly string[], visit: (index: number, text: string) => void): void {
    // The longest word is the rarest one.
    const word = words.reduce((a, b) => (b.length > a.length ? b : a), '')
    if (word === '' || !this.#hasOnlyAscii()) {
      for (let index = 0; index < this.#count; index++) visit(index, this.at(index))
      return
    }
    this.#folded ??= this.#text.toLowerCase()
    const folded = this.#folded
    if (!words.every(other => folded.includes(other))) return
    const starts = this.#lineStarts()
    let index = 0
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, starts[index]!)) {
      while (starts[index + 1]! <= at) index++
      visit(index, this.at(index))
      if (++index >= this.#count) return
    }
  }

  #hasOnlyAscii(): boolean {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII
    this.#isAscii ??= !/[^\u0000-\u007f]/.test(this.#text)
    return this.#isAscii
  }

  /** Where each line begins, and where one after the last would. */
  #lineStarts(): Uint32Array {
    if (this.#starts === null) {
      const starts = new Uint32Array(this.#count + 1)
      let at = 0
      for (let index = 1; index < this.#count; index++) {
        at = this.#text.indexOf('\n', at) + 1
        starts[index] = at
      }
      starts[this.#count] = this.#text.length + 1
      this.#starts = starts
    }
    return this.#starts
  }
}
