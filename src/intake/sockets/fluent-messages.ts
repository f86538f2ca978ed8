// Reads messages of Fluent forward, in every mode, as lines of JSON.
// https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { Decoder, Encoder, ExtensionCodec } from '@msgpack/msgpack'
import { Problem } from '../../problem.ts'
import { SECOND } from '../../time.ts'
import { MAX_MSGPACK_BYTES, MsgpackFramer } from './msgpack-framer.ts'

/** How many records are read before others have their turn. */
const RECORDS_AT_ONCE = 500

/** A time with nanoseconds, extension type 0. */
class FluentTime {
  readonly seconds: number
  readonly nanoseconds: number
  constructor(seconds: number, nanoseconds: number) {
    this.seconds = seconds
    this.nanoseconds = nanoseconds
  }
}

const extensions = new ExtensionCodec()
extensions.register({
  type: 0,
  encode: () => null,
  decode: bytes => {
    if (bytes.length !== 8) throw new Problem('invalid', 'A time of Fluent forward must have 8 bytes.')
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
    return new FluentTime(view.getUint32(0), view.getUint32(4))
  },
})
const decoder = new Decoder({ extensionCodec: extensions, useBigInt64: true, mapKeyConverter: textOf })
const encoder = new Encoder()

/** What a message holds: lines of JSON, those that could not be read, and the chunk that its sender wants acknowledged. */
export type FluentMessage = { tag: string; lines: Buffer[]; unreadable: number; chunk: string | null }

/**
 * The lines of a message (one value of MessagePack); null for a heartbeat. Throws `invalid` when it is no message, and
 * `too_large` when it grows too much.
 */
export async function readFluentMessage(bytes: Buffer): Promise<FluentMessage | null> {
  const value = decode(bytes)
  if (value === null) return null
  if (!Array.isArray(value) || value.length < 2 || value.length > 4) throw noMessage()
  const [tag, second] = value
  const option = (value.length > 2 ? value.at(-1) : null) as { [name: string]: unknown } | null
  const message = { tag: textOf(tag), lines: [] as Buffer[], unreadable: 0, chunk: chunkOf(option) }
  const add = (entry: unknown) => {
    const line = readEntry(entry)
    if (line === null) message.unreadable++
    else message.lines.push(line)
  }
  if (Array.isArray(second) && Array.isArray(second[0])) await inTurns(second, add)
  else if (Array.isArray(second) && second.length === 0) return message
  else if (second instanceof Uint8Array || typeof second === 'string') {
    const packed = typeof second === 'string' ? Buffer.from(second) : Buffer.from(second)
    const { frames, isWhole } = entriesOf(await decompress(packed, option?.compressed))
    await inTurns(frames, frame => add(tryDecode(frame)))
    if (!isWhole) message.unreadable++
  } else {
    if (value.length < 3) throw noMessage()
    add([second, value[2]])
    message.chunk = chunkOf(value[3] as never)
  }
  return message
}

/** The answer that a sender waits for once the lines of its chunk are stored. */
export function fluentAck(chunk: string): Uint8Array {
  return encoder.encode({ ack: chunk })
}

function noMessage(): Problem {
  return new Problem('invalid', 'A message is not one of Fluent forward: [tag, time, record] or [tag, entries].')
}

function chunkOf(option: { [name: string]: unknown } | null | undefined): string | null {
  if (typeof option !== 'object' || option === null) return null
  const { chunk } = option
  return typeof chunk === 'string' || chunk instanceof Uint8Array ? textOf(chunk) : null
}

function decode(bytes: Uint8Array): unknown {
  try {
    // Parts of a Buffer would be Buffers, which write themselves as lists of numbers.
    return decoder.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
  } catch (error) {
    if (error instanceof Problem) throw error
    // The library refuses this one name.
    const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf('__proto__')
    if (at < 0) throw new Problem('invalid', `A message cannot be decoded: ${(error as Error).message}.`)
    const copy = Buffer.from(bytes)
    for (let name = copy.indexOf('__proto__'); name >= 0; name = copy.indexOf('__proto__'))
      copy.write('_proto_._', name)
    return decoder.decode(copy)
  }
}

function tryDecode(bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

async function inTurns<T>(entries: readonly T[], add: (entry: T) => void): Promise<void> {
  for (let start = 0; start < entries.length; start += RECORDS_AT_ONCE) {
    if (start > 0) await new Promise(resolve => setImmediate(resolve))
    for (const entry of entries.slice(start, start + RECORDS_AT_ONCE)) add(entry)
  }
}

const OPTIONS = { maxOutputLength: MAX_MSGPACK_BYTES }

async function decompress(packed: Buffer, kind: unknown): Promise<Buffer> {
  const name = kind === undefined || kind === null ? 'text' : textOf(kind)
  if (name === 'text') return packed
  if (name !== 'gzip' && name !== 'zstd')
    throw new Problem(
      'unsupported',
      `Entries compressed with "${name.slice(0, 20)}" are not supported. Use gzip or zstd.`,
    )
  try {
    return await (name === 'gzip' ? promisify(gunzip)(packed, OPTIONS) : promisify(zstdDecompress)(packed, OPTIONS))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new Problem(
        'too_large',
        `The entries of a message have more than ${MAX_MSGPACK_BYTES} bytes. Send smaller chunks.`,
      )
    throw new Problem('invalid', `The entries of a message are not whole ${name}.`)
  }
}

/** The packed entries, and whether the last one is whole. */
function entriesOf(packed: Buffer): { frames: Buffer[]; isWhole: boolean } {
  const framer = new MsgpackFramer()
  const frames = framer.push(packed).map(({ bytes }) => bytes)
  return { frames, isWhole: framer.waitingBytes === 0 }
}

/** An entry as a line of JSON; null when it is none. */
function readEntry(entry: unknown): Buffer | null {
  if (!Array.isArray(entry) || entry.length < 2) return null
  // Fluent Bit puts metadata beside the time: [[time, metadata], record].
  const time = Array.isArray(entry[0]) ? entry[0][0] : entry[0]
  const record = entry[1]
  if (typeof record !== 'object' || record === null || Array.isArray(record) || record instanceof Uint8Array)
    return null
  const timestamp = timeText(time)
  const timed = timestamp === null || hasOwnTime(record as object) ? record : { ...record, timestamp }
  const text = JSON.stringify(timed, jsonValue)
  return text === '{}' ? null : Buffer.from(text)
}

/** A time of the record itself that needs no zone is nearer to what happened than the time at which it was read. */
function hasOwnTime(record: object): boolean {
  return TIME_NAMES.some(name => {
    const value = (record as { [name: string]: unknown })[name]
    return typeof value === 'string' ? ZONED.test(value) : typeof value === 'number' && value > MIN_EPOCH
  })
}

const TIME_NAMES = ['timestamp', 'time', '@timestamp', 'ts']
const ZONED = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/
const MIN_EPOCH = 100_000_000

/** Seconds, whole or with a fraction, or a time with nanoseconds, as RFC 3339; null for 0 and for anything else. */
function timeText(time: unknown): string | null {
  const seconds = time instanceof FluentTime ? time.seconds : Number(time)
  if (!(typeof time === 'number' || typeof time === 'bigint' || time instanceof FluentTime)) return null
  if (!(seconds > 0 && seconds < MAX_SECONDS)) return null
  const whole = new Date(Math.floor(seconds) * SECOND).toISOString().slice(0, 19)
  const nanoseconds = time instanceof FluentTime ? time.nanoseconds : Math.round((seconds % 1) * 1e9)
  return `${whole}.${String(Math.min(nanoseconds, 999_999_999)).padStart(9, '0')}Z`
}

/** The year 9999. */
const MAX_SECONDS = 253_402_300_800

function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawJson(String(value))
  if (value instanceof FluentTime) return timeText(value)
  return value instanceof Uint8Array ? textOf(value) : value
}

const texts = new TextDecoder()

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? texts.decode(value) : String(value)
}

/** A number with all its digits; TypeScript does not know `JSON.rawJSON` yet. */
function rawJson(digits: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits)
}
