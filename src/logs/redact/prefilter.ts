// Decides in one fast pass whether a text may contain a secret: most texts contain none and need no closer look.

/**
 * Three letters in a row, ignoring case, of which every secret has one in its prefix or in the name before it: passwords,
 * keys, tokens, headers and the prefixes of providers. `key-values.ts` and `tokens.ts` find nothing without one of these.
 */
const TRIPLES = [
  // Names: password, pwd, credential, token, key, auth, cookie, session, csrf, cvv, jwt, otp, card, psk, pw, pin, signature.
  'pas|pwd|cre|tok|key|uth|coo|ssi|srf|cvv|cvc|jwt|otp|rdn|rd_|rd-|rd.|ccn|cc_|cc-|cc.|rer|psk|pw=|pw:|pw"|pin|hma|sig|sid',
  // The same in other languages, and in text that is encoded.
  'nha|cht|asa|ras|lös|asł|пар|ПАР|гас|ГАС|密码:|密码=|密码：|密碼:|密碼：|パスワ|비밀번|şif|κωδ|\\u0',
  // Command lines and SQL: -u user:password, -p password, login … password, basic, identified by.
  ' -u|--u| -p|sic|fie',
  // Prefixes of tokens and paths that hold one.
  'hp_|ho_|hu_|hs_|hr_|ub_|glp|gld|glf|gli|gla|oas|glr|gls|glc|gr1|xox|xap|hoo|sk-|sk_|rk_|whs|kia|sia|bia|cca|a3t|a3-|bsk',
  'aiz|ya2|csp|pm_|ypi|sg.|hf_|i_o|_v1|ckr|shp|n_a|n_o|hvs|hvb|hvr|yge|snt|psc|sm_|pnu|rdm|po_|ntn|sgp|fo1|fm1|fm2|duf|loj|tfp',
  'ul-|pma|plx|psi|flw|eaa|sq0|o-u|p8e|dt0|dp.|eza|ezt|dap|hrk|co-|s4t|tk-|pi-|56~|lta|kcp|cmv|tt3|tbb|nra|nri|qvn|4b1|mmk|zxl',
  'vak|/pi|/pu|eyj|ic.|---| s.|=s.|"s.|:s.|(s.',
  // A Telegram token has a digit before `:A`, Azure's one before `Q~`, Twilio's are hex.
  '0:a|1:a|2:a|3:a|4:a|5:a|6:a|7:a|8:a|9:a|0q~|1q~|2q~|3q~|4q~|5q~|6q~|7q~|8q~|9q~',
  'sk0|sk1|sk2|sk3|sk4|sk5|sk6|sk7|sk8|sk9|ska|skb|skc|skd|ske|skf',
].flatMap(row => row.split('|'))

/** The digits of the shortest card number; they may have spaces and dashes between them. */
const MIN_CARD_DIGITS = 13
/** The length of the shortest token without a prefix (Discord's). */
const MIN_TOKEN_LENGTH = 58

/** A first look by five bits of each of three characters; what passes is compared exactly. */
const MASK = (1 << 15) - 1
const mayBeTriple = new Uint8Array(MASK + 1)
const triples = new Set<number>()
for (const triple of TRIPLES) {
  const [first, second, third] = [0, 1, 2].map(at => triple.charCodeAt(at)) as [number, number, number]
  mayBeTriple[rollHash(rollHash(rollHash(0, first), second), third)] = 1
  triples.add(exactKey(first, second, third))
}

/** What a character means for the search beside triples. */
const OTHER = 0
const DIGIT = 1
/** May stand between the digits of a card: dash, dot, underscore, no-break space. */
const SEPARATOR = 2
const SPACE = 3
const BREAK = 4
/** `@`, and letters that are invisible or full-width. */
const SUSPECT = 5
const KINDS = Uint8Array.from({ length: 161 }, (_, code) => {
  if (code >= 48 && code <= 57) return DIGIT
  if (code === 45 || code === 46 || code === 95 || code === 160) return SEPARATOR
  if (code <= 32) return code === 32 ? SPACE : BREAK
  return code === 64 ? SUSPECT : OTHER
})

/**
 * Whether a text may contain a secret: true may be wrong, false never is. Besides triples it looks for the digits of a
 * card, for `@`, for long words, and for letters that are invisible or full-width.
 */
export function mayContainSecret(text: string): boolean {
  let hash = 0
  let digits = 0
  let wordStart = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    hash = rollHash(hash, code)
    if (mayBeTriple[hash] === 1 && isTriple(text, at)) return true
    const kind = code < KINDS.length ? KINDS[code] : wideKind(code)
    if (kind === DIGIT) digits++
    else if (kind === OTHER || kind === BREAK) digits = 0
    if (kind === SUSPECT || digits === MIN_CARD_DIGITS) return true
    if (kind !== SPACE && kind !== BREAK) continue
    if (at - wordStart >= MIN_TOKEN_LENGTH) return true
    wordStart = at + 1
  }
  return text.length - wordStart >= MIN_TOKEN_LENGTH
}

function wideKind(code: number): number {
  return isDisguise(code) ? SUSPECT : OTHER
}

/** A letter in which a name may be disguised. */
function isDisguise(code: number): boolean {
  return code === 0xad || (code >= 0x200b && code <= 0x2064) || code === 0xfeff || (code >= 0xff21 && code <= 0xff5a)
}

function isTriple(text: string, at: number): boolean {
  return at > 1 && triples.has(exactKey(text.charCodeAt(at - 2), text.charCodeAt(at - 1), text.charCodeAt(at)))
}

/** Three characters as a number, ignoring case. */
function exactKey(first: number, second: number, third: number): number {
  return ((first | 32) * 65_536 + (second | 32)) * 65_536 + (third | 32)
}

/** A hash of the last three characters, from which older ones are shifted out. */
function rollHash(hash: number, code: number): number {
  return ((hash << 5) ^ (code | 32)) & MASK
}
