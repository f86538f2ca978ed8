// The only place that writes a line for a remote shell: it quotes every argument, so that none can inject a command.
import { Problem } from '../../problem.ts'

// Has no special meaning in any shell. Anything else, and a leading ~ or =, is quoted.
const PLAIN_WORD = /^[a-zA-Z0-9_./:@%+,-][a-zA-Z0-9_./:@%+,=-]*$/

/**
 * Writes the line that makes a POSIX shell run a command with exactly these arguments (XCU 2.2.2, single quotes). Throws
 * `internal` for an empty list and for a NUL, which no argument can hold.
 */
export function quoteCommand(argv: readonly string[]): string {
  if (argv.length === 0 || argv.some(word => word.includes('\0')))
    throw new Problem('internal', 'A command for a host is empty or contains a NUL.')
  // A first word that contains = would be an assignment.
  return argv
    .map((word, i) => (PLAIN_WORD.test(word) && !(i === 0 && word.includes('=')) ? word : quoteArgument(word)))
    .join(' ')
}

function quoteArgument(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
