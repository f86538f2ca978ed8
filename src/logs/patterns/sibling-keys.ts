// Keys by which patterns find their siblings: for each place, a hash of all other words.
const PRIME = 16_777_619

/**
 * One key per piece, equal for patterns that are equal in all other pieces; 0 for pieces that cannot become a wildcard:
 * they are not words, or the pattern has too few other words.
 */
export function siblingKeys(words: readonly string[], minOthers: number, minOthersForFirst: number): number[] {
  const others = words.filter(isWord).length - 1
  const hashes = words.map(hash)
  // Sums in which each word is weighted by its place: leaving one out is a subtraction.
  let [low, high] = [0, 0]
  for (const [at, hashed] of hashes.entries()) {
    low = (low + Math.imul(hashed, weight(at))) | 0
    high = (high + Math.imul(hashed ^ 0x5bd1e995, weight(at + 7))) | 0
  }
  return words.map((word, at) => {
    if (!isWord(word) || others < (at === 0 ? minOthersForFirst : minOthers)) return 0
    const lowRest = (low - Math.imul(hashes[at]!, weight(at))) | 0
    const highRest = (high - Math.imul(hashes[at]! ^ 0x5bd1e995, weight(at + 7))) | 0
    return 1 + (lowRest >>> 0) * 2 ** 20 + ((highRest ^ Math.imul(at + 1, PRIME) ^ words.length) & 0xfffff)
  })
}

function isWord(piece: string): boolean {
  return /[A-Za-z]{2}/.test(piece)
}

function weight(at: number): number {
  return Math.imul(at + 1, 0x9e3779b1) | 1
}

/** FNV-1a. */
function hash(word: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < word.length; at++) value = Math.imul(value ^ word.charCodeAt(at), PRIME)
  return value
}
