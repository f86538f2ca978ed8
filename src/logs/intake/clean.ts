// Makes texts safe to store, search and show: no colour codes, no NUL, no half characters, and no more than the limit.
import type { Redactor } from '../redact/redact.ts'

const ESC = '\u001b'
const CSI = '\u009b'
/** What ends a title or a link: BEL, or either writing of ST. */
const END = `\u0007|${ESC}\\\\|\u009c`

/**
 * Terminal sequences (ECMA-48): colours and cursor moves, titles and links up to their end, and the short ones. Node's own
 * `stripVTControlCharacters` takes minutes for half a megabyte of `ESC ]`; here nothing is looked at twice.
 */
const sequence = new RegExp(
  [
    `(?:${ESC}\\[|${CSI})[0-?]{0,100}[ -/]{0,10}[@-~]?`,
    `${ESC}\\][^\u0007${ESC}\u009c]{0,2000}(?:${END})`,
    `${ESC}[()*+#%][ -~]`,
    `${ESC}[ -~]?`,
  ].join('|'),
  'g',
)
const unclean = new RegExp(`[\0${ESC}${CSI}\ud800-\udfff]`)

/** The text without terminal sequences; NUL shows as `␀`, half a surrogate pair as `�`. */
export function clean(text: string): string {
  if (!unclean.test(text)) return text
  return text.replace(sequence, '').replaceAll('\0', '␀').toWellFormed()
}

/** Beyond the limit, so much is still searched for secrets, as one may begin before the cut. */
const BEYOND = 8 * 1024

/** The text clean, without what the redactor hides, and cut as by `clip`. */
export function safeText(text: string, limit: number, redactor: Redactor): string {
  const whole = clean(text)
  if (whole.length <= limit + BEYOND) return clip(redactor.text(whole), limit)
  return clip(redactor.text(whole.slice(0, limit + BEYOND)), limit, Buffer.byteLength(whole))
}

/** The text cut to `limit` bytes of UTF-8, by whole characters, with a mark that says how much there was (`total` bytes). */
export function clip(text: string, limit: number, total = 0): string {
  if (text.length * 3 <= limit) return text
  const bytes = Buffer.byteLength(text)
  if (bytes <= limit) return text
  const mark = `… [cut, ${Math.max(bytes, total)} bytes in all]`
  const room = Math.max(0, limit - Buffer.byteLength(mark))
  const kept = Buffer.from(text.slice(0, room)).subarray(0, room)
  return kept.subarray(0, wholeCharacters(kept)).toString() + mark
}

/** How many of the bytes are whole characters: those of a last, broken one begin with 10, all but its first. */
function wholeCharacters(bytes: Buffer): number {
  let start = bytes.length
  while (start > 0 && (bytes[start - 1]! & 0xc0) === 0x80) start--
  if (start === 0) return 0
  const first = bytes[start - 1]!
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  return start - 1 + length <= bytes.length ? start - 1 + length : start - 1
}
