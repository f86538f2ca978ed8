// The port to the log store. The embedded store is SQLite; a distributed engine can plug in here.
import type { DurationTally } from '../telemetry.ts'
import type { UserFormat } from './formats/user-format.ts'
import type { Level, LogLine } from './line.ts'
import type { Query } from './query/tree.ts'

/** One request's body as received; the store's writer parses it, so that nothing else waits. */
export type Batch = {
  /** The decompressed body; transferred, so the sender must not touch it again. */
  body: ArrayBuffer
  /**
   * How to read it; `frames` are texts with a NUL between them, each a line of its own that may hold line breaks, and `wire:`
   * is followed by the name of a wire format (`src/logs/wire/wire-formats.ts`).
   */
  format: 'json' | 'ndjson' | 'text' | 'frames' | `wire:${string}`
  project: string
  /** The key that sent it: the keys of a project take turns. */
  sender?: string
  /** Values for lines that do not have them, from the request's query or headers. */
  defaults: { source?: string; host?: string; group?: string; level?: Level; tags?: readonly string[] }
  receivedAt: number
  /** The zones (tz database) of times that name none (default: UTC). */
  zones?: LineZones
  /** Formats that users added, tried before the others. */
  formats?: readonly UserFormat[]
  /**
   * `bodyBytes` is for bodies that their wire format compresses. Lines of `usedUp` emitters (`emitterOf`) are rejected, with
   * the field `EMITTER_FIELD` in their errors.
   */
  limits: { lines: number; messageBytes: number; bodyBytes?: number; usedUp?: readonly string[] }
  /** The retention of its lines, ms; it decides which partition they go to. */
  retentionMs: number
  /** What to do with each kind of personal data; secrets are always masked. */
  privacy: { [kind: string]: 'keep' | 'mask' | 'encrypt' }
  /** The client's key for the batch: a project's batches with the same key within a day are stored once. */
  idempotencyKey: string | null
  /** What a signed request used up; only a satellite passes it on. */
  signature?: string
}

/** `fixed` is that of the request or the host, and wins over that of a source; `fallback` is that of the project or of Vakt. */
export type LineZones = { fixed?: string; bySource?: { readonly [source: string]: string }; fallback: string }

/** The field of the error of a line whose emitter may not send now. */
export const EMITTER_FIELD = 'emitter'

export type LineError = { index: number; field: string; message: string }

/**
 * The result of a batch, after its commit. `counts` are for detection, which never queries the store. A repeated batch has
 * the counts of the first time, so the caller must know which keys were counted.
 */
export type AppendResult = {
  accepted: number
  rejected: number
  errors: readonly LineError[]
  /** Whether the idempotency key is known: then this is the first answer again. */
  repeated: boolean
  counts: readonly LineCount[]
}

/** How many lines of one series a batch had; one entry per minute, source, host, group, level and fingerprint. */
export type LineCount = {
  /** The start of the minute in which they were received, epoch ms. */
  minute: number
  /** When they happened, epoch ms; missing when that is at their receipt. */
  at?: number
  /** What the zone of their sender is wrong by, ms; missing when it is right. */
  shift?: number
  project: string
  source: string
  host: string
  group: string
  level: Level
  /** Empty below `error`. */
  fingerprint: string
  count: number
  /** The newest of their own times, epoch ms: lines may arrive late. */
  latest: number
  /** One of the lines, for the card: id, message (cut) and why it is grouped. */
  sample: { id: string; message: string; why: string } | null
}

/** Which lines, in which order, how many; `cursor` continues where an earlier page ended. */
export type PageRequest = {
  query: Query
  order: 'newest' | 'oldest'
  limit: number
  cursor: string | null
  timeoutMs: number
}

/**
 * A page. `next` is null at the end. When a scan runs out of time, `searchedTo` is the instant (epoch ms) it reached,
 * `lines` what it found until then, and `next` continues from there.
 */
export type Page = { lines: readonly LogLine[]; next: string | null; searchedTo: number | null }

/**
 * The place of a line in the order of storing: positions grow over all partitions and restarts, and no two lines share one.
 * 0 is before every line. The ids of lines sort like their positions.
 */
export type Position = number

/** A part of all lines in the order they were stored. */
export type FeedPage = {
  lines: readonly LogLine[]
  /** Where the next call continues: at the last of `lines` when there may be more now, else at `committedTo`. */
  next: Position
  /** Every line up to here is on disk and can be read: none appears at or below it later. */
  committedTo: Position
}

/** `total` is exact up to 100,000; with `atLeast` there may be more. `searchedTo` as in `Page`. */
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
    /** The highest position of its lines; an earlier partition of the same name has a lower one. */
    lastPosition: number
    /** When the retention of its lines ends, epoch ms; null for a damaged partition. */
    expiresAt: number | null
  }[]
  /**
   * What each project has, the largest first: its lines, about their size as JSON, and its share of the size on disk, bytes.
   * Absent in a store that does not know.
   */
  projects?: readonly { project: string; lines: number; rawBytes: number; bytes: number }[]
  /** Absent in a store without a log engine. */
  engine?: EngineStatus
  /** Lines that are not sealed into blocks yet. Absent in a store without blocks. */
  unsealed?: number
  /** What was sealed into blocks since the start, and the time it took. Absent in a store without blocks. */
  sealing?: { blocks: number; lines: number; seconds: number }
  /**
   * The workers that search: how many run, the searches that run and wait now, and how long those since the start took, with
   * their wait, by the method of the port. Absent in a store without such workers.
   */
  readers?: { ready: number; running: number; waiting: number; durations: ReadonlyMap<string, DurationTally> }
  /** How many bytes on disk the store may use; null without a limit. */
  diskBudgetBytes: number | null
  /** Batches that wait for the writer, and their limit. */
  queued: number
  queueLimit: number
}

/** The engine that has the lines, and what waits here for it. */
export type EngineStatus = {
  /** For people: `OpenSearch 3.0.0`; null while it was never reached. */
  version: string | null
  nodes: number | null
  /** `green`, `yellow` or `red`. */
  health: string | null
  /** Since when it does not answer (epoch ms), and why; null while it does. */
  away: { since: number; message: string } | null
  /** Since when (epoch ms) it takes no lines although it answers, and why; null when it does. */
  refusal: { since: number; message: string } | null
  warnings: readonly string[]
  /** Lines that are stored here only. */
  waiting: number
  spoolBytes: number
  spoolBudgetBytes: number
  /** Lines that it keeps with their text only, because it refused their fields. */
  refused: number
}

export type PartitionStatus = StoreStatus['partitions'][number]

/** Lines that cannot be searched: those of a damaged or removed partition, with timestamps about from `from` to `until`. */
export type MissingLines = { partition: string; from: number; until: number; message: string }
/**
 * What the store must know of the archive: which partitions it has, and whether it can take others soon. Partitions that
 * are not archived yet are not dropped, unless the archive is out of reach and the disk budget is exceeded.
 */
export type ArchiveStatus = { isArchived(partition: PartitionStatus): boolean; isReachable: boolean }

/** A partition that `maintain` removed, why, and whether it is archived. */
export type RemovedPartition = {
  partition: PartitionStatus
  reason: 'retention' | 'budget' | 'damage'
  isArchived: boolean
  message: string
}

/** `status` is that of the store afterwards; null when there is no store yet. */
export type MaintenanceResult = { removed: readonly RemovedPartition[]; status: StoreStatus | null }

/** A file with the lines of a partition: how many, and the size of the file. */
export type ArchiveFile = { file: string; lines: number; bytes: number }

/** Takes log lines in. Rejects with a `Problem`: `busy` when the queue is full. */
export interface LogWriter {
  /** Stores a batch; resolves only after its lines are on disk and can be found. */
  append(batch: Batch): Promise<AppendResult>
}

/** Takes the lines of a live tail, and how many before them were left out, because nobody can read so many at once. */
export type OnTailLines = (lines: readonly LogLine[], leftOut: number) => void

/** Finds log lines. Every method rejects with a `Problem`: `busy` when the queue is full, `invalid` for a bad cursor. */
export interface LogReader {
  search(request: PageRequest): Promise<Page>
  count(query: Query, timeoutMs: number): Promise<Count>
  /** The line of an id, or null. */
  read(id: string): Promise<LogLine | null>
  /** The lines of the same source and host around a line, oldest first, itself included. */
  context(id: string, before: number, after: number): Promise<readonly LogLine[]>
  /** Lines per bucket and level, oldest first, at most `buckets` of them, empty ones included. */
  histogram(query: Query, from: number, until: number, buckets: number, timeoutMs: number): Promise<readonly Bucket[]>
  top(
    query: Query,
    field: TopField,
    limit: number,
    timeoutMs: number,
  ): Promise<{ rows: readonly TopRow[]; searchedTo: number | null }>
  /** The recent values of a field that begin with `prefix`, for autocomplete. */
  values(field: 'source' | 'host' | 'group' | 'tag', prefix: string, limit: number): Promise<readonly string[]>
  /** Calls `onLines` for lines that match as they are stored, until the function it resolves with is called. */
  tail(query: Query, onLines: OnTailLines): Promise<() => void>
  /** Lines between two instants (epoch ms, null for no bound) that cannot be searched. Absent in a store that loses none. */
  missing?(range: { from: number | null; until: number | null }): Promise<readonly MissingLines[]>
}

/** Gives all lines in the order they were stored, for whoever passes them on: a forward, a copy, another engine. */
export interface LogFeed {
  /**
   * The lines stored after a position, in order of position: at most `lines` of them, and no more once their texts have
   * `bytes`, but at least one. Positions are given out before the commit, so it ends below the lowest one that is not
   * committed: whoever continues at `next` skips no line, whichever commits first. With `lines: 0` it only answers
   * `committedTo`, where a reader of new lines begins. Left out are lines that were purged, dropped or damaged meanwhile;
   * lines of a restored archive have their old positions, which readers have passed. `invalid` for a bad position.
   */
  linesAfter(position: Position, limits: { lines: number; bytes: number }): Promise<FeedPage>
}

/** Looks after what is stored. Nothing here takes or returns a line, except the query of `purge`. */
export interface LogMaintenance {
  /** Deletes matching lines; resolves with how many. */
  purge(query: Query): Promise<number>
  /** Drops partitions past their retention or over the disk budget and merges indexes; each call is short. */
  maintain(now: number, archive?: ArchiveStatus): Promise<MaintenanceResult>
  /** Seals every line that is stored now, however few there are. Absent in a store that does not seal. */
  seal?(): Promise<void>
  /** Writes the lines of a partition to a file in a folder, compressed; `not_found` when there is none of that name. */
  archive(partition: string, folder: string): Promise<ArchiveFile>
  /**
   * Restores the lines of such a file with their ids until `expiresAt` (epoch ms); resolves with how many. A partition that
   * lost some of them is replaced. `conflict` when there is nothing to restore, `invalid` when the file is damaged.
   */
  restore(file: string, expiresAt: number): Promise<number>
  /**
   * Makes the lines of a damaged file that can be read searchable again, with their ids, until their retention ends; the file
   * is kept under another name. `not_found` when there is no such file, `invalid` when nothing in it can be read. Absent in
   * a store that has no files.
   */
  salvage?(file: string): Promise<{ partition: string; lines: number; keptAs: string }>
  status(): Promise<StoreStatus>
  /** Finishes running requests and closes. */
  close(): Promise<void>
}

/** The whole store. Every method is asynchronous and rejects with a `Problem`; whoever needs a part of it takes that part. */
export interface LogStore extends LogWriter, LogReader, LogFeed, LogMaintenance {
  /**
   * The same store, whose searches wait in the turn of an actor (a person, a key, a job): the searches of one never keep
   * others waiting. Absent in a store that needs no turns.
   */
  readBy?(actor: string): LogStore
}

/** What answers about a time range do not contain; ask after the search, which may have found the damage. */
export async function missingLines(
  store: LogReader,
  range: { from: number | null; until: number | null },
): Promise<readonly MissingLines[]> {
  return (await store.missing?.(range)) ?? []
}

/** `store`, with its searches in the turn of an actor. */
export function readBy(store: LogStore, actor: string): LogStore {
  return store.readBy?.(actor) ?? store
}
