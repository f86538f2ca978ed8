// Damages the file of a partition, as a bad disk does.
import { closeSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs'
import { parsePartition } from '../../../logs/embedded/partitions/partition-name.ts'
import { DAY } from '../../../time.ts'

export const DAMAGED_PLACES = ['header', 'middle', 'end'] as const
export type DamagedPlace = (typeof DAMAGED_PLACES)[number]

const HEADER_BYTES = 100

/** A partition of the day before that of `now`: nothing is written to it any more. Null without one. */
export function closedPartition(folder: string, now: number): string | null {
  const names = readdirSync(folder)
    .filter(file => file.endsWith('.db'))
    .map(file => file.slice(0, -3))
  const yesterday = Math.floor(now / DAY) * DAY - DAY
  return names.find(name => parsePartition(name)?.day === yesterday) ?? null
}

/** Overwrites the header, or the middle third, or cuts off the last third. */
export function damageFile(file: string, place: DamagedPlace): void {
  const third = Math.ceil(statSync(file).size / 3)
  if (place === 'end') {
    truncateSync(file, 2 * third)
    return
  }
  const handle = openSync(file, 'r+')
  const length = place === 'header' ? HEADER_BYTES : third
  writeSync(handle, Buffer.alloc(length, 0xa5), 0, length, place === 'header' ? 0 : third)
  closeSync(handle)
}
