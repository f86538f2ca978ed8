// Knows which indexes are red, so that searches leave them out by name and say so, instead of failing or answering in part.
import { Problem } from '../../../problem.ts'
import { plural } from '../../../text.ts'
import type { OpenSearchClient } from './client.ts'
import { FOUND, type IndexNames } from './indexes.ts'

/** While some are red, they are looked at again this often. */
const CHECK_EVERY_MS = 5_000
/** Who asks what is missing does so soon after the answer that left it out. */
const RECENT_MS = 15_000
/** OpenSearch takes a first line of 4,096 bytes. */
const MAX_PATH_LENGTH = 3_000

export class RedIndexes {
  readonly #client: OpenSearchClient
  readonly #names: IndexNames
  #red: readonly string[] = []
  #checkedAt = 0
  readonly #seenAt = new Map<string, number>()

  constructor(client: OpenSearchClient, names: IndexNames) {
    this.#client = client
    this.#names = names
  }

  /** What searches ask: everything but what is red. Throws `busy` when that is too much to be named. */
  searched(): string {
    const text = [this.#names.all, ...this.#red.map(index => `-${this.#names.searchedAs(index)}`)].join(',')
    if (text.length <= MAX_PATH_LENGTH) return text
    throw new Problem('busy', `${plural(this.#red.length, 'index', 'indexes')} of the log engine are red.`)
  }

  /** Those that are red, as far as is known. */
  get indexes(): readonly string[] {
    return this.#red
  }

  /** The partitions that searches leave out, or left out a moment ago. */
  get partitions(): readonly string[] {
    const since = performance.now() - RECENT_MS
    const recent = [...this.#seenAt].filter(([index, at]) => at > since || this.#red.includes(index))
    return recent.flatMap(([index]) => this.#names.partitionOf(index) ?? [])
  }

  /** Looks again, when some are red and that was looked at a while ago. */
  async recheck(): Promise<void> {
    if (this.#red.length > 0 && performance.now() > this.#checkedAt + CHECK_EVERY_MS) await this.check()
  }

  /** Asks which are red now; resolves with whether others are than before. */
  async check(): Promise<boolean> {
    const path = `_cat/indices/${this.#names.all}?format=json&h=index,health&${FOUND}`
    const rows = await this.#client.get<{ index: string; health: string }[]>('GET', path)
    return this.note(rows.filter(({ health }) => health === 'red').map(({ index }) => index))
  }

  /** Takes notice of what is red now; returns whether others are than before. */
  note(red: readonly string[]): boolean {
    const before = this.#red
    this.#red = red
    this.#checkedAt = performance.now()
    for (const index of [...before, ...red]) this.#seenAt.set(index, this.#checkedAt)
    for (const [index, at] of this.#seenAt) if (at < this.#checkedAt - RECENT_MS) this.#seenAt.delete(index)
    return before.length !== red.length || red.some(index => !before.includes(index))
  }
}

/** Why a partition cannot be searched. */
export function redMessage(index: string): string {
  return `The index ${index} of the log engine is red: no copy of a part of it is there.`
}
