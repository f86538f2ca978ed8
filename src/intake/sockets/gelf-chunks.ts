// Puts together the chunks of GELF messages over UDP, within bounds of memory and time.
import { MEBIBYTE } from '../../bytes.ts'
import { SECOND } from '../../time.ts'

/** https://go2docs.graylog.org/current/getting_in_log_data/gelf.html: at most 128 chunks, all within five seconds. */
const MAX_CHUNKS = 128
const TIMEOUT_MS = 5 * SECOND
const HEADER_BYTES = 12
/** What all messages that are not whole may hold, and those of one sender. */
const MAX_BYTES = 16 * MEBIBYTE
const MAX_SENDER_BYTES = 4 * MEBIBYTE

type Incomplete = { address: string; chunks: (Buffer | undefined)[]; missing: number; bytes: number; until: number }

/** Why a message was left out, and whose it was. */
export type IncompleteMessage = { address: string; message: string }

/** `onLoss` is called for each message that is given up. */
export class GelfChunks {
  readonly #incomplete = new Map<string, Incomplete>()
  readonly #bytesOf = new Map<string, number>()
  readonly #onLoss: (loss: IncompleteMessage) => void
  #bytes = 0

  constructor(onLoss: (loss: IncompleteMessage) => void) {
    this.#onLoss = onLoss
  }

  /** Bytes of all messages that are not whole. */
  get waitingBytes(): number {
    return this.#bytes
  }

  /** The message of a datagram: itself, the chunks that it completes, or null. Datagrams of an address at `now`, epoch ms. */
  push(datagram: Buffer, address: string, now: number): Buffer | null {
    if (datagram[0] !== 0x1e || datagram[1] !== 0x0f) return datagram
    this.expire(now)
    const [number, count] = [datagram[10] ?? 0, datagram[11] ?? 0]
    if (datagram.length <= HEADER_BYTES || count === 0 || count > MAX_CHUNKS || number >= count)
      return this.#lose(address, `A chunk of GELF is damaged: it has number ${number} of ${count}.`)
    const key = `${address} ${datagram.toString('latin1', 2, 10)}`
    const message = this.#incomplete.get(key) ?? this.#begin(key, address, count, now)
    if (message.chunks.length !== count)
      return this.#lose(address, 'Two chunks of one GELF message name a different number of chunks.')
    if (message.chunks[number] !== undefined) return null
    const chunk = datagram.subarray(HEADER_BYTES)
    if (!this.#hasRoom(address, chunk.length)) {
      this.#remove(key, message)
      return this.#lose(address, 'Too many GELF messages in chunks are not whole yet.')
    }
    message.chunks[number] = chunk
    message.missing--
    this.#count(message, chunk.length)
    if (message.missing > 0) return null
    this.#remove(key, message)
    return Buffer.concat(message.chunks as Buffer[])
  }

  /** Gives up the messages whose time is over. */
  expire(now: number): void {
    for (const [key, message] of this.#incomplete) {
      // They are in the order in which they began.
      if (message.until > now) return
      this.#remove(key, message)
      this.#lose(
        message.address,
        `${message.missing} of ${message.chunks.length} chunks of a GELF message did not arrive within 5 s.`,
      )
    }
  }

  #begin(key: string, address: string, count: number, now: number): Incomplete {
    const message = {
      address,
      chunks: Array.from({ length: count }),
      missing: count,
      bytes: 0,
      until: now + TIMEOUT_MS,
    }
    this.#incomplete.set(key, message as Incomplete)
    // A message costs memory before its first chunk, too.
    this.#count(message as Incomplete, count * 8)
    return message as Incomplete
  }

  #hasRoom(address: string, bytes: number): boolean {
    return this.#bytes + bytes <= MAX_BYTES && (this.#bytesOf.get(address) ?? 0) + bytes <= MAX_SENDER_BYTES
  }

  #count(message: Incomplete, bytes: number): void {
    message.bytes += bytes
    this.#bytes += bytes
    const left = (this.#bytesOf.get(message.address) ?? 0) + bytes
    if (left > 0) this.#bytesOf.set(message.address, left)
    else this.#bytesOf.delete(message.address)
  }

  #remove(key: string, message: Incomplete): void {
    if (this.#incomplete.delete(key)) this.#count(message, -message.bytes)
  }

  #lose(address: string, message: string): null {
    this.#onLoss({ address, message })
    return null
  }
}
