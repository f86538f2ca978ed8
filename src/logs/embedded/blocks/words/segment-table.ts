// The index of words of a partition: segments that say which blocks may have a word.
import { prepared, type Sqlite } from '../../../../state/sqlite.ts'
import { BUCKETS_PER_SEGMENT } from '../schema.ts'
import { hashWord, type WordPlace } from './block-words.ts'
import { type BlockWords, blocksWithWord, bucketOf, buildSegment, wordsOfSegment } from './word-segment.ts'

/** So many segments of one block each are merged into one: a search reads a few kilobytes of each segment. */
const MERGED_SEGMENTS = 32

type SegmentRow = { id: number; blocks: string; buckets: number }

export function insertSegment(db: Sqlite, id: number, parts: readonly BlockWords[]): void {
  const { blocks, buckets } = buildSegment(parts)
  prepared(db, 'insert into segments values (?, ?, ?)').run(id, JSON.stringify(blocks), buckets.length)
  const insert = prepared(db, 'insert into buckets values (?, ?)')
  for (const [number, data] of buckets.entries()) insert.run(id * BUCKETS_PER_SEGMENT + number, data)
}

/** Removes the segment that a block has alone; one that it shares stays, and is merely useless for it. */
export function deleteSegmentOf(db: Sqlite, block: number): void {
  const rows = prepared(db, 'select id from segments where blocks = ?')
    .pluck()
    .all(JSON.stringify([block])) as number[]
  for (const id of rows) deleteSegment(db, id)
}

/**
 * Merges the oldest segments of one block each, when there are enough: but for the last one, whose block may still grow.
 * Returns whether it did. `newId` makes the id of the new one, `onChanged` is called after a change.
 */
export function mergeSegments(db: Sqlite, newId: () => number, onChanged: () => void): boolean {
  const single = prepared(
    db,
    "select id, blocks, buckets from segments where blocks not like '%,%' order by id limit ?",
  ).all(MERGED_SEGMENTS + 1) as SegmentRow[]
  if (single.length <= MERGED_SEGMENTS) return false
  const merged = single.slice(0, MERGED_SEGMENTS)
  const parts = merged.flatMap(segment =>
    wordsOfSegment({ blocks: blocksOf(segment), buckets: bucketsOf(db, segment) }),
  )
  for (const { id } of merged) deleteSegment(db, id)
  insertSegment(db, newId(), parts)
  onChanged()
  return true
}

function deleteSegment(db: Sqlite, id: number): void {
  prepared(db, 'delete from segments where id = ?').run(id)
  const first = id * BUCKETS_PER_SEGMENT
  prepared(db, 'delete from buckets where id >= ? and id < ?').run(first, first + BUCKETS_PER_SEGMENT)
}

function blocksOf({ blocks }: SegmentRow): number[] {
  return JSON.parse(blocks) as number[]
}

function bucketsOf(db: Sqlite, { id, buckets }: SegmentRow): Buffer[] {
  const first = id * BUCKETS_PER_SEGMENT
  return prepared(db, 'select data from buckets where id >= ? and id < ? order by id')
    .pluck()
    .all(first, first + buckets) as Buffer[]
}

/** The index of words as a reader uses it, for one generation of the blocks. */
export class WordIndex {
  readonly #db: Sqlite
  readonly #segmentOf = new Map<number, { id: number; blocks: number[]; bucketCount: number }>()
  /** By segment and word: the blocks that may have it. */
  readonly #found = new Map<string, ReadonlySet<number>>()

  constructor(db: Sqlite) {
    this.#db = db
    for (const row of prepared(db, 'select id, blocks, buckets from segments').all() as SegmentRow[]) {
      const segment = { id: row.id, blocks: blocksOf(row), bucketCount: row.buckets }
      for (const block of segment.blocks) this.#segmentOf.set(block, segment)
    }
  }

  /** Whether a block may have a word of the search in a place. */
  mayHave(block: number, place: WordPlace, word: string): boolean {
    const segment = this.#segmentOf.get(block)
    if (!segment) return true
    const hash = hashWord(place, word)
    const key = `${segment.id} ${hash}`
    let blocks = this.#found.get(key)
    if (!blocks) {
      if (this.#found.size > MAX_REMEMBERED) this.#found.clear()
      const bucket = prepared(this.#db, 'select data from buckets where id = ?')
        .pluck()
        .get(segment.id * BUCKETS_PER_SEGMENT + bucketOf(hash, segment.bucketCount)) as Uint8Array | undefined
      // Without its bucket nothing is excluded.
      blocks = new Set(bucket ? blocksWithWord(segment, bucket, hash) : segment.blocks)
      this.#found.set(key, blocks)
    }
    return blocks.has(block)
  }
}

const MAX_REMEMBERED = 10_000
