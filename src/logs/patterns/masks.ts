// Replaces what varies from line to line (addresses, paths, times, numbers) with `<*>`; the order of the masks matters.

export const WILDCARD = '<*>'

/** The beginning of a message identifies it; the rest makes patterns longer, not better. */
const MAX_LENGTH = 2_000

type Mask = {
  shape: RegExp
  replacement: string
  /** Texts of which the shape has at least one, to skip the search. */
  requires?: string | readonly string[]
  /** Not for identities of errors: what it masks may be the difference between two errors. */
  patternsOnly?: true
}

/**
 * Every repetition is bounded or starts where no other can have started, so that each mask takes linear time. Order: wholes
 * before their parts, as in Sentry's parameterization.py; then numbers; then what numbers are attached to.
 */
const MASKS: readonly Mask[] = [
  { shape: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s,;"'()<>\]]+/gi, replacement: WILDCARD, requires: '://' },
  { shape: /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g, replacement: WILDCARD, requires: '@' },
  // Sat Nov 21 08:00:05 UTC 2026 and its parts; 2026-11-21T08:00:05.123Z.
  {
    shape:
      /\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2},? (?:\d\d:\d\d:\d\d(?:\.\d{1,9})?)?(?: [A-Z]{3,4})?(?: ?\d{4})?\b/g,
    replacement: WILDCARD,
  },
  {
    shape: /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g,
    replacement: WILDCARD,
    requires: ':',
  },
  { shape: /\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){3,40}\b/g, replacement: WILDCARD, requires: [':', '-'] },
  // An address with its port, and the name in parentheses that a reverse look-up adds.
  {
    shape: /\/?(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?: ?\([\w.-]{0,200}\))?(?![\w.]{0,20}\w)/g,
    replacement: WILDCARD,
    requires: '.',
  },
  {
    shape: /(?<![\w<>*])(?:[A-Za-z]:)?(?:[\\/][\w.@+%~$-]{1,200}){2,100}[\\/]?(?:\?[^\s"']*)?/g,
    replacement: WILDCARD,
    requires: ['/', '\\'],
  },
  { shape: /(?<=^|[\s"'=(])\/[\w.@+%~-]{1,200}(?:\?[^\s"']*)?/g, replacement: WILDCARD, requires: '/' },
  // Values, except those that are one of a few: true, false, ACTION_DOWN.
  {
    shape:
      /(?<=[\w\]"'])=(?!(?:true|false|[A-Z][A-Z_]+)\b)(?:"[^"]*"|'[^']*'|[^\s,;()[\]{}&"']*(?:\{[^{}\s]{0,100}\})?)/g,
    replacement: `=${WILDCARD}`,
    requires: '=',
    patternsOnly: true,
  },
  { shape: /"[^"\s]{1,200}"|(?<!\w)'[^'\s]{1,200}'/g, replacement: WILDCARD, patternsOnly: true },
  {
    shape:
      /(?<![\w.-])(?:[\w-]{1,63}\.){1,8}(?:com|net|org|io|cn|dev|de|uk|eu|local|internal|edu|gov)(?::\d{1,5})?(?![\w-])/gi,
    replacement: WILDCARD,
    requires: '.',
  },
  // Names of packages and classes, unless they end in a constant.
  {
    shape: /(?<![\w.$-])[A-Za-z_$][\w$-]{0,60}(?:\.[\w$-]{1,60}){2,12}(?<!\.[A-Z_]{2,40})(?:\/[\w.$]{1,100})?/g,
    replacement: WILDCARD,
    requires: '.',
    patternsOnly: true,
  },
  { shape: /\b[A-Za-z]\w{0,40}\(\d{1,12}\)/g, replacement: WILDCARD, requires: '(', patternsOnly: true },
  // Every word with a digit: numbers, versions, UUIDs, hashes, identifiers.
  {
    shape: /(?<![\w~#.+-])[\w~#.+-]{0,200}?\d[\w~#+-]{0,300}(?:[.:][\w~#+-]{0,60}?\d[\w~#+-]{0,60}){0,10}/g,
    replacement: WILDCARD,
  },
  // What is attached to it: blk_<*>, <*>.xml, <*>:<*>.
  {
    shape: /(?<![\w.%~-])[\w.%~-]{0,100}<\*>(?:[.:%~/\\_-]{0,4}(?:<\*>|(?<=[.%~/\\_-])[A-Za-z_]\w{0,30})){0,50}/g,
    replacement: WILDCARD,
    requires: WILDCARD,
  },
  {
    shape: /<\*> ?(?:[KMGT]i?B|bytes|B)(?: ?\(<\*> ?[KMGT]?i?B\))/g,
    replacement: `${WILDCARD} bytes`,
    requires: WILDCARD,
  },
  {
    shape: /<?<\*> ?(?:[KMGT]i?B|B|[mun]?s|secs?|seconds|minutes|min|hours|%)\b/g,
    replacement: WILDCARD,
    requires: WILDCARD,
  },
  {
    shape: /\buser (?!(?:unknown|is|was|not|by|with|and|has|agent|name|id|of|from|to|in|for|request)\b)[\w.-]{1,60}/gi,
    replacement: `user ${WILDCARD}`,
    patternsOnly: true,
  },
  { shape: /<\*>(?:[ ,]{1,3}<\*>){1,500}/g, replacement: WILDCARD, requires: WILDCARD },
]

/** The masked message that patterns compare. */
export function maskForPattern(message: string): string {
  return applyMasks(message, MASKS)
}

/**
 * The masked message in the identity of an error: words and values other than numbers stay, and so does the status of an HTTP
 * answer; names in quotes and JSON behind a text go.
 */
export function maskForIdentity(message: string): string {
  return maskIdentity(message).masked
}

/**
 * As `maskForIdentity`. `isStable` when every message with the same `digitKey` has the same masked message, because no digit
 * is left in it but those of a status.
 */
export function maskIdentity(message: string): { masked: string; isStable: boolean } {
  const text = message.length > MAX_LENGTH ? message.slice(0, MAX_LENGTH) : message
  const kept = text.replace(STATUS, (_, before: string, status: string) => before + hideDigits(status))
  const masked = applyMasks(kept, IDENTITY_MASKS)
  return { masked: kept === text ? masked : masked.replace(HIDDEN_DIGITS, showDigits), isStable: !/\d/.test(masked) }
}

/**
 * The message with every digit as 0, and what may be the status of an HTTP answer. No mask asks which digit stands at a place,
 * but for that status: messages with the same key have their masks at the same places.
 */
export function digitKey(message: string): string {
  const zeros = message.replace(/[1-9]/g, '0')
  if (!MAYBE_STATUS.test(message)) return zeros
  return `${zeros}\0${Array.from(message.matchAll(MAYBE_STATUSES), found => `${found.index} ${found[0]}`).join()}`
}

const MAYBE_STATUS = /(?<!\d)[45]\d\d(?!\d)/
const MAYBE_STATUSES = new RegExp(MAYBE_STATUS, 'g')

const IDENTITY_MASKS: readonly Mask[] = [
  // JSON behind a text; a message that is nothing else tells its errors apart by it.
  { shape: /(?<=\S\s?)\{\s?"[^\n]*\}/g, replacement: `{${WILDCARD}}`, requires: '{' },
  // IPv6, in brackets with a port or not.
  {
    shape:
      /(?<![\w:.])\[?(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?=[0-9A-Fa-f:]{2,39}(?![\w:]))(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?)(?:%\w{1,15})?(?:\](?::\d{1,5})?)?(?![\w:])/g,
    replacement: WILDCARD,
    requires: ':',
  },
  // A word or a name in quotes, unless it is a value: `error="EOF"` and `"code":"E1"` are what is wrong.
  {
    shape:
      /(?<![\w=:{])(?<![=:{]\s)(?:"(?:[^"\s]{1,200}|[A-Z][\w.'-]{0,40}(?: [A-Z][\w.'-]{0,40}){1,3})"|“[^”\n]{1,200}”|«[^»\n]{1,200}»|`[^`\s]{1,200}`|'(?:[^'\s]{1,200}|[A-Z][\w.-]{0,40}(?: [A-Z][\w.-]{0,40}){1,3})')(?!\w|\s?:\s?["{[\d])/g,
    replacement: WILDCARD,
    requires: ['"', "'", '`', '“', '«'],
  },
  ...MASKS.filter(mask => !mask.patternsOnly),
]

/** The status of an HTTP answer, which tells one problem from another. */
const STATUS =
  /(\b(?:status(?:[ _]?code)?|returned|responded(?: with)?|response(?: code)?|answered(?: with)?|got|HTTP(?:\/[\d.]{1,3}"?)?|code|error)["']?[ :=]{1,3}|(?:^|[\s:(])(?=[45]\d\d (?:Bad|Not|Internal|Gateway|Service|Forbidden|Unauthorized|Too|Unprocessable|Conflict|Gone|Method|Request|Payload|Precondition)\b))([45]\d\d)(?![\w.:-])(?! ?(?:rows|records|items|results|bytes|times|of|ms|s|%|[KMG]B)\b)/gi

/** Digits that no mask takes for a number. */
function hideDigits(digits: string): string {
  return digits.replace(/\d/g, digit => String.fromCharCode(FIRST_HIDDEN + Number(digit)))
}

/** The first character of Unicode's private area. */
const FIRST_HIDDEN = 0xe000
const HIDDEN_DIGITS = /[\ue000-\ue009]/g

function showDigits(hidden: string): string {
  return String(hidden.charCodeAt(0) - FIRST_HIDDEN)
}

function applyMasks(message: string, masks: readonly Mask[]): string {
  let text = message.length > MAX_LENGTH ? message.slice(0, MAX_LENGTH) : message
  for (const { shape, replacement, requires } of masks)
    if (requires === undefined || hasAny(text, requires)) text = text.replace(shape, replacement)
  return text
}

function hasAny(text: string, parts: string | readonly string[]): boolean {
  return typeof parts === 'string' ? text.includes(parts) : parts.some(part => text.includes(part))
}
