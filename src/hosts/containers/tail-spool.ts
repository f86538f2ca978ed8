// What live tails followed, kept compressed on disk for the export: every line, up to a stated limit.
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { HOUR } from '../../time.ts'

/** A part is what chats take as one file; so many parts, and a tail is kept no further. */
const PART_BYTES = 7 * 1024 * 1024
const PARTS = 32
/** Compressed so much at a time: each piece is a member of its own, so that parts can be read alone or joined. */
const PIECE = 256 * 1024
const KEPT_AFTER_END = HOUR

export interface TailSpool {
  write(lines: readonly string[]): void
  readonly lines: number
  /** Lines that came after the limit was reached; they are not in the export. */
  readonly beyond: number
  readonly parts: number
  /** One part (from 1), gzip; or the whole as text when that fits into one file. */
  read(part: number): { text: Buffer } | { gzip: Buffer }
}

export interface TailSpools {
  /** A new, empty spool. */
  open(): { spool: TailSpool; end(): void }
  /** Makes a spool known by the number of its tail. */
  name(id: number, spool: TailSpool): void
  /** Throws `not_found` when there is none, or no more. */
  find(id: number): TailSpool
  close(): void
}

/** Spools in a folder, which is emptied first: what a Vakt before left is nobody's any more. */
export function createTailSpools(folder: string, clock: Clock): TailSpools {
  rmSync(folder, { recursive: true, force: true })
  const named = new Map<number, TailSpool>()
  const cancels = new Set<() => void>()
  let made = 0
  return {
    open() {
      const name = String(++made)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const file = (part: number) => join(folder, `${name}.${part}.gz`)
      const spool = createSpool(file)
      const remove = () => {
        for (let part = 1; part <= spool.parts; part++) rmSync(file(part), { force: true })
        for (const [id, one] of named) if (one === spool) named.delete(id)
      }
      return { spool, end: () => void cancels.add(clock.at(clock.now() + KEPT_AFTER_END, remove)) }
    },
    name: (id, spool) => void named.set(id, spool),
    find(id) {
      const spool = named.get(id)
      if (spool) return spool
      throw new Problem(
        'not_found',
        `There is no export of the tail ${id}. It is kept for an hour after the tail ends, and until Vakt stops.`,
      )
    },
    close() {
      for (const cancel of cancels) cancel()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function createSpool(file: (part: number) => string): TailSpool {
  let waiting: string[] = []
  let waitingBytes = 0
  let part = 1
  let partBytes = 0
  let total = 0
  let lines = 0
  let beyond = 0

  const flush = () => {
    if (waiting.length === 0) return
    const piece = gzipSync(waiting.join(''), { level: 1 })
    waiting = []
    waitingBytes = 0
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
    get beyond() {
      return beyond
    },
    get parts() {
      return part
    },
    write(more) {
      for (const line of more) {
        if (part >= PARTS && partBytes + PIECE > PART_BYTES) {
          beyond++
          continue
        }
        lines++
        waiting.push(`${line}\n`)
        waitingBytes += line.length + 1
        total += line.length + 1
        if (waitingBytes >= PIECE) flush()
      }
    },
    read(asked) {
      flush()
      if (lines === 0) return { text: Buffer.alloc(0) }
      const gzip = readFileSync(file(asked))
      return part === 1 && total * 3 <= PART_BYTES ? { text: gunzipSync(gzip) } : { gzip }
    },
  }
}
