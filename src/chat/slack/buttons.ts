// Turns the buttons of a card into Block Kit buttons, and what Slack says was pressed back into a command line.
import type { types } from '@slack/bolt'
import { type Button, cutText } from '../../card.ts'
import { cleanText } from '../fit-text.ts'

const MAX_LINE = 2000
const MAX_URL = 3000
const PER_BLOCK = 25

/** What a pressed button asks for: a line to run, and the arguments to ask for first. */
export type Press = { line: string; ask: readonly string[] }

/** The buttons as action blocks. A button whose line is longer than Slack carries is left out. */
export function toActions(buttons: readonly Button[]): types.ActionsBlock[] {
  const elements = buttons
    .filter(button => button.url !== undefined || (button.line !== '' && cleanText(button.line).length <= MAX_LINE))
    .filter(button => (button.url ?? '').length <= MAX_URL)
    .map(toElement)
  const blocks: types.ActionsBlock[] = []
  for (let i = 0; i < elements.length; i += PER_BLOCK)
    blocks.push({ type: 'actions', elements: elements.slice(i, i + PER_BLOCK) })
  return blocks
}

/** What was pressed, from the action's id and value; null for a plain link, which only opens. */
export function readPress(actionId: string, value: string | undefined): Press | null {
  const [kind, , names = ''] = actionId.split(':')
  if (kind === 'url' || value === undefined) return null
  return { line: value, ask: kind === 'ask' ? names.split(',').filter(Boolean) : [] }
}

/** Every action id that `toActions` gives out. */
export const PRESSED = /^(run|ask|url):\d+/

/** Plain text of at most `max` characters, which Slack refuses to have empty. */
export function plain(text: string, max: number): types.PlainTextElement {
  const cut = cutText(cleanText(text).replace(/\s+/g, ' ').trim(), max)
  // Slack counts UTF-16 units, so a text full of emoji may need a second, closer cut.
  const fits = cut.length <= max ? cut : cutText(cut, Math.floor(max / 2))
  return { type: 'plain_text', text: fits === '' ? '–' : fits, emoji: true }
}

function toElement(button: Button, index: number): types.Button {
  const text = plain(button.label, 75)
  if (button.url !== undefined) return { type: 'button', action_id: `url:${index}`, text, url: button.url }
  const asks = (button.ask?.length ?? 0) > 0
  return {
    type: 'button',
    action_id: asks ? `ask:${index}:${button.ask!.join(',')}`.slice(0, 255) : `run:${index}`,
    text,
    value: cleanText(button.line),
    ...(button.tone === 'primary' || button.tone === 'danger' ? { style: button.tone } : {}),
    // A form can still be left, and who presses "do it" has been asked by the card; any other danger is asked about first.
    ...(button.tone === 'danger' && !asks && !/\s--yes\b/.test(button.line) ? { confirm: confirmation(button) } : {}),
  }
}

function confirmation(button: Button) {
  return {
    title: plain(button.label, 100),
    text: plain(`This runs: ${button.line}`, 300),
    confirm: plain(button.label, 30),
    deny: plain('Cancel', 30),
    style: 'danger' as const,
  }
}
