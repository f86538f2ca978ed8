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
/** A cluster that does not even list its indexes within this time has no more to say of them. */
const LIST_TIMEOUT_MS = 3_000
/** More are not made at once. */
const MAX_STARTING = 50

export class RedIndexes {
  readonly #client: OpenSearchClient
  readonly #names: IndexNames
  readonly #timeoutMs: number
  #red: readonly string[] = []
  #checkedAt = 0
  readonly #seenAt = new Map<string, number>()

  /** `timeoutMs` is how long the cluster may take for a list of its indexes. */
  constructor(client: OpenSearchClient, names: IndexNames, timeoutMs = LIST_TIMEOUT_MS) {
    this.#client = client
    this.#names = names
    this.#timeoutMs = timeoutMs
  }

  /**
   * What searches ask: everything but what is red, and but some others. Throws `busy` when that is too much to be named.
   */
  searched(others: readonly string[] = []): string {
    const without = [...this.#red, ...others]
    const text = [this.#names.all, ...without.map(index => `-${this.#names.searchedAs(index)}`)].join(',')
    if (text.length <= MAX_PATH_LENGTH) return text
    throw new Problem('busy', `${plural(without.length, 'index', 'indexes')} of the log engine are red.`)
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

  /** Asks which are red now. */
  async check(): Promise<Checked> {
    const path = `_cat/indices/${this.#names.all}?format=json&h=index,health&${FOUND}`
    type Row = { index: string; health: string }
    return this.note(await this.#client.get<Row[]>('GET', path, undefined, this.#timeoutMs))
  }

  /** Takes notice of the health of all indexes. */
  async note(rows: readonly { index: string; health: string }[]): Promise<Checked> {
    const all = rows.filter(({ health }) => health === 'red').map(({ index }) => index)
    const starting = await this.#starting(all)
    const red = all.filter(index => !starting.includes(index))
    const before = this.#red
    this.#red = red
    this.#checkedAt = performance.now()
    for (const index of [...before, ...red]) this.#seenAt.set(index, this.#checkedAt)
    for (const [index, at] of this.#seenAt) if (at < this.#checkedAt - RECENT_MS) this.#seenAt.delete(index)
    const isChanged = before.length !== red.length || red.some(index => !before.includes(index))
    return { isChanged, starting }
  }

  /** Those of some red indexes that were made a moment ago: no copy of them has ever started, so they have no line. */
  async #starting(red: readonly string[]): Promise<string[]> {
    if (red.length === 0 || red.length > MAX_STARTING) return []
    type Shard = { index: string; prirep: string; state: string; 'unassigned.reason': string | null }
    const path = `_cat/shards/${red.join(',')}?format=json&h=index,prirep,state,unassigned.reason`
    const { status, body } = await this.#client.send('GET', path, undefined, this.#timeoutMs)
    if (status !== 200) return []
    const missing = (body as Shard[]).filter(({ prirep, state }) => prirep === 'p' && state !== 'STARTED')
    const isNew = (own: string) => missing.every(s => s.index !== own || s['unassigned.reason'] === 'INDEX_CREATED')
    return red.filter(isNew)
  }
}

/** Whether others are red than before; and which indexes have no line yet, as a question that fails asks them in vain. */
export type Checked = { isChanged: boolean; starting: readonly string[] }

/** Why a partition cannot be searched. */
export function redMessage(index: string): string {
  return `The index ${index} of the log engine is red: no copy of a part of it is there.`
}
