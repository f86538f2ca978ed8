// An excerpt of a command's output: its beginning and its end, with secrets masked. Pure.
import { redact } from '../../logs/redact/redact.ts'
import { stripControlSequences } from '../containers/output-line.ts'

/** The beginning and the end of an output, with secrets masked, and how many bytes are left out between them. */
export type Excerpt = { head: string; tail: string; left: number }

/** Creates an excerpt that keeps `sideBytes` of the beginning and as many of the end. */
export function createExcerpt(sideBytes: number) {
  let head = Buffer.alloc(0)
  let tail: Buffer[] = []
  let tailBytes = 0
  let total = 0
  return {
    add(chunk: Buffer) {
      total += chunk.length
      const room = sideBytes - head.length
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)])
      const rest = chunk.subarray(Math.max(0, room))
      if (rest.length === 0) return
      tail.push(rest)
      tailBytes += rest.length
      if (tailBytes > 4 * sideBytes) {
        tail = [Buffer.concat(tail).subarray(-sideBytes)]
        tailBytes = sideBytes
      }
    },
    /** The excerpt so far; an unfinished last line is shown only when `isOver`. */
    read(isOver: boolean): Excerpt {
      const end = Buffer.concat(tail).subarray(-sideBytes)
      const left = total - head.length - end.length
      // Masked as one text while nothing is left out, so that a secret across the seam is found.
      const whole = left === 0 ? Buffer.concat([head, end]) : head
      if (left === 0) return { head: toSafeText(isOver ? whole : cutLastLine(whole)), tail: '', left }
      return {
        head: toSafeText(cutLastLine(head)),
        tail: toSafeText(cutFirstLine(isOver ? end : cutLastLine(end))),
        left,
      }
    },
  }
}

/** Writes an excerpt as one text of about `maxLength` characters, with a mark for what is left out. */
export function writeExcerpt({ head, tail, left }: Excerpt, maxLength: number): string {
  if (left === 0 && head.length <= maxLength) return head
  const whole = tail === '' ? head : tail
  const end = whole.slice(-Math.ceil(maxLength * 0.7))
  const begin = head.slice(0, Math.floor(maxLength * 0.3))
  const between = left === 0 ? `${head.length - begin.length - end.length} characters` : `more than ${left} bytes`
  return `${begin}\n… ${between} left out …\n${end}`
}

function toSafeText(bytes: Buffer): string {
  const lines = bytes.toString('utf8').split('\n')
  return redact(maskKeyEnd(lines.map(line => stripControlSequences(line)).join('\n'))).trimEnd()
}

/** Masks the end of a private key whose first line is left out, which `redact` does not recognize. */
function maskKeyEnd(text: string): string {
  const end = /-----END [A-Z ]{0,40}PRIVATE KEY-----/.exec(text)
  const begin = text.indexOf('-----BEGIN')
  if (!end || (begin >= 0 && begin < end.index)) return text
  return `[hidden:private key]${text.slice(end.index + end[0].length)}`
}

// A cut line may show a part of a secret that no rule recognizes, so it is dropped.
function cutLastLine(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf(10)
  return bytes.subarray(0, Math.max(0, end))
}

function cutFirstLine(bytes: Buffer): Buffer {
  const begin = bytes.indexOf(10)
  return begin < 0 ? Buffer.alloc(0) : bytes.subarray(begin + 1)
}
