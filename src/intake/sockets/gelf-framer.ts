// Finds the messages of GELF over TCP: JSON that a NUL ends, or a line break where a sender writes lines.
import { MEBIBYTE } from '../../bytes.ts'
import { MINUTE } from '../../time.ts'
import type { Frame, Framer } from './framer.ts'

export const MAX_GELF_BYTES = MEBIBYTE
/** How many line breaks of one frame are tried as its end: JSON that is printed over many lines has no end at most of them. */
const MAX_TRIES = 16

const NUL = 0
const LF = 10
const CLOSE = 125

export class GelfFramer implements Framer {
  readonly patienceMs = MINUTE
  #parts: Buffer[] = []
  waitingBytes = 0
  #isCut = false
  #tries = 0

  push(piece: Buffer): Frame[] {
    const frames: Frame[] = []
    let nul = piece.indexOf(NUL)
    let lf = piece.indexOf(LF)
    let at = 0
    while (nul >= 0 || lf >= 0) {
      const isNul = nul >= 0 && (lf < 0 || nul < lf)
      const end = isNul ? nul : lf
      this.#append(piece.subarray(at, isNul ? end : end + 1))
      at = end + 1
      if (isNul || this.#isWhole()) this.#emit(frames)
      if (isNul) nul = piece.indexOf(NUL, at)
      else lf = piece.indexOf(LF, at)
    }
    this.#append(piece.subarray(at))
    return frames
  }

  flush(): Frame[] {
    const frames: Frame[] = []
    this.#emit(frames)
    return frames
  }

  #append(bytes: Buffer): void {
    const kept = bytes.subarray(0, MAX_GELF_BYTES - this.waitingBytes)
    if (kept.length < bytes.length) this.#isCut = true
    if (kept.length === 0) return
    this.#parts.push(kept)
    this.waitingBytes += kept.length
    if (this.#parts.length > 100) this.#parts = [Buffer.concat(this.#parts)]
  }

  /** Whether what ends at a line break is a whole message. */
  #isWhole(): boolean {
    if (this.#isCut || this.#tries >= MAX_TRIES) return false
    const text = Buffer.concat(this.#parts)
    this.#parts = [text]
    const end = text.findLastIndex(byte => byte > 32)
    if (end < 0) return true
    if (text[end] !== CLOSE) return false
    this.#tries++
    try {
      JSON.parse(text.toString('utf8'))
      return true
    } catch {
      return false
    }
  }

  #emit(frames: Frame[]): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    if (bytes.some(byte => byte > 32)) frames.push({ bytes, isCut: this.#isCut })
    this.#parts = []
    this.waitingBytes = 0
    this.#isCut = false
    this.#tries = 0
  }
}
