// The seam to a log engine: what the store asks of any engine. A driver translates; it decides nothing about spool or order.
import { Problem } from '../../problem.ts'
import type { LineKey } from '../embedded/partitions/line-key.ts'
import type { Level, LogLine } from '../line.ts'
import type { QueryNode } from '../query/tree.ts'
import type { Position, TopField } from '../store.ts'

/** A line on its way to the engine: its place among all lines, and the partition it belongs to (`2026-11-21.3d.0`). */
export type ShippedLine = { line: LogLine; position: Position; partition: string }

/**
 * A condition in the engine's terms. It may fit too many lines and never too few; unless it `isExact`, `matches` decides on
 * each line that it finds.
 */
export type Compiled = { filter: unknown; isExact: boolean }

/** Lines that fit a compiled condition, with timestamps from `from` up to, not including, `until`, stored up to a position. */
export type EngineScope = { filter: unknown; from: number | null; until: number | null; upTo: Position }

export type EngineOrder = 'newest' | 'oldest'

/** An answer that took too long counts as none: it may have holes. */
export type Timed<T> = { answer: T } | { isTimedOut: true }

export type EngineFacts = {
  /** Tells this engine from any other, with the prefix under which it keeps Vakt's lines. */
  identity: string
  /** For people: `OpenSearch 3.0.0`. */
  version: string
  nodes: number
  /** `green`, `yellow` or `red`. */
  health: string
  /** What to mend, as sentences: no copies, a full disk. */
  warnings: readonly string[]
}

export type EnginePartition = {
  name: string
  lines: number
  /** On all nodes. */
  bytes: number
  /** Timestamps of the oldest and the newest line, epoch ms; null without lines. */
  from: number | null
  until: number | null
  firstPosition: Position
  lastPosition: Position
  expiresAt: number
  /** Why it cannot be searched; null when it can. */
  damage: string | null
}

/**
 * All lines are durable when `delayed` is null; else it says why the engine, which answers, did not take some of them. `refused`
 * lines were not indexed and are kept with their text only.
 */
export type PutResult = { refused: number; delayed: string | null }

export type EngineTally = { value: string; count: number }

/** A part of the lines is lost or not there, while the engine answers for all others. */
export class PartLost extends Problem {
  constructor(message: string) {
    super('busy', message)
  }
}

/** Every method rejects with a `Problem`: `busy` while the engine does not answer, `invalid` for what it refuses. */
export interface EngineDriver {
  /** Rejects with `invalid` when what answers cannot be used: a wrong version, or another's data under the prefix. */
  check(): Promise<EngineFacts>
  compile(where: QueryNode | null): Compiled
  /** Stores lines; the same line again changes nothing. */
  put(lines: readonly ShippedLine[]): Promise<PutResult>
  /** Makes what was put to these partitions visible to every search that begins afterwards. */
  refresh(partitions: readonly string[]): Promise<void>
  /** Lines in the order of time and then of storing, after a key. */
  page(
    scope: EngineScope,
    order: EngineOrder,
    after: LineKey | null,
    limit: number,
    timeoutMs: number,
  ): Promise<Timed<readonly LogLine[]>>
  /** How many lines, up to a limit. */
  count(scope: EngineScope, limit: number, timeoutMs: number): Promise<Timed<number>>
  /** Lines by level in buckets of `width` ms from `from`. */
  levels(
    scope: EngineScope,
    buckets: { from: number; width: number },
    timeoutMs: number,
  ): Promise<Timed<readonly { bucket: number; level: Level; count: number }[]>>
  /** The most frequent values, at most `limit` of them. */
  top(
    scope: EngineScope,
    field: Exclude<TopField, 'pattern'>,
    limit: number,
    timeoutMs: number,
  ): Promise<Timed<readonly EngineTally[]>>
  /** The newest line with each of these values of a field; null where there is none. */
  newestOf(
    scope: EngineScope,
    field: Exclude<TopField, 'pattern'>,
    values: readonly string[],
  ): Promise<readonly (LogLine | null)[]>
  /** Distinct values of a field that begin with `prefix`, ignoring case. */
  values(field: 'source' | 'host' | 'group' | 'tag', prefix: string, upTo: Position): Promise<readonly string[]>
  read(id: string): Promise<LogLine | null>
  /** Lines stored after a position, in the order they were stored; of one partition, or of all. */
  stored(after: Position, upTo: Position, limit: number, partition: string | null): Promise<readonly LogLine[]>
  /** Deletes the lines of a scope, those stored after a position; resolves with how many, when nothing finds them any more. */
  purge(scope: EngineScope, after: Position): Promise<number>
  /** The same for lines by their ids. */
  remove(ids: readonly string[]): Promise<number>
  /** The partitions; their lines are those stored up to a position. */
  partitions(upTo: Position): Promise<readonly EnginePartition[]>
  /** What the searches of a moment ago left out, because it is lost or not there at the moment. */
  leftOut(): readonly { partition: string; message: string }[]
  /** Removes a partition with all its lines, also one whose restoring was cut short. */
  drop(partition: string): Promise<void>
  /** Fills a partition with lines that keep their ids, which appear when all of them are there; it expires at an instant. */
  restore(
    partition: string,
    chunks: AsyncIterable<readonly LogLine[]>,
    expiresAt: number,
  ): Promise<{ lines: number; until: number }>
  close(): Promise<void>
}

/** A module that opens a driver: the main thread and the shipping worker each open their own. */
export type DriverModule = { openDriver(options: unknown): EngineDriver }
/** Where a driver is, and what it is opened with; both go to a worker. */
export type DriverSource = { module: string; options: unknown }

/** Opens a driver. */
export async function openDriver({ module, options }: DriverSource): Promise<EngineDriver> {
  return ((await import(module)) as DriverModule).openDriver(options)
}
