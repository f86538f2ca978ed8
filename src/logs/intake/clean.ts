// Makes texts safe to store, search and show: no colour codes, no NUL, no half characters, within the limit.
import { traitsOf, UNCLEAN_TRAIT } from '../redact/prefilter.ts'
import type { Redactor } from '../redact/redact.ts'

const ESC = '\u001b'
const CSI = '\u009b'
/** The end of a title or a link: BEL, or either form of ST. */
const SEQUENCE_END = `\u0007|${ESC}\\\\|\u009c`

/**
 * Terminal sequences (ECMA-48): colours and cursor moves, titles and links up to their end, and the short ones. Node's own
 * `stripVTControlCharacters` takes minutes for half a megabyte of `ESC ]`; this expression reads nothing twice.
 */
const sequence = new RegExp(
  [
    `(?:${ESC}\\[|${CSI})[0-?]{0,100}[ -/]{0,10}[@-~]?`,
    `${ESC}\\][^\u0007${ESC}\u009c]{0,2000}(?:${SEQUENCE_END})`,
    `${ESC}[()*+#%][ -~]`,
    `${ESC}[ -~]?`,
  ].join('|'),
  'g',
)
const unclean = new RegExp(`[\0${ESC}${CSI}\ud800-\udfff]`)

/** The text without terminal sequences; NUL becomes `␀`, half a surrogate pair `�`. */
export function clean(text: string): string {
  if (!unclean.test(text)) return text
  return text.replace(sequence, '').replaceAll('\0', '␀').toWellFormed()
}

/** How much of the text beyond the limit is redacted too, because a secret may begin before the cut. */
const REDACTION_MARGIN = 8 * 1024

/** The text cleaned, redacted, and cut by `truncateBytes`. */
export function safeText(text: string, limit: number, redactor: Redactor): string {
  const traits = traitsOf(text)
  if ((traits & UNCLEAN_TRAIT) !== 0) return safeCleanText(clean(text), limit, redactor)
  return text.length <= limit + REDACTION_MARGIN
    ? truncateBytes(redactor.text(text, traits), limit)
    : safeCleanText(text, limit, redactor)
}

function safeCleanText(whole: string, limit: number, redactor: Redactor): string {
  if (whole.length <= limit + REDACTION_MARGIN) return truncateBytes(redactor.text(whole), limit)
  return truncateBytes(redactor.text(whole.slice(0, limit + REDACTION_MARGIN)), limit, Buffer.byteLength(whole))
}

/** The text in at most `limit` bytes of UTF-8, cut between characters, with a mark that tells the original size (`total` bytes). */
export function truncateBytes(text: string, limit: number, total = 0): string {
  if (text.length * 3 <= limit) return text
  const bytes = Buffer.byteLength(text)
  if (bytes <= limit) return text
  const mark = `… [cut, ${Math.max(bytes, total)} bytes in all]`
  const room = Math.max(0, limit - Buffer.byteLength(mark))
  const bytesInRoom = Buffer.from(text.slice(0, room)).subarray(0, room)
  return bytesInRoom.subarray(0, wholeCharacterBytes(bytesInRoom)).toString() + mark
}

/** How many of the bytes are whole characters: in a cut one, all bytes except the first begin with the bits 10. */
function wholeCharacterBytes(bytes: Buffer): number {
  let start = bytes.length
  while (start > 0 && (bytes[start - 1]! & 0xc0) === 0x80) start--
  if (start === 0) return 0
  const first = bytes[start - 1]!
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  return start - 1 + length <= bytes.length ? start - 1 + length : start - 1
}
