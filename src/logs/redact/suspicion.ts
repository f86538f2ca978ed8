// Tells in one fast pass whether a text could hold a secret at all: most texts hold none, and need no closer look.

/**
 * Three letters in a row, letter case aside, that every secret's beginning or the name before it contains: passwords, keys,
 * tokens, headers and the prefixes of each provider. `key-values.ts` and `tokens.ts` look for nothing without one of these.
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

/** Digits with nothing but blanks and dashes between them, as many as the shortest card number has. */
const CARD_DIGITS = 13
/** A word as long as the shortest token that is known by its shape alone (Discord's). */
const LONG_WORD = 58

const BITS = 15
const suspect = new Uint8Array(1 << BITS)
for (const triple of TRIPLES) {
  let hash = 0
  for (const sign of triple) hash = roll(hash, sign.charCodeAt(0))
  suspect[hash] = 1
}

/** Whether a closer look is worth while. May be wrong with true, never with false. */
export function isSuspect(text: string): boolean {
  let hash = 0
  let digits = 0
  let word = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    hash = roll(hash, code)
    if (suspect[hash] === 1 && at > 1) return true
    if (code <= 57 && code >= 48) {
      if (++digits === CARD_DIGITS) return true
    } else if (code !== 32 && code !== 45) digits = 0
    if (code === 64) return true
    word = code <= 32 ? 0 : word + 1
    if (word === LONG_WORD) return true
  }
  return false
}

/** A hash of the last three characters; five bits of each, so that older ones fall out at the top. */
function roll(hash: number, code: number): number {
  return ((hash << 5) ^ (code | 32)) & ((1 << BITS) - 1)
}
