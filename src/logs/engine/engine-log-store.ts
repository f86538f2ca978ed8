// The log store of a team with an engine: lines are stored here first, as ever, then shipped; every question is answered by
// the engine for what it has and by the spool for the rest.
import { invalid } from '../../problem.ts'
import type { EmbeddedLogStore } from '../embedded/embedded-log-store.ts'
import { lineId, parseCursor, parseId } from '../embedded/partitions/line-key.ts'
import { sizeOf } from '../embedded/query/lines-after.ts'
import type { LogLine } from '../line.ts'
import type { Query, QueryNode } from '../query/tree.ts'
import type * as port from '../store.ts'
import type { EngineDriver } from './driver.ts'
import type { EngineHealth } from './engine-health.ts'
import type { EngineMaintenance } from './engine-maintenance.ts'
import { EngineSearch, MAX_TOP_VALUES, patternCounter, type Tally } from './engine-search.ts'
import { mergeBuckets, mergeCounts, mergePages, nearest, partOf } from './merge.ts'
import type { Shipper } from './shipper.ts'

const CONTEXT_TIMEOUT_MS = 5_000
const CONTEXT_PAGE = 200
/** Patterns are those of so many of the newest lines. */
const MAX_PATTERN_LINES = 100_000
const PATTERN_PAGE = 1_000
/** Who asks what is missing does so soon after the answer from which it may be missing. */
const RECENT_FAILURE_MS = 15_000

export type EngineParts = {
  spool: EmbeddedLogStore
  driver: EngineDriver
  shipper: Shipper
  health: EngineHealth
  maintenance: EngineMaintenance
}

/** The most frequent values on one side, and how to read the newest line of some. */
type Counted = {
  tallies: readonly { value: string; count: number }[]
  searchedTo: number | null
  newest(values: readonly string[]): Promise<readonly (LogLine | null)[]>
}

export class EngineLogStore implements port.LogStore {
  // Not #private: the views of `readBy` inherit them.
  private readonly parts: EngineParts
  private readonly spool: EmbeddedLogStore

  constructor(parts: EngineParts) {
    this.parts = parts
    this.spool = parts.spool
  }

  readBy(actor: string): EngineLogStore {
    return Object.create(this, { spool: { value: this.parts.spool.readBy(actor) } }) as EngineLogStore
  }

  async append(batch: port.Batch): Promise<port.AppendResult> {
    const full = this.parts.maintenance.fullSpool()
    if (full) throw full
    const result = await this.spool.append(batch)
    this.parts.shipper.wake()
    return result
  }

  async search(request: port.PageRequest): Promise<port.Page> {
    const { query, order, limit, timeoutMs } = request
    const cursor = request.cursor === null ? null : parseCursor(request.cursor)
    return this.both(
      query,
      async spool => partOf(await spool.search(request)),
      engine => engine.page(order, cursor, limit, timeoutMs),
      parts => mergePages(parts, order, limit),
    )
  }

  async count(query: Query, timeoutMs: number): Promise<port.Count> {
    return this.both(
      query,
      spool => spool.count(query, timeoutMs),
      engine => engine.count(timeoutMs),
      mergeCounts,
    )
  }

  async read(id: string): Promise<LogLine | null> {
    const own = await this.spool.read(id)
    const key = parseId(id)
    if (own || !key || key.position > this.parts.shipper.shippedTo) return own
    return this.parts.health.ask(() => this.parts.driver.read(id))
  }

  async context(id: string, before: number, after: number): Promise<readonly LogLine[]> {
    const line = await this.read(id)
    if (!line) return []
    const [earlier, later] = await Promise.all([
      this.beside(line, 'newest', before),
      this.beside(line, 'oldest', after),
    ])
    return [...earlier.toReversed(), line, ...later]
  }

  async histogram(
    query: Query,
    from: number,
    until: number,
    buckets: number,
    timeoutMs: number,
  ): Promise<readonly port.Bucket[]> {
    const width = Math.max(1, Math.ceil((until - from) / Math.max(1, buckets)))
    return this.both<readonly port.Bucket[], readonly port.Bucket[]>(
      query,
      spool => spool.histogram(query, from, until, buckets, timeoutMs),
      engine => engine.histogram({ from, until, width }, timeoutMs),
      mergeBuckets,
    )
  }

  async top(
    query: Query,
    field: port.TopField,
    limit: number,
    timeoutMs: number,
  ): Promise<{ rows: readonly port.TopRow[]; searchedTo: number | null }> {
    if (field === 'pattern') return this.topPatterns(query, limit, timeoutMs)
    return this.both<Counted, { rows: port.TopRow[]; searchedTo: number | null }>(
      query,
      async spool => {
        const { tallies, searchedTo } = await spool.tally(query, field, MAX_TOP_VALUES, timeoutMs)
        return {
          tallies,
          searchedTo,
          newest: (values: readonly string[]) => {
            const keys = values.map(value => tallies.find(tally => tally.value === value)!.newest)
            return Promise.all(keys.map(key => spool.read(lineId(key))))
          },
        }
      },
      async engine => {
        const { tallies, searchedTo } = await engine.top(field, timeoutMs)
        const lines = new Map(tallies.map(({ value, newest }) => [value, newest]))
        const newest = async (values: readonly string[]) => {
          const unread = values.filter(value => lines.get(value) === null)
          for (const [i, line] of (await engine.newestOf(field, unread)).entries()) lines.set(unread[i]!, line)
          return values.map(value => lines.get(value) ?? null)
        }
        return { tallies, searchedTo, newest }
      },
      async parts => {
        const counts = new Map<string, number>()
        for (const { tallies } of parts)
          for (const { value, count } of tallies) counts.set(value, (counts.get(value) ?? 0) + count)
        const first = [...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1)).slice(0, limit)
        const samples = new Map<string, LogLine>()
        for (const { tallies, newest } of parts) {
          const has = new Set(tallies.map(({ value }) => value))
          const values = first.map(([value]) => value).filter(value => has.has(value))
          for (const [i, line] of (await newest(values)).entries()) keepNewer(samples, values[i]!, line)
        }
        const rows = first.map(([value, count]) => ({ value, count, sample: samples.get(value) ?? null }))
        return { rows, searchedTo: nearest(parts) }
      },
    )
  }

  async values(field: 'source' | 'host' | 'group' | 'tag', prefix: string, limit: number): Promise<readonly string[]> {
    const { driver, health, shipper } = this.parts
    const [own, others] = await Promise.all([
      this.spool.values(field, prefix, Number.MAX_SAFE_INTEGER),
      // Completion goes on without the engine.
      health.ask(() => driver.values(field, prefix, shipper.shippedTo)).catch(() => []),
    ])
    return [...new Set([...own, ...others])].sort().slice(0, limit)
  }

  tail(query: Query, onLines: port.OnTailLines): Promise<() => void> {
    return this.spool.tail(query, onLines)
  }

  async missing(range: { from: number | null; until: number | null }): Promise<port.MissingLines[]> {
    const own = await this.spool.missing(range)
    const { health, shipper, maintenance } = this.parts
    own.push(...maintenance.leftOut(range))
    if (!health.away && health.sinceFailure > RECENT_FAILURE_MS) return own
    const gone = shipper.goneUntil
    if (gone === 0 || (range.from ?? 0) > gone) return own
    const since = health.away ? `since ${new Date(health.away.since).toISOString()}` : 'a moment ago'
    const message = `The log engine does not answer ${since}. Lines that only it has are not found.`
    return [...own, { partition: 'log engine', from: 0, until: gone, message }]
  }

  async linesAfter(position: port.Position, limits: { lines: number; bytes: number }): Promise<port.FeedPage> {
    const { driver, health, shipper } = this.parts
    if (!Number.isSafeInteger(position) || position < 0)
      throw invalid('position', 'A position is a whole number: 0, or the "next" of an earlier answer.')
    const released = shipper.shipped.released.position
    if (position >= released || limits.lines === 0) return this.spool.linesAfter(position, limits)
    const found = await health.ask(() => driver.stored(position, released, limits.lines, null))
    const lines: LogLine[] = []
    let bytes = 0
    for (const line of found) {
      lines.push(line)
      bytes += sizeOf(line)
      if (bytes >= limits.bytes) break
    }
    const isFull = lines.length >= limits.lines || bytes >= limits.bytes
    if (isFull) {
      const { committedTo } = await this.spool.linesAfter(released, { lines: 0, bytes: 1 })
      return { lines, next: parseId(lines.at(-1)!.id)!.position, committedTo }
    }
    const rest = { lines: limits.lines - lines.length, bytes: limits.bytes - bytes }
    const page = await this.spool.linesAfter(released, rest)
    return { ...page, lines: [...lines, ...page.lines] }
  }

  /**
   * The engine's lines first: when it does not answer, nothing is deleted. Nothing is shipped meanwhile, so no line is deleted
   * here and appears there.
   */
  async purge(query: Query): Promise<number> {
    const { shipper, health, driver, spool } = this.parts
    // What is stored while the engine deletes is left alone.
    const { committedTo } = spool.stored()
    const resume = await shipper.pause()
    try {
      const upTo = shipper.shippedTo
      // Batches whose answer was lost may have brought lines to the engine that do not count as shipped yet.
      if (shipper.isUncertain) await health.ask(() => this.purgeEngine(driver, query, upTo, Number.MAX_SAFE_INTEGER))
      const shipped = await health.ask(() => this.purgeEngine(driver, query, 0, upTo))
      const own = await spool.storedAfter(upTo).purge(query, committedTo)
      // What the engine has had is deleted here, too, and counts once.
      await spool.purge(query, committedTo)
      return shipped + own
    } finally {
      resume()
    }
  }

  maintain(now: number, archive?: port.ArchiveStatus): Promise<port.MaintenanceResult> {
    return this.parts.maintenance.maintain(now, archive ?? null)
  }

  seal(): Promise<void> {
    return this.spool.seal()
  }

  archive(partition: string, folder: string): Promise<port.ArchiveFile> {
    return this.parts.maintenance.archive(partition, folder)
  }

  restore(file: string, expiresAt: number): Promise<number> {
    return this.parts.maintenance.restore(file, expiresAt)
  }

  salvage(file: string): Promise<{ partition: string; lines: number; keptAs: string }> {
    return this.parts.maintenance.salvage(file)
  }

  status(): Promise<port.StoreStatus> {
    return this.parts.maintenance.status()
  }

  async close(): Promise<void> {
    const { shipper, spool, driver } = this.parts
    await shipper.close()
    await spool.close()
    await driver.close()
  }

  /** Lets shipped lines leave the spool as they do later by themselves; `now` is epoch ms. */
  release(now: number): Promise<void> {
    return this.parts.maintenance.release(now)
  }

  /** Resolves when everything that is stored now is in the engine. */
  shipped(): Promise<void> {
    return this.parts.shipper.drained()
  }

  /** Asks both for their lines; while the engine does not answer, the spool for all that it has. */
  private async both<T, R>(
    query: Query,
    askSpool: (spool: EmbeddedLogStore) => Promise<T>,
    askEngine: (engine: EngineSearch) => Promise<T>,
    merge: (parts: T[]) => R | Promise<R>,
  ): Promise<R> {
    const { driver, health, shipper } = this.parts
    const upTo = shipper.shippedTo
    const own = askSpool(this.spool.storedAfter(upTo))
    own.catch(() => {})
    try {
      const theirs = await health.ask(() => askEngine(new EngineSearch(driver, query, upTo)))
      return await merge([await own, theirs])
    } catch (error) {
      await own
      if (!health.away) throw error
      return merge([await askSpool(this.spool)])
    }
  }

  private async topPatterns(query: Query, limit: number, timeoutMs: number) {
    const deadline = performance.now() + timeoutMs
    const counter = patternCounter()
    let cursor: string | null = null
    let searchedTo: number | null = null
    for (let lines = 0; ; ) {
      const left = Math.max(0, deadline - performance.now())
      const page: port.Page = await this.search({
        query,
        order: 'newest',
        limit: PATTERN_PAGE,
        cursor,
        timeoutMs: left,
      })
      for (const line of page.lines) counter.add(line)
      lines += page.lines.length
      cursor = page.next
      if (cursor === null) break
      searchedTo = page.searchedTo ?? page.lines.at(-1)?.timestamp ?? searchedTo
      if (lines >= MAX_PATTERN_LINES || performance.now() > deadline) break
    }
    const rows = counter
      .tallies()
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, limit)
      .map(({ value, count, newest }: Tally) => ({ value, count, sample: newest }))
    return { rows, searchedTo: cursor === null ? null : searchedTo }
  }

  /** The lines of the same project, source and host on one side of a line, nearest first. */
  private async beside(line: LogLine, order: 'newest' | 'oldest', count: number): Promise<LogLine[]> {
    const { project, source, host } = line
    // A value with a star would be a pattern; the test decides.
    const conditions = Object.entries({ project, source, host } as const)
      .filter(([, value]) => !value.includes('*'))
      .map(([field, value]): QueryNode => ({ kind: 'field', field: field as 'project' | 'source' | 'host', value }))
    const query = { where: { kind: 'and' as const, parts: conditions }, from: null, until: null }
    const deadline = performance.now() + CONTEXT_TIMEOUT_MS
    const found: LogLine[] = []
    let cursor: string | null = line.id
    while (found.length < count && cursor !== null && performance.now() < deadline) {
      const limit = Math.max(count, CONTEXT_PAGE)
      const page: port.Page = await this.search({ query, order, limit, cursor, timeoutMs: CONTEXT_TIMEOUT_MS })
      const same = page.lines.filter(own => own.project === project && own.source === source && own.host === host)
      found.push(...same)
      cursor = page.next
    }
    return found.slice(0, count)
  }

  private async purgeEngine(driver: EngineDriver, query: Query, after: number, upTo: number): Promise<number> {
    const search = new EngineSearch(driver, query, upTo)
    if (search.isExact) return driver.purge(search.scope, after)
    let removed = 0
    await search.ids(async ids => {
      removed += await driver.remove(after === 0 ? ids : ids.filter(id => parseId(id)!.position > after))
    })
    return removed
  }
}

function keepNewer(samples: Map<string, LogLine>, value: string, line: LogLine | null): void {
  const known = samples.get(value)
  if (
    line &&
    (!known || known.timestamp < line.timestamp || (known.timestamp === line.timestamp && known.id < line.id))
  )
    samples.set(value, line)
}
