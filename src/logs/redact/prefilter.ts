// Decides in one fast pass whether a text may contain a secret: most texts contain none and need no closer look.

/**
 * Three letters in a row, ignoring case, of which every secret has one in its prefix or in the name before it: passwords,
 * keys, tokens, headers and the prefixes of providers. `key-values.ts` and `tokens.ts` find nothing without one of these.
 */
const TRIPLES = [
  ...[
    'pas',
    'pwd',
    'cre',
    'tok',
    'key',
    'uth',
    'coo',
    'ssi',
    'srf',
    'cvv',
    'cvc',
    'jwt',
    'otp',
    'rdn',
    'rd_',
    'rd-',
    'rd.',
  ],
  ...['ccn', 'cc_', 'cc-', 'cc.', 'rer', 'sic', 'hp_', 'ho_', 'hu_', 'hs_', 'hr_', 'ub_', 'lpa', 'xox', 'xap', 'hoo'],
  ...['sk-', 'sk_', 'rk_', 'whs', 'kia', 'sia', 'aiz', 'ya2', 'csp', 'pm_', 'ypi', 'sg.', 'hf_', 'p_v', 'eyj', '---'],
]

/** The digits of the shortest card number; they may have spaces and dashes between them. */
const MIN_CARD_DIGITS = 13
/** The length of the shortest token without a prefix (Discord's). */
const MIN_TOKEN_LENGTH = 58

const BITS = 15
const isTriple = new Uint8Array(1 << BITS)
for (const triple of TRIPLES) {
  let hash = 0
  for (const sign of triple) hash = rollHash(hash, sign.charCodeAt(0))
  isTriple[hash] = 1
}

/** Whether a text may contain a secret: true may be wrong, false never is. */
export function mayContainSecret(text: string): boolean {
  let hash = 0
  let digits = 0
  let word = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    hash = rollHash(hash, code)
    if (isTriple[hash] === 1 && at > 1) return true
    if (code <= 57 && code >= 48) {
      if (++digits === MIN_CARD_DIGITS) return true
    } else if (code !== 32 && code !== 45) digits = 0
    if (code === 64) return true
    word = code <= 32 ? 0 : word + 1
    if (word === MIN_TOKEN_LENGTH) return true
  }
  return false
}

/** A hash of the last three characters: five bits of each, so that older ones are shifted out. */
function rollHash(hash: number, code: number): number {
  return ((hash << 5) ^ (code | 32)) & ((1 << BITS) - 1)
}
