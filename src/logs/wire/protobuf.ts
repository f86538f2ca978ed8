// Reads protocol buffers field by field, without making the messages: https://protobuf.dev/programming-guides/encoding/
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { Problem } from '../../problem.ts'

export { WireType }

/** A reader of a message; texts are decoded in one call, which is several times faster for short ones. */
export function createReader(body: Uint8Array): BinaryReader {
  return new BinaryReader(body, decodeText)
}

function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** The types of fields that are neither messages nor texts, by their numbers. */
export type Scalars = { readonly [field: number]: WireType }

/**
 * Calls `onField` with the number of each field of the message that ends at `end`. `onField` reads the field, or answers
 * false, and it is skipped, as fields of another type than expected are: messages and texts, but for `scalars`. Throws a
 * `RangeError` for a message that is not whole.
 */
export function readFields(
  reader: BinaryReader,
  end: number,
  onField: (field: number, type: WireType) => unknown,
  scalars?: Scalars,
): void {
  while (reader.pos < end) {
    const [field, type] = reader.tag()
    const expected = scalars?.[field] ?? WireType.LengthDelimited
    if (type !== expected || onField(field, type) === false) reader.skip(type, field)
  }
  if (reader.pos !== end) throw new RangeError('a message ends within a field')
}

/** Where the message ends whose length comes next. */
export function readEnd(reader: BinaryReader): number {
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > reader.len) throw new RangeError('premature end of data')
  return end
}

/** How many messages there are at the end of a path of field numbers: `[1, 2]` are all fields 2 of all fields 1. */
export function countMessages(body: Uint8Array, path: readonly number[]): number {
  const reader = createReader(body)
  let count = 0
  const walk = (end: number, depth: number) =>
    readFields(reader, end, field => {
      if (field !== path[depth]) return false
      const inner = readEnd(reader)
      if (depth < path.length - 1) walk(inner, depth + 1)
      else {
        count++
        reader.pos = inner
      }
      return true
    })
  try {
    walk(reader.len, 0)
  } catch {
    // Whoever reads it says what is wrong with it.
  }
  return count
}

/** `read`, whose errors about a broken message become the problem of a body that is not `what`. */
export function readWhole<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof Problem) throw error
    const message = `The body is not ${what}: ${(error as Error).message}. Nothing of it is stored.`
    throw new Problem('invalid', message, { fields: { body: message } })
  }
}
