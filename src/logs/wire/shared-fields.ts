// What all records of a request have in common, cut to what each of them may carry: a small body must not become gigabytes.

import { truncate } from '../../text.ts'
import type { Fields } from '../formats/format.ts'
import { MAX_TOTAL_LENGTH } from '../intake/limits.ts'

/** Characters that the copies of shared fields may have in one request. */
const MAX_COPIED_LENGTH = 64 * 1024 * 1024
/** What a record may always carry: the attributes of an ordinary resource. */
const MIN_SHARED_LENGTH = 2 * 1024
/** What a field costs beside its texts. */
const FIELD_COST = 16
const MAX_NAME_LENGTH = 2_000

/**
 * The fields that each of `records` records gets a copy of. Many records with many or long fields get shorter texts, marked as
 * cut, and lose the fields for which there is no room; fewer records get all that a line may hold.
 */
export function limitShared(fields: Fields, records: number): Fields {
  const room = Math.max(MIN_SHARED_LENGTH, Math.min(MAX_TOTAL_LENGTH, Math.floor(MAX_COPIED_LENGTH / records)))
  if (costOf(fields, room) <= room) return fields
  const limited: { [name: string]: unknown } = {}
  let left = room
  for (const name of Object.keys(fields)) {
    const longest = Math.floor(room / 4)
    const whole = fields[name]
    const value = typeof whole === 'string' && whole.length > longest ? cut(whole, longest) : whole
    const cost = FIELD_COST + name.length + costOf(value, left)
    if (cost > left || name === '__proto__') continue
    limited[name] = value
    left -= cost
  }
  return limited
}

/** A name that all records have, cut far beyond what a name may have. */
export function limitName(name: string): string {
  return name.length > MAX_NAME_LENGTH ? name.slice(0, MAX_NAME_LENGTH) : name
}

/** Without the word in which the cut is: half a secret would not be recognized as one. */
function cut(text: string, length: number): string {
  return truncate(text, length).replace(/\S{0,1000}…$/, '…')
}

/** About how many characters a value takes; counted until it is more than `limit`. */
function costOf(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 1
  let cost = 0
  for (const name in value) {
    cost += FIELD_COST + name.length + costOf((value as { [name: string]: unknown })[name], limit - cost)
    if (cost > limit) break
  }
  return cost
}
