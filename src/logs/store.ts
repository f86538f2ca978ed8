// The port to the log store: everything Vakt asks of it. The embedded one is SQLite; a distributed engine can plug in here.
import type { Level, LogLine } from './line.ts'
import type { Query } from './query/tree.ts'

/** One request's body, handed over as it came; the store's writer parses it, so that nothing else waits. */
export type Batch = {
  /** The decompressed body; transferred, so the sender must not touch it again. */
  body: ArrayBuffer
  /** How to read it. */
  format: 'json' | 'ndjson' | 'text'
  project: string
  /** What lines take when they do not say: from the request's query or headers. */
  defaults: { source?: string; host?: string; group?: string; level?: Level; tags?: readonly string[] }
  receivedAt: number
  limits: { lines: number; messageBytes: number }
  /** How long its lines are kept, ms: decides the partition they go to. */
  retentionMs: number
  /** What to do with personal data (see redaction); secrets are always masked. */
  privacy: { [kind: string]: 'keep' | 'mask' | 'encrypt' }
  /** A client's own key for the batch: the same key of a project within a day stores nothing twice. */
  idempotencyKey: string | null
}

export type LineError = { index: number; field: string; message: string }

/**
 * What became of a batch, after its commit. `counts` are what detection needs and never asks the store for; a repeated
 * batch has those of the first time, so whoever keeps them must know which keys were counted.
 */
export type AppendResult = {
  accepted: number
  rejected: number
  errors: readonly LineError[]
  /** Whether the idempotency key had been seen: then this is the first answer again. */
  repeated: boolean
  counts: readonly LineCount[]
}

/** How many lines of one kind a batch had; one entry per minute, source, host, group, level and fingerprint. */
export type LineCount = {
  /** Start of the minute of their received time, epoch ms. */
  minute: number
  project: string
  source: string
  host: string
  group: string
  level: Level
  /** Empty below `error`. */
  fingerprint: string
  count: number
  /** The newest of their own times, epoch ms: lines may come late. */
  latest: number
  /** One of the lines, for the card: id, message (cut) and why it was grouped so. */
  sample: { id: string; message: string; why: string } | null
}

/** Which lines, in which order, how many; `cursor` goes on where an earlier page ended. */
export type PageRequest = {
  query: Query
  order: 'newest' | 'oldest'
  limit: number
  cursor: string | null
  timeoutMs: number
}

/**
 * A page. `next` is null at the end. When a scan ran out of time, `searchedTo` is the instant (epoch ms) up to which it
 * looked, `lines` what it found until then, and `next` goes on from there.
 */
export type Page = { lines: readonly LogLine[]; next: string | null; searchedTo: number | null }

/** `total` is exact up to 100,000, then at least that; `searchedTo` as in `Page`. */
export type Count = { total: number; atLeast: boolean; searchedTo: number | null }

export type Bucket = { from: number; counts: { [L in Level]: number } }
export type TopField = 'fingerprint' | 'source' | 'host' | 'group' | 'tag' | 'level' | 'pattern'
export type TopRow = { value: string; count: number; sample: LogLine | null }

export type StoreStatus = {
  lines: number
  bytes: number
  partitions: readonly {
    name: string
    lines: number
    bytes: number
    from: number
    until: number
    state: 'open' | 'closed' | 'damaged'
    message: string | null
    /** The highest position of its lines: tells it from an earlier partition of the same name. */
    lastPosition: number
    /** When its lines are past their retention; null for a damaged one. */
    expiresAt: number | null
  }[]
  /** How much disk the store may use; null when that is not limited. */
  diskBudgetBytes: number | null
  /** Batches that wait for the writer, and how many at the most. */
  queued: number
  queueLimit: number
}

export type PartitionStatus = StoreStatus['partitions'][number]

/**
 * Where closed partitions are kept elsewhere: which already are, and whether others can be soon. Those that wait are not
 * dropped, unless `reachable` is false and there is no room.
 */
export type ArchiveStatus = { isArchived(partition: PartitionStatus): boolean; isReachable: boolean }

/** What `maintain` removed, why, and whether it is kept elsewhere. */
export type RemovedPartition = {
  partition: PartitionStatus
  reason: 'retention' | 'budget' | 'damage'
  isArchived: boolean
  message: string
}

/** `status` is how the store is afterwards; null when there is none yet. */
export type MaintenanceResult = { removed: readonly RemovedPartition[]; status: StoreStatus | null }

/** A file with the lines of a partition; how many, and the size of the file. */
export type ArchiveFile = { file: string; lines: number; bytes: number }

/** Takes log lines in. Rejects with a `Problem`: `busy` when the queue is full. */
export interface LogWriter {
  /** Stores a batch; resolves only after its lines are on disk and can be found. */
  append(batch: Batch): Promise<AppendResult>
}

/** Finds log lines. Every method rejects with a `Problem`: `busy` when the queue is full, `invalid` for a bad cursor. */
export interface LogReader {
  search(request: PageRequest): Promise<Page>
  count(query: Query, timeoutMs: number): Promise<Count>
  /** The line of an id, or null. */
  read(id: string): Promise<LogLine | null>
  /** The lines of the same source and host around one, oldest first, itself included. */
  context(id: string, before: number, after: number): Promise<readonly LogLine[]>
  /** Lines per bucket and level, oldest first, at most `buckets` of them, empty ones included. */
  histogram(query: Query, from: number, until: number, buckets: number, timeoutMs: number): Promise<readonly Bucket[]>
  top(
    query: Query,
    field: TopField,
    limit: number,
    timeoutMs: number,
  ): Promise<{ rows: readonly TopRow[]; searchedTo: number | null }>
  /** The values of a field that were seen lately and begin with `prefix`, for autocomplete. */
  values(field: 'source' | 'host' | 'group' | 'tag', prefix: string, limit: number): Promise<readonly string[]>
  /** Calls `onLines` for lines that match as they are stored, until the function it resolves with is called. */
  tail(query: Query, onLines: (lines: readonly LogLine[]) => void): Promise<() => void>
}

/** The whole store. Every method is asynchronous and rejects with a `Problem`. */
export interface LogStore extends LogWriter, LogReader {
  /** Removes what fits; resolves with how many lines went. */
  purge(query: Query): Promise<number>
  /** Drops what is past its retention or over the disk budget, merges indexes; called often, does little at a time. */
  maintain(now: number, archive?: ArchiveStatus): Promise<MaintenanceResult>
  /** Writes the lines of a partition to a file in a folder, compressed; `not_found` when there is none of that name. */
  archive(partition: string, folder: string): Promise<ArchiveFile>
  /**
   * Brings back the lines of such a file under their old ids, kept until `keptUntil` (epoch ms); resolves with how many.
   * `conflict` when the partition is there, `invalid` when the file is not whole.
   */
  restore(file: string, keptUntil: number): Promise<number>
  status(): Promise<StoreStatus>
  /** Finishes what is under way and closes. */
  close(): Promise<void>
}
