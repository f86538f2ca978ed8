// Replaces what varies from line to line (addresses, paths, times, numbers) by `<*>`, in an order that matters.

export const WILD = '<*>'

/** A message is told by its beginning; what follows makes patterns longer, not better. */
const LONGEST = 2_000

type Mask = {
  shape: RegExp
  by: string
  /** A character without which the shape cannot occur, to save the search. */
  needs?: string
  /** For patterns only: what it hides may be what tells two errors apart. */
  loose?: true
}

/**
 * Every repetition is bounded or begins where no other can have begun, so that each takes time in proportion to the text.
 * Order: wholes before their parts, as in Sentry's parameterization.py; then numbers; then what numbers are glued to.
 */
const MASKS: readonly Mask[] = [
  { shape: /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s,;"'()<>\]]+/gi, by: WILD, needs: '://' },
  { shape: /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g, by: WILD, needs: '@' },
  // Sat Nov 21 08:00:05 UTC 2026 and its parts; 2026-11-21T08:00:05.123Z.
  {
    shape:
      /\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2},? (?:\d\d:\d\d:\d\d(?:\.\d{1,9})?)?(?: [A-Z]{3,4})?(?: ?\d{4})?\b/g,
    by: WILD,
  },
  { shape: /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g, by: WILD, needs: ':' },
  { shape: /\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){3,40}\b/g, by: WILD },
  // An address with its port, and the name that a reverse look-up puts after it in parentheses.
  {
    shape: /\/?(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?: ?\([\w.-]{0,200}\))?(?![\w.]{0,20}\w)/g,
    by: WILD,
    needs: '.',
  },
  { shape: /(?<![\w<>*])(?:[A-Za-z]:)?(?:[\\/][\w.@+%~$-]{1,200}){2,100}[\\/]?(?:\?[^\s"']*)?/g, by: WILD },
  { shape: /(?<=^|[\s"'=(])\/[\w.@+%~-]{1,200}(?:\?[^\s"']*)?/g, by: WILD, needs: '/' },
  // Values, but for those that are one of a few: true, false, ACTION_DOWN.
  {
    shape:
      /(?<=[\w\]"'])=(?!(?:true|false|[A-Z][A-Z_]+)\b)(?:"[^"]*"|'[^']*'|[^\s,;()[\]{}&"']*(?:\{[^{}\s]{0,100}\})?)/g,
    by: `=${WILD}`,
    needs: '=',
    loose: true,
  },
  { shape: /"[^"\s]{1,200}"|(?<!\w)'[^'\s]{1,200}'/g, by: WILD, loose: true },
  {
    shape:
      /(?<![\w.-])(?:[\w-]{1,63}\.){1,8}(?:com|net|org|io|cn|dev|de|uk|eu|local|internal|edu|gov)(?::\d{1,5})?(?![\w-])/gi,
    by: WILD,
    needs: '.',
  },
  // Names of packages and classes, unless they end in a constant.
  {
    shape: /(?<![\w.$-])[A-Za-z_$][\w$-]{0,60}(?:\.[\w$-]{1,60}){2,12}(?<!\.[A-Z_]{2,40})(?:\/[\w.$]{1,100})?/g,
    by: WILD,
    needs: '.',
    loose: true,
  },
  { shape: /\b[A-Za-z]\w{0,40}\(\d{1,12}\)/g, by: WILD, needs: '(', loose: true },
  // Every word with a digit: numbers, versions, UUIDs, hashes, identifiers.
  {
    shape: /(?<![\w~#.+-])[\w~#.+-]{0,200}?\d[\w~#+-]{0,300}(?:[.:][\w~#+-]{0,60}?\d[\w~#+-]{0,60}){0,10}/g,
    by: WILD,
  },
  // What is glued to it: blk_<*>, <*>.xml, <*>:<*>.
  {
    shape: /(?<![\w.%~-])[\w.%~-]{0,100}<\*>(?:[.:%~/\\_-]{0,4}(?:<\*>|(?<=[.%~/\\_-])[A-Za-z_]\w{0,30})){0,50}/g,
    by: WILD,
    needs: WILD,
  },
  { shape: /<\*> ?(?:[KMGT]i?B|bytes|B)(?: ?\(<\*> ?[KMGT]?i?B\))/g, by: `${WILD} bytes`, needs: WILD },
  {
    shape: /<?<\*> ?(?:[KMGT]i?B|B|[mun]?s|secs?|seconds|minutes|min|hours|%)\b/g,
    by: WILD,
    needs: WILD,
  },
  {
    shape: /\buser (?!(?:unknown|is|was|not|by|with|and|has|agent|name|id|of|from|to|in|for|request)\b)[\w.-]{1,60}/gi,
    by: `user ${WILD}`,
    loose: true,
  },
  { shape: /<\*>(?:[ ,]{1,3}<\*>){1,500}/g, by: WILD, needs: WILD },
]

/** The message as patterns compare it. */
export function maskForPattern(message: string): string {
  return apply(message, MASKS)
}

/** The message as the identity of an error compares it: names, quoted words and values other than numbers stay. */
export function maskForIdentity(message: string): string {
  return apply(message, STRICT)
}

const STRICT = MASKS.filter(mask => !mask.loose)

function apply(message: string, masks: readonly Mask[]): string {
  let text = message.length > LONGEST ? message.slice(0, LONGEST) : message
  for (const { shape, by, needs } of masks)
    if (needs === undefined || text.includes(needs)) text = text.replace(shape, by)
  return text
}
