// Splits a masked message into the pieces that patterns compare (words, wildcards and single characters), and joins them.

/** Further pieces are ignored: messages differ earlier. */
const MAX_PIECES = 120

const boundary = /(?<=[=:,;()[\]{}"'])|(?=[=:,;()[\]{}"'])/

/** The pieces of a text, and which of them follow a space. */
export type Pieces = { words: readonly string[]; spaced: readonly boolean[] }

export function splitPieces(text: string): Pieces {
  const words: string[] = []
  const spaced: boolean[] = []
  for (const chunk of text.split(/\s+/)) {
    if (chunk === '') continue
    for (const [index, piece] of chunk.split(boundary).entries()) {
      if (words.length === MAX_PIECES) return { words, spaced }
      words.push(piece)
      spaced.push(index === 0)
    }
  }
  return { words, spaced }
}

/** The pieces as a text, with single spaces. */
export function joinPieces({ words, spaced }: Pieces): string {
  return words.map((word, index) => (index > 0 && spaced[index] ? ` ${word}` : word)).join('')
}
