// Keeps the beginning and the end of what a command says, whatever its length, and shows them safely.
import { redact } from '../../logs/redact/redact.ts'
import { plainOutput } from '../containers/output-line.ts'

/** The kept beginning and end, with secrets masked, and how many bytes stood between. */
export type Excerpt = { head: string; tail: string; left: number }

/** Collects both streams as they come; `each` bytes of the beginning and as many of the end are kept. */
export function excerptOf(each: number) {
  let head = Buffer.alloc(0)
  let tail: Buffer[] = []
  let tailBytes = 0
  let total = 0
  return {
    add(chunk: Buffer) {
      total += chunk.length
      const room = each - head.length
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)])
      const rest = chunk.subarray(Math.max(0, room))
      if (rest.length === 0) return
      tail.push(rest)
      tailBytes += rest.length
      if (tailBytes > 4 * each) {
        tail = [Buffer.concat(tail).subarray(-each)]
        tailBytes = each
      }
    },
    /** What came so far; a line that has not ended yet is shown only once `over`. */
    read(over: boolean): Excerpt {
      const end = Buffer.concat(tail).subarray(-each)
      const left = total - head.length - end.length
      // In one piece while it is whole: a secret over the seam is masked too.
      const whole = left === 0 ? Buffer.concat([head, end]) : head
      if (left === 0) return { head: safe(over ? whole : upToLine(whole)), tail: '', left }
      return { head: safe(upToLine(head)), tail: safe(fromLine(over ? end : upToLine(end))), left }
    },
  }
}

/** The excerpt as one text of about `most` characters, with what was left out said. */
export function excerptText({ head, tail, left }: Excerpt, most: number): string {
  if (left === 0 && head.length <= most) return head
  const whole = tail === '' ? head : tail
  const end = whole.slice(-Math.ceil(most * 0.7))
  const begin = head.slice(0, Math.floor(most * 0.3))
  const between = left === 0 ? `${head.length - begin.length - end.length} characters` : `more than ${left} bytes`
  return `${begin}\n… ${between} left out …\n${end}`
}

function safe(bytes: Buffer): string {
  const lines = bytes.toString('utf8').split('\n')
  return redact(withoutKeyEnd(lines.map(line => plainOutput(line)).join('\n'))).trimEnd()
}

/** A private key whose beginning was left out is none to whoever looks for its first line. */
function withoutKeyEnd(text: string): string {
  const end = /-----END [A-Z ]{0,40}PRIVATE KEY-----/.exec(text)
  const begin = text.indexOf('-----BEGIN')
  if (!end || (begin >= 0 && begin < end.index)) return text
  return `[hidden:private key]${text.slice(end.index + end[0].length)}`
}

// A line that is cut might show the part of a secret by which alone nobody knows it for one.
function upToLine(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf(10)
  return bytes.subarray(0, Math.max(0, end))
}

function fromLine(bytes: Buffer): Buffer {
  const begin = bytes.indexOf(10)
  return begin < 0 ? Buffer.alloc(0) : bytes.subarray(begin + 1)
}
