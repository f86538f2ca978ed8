// The confirmation that a person is asked for before a command does something that is hard to undo.
import type { Button, Text } from '../src/card.ts'
import type { Answer } from '../src/command/command.ts'

/**
 * A card that asks for confirmation: the button `label` runs `line` with `--yes`, and nothing is done yet. `instead` are
 * buttons for what the person may have meant.
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
