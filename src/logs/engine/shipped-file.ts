// What the spool remembers about shipping, in a file of its own: how far the engine has the lines, and what left the spool.
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Position } from '../store.ts'

/** From which position on the lines of a day and retention go to the partition of a number. */
export type PartitionStart = { number: number; from: Position }

export type Shipped = {
  /** The engine that has the lines; another one begins from what is left here. */
  engine: string
  /** Every line up to here is in the engine, durable, and found there. */
  shippedTo: Position
  /** What the spool does not have any more: lines up to a position, with timestamps up to `until`. */
  released: { position: Position; until: number }
  /** By day and retention, such as `2026-11-21.3d`. */
  starts: { readonly [kind: string]: readonly PartitionStart[] }
  /** Lines that the engine keeps with their text only. */
  refused: number
}

/** Its name in the folder of the spool. */
export const SHIPPED_FILE = 'shipped.json'

/** What the file says; null when there is none that can be read: then the engine is asked. */
export async function readShipped(folder: string): Promise<Shipped | null> {
  try {
    const read = JSON.parse(await readFile(join(folder, SHIPPED_FILE), 'utf8')) as Shipped
    return Number.isSafeInteger(read.shippedTo) && read.released && read.starts ? read : null
  } catch {
    return null
  }
}

/** Writes the file; it is on disk, whole, when this resolves. */
export async function writeShipped(folder: string, shipped: Shipped): Promise<void> {
  const file = join(folder, SHIPPED_FILE)
  const handle = await open(`${file}.new`, 'w')
  try {
    await handle.writeFile(JSON.stringify(shipped))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
}

/** The number of the partition that takes a line of a kind. */
export function numberFor(starts: readonly PartitionStart[] | undefined, position: Position): number {
  let number = 0
  for (const start of starts ?? []) if (position >= start.from) number = start.number
  return number
}
