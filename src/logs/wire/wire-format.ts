// A wire format: how one protocol writes many log lines into one body. A new one is a file here and a line in wire-formats.ts.
import type { Fields } from '../formats/format.ts'
import type { Batch } from '../store.ts'

/** What a request may have at most. */
export type WireLimits = { lines: number; bodyBytes: number }

/** A wire format. Its reader runs in the writer of the store, so that a large body delays nothing else. */
export type WireFormat = {
  /** As `Batch.format` names it. */
  name: `wire:${string}`
  /**
   * The records of a body in order: `WireRecord`, `RejectedRecord`, or objects and texts as in a body of JSON. Null when there
   * are more than the limit. Throws `invalid` on `body` for a body of another form: nothing of it is stored then.
   */
  read(body: Uint8Array, limits: WireLimits): unknown[] | null
  /** About how many records a body has, without making them; asked only where a limit of lines a minute is set. */
  count(body: Uint8Array): number
}

/** A record that its protocol gives more than fields: a time that counts before any in its text, and weak names. */
export class WireRecord {
  readonly fields: Fields
  /** Source, host and level of a record that has none of its own; many records share one object. */
  readonly defaults: Batch['defaults'] | undefined

  constructor(fields: Fields, defaults?: Batch['defaults']) {
    this.fields = fields
    this.defaults = defaults
  }
}

/** A record that cannot be stored, and the sentence that says why. */
export class RejectedRecord {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}
