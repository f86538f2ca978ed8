// Separates the answer of one of Vakt's scripts from what the login shell of the user printed before it.
import { clean } from '../logs/intake/clean.ts'
import { Problem } from '../problem.ts'
import { truncate } from '../text.ts'
import type { Host } from './host.ts'

/** More than any greeting; the header of an answer begins within this many bytes. */
const MAX_GREETING_BYTES = 1024 * 1024
/** How much of a greeting an error shows: its last lines, where shells write why they end. */
const MAX_SHOWN_LINES = 4
const MAX_SHOWN_LENGTH = 300

/** What the shell printed first, and the answer from its header on; null when there is no header. */
export type ScriptAnswer = { printed: string; answer: Buffer | null }

/**
 * Finds the answer in the output of a script. Shells print before it (fish greets, a `.bashrc` echoes, sshd shows a notice),
 * with or without a line break at the end, so `header` is found wherever it begins.
 */
export function findAnswer(output: Buffer, header: RegExp): ScriptAnswer {
  const start = output.subarray(0, MAX_GREETING_BYTES).toString('latin1').search(header)
  if (start < 0) return { printed: output.toString('utf8'), answer: null }
  return { printed: output.subarray(0, start).toString('utf8'), answer: output.subarray(start) }
}

/** The problem that a host ran something else: a shell that lets nobody in, or another forced command. It shows what was printed. */
export function notRunProblem(host: Pick<Host, 'name' | 'user'>, printed: string, remedy: string): Problem {
  const shown = shownText(printed)
  return new Problem(
    'conflict',
    shown === ''
      ? `${host.name} did not run the command of Vakt and printed nothing. Check that ${host.user} has a login shell there. ${remedy}`
      : `${host.name} did not run the command of Vakt. It printed: "${shown}". Check the login shell of ${host.user} there. ${remedy}`,
  )
}

function shownText(printed: string): string {
  const lines = clean(printed.slice(-MAX_GREETING_BYTES))
    .split(/[\r\n]+/)
    .map(line => line.replaceAll(/\s+/g, ' ').trim())
    .filter(line => line !== '')
  return truncate(lines.slice(-MAX_SHOWN_LINES).join(' / '), MAX_SHOWN_LENGTH)
}
