// The spools of live tails: every line, compressed on disk for the export, up to a limit.
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { KIBIBYTE, MEBIBYTE } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { HOUR } from '../../time.ts'

/** The largest file that all chat platforms accept. */
const PART_BYTES = 7 * MEBIBYTE
const MAX_PARTS = 32
/** Text of one gzip member. Parts consist of whole members, so that each can be read alone or joined (RFC 1952, 2.2). */
const PIECE_BYTES = 256 * KIBIBYTE
const RETENTION_AFTER_END_MS = HOUR

export interface TailSpool {
  write(lines: readonly string[]): void
  readonly lines: number
  /** Lines beyond the limit; they are not in the export. */
  readonly omittedLines: number
  readonly parts: number
  /** Reads a part (the first is 1) as gzip, or the whole as text when it fits into one file. */
  read(part: number): { text: Buffer } | { gzip: Buffer }
}

export interface TailSpools {
  /** Opens an empty spool; `end` deletes it an hour later. */
  open(): { spool: TailSpool; end(): void }
  /** Registers a spool under the number of its tail. */
  register(id: number, spool: TailSpool): void
  /** Finds the spool of a tail. Throws `not_found` also for a deleted one. */
  find(id: number): TailSpool
  close(): void
}

/** Creates the spools in a folder, and first deletes the files of an earlier process there. */
export function createTailSpools(folder: string, clock: Clock): TailSpools {
  rmSync(folder, { recursive: true, force: true })
  const spoolsById = new Map<number, TailSpool>()
  const cancels = new Set<() => void>()
  let count = 0
  return {
    open() {
      const name = String(++count)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const file = (part: number) => join(folder, `${name}.${part}.gz`)
      const spool = createSpool(file)
      const remove = () => {
        for (let part = 1; part <= spool.parts; part++) rmSync(file(part), { force: true })
        for (const [id, registered] of spoolsById) if (registered === spool) spoolsById.delete(id)
      }
      return { spool, end: () => void cancels.add(clock.at(clock.now() + RETENTION_AFTER_END_MS, remove)) }
    },
    register: (id, spool) => void spoolsById.set(id, spool),
    find(id) {
      const spool = spoolsById.get(id)
      if (spool) return spool
      throw new Problem(
        'not_found',
        `There is no export of tail ${id}. An export is deleted one hour after the tail ends, and when Vakt stops.`,
      )
    },
    close() {
      for (const cancel of cancels) cancel()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function createSpool(file: (part: number) => string): TailSpool {
  let buffer: string[] = []
  let bufferBytes = 0
  let part = 1
  let partBytes = 0
  let total = 0
  let lines = 0
  let omittedLines = 0

  const flush = () => {
    if (buffer.length === 0) return
    const piece = gzipSync(buffer.join(''), { level: 1 })
    buffer = []
    bufferBytes = 0
    if (partBytes + piece.length > PART_BYTES) {
      part++
      partBytes = 0
    }
    appendFileSync(file(part), piece, { mode: 0o600 })
    partBytes += piece.length
  }

  return {
    get lines() {
      return lines
    },
    get omittedLines() {
      return omittedLines
    },
    get parts() {
      return part
    },
    write(newLines) {
      for (const line of newLines) {
        if (part >= MAX_PARTS && partBytes + PIECE_BYTES > PART_BYTES) {
          omittedLines++
          continue
        }
        lines++
        buffer.push(`${line}\n`)
        bufferBytes += line.length + 1
        total += line.length + 1
        if (bufferBytes >= PIECE_BYTES) flush()
      }
    },
    read(number) {
      flush()
      if (lines === 0) return { text: Buffer.alloc(0) }
      const gzip = readFileSync(file(number))
      return part === 1 && total * 3 <= PART_BYTES ? { text: gunzipSync(gzip) } : { gzip }
    },
  }
}
