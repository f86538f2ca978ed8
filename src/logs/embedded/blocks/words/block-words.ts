// The words of a block as numbers, for the index that says which blocks may have a word.

import type { Json } from '../../../line.ts'
import { attributesText, indexText } from '../../../query/line-words.ts'
import { foldCase } from '../../../query/wildcard.ts'
import { words } from '../../../query/words.ts'

/** How many bits of a word's hash the index keeps: of blocks with 40,000 words one in 1,700 is read in vain. */
export const HASH_BITS = 26
const HASH_MASK = 2 ** HASH_BITS - 1

/** Where a word is: in message or stack, or in the attributes and ids. */
export type WordPlace = 'text' | 'attributes'
/** Whether a block may have a word of the search in a place. */
export type WordFilter = (place: WordPlace, word: string) => boolean
const SEEDS = { text: 0x811c9dc5, attributes: 0x2c1b3c6d }

/** The number of a word of the search (see `words`) in a place (FNV-1a, folded). */
export function hashWord(place: WordPlace, word: string): number {
  let hash = SEEDS[place]
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
  hash ^= hash >>> 15
  return (Math.imul(hash, 0x2c1b3c6d) >>> 6) & HASH_MASK
}

/** A set of the numbers of words, emptied for each block. */
export class WordHashes {
  #table = new Uint32Array(2 ** 17)
  #count = 0

  add(place: WordPlace, word: string): void {
    // Zero means an empty place of the table.
    const key = hashWord(place, word) + 1
    const mask = this.#table.length - 1
    let at = Math.imul(key, 0x9e3779b1) & mask
    for (let found = this.#table[at]!; found !== 0; found = this.#table[at]!) {
      if (found === key) return
      at = (at + 1) & mask
    }
    this.#table[at] = key
    if (++this.#count * 2 > this.#table.length) this.#grow()
  }

  addText(place: WordPlace, text: string): void {
    for (const word of words(indexText(text))) this.add(place, word)
  }

  /** An id of a trace or span: its words, and as a whole. */
  addId(id: string): void {
    this.add('attributes', foldCase(id))
    if (!/^[0-9a-z]*$/.test(id)) this.addText('attributes', id)
  }

  /** The value of an attribute as JSON: every word that a search by word or by value may look for, and some more. */
  addJson(text: string): void {
    if (/^\d+$/.test(text)) {
      this.add('attributes', text)
      return
    }
    this.addText('attributes', text)
    if (/[\\\u0080-\uffff]/.test(text)) {
      const value = JSON.parse(text) as Json
      this.addText('attributes', attributesText({ attributes: { value }, traceId: '', spanId: '' }))
      if (typeof value === 'string') this.addText('attributes', foldCase(value))
    }
  }

  /** The numbers in ascending order; the set is empty afterwards. */
  take(): Uint32Array {
    const table = this.#table
    const found = new Uint32Array(this.#count)
    let next = 0
    // By index: an iterator over so many places makes a megabyte of garbage for each block.
    for (let at = 0; at < table.length; at++) if (table[at] !== 0) found[next++] = table[at]! - 1
    table.fill(0)
    this.#count = 0
    return found.sort()
  }

  #grow(): void {
    const old = this.#table
    this.#table = new Uint32Array(2 * old.length)
    const mask = this.#table.length - 1
    for (let place = 0; place < old.length; place++) {
      const key = old[place]!
      if (key === 0) continue
      let at = Math.imul(key, 0x9e3779b1) & mask
      while (this.#table[at] !== 0) at = (at + 1) & mask
      this.#table[at] = key
    }
  }
}
