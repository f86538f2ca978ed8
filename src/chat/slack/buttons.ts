// The buttons of a card as Block Kit buttons, and the command line of a pressed one.
import type { types } from '@slack/bolt'
import { type Button, cutText, type Menu, type Row } from '../../card.ts'
import { cleanText } from '../fit-text.ts'

/** https://api.slack.com/reference/block-kit/block-elements#button */
const MAX_LINE_LENGTH = 2_000
const MAX_URL_LENGTH = 3_000
const MAX_LABEL_LENGTH = 75
const MAX_ACTION_ID_LENGTH = 255
const BUTTONS_PER_BLOCK = 25
/** Where the numbers of the buttons of rows begin. */
const ROW_PLACES = 1_000
/** https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
const MAX_OPTION_LENGTH = 75
const MAX_OPTION_LINE_LENGTH = 150
const MAX_PLACEHOLDER_LENGTH = 150
const MAX_OPTIONS = 100
const MAX_OVERFLOW_OPTIONS = 5
/** With as few choices as this, buttons take one press less. */
const MAX_CHOICE_BUTTONS = 3

/** Every action id that `toActions` uses. */
export const PRESSED = /^(run|ask|url|menu):\d+/

/** A press runs `line`, after a form for the arguments in `ask`. */
export type Press = { line: string; ask: readonly string[] }

/** The buttons as action blocks, with the id of the Vakt that makes them. A button whose line is too long for Slack is left out. */
export function toActions(buttons: readonly Button[], instance?: string): types.ActionsBlock[] {
  const elements = buttons
    .filter(
      button => button.url !== undefined || (button.line !== '' && cleanText(button.line).length <= MAX_LINE_LENGTH),
    )
    .filter(button => (button.url ?? '').length <= MAX_URL_LENGTH)
    .map((button, index) => toElement(button, index, instance))
  const blocks: types.ActionsBlock[] = []
  for (let i = 0; i < elements.length; i += BUTTONS_PER_BLOCK)
    blocks.push({ type: 'actions', elements: elements.slice(i, i + BUTTONS_PER_BLOCK) })
  return blocks
}

/** What a row offers, beside it: its button, or a menu where it has more to do than look; null where Slack would refuse it. */
export function toRowElement(
  { action, more = [] }: Row,
  place: number,
  instance?: string,
): types.Button | types.Overflow | null {
  const all = action ? [action, ...more] : more
  // What people press in a hurry stays one press.
  const isMenu = more.length > 0 && action?.tone !== 'primary' && all.every(isOption)
  const options = isMenu ? toOptions(all).slice(0, MAX_OVERFLOW_OPTIONS) : []
  if (options.length > 1) return { type: 'overflow', action_id: menuId(ROW_PLACES + place, instance), options }
  return action ? toRowButton(action, place, instance) : null
}

/** A menu; null where buttons are better, or where a choice does not fit into one. */
export function toMenu({ label, options }: Menu, place: number, instance?: string): types.StaticSelect | null {
  if (options.length <= MAX_CHOICE_BUTTONS || !options.every(isOption)) return null
  const shown = toOptions(options).slice(0, MAX_OPTIONS)
  if (shown.length === 0) return null
  return {
    type: 'static_select',
    action_id: menuId(place, instance),
    placeholder: plain(label.trim() === '' ? 'Choose …' : label, MAX_PLACEHOLDER_LENGTH),
    options: shown,
  }
}

const menuId = (place: number, instance: string | undefined) =>
  `menu:${place}${instance === undefined ? '' : `.${instance}`}`

/** Whether a button can be a choice: it opens no form and no link, and needs no confirmation. */
function isOption({ line, ask = [], url, tone }: Button): boolean {
  const length = cleanText(line).length
  return url === undefined && ask.length === 0 && tone !== 'danger' && length > 0 && length <= MAX_OPTION_LINE_LENGTH
}

/** Choices with different lines: Slack refuses a value that is there twice. */
function toOptions(buttons: readonly Button[]): types.PlainTextOption[] {
  const byLine = new Map(buttons.map(button => [cleanText(button.line), button.label]))
  return [...byLine].map(([value, label]) => ({ text: plain(label, MAX_OPTION_LENGTH), value }))
}

/** The button of a row, which stands beside it; null where Slack would refuse its line. `place` tells it from all others. */
function toRowButton(button: Button, place: number, instance?: string): types.Button | null {
  const [block] = toActions([button], instance)
  const element = block?.elements[0]
  if (element?.type !== 'button') return null
  return { ...element, action_id: String(element.action_id).replace(/^(\w+):0/, `$1:${ROW_PLACES + place}`) }
}

/** The press behind the id and the value of an action; null for a link, which only opens. */
export function readPress(actionId: string, value: string | undefined): Press | null {
  const [kind, , names = ''] = actionId.split(':')
  if (kind === 'url' || value === undefined) return null
  return { line: value, ask: kind === 'ask' ? names.split(',').filter(Boolean) : [] }
}

/** The id of the Vakt that made a button; null for one from before buttons had an id. */
export function readInstance(actionId: string): string | null {
  return /^\w+:\d+\.(\w+)/.exec(actionId)?.[1] ?? null
}

/** Plain text of at most `max` characters; never empty, because Slack refuses that. */
export function plain(text: string, max: number): types.PlainTextElement {
  const cut = cutText(cleanText(text).replace(/\s+/g, ' ').trim(), max)
  // Slack counts UTF-16 units, so a text full of emoji may need a second, shorter cut.
  const fits = cut.length <= max ? cut : cutText(cut, Math.floor(max / 2))
  // Data never becomes an emoji.
  return { type: 'plain_text', text: fits === '' ? '–' : fits, emoji: false }
}

function toElement(button: Button, index: number, instance: string | undefined): types.Button {
  const key = instance === undefined ? index : `${index}.${instance}`
  const text = plain(button.label, MAX_LABEL_LENGTH)
  if (button.url !== undefined) return { type: 'button', action_id: `url:${index}`, text, url: button.url }
  const asks = (button.ask?.length ?? 0) > 0
  return {
    type: 'button',
    action_id: asks ? `ask:${key}:${button.ask!.join(',')}`.slice(0, MAX_ACTION_ID_LENGTH) : `run:${key}`,
    text,
    value: cleanText(button.line),
    ...(button.tone === 'primary' || button.tone === 'danger' ? { style: button.tone } : {}),
    // A form can be cancelled, and a line with --yes was confirmed on the card; any other dangerous press is confirmed.
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
