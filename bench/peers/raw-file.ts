// The lines of a comparison as one file of NDJSON, which every store is sent and ripgrep searches.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, createWriteStream, openSync, readSync } from 'node:fs'
import { median } from '../table.ts'
import { SHAPES, SPAN_MS } from './shapes.ts'

/** Bodies have about this size; no request has more than 10 MB. */
const BODY_BYTES = 256 * 1024
const RIPGREP_RUNS = 5

export type RawFile = { path: string; lines: number; bytes: number }
/** How much to write: whichever is reached first. */
export type Amount = { lines: number; bytes: number }

/** Writes the lines of a shape, evenly over the day before `now`; `expectedLines` is about how many there will be. */
export async function writeRawFile(
  path: string,
  shape: string,
  amount: Amount,
  { now, first, expectedLines }: { now: number; first: number; expectedLines: number },
): Promise<RawFile> {
  const out = createWriteStream(path)
  const source = SHAPES[shape]!.lines()
  // The lines of an earlier file of the same comparison.
  for (let i = 0; i < first; i++) source.next()
  const step = SPAN_MS / expectedLines
  let lines = 0
  let bytes = 0
  let chunk = ''
  const flush = async () => {
    const block = Buffer.from(chunk)
    bytes += block.length
    chunk = ''
    if (!out.write(block)) await once(out, 'drain')
  }
  while (lines < amount.lines && bytes + chunk.length < amount.bytes) {
    const timestamp = new Date(now - SPAN_MS + (first + lines) * step).toISOString()
    chunk += `${JSON.stringify({ timestamp, ...source.next().value })}\n`
    lines++
    if (chunk.length >= BODY_BYTES) await flush()
  }
  await flush()
  out.end()
  await once(out, 'close')
  return { path, lines, bytes }
}

/** The file in bodies of whole lines. */
export function* bodiesOf({ path }: RawFile): Generator<Uint8Array> {
  const file = openSync(path, 'r')
  try {
    let rest = Buffer.alloc(0)
    for (;;) {
      const block = Buffer.alloc(BODY_BYTES)
      const count = readSync(file, block)
      const all = Buffer.concat([rest, block.subarray(0, count)])
      if (count === 0) {
        if (all.length > 0) yield all
        return
      }
      const end = all.lastIndexOf('\n') + 1
      if (end > 0) yield all.subarray(0, end)
      rest = all.subarray(end)
    }
  } finally {
    closeSync(file)
  }
}

/** How long ripgrep reads the whole file for a pattern, median in ms; null where there is no ripgrep. */
export function ripgrep({ path }: RawFile, args: readonly string[]): number | null {
  const times: number[] = []
  for (let i = 0; i < RIPGREP_RUNS; i++) {
    const begunAt = performance.now()
    const { error } = spawnSync('rg', ['--count', ...args, path])
    if (error) return null
    times.push(performance.now() - begunAt)
  }
  return median(times)
}
