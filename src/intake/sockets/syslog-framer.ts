// Finds the frames of syslog over TCP: counted or ended by LF or NUL, decided frame by frame (RFC 6587), or by the next header.
import { KIBIBYTE } from '../../bytes.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Frame, Framer } from './framer.ts'

export const MAX_SYSLOG_FRAME_BYTES = 256 * KIBIBYTE
/** A sender that ends no frame within this many bytes may end none at all. */
const UNENDED_BYTES = 32 * KIBIBYTE
/** The length of a frame, a space and the start of its priority: `83 <35`. */
const COUNT = /^([1-9]\d{0,6}) <\d/
const COUNT_START = /^[1-9]\d{0,6}(?: (?:<\d?)?)?$/
const COUNT_BYTES = 10
const HEADER = /<\d{1,3}>(?:1 (?:-|\d{4}-)|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )/g
/** An end before the next priority. */
const ENDED = /[\n\0]<\d{1,3}>/

const LF = 10
const CR = 13
const NUL = 0
const LESS = 60
/** There is none in these bytes; nobody has looked yet. */
const NONE = -1
const UNKNOWN = -2

type Mode = 'start' | 'counted' | 'delimited'

/**
 * The framer of one connection. A sender that never ends a frame (winston-syslog by default) is noticed by its silence, or
 * by 32 KiB without an end; its frames end where the next header begins.
 */
export class SyslogFramer implements Framer {
  #mode: Mode = 'start'
  #parts: Buffer[] = []
  /** Bytes in `#parts`; `#seen` counts those beyond the limit too. */
  waitingBytes = 0
  #seen = 0
  #remaining = 0
  /** Whether the sender ends its frames; null until that is known. */
  #endsFrames: boolean | null = null

  get patienceMs(): number {
    if (this.#endsFrames === null && this.#mode === 'delimited') return SECOND
    return this.#endsFrames === false ? SECOND / 2 : MINUTE
  }

  push(piece: Buffer): Frame[] {
    const frames: Frame[] = []
    const bytes = this.#mode === 'start' && this.#parts.length > 0 ? Buffer.concat([...this.#take(), piece]) : piece
    const nul = { at: UNKNOWN }
    for (let at = 0; at < bytes.length; ) {
      if (this.#endsFrames === false) {
        this.#append(bytes.subarray(at))
        this.#splitAtHeaders(frames)
        return frames
      }
      if (this.#mode === 'counted') at = this.#readCounted(bytes, at, frames)
      else if (this.#mode === 'delimited') at = this.#readDelimited(bytes, at, nul, frames)
      else {
        at = skipEnds(bytes, at)
        if (at < bytes.length) at = this.#begin(bytes, at)
      }
    }
    return frames
  }

  flush(): Frame[] {
    const frames: Frame[] = []
    if (this.#endsFrames === null && this.#mode === 'delimited') this.#decide()
    if (this.#endsFrames === false) this.#splitAtHeaders(frames)
    if (this.waitingBytes > 0) this.#emit(frames)
    return frames
  }

  /** Decides what kind of frame begins; where the rest begins. */
  #begin(bytes: Buffer, at: number): number {
    const head = bytes.toString('latin1', at, at + COUNT_BYTES)
    const count = COUNT.exec(head)
    if (count) {
      this.#mode = 'counted'
      this.#remaining = Number(count[1])
      this.#endsFrames ??= true
      return at + count[1]!.length + 1
    }
    if (at + COUNT_BYTES > bytes.length && COUNT_START.test(head)) {
      this.#append(bytes.subarray(at))
      return bytes.length
    }
    this.#mode = 'delimited'
    return at
  }

  /** Takes what belongs to a counted frame; where the rest begins. */
  #readCounted(bytes: Buffer, at: number, frames: Frame[]): number {
    const taken = Math.min(this.#remaining, bytes.length - at)
    this.#append(bytes.subarray(at, at + taken))
    this.#remaining -= taken
    if (this.#remaining === 0) this.#emit(frames)
    return at + taken
  }

  /** Takes what belongs to a frame with an end; where the rest begins. `nul` remembers the next NUL of these bytes. */
  #readDelimited(bytes: Buffer, at: number, nul: { at: number }, frames: Frame[]): number {
    const until = this.#endsFrames ? bytes.length : Math.min(bytes.length, at + UNENDED_BYTES - this.#seen)
    if (nul.at !== NONE && nul.at < at) nul.at = bytes.indexOf(NUL, at)
    const lf = bytes.indexOf(LF, at)
    const end = nul.at >= 0 && (lf < 0 || nul.at < lf) ? nul.at : lf
    if (end >= 0 && end < until) {
      this.#append(bytes.subarray(at, end))
      this.#endsFrames = true
      this.#emit(frames)
      return end + 1
    }
    this.#append(bytes.subarray(at, until))
    if (this.#endsFrames === null && this.#seen >= UNENDED_BYTES) this.#decide()
    return until
  }

  /** A long text that begins with a header and holds another one has no ends. */
  #decide(): void {
    const text = Buffer.concat(this.#parts).toString('latin1')
    this.#endsFrames = !(text.charCodeAt(0) === LESS && (text.length < UNENDED_BYTES || nextHeader(text, 1) > 0))
  }

  #splitAtHeaders(frames: Frame[]): void {
    const bytes = Buffer.concat(this.#take())
    const text = bytes.toString('latin1')
    if (ENDED.test(text)) {
      // The sender ends its frames after all: it only paused in the middle of one.
      this.#endsFrames = true
      this.#mode = 'start'
      frames.push(...this.push(bytes))
      return
    }
    let start = 0
    for (let next = nextHeader(text, 1); next > 0; next = nextHeader(text, next + 1)) {
      frames.push(frameOf(bytes.subarray(start, next), false))
      start = next
    }
    this.#mode = 'delimited'
    this.#append(bytes.subarray(start))
    if (this.waitingBytes >= UNENDED_BYTES) this.#emit(frames)
  }

  #append(bytes: Buffer): void {
    this.#seen += bytes.length
    const kept = bytes.subarray(0, Math.max(0, MAX_SYSLOG_FRAME_BYTES - this.waitingBytes))
    if (kept.length === 0) return
    this.#parts.push(kept)
    this.waitingBytes += kept.length
    // Many tiny pieces cost more than their bytes.
    if (this.#parts.length > 100) this.#parts = [Buffer.concat(this.#parts)]
  }

  #emit(frames: Frame[]): void {
    const isCut = this.#seen > MAX_SYSLOG_FRAME_BYTES
    const parts = this.#take()
    const frame = frameOf(parts.length === 1 ? parts[0]! : Buffer.concat(parts), isCut)
    if (frame.bytes.length > 0) frames.push(frame)
    this.#mode = 'start'
  }

  #take(): Buffer[] {
    const parts = this.#parts
    this.#parts = []
    this.waitingBytes = 0
    this.#seen = 0
    return parts
  }
}

/** Where the next header begins, -1 for none. */
function nextHeader(text: string, from: number): number {
  HEADER.lastIndex = from
  return HEADER.exec(text)?.index ?? -1
}

function skipEnds(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && isEnd(bytes[at]!)) at++
  return at
}

function isEnd(byte: number): boolean {
  return byte === LF || byte === NUL || byte === CR
}

/** A frame without the ends at its end, and without NUL inside, which stands between frames in a batch. */
export function frameOf(bytes: Buffer, isCut: boolean): Frame {
  let end = bytes.length
  while (end > 0 && isEnd(bytes[end - 1]!)) end--
  const text = bytes.subarray(0, end)
  return { bytes: text.includes(NUL) ? withoutNul(text) : text, isCut }
}

function withoutNul(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll('\0', SYMBOL_FOR_NUL), 'latin1')
}

/** The bytes of `␀`. */
const SYMBOL_FOR_NUL = Buffer.from('␀').toString('latin1')
