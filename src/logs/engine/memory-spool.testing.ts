// A spool and a shipper that are lists and numbers, for tests of what is asked of which of both.
import type { EmbeddedLogStore } from '../embedded/embedded-log-store.ts'
import { MAX_POSITION, parseCursor, parseId } from '../embedded/partitions/line-key.ts'
import type { LogLine } from '../line.ts'
import { matches } from '../query/matches.ts'
import type { Query } from '../query/tree.ts'
import type { MissingLines, PartitionStatus, TopField } from '../store.ts'
import { EngineSearch } from './engine-search.ts'
import { memoryEngine } from './memory-driver.testing.ts'
import { keyOf, mergePages } from './merge.ts'
import type { Shipped } from './shipped-file.ts'
import type { Shipper } from './shipper.ts'

export type MemorySpool = EmbeddedLogStore & {
  lines: LogLine[]
  missed: MissingLines[]
  listed: PartitionStatus[]
  committedTo: number
  size: number
  /** What was asked of it, with arguments. */
  asked: [name: string, ...unknown[]][]
  releasables: { position: number; until: number }
}

/** A spool with these lines. */
export function memorySpool(lines: readonly LogLine[] = []): MemorySpool {
  const spool = {
    lines: [...lines],
    after: 0,
    missed: [] as MissingLines[],
    listed: [] as PartitionStatus[],
    committedTo: Math.max(0, ...lines.map(line => keyOf(line).position)),
    size: 0,
    asked: [] as [string, ...unknown[]][],
    releasables: { position: 0, until: 0 },
    get bytes() {
      return spool.size
    },
    own(): LogLine[] {
      return spool.lines.filter(line => keyOf(line).position > this.after)
    },
    engine(query: Query) {
      return new EngineSearch(memoryEngine(this.own()), query, MAX_POSITION)
    },
    readBy() {
      return this
    },
    storedAfter(after: number) {
      return Object.create(this, { after: { value: after } })
    },
    async append() {
      spool.asked.push(['append'])
      return { accepted: 1, rejected: 0, errors: [], repeated: false, counts: [] }
    },
    async search({ query, order, cursor, limit, timeoutMs }: Parameters<EmbeddedLogStore['search']>[0]) {
      const part = await this.engine(query).page(order, cursor === null ? null : parseCursor(cursor), limit, timeoutMs)
      return mergePages([part], order, limit)
    },
    count(query: Query, timeoutMs: number) {
      return this.engine(query).count(timeoutMs)
    },
    async read(id: string) {
      return spool.lines.find(line => line.id === id) ?? null
    },
    histogram(query: Query, from: number, until: number, buckets: number, timeoutMs: number) {
      return this.engine(query).histogram({ from, until, width: Math.ceil((until - from) / buckets) }, timeoutMs)
    },
    async tally(query: Query, field: Exclude<TopField, 'pattern'>, _: number, timeoutMs: number) {
      const search = this.engine(query)
      const { tallies, searchedTo } = await search.top(field, timeoutMs)
      const newest = await search.newestOf(
        field,
        tallies.map(({ value }) => value),
      )
      return {
        tallies: tallies.map(({ value, count }, i) => ({ value, count, newest: parseId(newest[i]!.id)! })),
        searchedTo,
      }
    },
    async values(field: 'source', prefix: string) {
      return [...new Set(this.own().map(line => line[field]))].filter(value => value !== '' && value.startsWith(prefix))
    },
    async missing() {
      return [...spool.missed]
    },
    async tail() {
      return () => {}
    },
    async linesAfter(position: number, limits: { lines: number; bytes: number }) {
      spool.asked.push(['linesAfter', position, limits])
      const { committedTo } = spool
      const found = spool.lines.filter(line => keyOf(line).position > position).slice(0, limits.lines)
      return {
        lines: found,
        next: found.length < limits.lines ? committedTo : found.length === 0 ? position : keyOf(found.at(-1)!).position,
        committedTo,
      }
    },
    stored: () => ({ states: [], committedTo: spool.committedTo }),
    async purge(query: Query, upTo = MAX_POSITION) {
      spool.asked.push(['purge', this.after, upTo])
      const isGone = (line: LogLine) =>
        keyOf(line).position > this.after &&
        keyOf(line).position <= upTo &&
        (query.where === null || matches(query.where, line))
      const kept = spool.lines.filter(line => !isGone(line))
      const removed = spool.lines.length - kept.length
      spool.lines = kept
      return removed
    },
    async lineCounts() {
      return spool.listed.map(({ name, lines: own, lastPosition }) => ({
        name,
        lines: lastPosition > this.after ? own : 0,
      }))
    },
    async releasable(upTo: number) {
      spool.asked.push(['releasable', upTo])
      return spool.releasables
    },
    async release(upTo: number, now: number) {
      spool.asked.push(['release', upTo, now])
    },
    async maintain(now: number, archive: unknown) {
      spool.asked.push(['maintain', now, archive])
      return { removed: [], status: await spool.status() }
    },
    async status() {
      return { lines: 0, bytes: spool.size, partitions: spool.listed, diskBudgetBytes: null, queued: 3, queueLimit: 9 }
    },
    async seal() {
      spool.asked.push(['seal'])
    },
    async close() {
      spool.asked.push(['close'])
    },
  }
  return spool as unknown as MemorySpool
}

export type MemoryShipper = Omit<
  Shipper,
  'shipped' | 'shippedTo' | 'goneUntil' | 'hasAll' | 'isUncertain' | 'refusal' | 'facts'
> & {
  shipped: Shipped
  shippedTo: number
  goneUntil: number
  hasAll: boolean
  isUncertain: boolean
  refusal: Shipper['refusal']
  facts: Shipper['facts']
  pauses: number
  wakes: number
  gone: string[]
}

/** A shipper that came to a position. */
export function memoryShipper(shippedTo: number, released = 0): MemoryShipper {
  const shipper = {
    shipped: { engine: 'memory', shippedTo, released: { position: released, until: 0 }, starts: {}, refused: 0 },
    ...{ shippedTo, goneUntil: 0, hasAll: false, isUncertain: false, refusal: null, facts: null },
    ...{ pauses: 0, wakes: 0, gone: [] as string[] },
    wake: () => void shipper.wakes++,
    async pause() {
      shipper.pauses++
      return () => void shipper.pauses--
    },
    async remember(change: (shipped: Shipped) => Shipped) {
      shipper.shipped = change(shipper.shipped)
    },
    async onDropped(partition: string) {
      if (shipper.pauses === 0) throw new Error('lines are shipped meanwhile')
      shipper.gone.push(partition)
    },
    async close() {},
  }
  return shipper as unknown as MemoryShipper
}
