// The question a person is asked before a command does what is not easily taken back.
import type { Button, Text } from '../src/card.ts'
import type { Answer } from '../src/command/command.ts'

/**
 * Asks whether to go on, with a button named `label` that runs `line` with `--yes`; nothing is done yet. `instead` are
 * buttons for what may have been meant.
 */
export function confirmation(
  title: string,
  lines: readonly Text[],
  { label = 'Remove it', line }: { label?: string; line: string },
  instead: readonly Button[] = [],
): Answer {
  const buttons: Button[] = [{ label, line: `${line} --yes`, tone: 'danger' }, ...instead]
  return { card: { title, tone: 'warning', lines, buttons }, asked: true }
}
