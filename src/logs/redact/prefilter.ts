// Finds in one fast pass what a text has that a secret needs: most texts have nothing of it and need no closer look.

/**
 * Three letters in a row, ignoring case, of which every secret has one in its prefix or in the name before it: passwords,
 * keys, tokens, headers and the prefixes of providers. `key-values.ts` and `tokens.ts` find nothing without one of these.
 */
const TRIPLES = [
  // Names: password, pwd, credential, token, key, auth, cookie, session, csrf, cvv, jwt, otp, card, psk, pw, pin, signature.
  'pas|pwd|cre|tok|key|uth|coo|ssi|srf|cvv|cvc|jwt|otp|rdn|rd_|rd-|rd.|ccn|cc_|cc-|cc.|rer|psk|pin|hma|sig|sid',
  // `pw` before its sign, `sess_id`, `sess-id`, `sess.id`.
  'pw=|pw:|pw"|pw\'|pw |pw\\|s_i|s-i|s.i',
  // The same in other languages, with and without their accents, and in text that is encoded.
  'nha|cht|asa|ras|nnw|gsk|eno|asl|lös|asł|asŁ|Şif|пар|ПАР|гас|ГАС|パスワ|비밀번|şif|κωδ|ΚΩΔ|\\u0',
  '密码:|密码=|密码：|密码＝|密码"|密码\'|密码 |密碼:|密碼=|密碼：|密碼＝|密碼"|密碼\'|密碼 ',
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

/**
 * Three letters in a row of which every alternative of `PREFIX` (token-shapes.ts) has one. Alone they do not make a text
 * suspect; without one, the expression is not even tried.
 */
const PREFIX_TRIPLES = [
  'beg|ge-|e-l|zxl|kia|sia|bia|cca|a3t|a3-|bsk|k-a|vak|/pi|/pu|hp_|ho_|hu_|hs_|hr_|ub_|gr1|xox|xap|hoo|sk-|sk_|rk-|rk_|whs',
  'aiz|ya2|csp|.of|hvb|hvs|hvr|pm_|hf_|rg_|_v1|ckr|shp|in_|yge|snt|psc|sm_|pnu|rdm|po_|ntn|sgp|fo1|fm1|fm2|duf|loj|tfp|ps_',
  'ypi|sg.|ul-|pma|plx|ib-|flw|eaa|sq0|o-u|p8e|dt0|dp.|eza|ezt|dap|hrk|co-|s4t|tk-|pi-|56~|lta|kcp|cmv|att|ctt|tbb|nra|nri',
  'qvn|4b1|tsk|/we|0:a|1:a|2:a|3:a|4:a|5:a|6:a|7:a|8:a|9:a',
  'sk0|sk1|sk2|sk3|sk4|sk5|sk6|sk7|sk8|sk9|ska|skb|skc|skd|ske|skf',
  ...[...'abcdefghijklmnopqrstuvwxyz'].flatMap(letter => [`ey${letter}`, `gl${letter}`]),
].flatMap(row => row.split('|'))
/** The same for `Bearer` and `Basic` in front of a token. */
const SCHEME_TRIPLES = ['rer', 'sic']

/** A triple of a name, a command or a prefix. */
const TRIPLE = 1 << 16
/** A triple of `PREFIX`, and one of `Bearer` or `Basic`. */
export const PREFIX_TRAIT = 1 << 17
export const SCHEME_TRAIT = 1 << 18
/** The digits of a card. */
export const CARD_TRAIT = 1 << 19
/** A word as long as the shortest token that has no prefix. */
export const LONG_WORD_TRAIT = 1 << 20
/** A letter beyond ASCII, and one in which a name may be disguised. */
export const WIDE_TRAIT = 1 << 21
const DISGUISE = 1 << 22
/** The characters that the text has. */
export const AT_TRAIT = 1 << 3
/** `:` or `=`. */
export const SEPARATOR_TRAIT = 1 << 4
export const DASH_TRAIT = 1 << 5
export const QUOTE_TRAIT = 1 << 6
export const LESS_TRAIT = 1 << 7
/** `%`, `&` or a backslash. */
export const ESCAPE_TRAIT = 1 << 8
export const DOT_TRAIT = 1 << 9
/** `|`, `~` or `_`. */
export const SIGN_TRAIT = 1 << 10
/** What `clean` takes out or replaces. */
export const UNCLEAN_TRAIT = 1 << 11

/** As if a text had everything. */
export const ALL_TRAITS = 2 ** 23 - 1
/** What every secret has at least one of. */
const SECRET_TRAITS = TRIPLE | CARD_TRAIT | LONG_WORD_TRAIT | AT_TRAIT | DISGUISE

/** The digits of the shortest card number; they may have spaces and dashes between them. */
const MIN_CARD_DIGITS = 13
/** The length of the shortest token without a prefix (Discord's). */
const MIN_TOKEN_LENGTH = 58

/** A first look by five bits of each of three characters; what passes is compared exactly. */
const MASK = (1 << 15) - 1
const mayBeTriple = new Uint8Array(MASK + 1)
/** The traits of each triple. */
const triples = new Map<number, number>()
for (const [trait, list] of [
  [TRIPLE, TRIPLES],
  [PREFIX_TRAIT, PREFIX_TRIPLES],
  [SCHEME_TRAIT, SCHEME_TRIPLES],
] as const)
  for (const triple of list) {
    const [first, second, third] = [0, 1, 2].map(at => triple.charCodeAt(at)) as [number, number, number]
    mayBeTriple[rollHash(rollHash(rollHash(0, first), second), third)] = 1
    const key = exactKey(first, second, third)
    triples.set(key, (triples.get(key) ?? 0) | trait)
  }

/** The traits of each character of ASCII. */
const CHARACTER_TRAITS = new Uint16Array(128)
for (const [trait, characters] of [
  [AT_TRAIT, '@'],
  [SEPARATOR_TRAIT, ':='],
  [DASH_TRAIT, '-'],
  [QUOTE_TRAIT, '"\''],
  [LESS_TRAIT, '<'],
  [ESCAPE_TRAIT, '%&\\'],
  [DOT_TRAIT, '.'],
  [SIGN_TRAIT, '|~_'],
  [UNCLEAN_TRAIT, '\0\u001b'],
] as const)
  for (const character of characters) CHARACTER_TRAITS[character.charCodeAt(0)]! |= trait

/**
 * Two counts in one number: digits of a card in the low byte, the length of a word in the next one. `KEPT_COUNTS` has the bits
 * of the counts that go on with a character, `ADDED_COUNTS` what it adds. Dash, dot, underscore and space may stand between
 * the digits of a card; white space ends a word.
 */
const DIGIT_BITS = 0x3f
const WORD_BITS = 0xff00
const ONE_LETTER = 0x100
const KEPT_COUNTS = Int32Array.from({ length: 128 }, (_, code) => keptCounts(code))
const ADDED_COUNTS = Int32Array.from({ length: 128 }, (_, code) => addedCounts(code))
/** Added to the counts, it sets a bit once one of them is reached. */
const COUNTS_OFFSET = (0x40 * ONE_LETTER - MIN_TOKEN_LENGTH * ONE_LETTER) | (0x10 - MIN_CARD_DIGITS)
const CARD_REACHED = 0x10
const WORD_REACHED = 0x40 * ONE_LETTER

function keptCounts(code: number): number {
  const isInWord = code > 32
  const isInCard =
    (code >= 48 && code <= 57) || code === 32 || code === 45 || code === 46 || code === 95 || code === 160
  return (isInCard ? DIGIT_BITS : 0) | (isInWord ? WORD_BITS : 0)
}

function addedCounts(code: number): number {
  return (code >= 48 && code <= 57 ? 1 : 0) + (code > 32 ? ONE_LETTER : 0)
}

/** The bytes of the text at hand: a loop over bytes is three times as fast as one over the characters of a string. */
const MAX_BYTES = 96 * 1024
const bytes = Buffer.allocUnsafeSlow(MAX_BYTES)

/**
 * What a text has that a secret needs, as bits; `mayBeSecret` tells what they mean. A trait may be there by chance, but none
 * that a secret needs is ever missing.
 */
export function traitsOf(text: string): number {
  const { length } = text
  // Texts beyond ASCII have more bytes than characters.
  if (length > MAX_BYTES || bytes.write(text) !== length) return traitsOfWide(text)
  let traits = 0
  let hash = 0
  let counts = 0
  let reached = 0
  for (let at = 0; at < length; at++) {
    const code = bytes[at]!
    traits |= CHARACTER_TRAITS[code]!
    hash = rollHash(hash, code)
    if (mayBeTriple[hash] === 1 && at > 1) traits |= tripleTraits(bytes[at - 2]!, bytes[at - 1]!, code)
    counts = (counts & KEPT_COUNTS[code]!) + ADDED_COUNTS[code]!
    reached |= counts + COUNTS_OFFSET
  }
  return traits | reachedTraits(reached)
}

/** As `traitsOf`, for texts with characters beyond ASCII and for very long ones. */
export function traitsOfWide(text: string): number {
  let traits = 0
  let hash = 0
  let counts = 0
  let reached = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    traits |= code < 128 ? CHARACTER_TRAITS[code]! : wideTraits(code)
    hash = rollHash(hash, code)
    if (mayBeTriple[hash] === 1 && at > 1)
      traits |= tripleTraits(text.charCodeAt(at - 2), text.charCodeAt(at - 1), code)
    counts = (counts & keptCounts(code)) + addedCounts(code)
    reached |= counts + COUNTS_OFFSET
  }
  return traits | reachedTraits(reached)
}

/** Whether a text with these traits may contain a secret: true may be wrong, false never is. */
export function mayBeSecret(traits: number): boolean {
  return (traits & SECRET_TRAITS) !== 0
}

function reachedTraits(reached: number): number {
  return (reached & CARD_REACHED ? CARD_TRAIT : 0) | (reached & WORD_REACHED ? LONG_WORD_TRAIT : 0)
}

/** The traits of a character beyond ASCII. */
function wideTraits(code: number): number {
  const isUnclean = code === 0x9b || (code >= 0xd800 && code <= 0xdfff)
  return WIDE_TRAIT | (isDisguise(code) ? DISGUISE : 0) | (isUnclean ? UNCLEAN_TRAIT : 0)
}

/** A letter in which a name may be disguised. */
function isDisguise(code: number): boolean {
  return code === 0xad || (code >= 0x200b && code <= 0x2064) || code === 0xfeff || (code >= 0xff21 && code <= 0xff5a)
}

function tripleTraits(first: number, second: number, third: number): number {
  return triples.get(exactKey(first, second, third)) ?? 0
}

/** Three characters as a number, ignoring case; a small one for characters of ASCII, whose map is faster. */
function exactKey(first: number, second: number, third: number): number {
  return (first | second | third) < 128
    ? ((first | 32) << 14) | ((second | 32) << 7) | (third | 32)
    : ((first | 32) * 65_536 + (second | 32)) * 65_536 + (third | 32)
}

/** A hash of the last three characters, from which older ones are shifted out. */
function rollHash(hash: number, code: number): number {
  return ((hash << 5) ^ (code | 32)) & MASK
}
