// Hands out the places of lines that share a timestamp within a partition: the low bits of their row ids.
import type Database from 'better-sqlite3'
import { SLOT_BITS, SLOTS } from './line-key.ts'

const REMEMBERED = 50_000

/** A partition has no room for another line of a timestamp: it has a million of them. */
export class NoSlot extends Error {}

/** The next free slot of each timestamp: from memory for those written lately, else looked up. */
export class Slots {
  readonly #next = new Map<number, number>()
  readonly #last: Database.Statement<[number, number], number>
  /** Timestamps up to this one may have slots that memory does not know of. */
  #lookedUpTo: number

  constructor(db: Database.Database, lastTimestamp: number | null) {
    this.#lookedUpTo = lastTimestamp ?? -1
    this.#last = db
      .prepare<[number, number], number>(
        `select id & ${SLOTS - 1} from lines
         where id >= (? << ${SLOT_BITS}) and id <= ((? << ${SLOT_BITS}) | ${SLOTS - 1}) order by id desc limit 1`,
      )
      .pluck()
  }

  /** Throws `NoSlot` when there is none left. */
  take(timestamp: number): number {
    let slot = this.#next.get(timestamp)
    if (slot === undefined) {
      slot = timestamp > this.#lookedUpTo ? 0 : (this.#last.get(timestamp, timestamp) ?? -1) + 1
      if (this.#next.size >= REMEMBERED) this.#forgetSome()
    }
    if (slot >= SLOTS) throw new NoSlot()
    this.#next.set(timestamp, slot + 1)
    return slot
  }

  #forgetSome(): void {
    let left = REMEMBERED / 2
    for (const timestamp of this.#next.keys()) {
      if (left-- === 0) return
      this.#next.delete(timestamp)
      this.#lookedUpTo = Math.max(this.#lookedUpTo, timestamp)
    }
  }
}
