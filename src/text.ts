// Text for people: cut to a length, counted nouns, the first line, the message of any error, names of files.

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * `text` in at most `max` UTF-16 units, with `…` in place of what is cut off. Whole graphemes stay whole: no surrogate
 * pair, accent or emoji is cut in half.
 */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text
  if (max < 1) return ''
  if (isGraphemeBoundary(text, max - 1)) return `${text.slice(0, max - 1)}…`
  let end = 0
  // Segmenting a long text whole would cost far more than what is kept of it.
  for (const { segment, index } of graphemes.segment(text.slice(0, max + 64))) {
    if (index + segment.length > max - 1) break
    end = index + segment.length
  }
  return `${text.slice(0, end)}…`
}

/** Whether a grapheme certainly begins at `at`: true for plain letters, so that most texts need no segmenter. */
function isGraphemeBoundary(text: string, at: number): boolean {
  if (at === 0) return true
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)]
  // Below U+0300 there are no combining characters, surrogates or joiners; only CR LF stay together (UAX 29, GB3).
  return before < 0x300 && after < 0x300 && !(before === 13 && after === 10)
}

/** The text before the first line break. */
export function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0]!
}

const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu
const ESCAPES: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `text` on one line: line breaks, other control characters and those that turn the direction of text as escapes. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, char => ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Characters that take no place: joiners, marks of direction, soft hyphens, variation selectors. */
const INVISIBLE = /\p{Cf}|\p{Variation_Selector}|\u034f|\u115f|\u1160|\u17b4|\u17b5|\u3164|\uffa0/gu

/**
 * A text as a keyboard types it: without characters that cannot be seen, and with plain signs in place of the typographic
 * ones that chats, phones and word processors put in (spaces, dashes, stars, quotes, full-width letters).
 */
export function plainTyping(text: string): string {
  return text
    .replace(INVISIBLE, '')
    .normalize('NFKC')
    .replace(/[^\S\r\n]/gu, ' ')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u2217\u204e\u2731\u2022\u00d7]/g, '*')
    .replace(/[\u2044\u2215]/g, '/')
    .replace(/[\u2018\u2019\u201a\u201b\u2032]/g, "'")
    .replace(/[\u201c-\u201f\u2033]/g, '"')
    .replace(/^\s*(["'`])(.*)\1\s*$/s, '$2')
}

/** A text without the characters that cannot be seen, except those that join emoji and letters. */
export function dropInvisible(text: string): string {
  return text.replace(INVISIBLE, (char, at: number) => (isJoined(char, text, at) ? char : ''))
}

/** Joiners and variation selectors belong to the characters around them in many scripts and in emoji. */
function isJoined(char: string, text: string, at: number): boolean {
  if (!/^(?:\u200c|\u200d|\ufe0e|\ufe0f)$/u.test(char) || at === 0) return false
  const before = text.slice(0, at)
  return !/[\p{ASCII}\p{Script=Latin}\s\p{Cf}]$/u.test(before)
}

/** A character as people can look it up: `U+034F`. */
export function describeCharacter(char: string): string {
  return `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Whether `escapeControls` would change a text. */
export function hasControls(text: string): boolean {
  return text.search(CONTROLS) >= 0
}

/** A count with its noun: `1 check`, `1,200 checks`; `nouns` is the plural where it is not the noun with an s. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : nouns}`
}

/** A share (0 to 1) as `99.98 %`: rounded down, so that only the whole is 100 %. */
export function percent(share: number): string {
  return `${share === 1 ? '100' : (Math.floor(share * 10_000) / 100).toFixed(2)} %`
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const MAX_FILE_SUBJECT_LENGTH = 60

/**
 * The name of a file: what it shows and when, to the minute in a time zone: `graph-web-1-cpu-2026-11-29T1203.png`. Other
 * characters than letters, digits, dots and dashes become dashes, so the name is one word in every shell.
 */
export function fileName(subject: string, at: number, timeZone: string, extension: string): string {
  const words = subject.replaceAll(/[^A-Za-z0-9.]+/g, '-').slice(0, MAX_FILE_SUBJECT_LENGTH)
  const time = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime()
  const stamp = time.toString({ smallestUnit: 'minute' }).replace(':', '')
  return `${words.replaceAll(/^[.-]+|[.-]+$/g, '')}-${stamp}.${extension}`
}
