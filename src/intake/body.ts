// Reading request bodies within limits, without ever holding more than the limit in memory.

/** What was read: the first bytes, up to the limit, how many came in all, and whether the sender broke off. */
export type ReadBody = { kept: Buffer; total: number; broken: boolean }

export const NO_BODY: ReadBody = { kept: Buffer.alloc(0), total: 0, broken: false }

/** Whether there is a body to be waited for. */
export function hasBody(request: Request): request is Request & { body: ReadableStream<Uint8Array> } {
  return request.method !== 'GET' && request.method !== 'HEAD' && request.body !== null
}

/** After so many bytes nobody listens any more; what was kept is used all the same. */
const MAX_READ_BYTES = 64 * 1024 * 1024

/**
 * The first `limit` bytes of a body; the rest is received and dropped. A body that breaks off counts as what came of it:
 * the sender's signal is in the URL and must not be lost to its body.
 */
export async function readStart(request: Request, limit: number): Promise<ReadBody> {
  if (!hasBody(request)) return NO_BODY
  const chunks: Uint8Array[] = []
  let kept = 0
  let total = 0
  let broken = false
  try {
    for await (const chunk of request.body) {
      if (kept < limit) chunks.push(chunk.subarray(0, limit - kept))
      kept = Math.min(limit, kept + chunk.length)
      total += chunk.length
      if (total > MAX_READ_BYTES) break
    }
  } catch {
    broken = true
  }
  return { kept: Buffer.concat(chunks), total, broken }
}

/** How much of a body that is too long is its beginning; the end says how a job ended. */
const HEAD_SHARE = 0.2
/** Room for the sentence in between, bytes. */
const GAP_LENGTH = 64

/**
 * A body of up to `limit` bytes whole; of a longer one its first fifth and its end, with a line in between that says how many
 * bytes are left out. Characters are not cut. Otherwise as `readStart`.
 */
export async function readEnds(request: Request, limit: number): Promise<ReadBody> {
  if (!hasBody(request)) return NO_BODY
  const head: Uint8Array[] = []
  const tail: Uint8Array[] = []
  let [headLength, tailLength, total, broken] = [0, 0, 0, false]
  try {
    for await (const chunk of request.body) {
      total += chunk.length
      const first = chunk.subarray(0, limit - headLength)
      if (first.length > 0) head.push(first)
      headLength += first.length
      tail.push(chunk)
      tailLength += chunk.length
      while (tailLength - tail[0]!.length >= limit) tailLength -= tail.shift()!.length
      if (total > MAX_READ_BYTES) break
    }
  } catch {
    broken = true
  }
  const start = Buffer.concat(head)
  return { kept: total <= limit ? start : bothEnds(start, Buffer.concat(tail), total, limit), total, broken }
}

function bothEnds(start: Buffer, end: Buffer, total: number, limit: number): Buffer {
  if (limit < 4 * GAP_LENGTH) return start
  const headLength = Math.floor(limit * HEAD_SHARE)
  const head = start.subarray(0, characterStart(start, headLength))
  const from = end.length - (limit - headLength - GAP_LENGTH)
  const tail = end.subarray(characterStart(end, from))
  const leftOut = (total - head.length - tail.length).toLocaleString('en')
  return Buffer.concat([head, Buffer.from(`\n… ${leftOut} bytes left out …\n`), tail])
}

/** The position at or after `at` where a character of UTF-8 begins; other encodings have no such bytes in a row. */
function characterStart(bytes: Buffer, at: number): number {
  let position = at
  while (position < bytes.length && position < at + 3 && (bytes[position]! & 0xc0) === 0x80) position++
  return position
}

/** The whole body, or null when it is longer than `limit` bytes. */
export async function readWhole(request: Request, limit: number): Promise<Buffer | null> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) return null
  const { kept, total } = await readStart(request, limit)
  return total > limit ? null : kept
}

/**
 * The pieces of a body as one, which has memory of its own. Each piece is copied to its place and its memory given back, so
 * that a long body is held once; memory is only taken for what has come. `length` is what was announced, bytes. Throws what
 * `pieces` throws when the body breaks off.
 */
export async function joinPieces(pieces: AsyncIterable<Uint8Array>, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(length)
  let total = 0
  for await (const piece of pieces) {
    const end = total + piece.length
    if (end > bytes.length) bytes = Buffer.concat([bytes.subarray(0, total)], 2 * end)
    bytes.set(piece, total)
    total = end
    giveBack(piece)
  }
  return total === bytes.length ? bytes : Buffer.from(bytes.buffer.slice(0, total))
}

/** Frees the memory of a piece that has its own at once: the collector lets many of them pile up. */
function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
