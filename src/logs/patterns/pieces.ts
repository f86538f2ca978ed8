// Cuts a masked message into the pieces that patterns compare: words, wildcards and single signs, and puts them together again.

/** Pieces beyond these count for nothing: no message is told apart so late. */
const MOST_PIECES = 120

const cut = /(?<=[=:,;()[\]{}"'])|(?=[=:,;()[\]{}"'])/

/** The pieces of a text, and before which of them there was a blank. */
export type Pieces = { words: readonly string[]; spaced: readonly boolean[] }

export function pieces(text: string): Pieces {
  const words: string[] = []
  const spaced: boolean[] = []
  for (const chunk of text.split(/\s+/)) {
    if (chunk === '') continue
    for (const [index, piece] of chunk.split(cut).entries()) {
      if (words.length === MOST_PIECES) return { words, spaced }
      words.push(piece)
      spaced.push(index === 0)
    }
  }
  return { words, spaced }
}

/** The pieces as a text, with single blanks where there were any. */
export function joinPieces({ words, spaced }: Pieces): string {
  return words.map((word, index) => (index > 0 && spaced[index] ? ` ${word}` : word)).join('')
}
