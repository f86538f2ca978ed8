// The one place where a line for a remote shell is written: every word is quoted, so that no word can be more than a word.
import { Problem } from '../../problem.ts'

// Harmless to any shell as they are; a leading ~ or = and all else is quoted.
const PLAIN = /^[a-zA-Z0-9_./:@%+,-][a-zA-Z0-9_./:@%+,=-]*$/

/**
 * The command line that makes a POSIX shell run exactly these words (XCU 2.2.2, single quotes). Throws `internal` for no
 * words and for a NUL, which no word can hold.
 */
export function remoteCommand(words: readonly string[]): string {
  if (words.length === 0 || words.some(word => word.includes('\0')))
    throw new Problem('internal', 'A command for a host has no words, or a NUL in one.')
  // A first word with = in it would be an assignment.
  return words.map((word, i) => (PLAIN.test(word) && !(i === 0 && word.includes('=')) ? word : quoted(word))).join(' ')
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
