// Renders a card as a Slack message: blocks, a coloured attachment and a fallback text, within every limit Slack has.
import type { types } from '@slack/bolt'
import {
  type Card,
  cutText,
  type Field,
  type Mention,
  plainText,
  type Text,
  TONE_ICONS,
  type Tone,
} from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { toActions } from './buttons.ts'
import { escapeMarkup, toFences, toMrkdwn } from './mrkdwn.ts'

/** What Slack is sent for a card. Attachments are always given, so that an edit takes old ones away. */
export type Rendered = { text: string; blocks: types.KnownBlock[]; attachments: types.MessageAttachment[] }

// Slack refuses a message whose blocks hold more than about 13,200 characters, of which an empty block takes about 125.
const TOTAL = 12_800
const PER_BLOCK = 125
const MOST_BLOCKS = 50
const SECTION = 3000
const FIELD = 2000
const FIELDS = 10
// An edit refuses a fallback text of more than 4,000 bytes.
const FALLBACK = 600
const MOST_CALLED = 20

const COLOURS: Record<Tone, string | undefined> = {
  plain: undefined,
  good: '#2EB67D',
  info: '#36A2EB',
  warning: '#E8912D',
  critical: '#D72638',
  muted: '#9AA0A6',
}

/** The message for a card. `timeZone` is for the few places where Slack cannot show each reader's own. */
export function renderCard(card: Card, timeZone: string): Rendered {
  const title = section(`${calls(card.mention ?? [])}*${toTitle(card)}*`)
  const actions = within(toActions(card.buttons ?? []), TOTAL / 2)
  const footer = card.footer === undefined ? [] : [context(toMrkdwn(card.footer, 1000, timeZone))]
  const body = createBody(TOTAL - cost([title, ...actions, ...footer]), MOST_BLOCKS - 4 - actions.length)
  addLines(body, card.lines ?? [], timeZone)
  addFields(body, card.fields ?? [], timeZone)
  if (card.code && card.code.text.trim() !== '') addCode(body, card.code.text)
  const rest = [...body.finish(), ...footer, ...actions]
  const color = COLOURS[card.tone]
  const text = `${calls(card.mention ?? [])}${toFallback(card, timeZone)}`
  if (color === undefined || rest.length === 0) return { text, blocks: [title, ...rest], attachments: [] }
  return { text, blocks: [title], attachments: [{ color, fallback: text, blocks: rest }] }
}

/** Builds the middle of a message within `budget` characters and `slots` blocks, counting what found no room. */
function createBody(budget: number, slots: number) {
  const blocks: types.KnownBlock[] = []
  let missing = 0
  const room = () => budget - cost(blocks) - PER_BLOCK * 2 - 100
  return {
    room: () => (blocks.length < slots ? room() : 0),
    /** Adds a block when it fits, and counts `parts` missing otherwise. */
    add(block: types.KnownBlock, parts = 1): void {
      if (blocks.length < slots && missing === 0 && cost([block]) <= room()) blocks.push(block)
      else missing += parts
    },
    miss: (parts: number) => {
      missing += parts
    },
    finish: (): types.KnownBlock[] => (missing === 0 ? blocks : [...blocks, context(`… ${missing} more`)]),
  }
}

type Body = ReturnType<typeof createBody>

/** Paragraphs stand together in as few sections as hold them. */
function addLines(body: Body, lines: readonly Text[], timeZone: string): void {
  let paragraph = ''
  let count = 0
  const flush = () => {
    if (paragraph.trim() !== '') body.add(section(paragraph), count)
    paragraph = ''
    count = 0
  }
  for (const line of lines) {
    const text = toMrkdwn(line, SECTION, timeZone)
    if (paragraph.length + 1 + text.length > SECTION) flush()
    paragraph = count === 0 ? text : `${paragraph}\n${text}`
    count += 1
  }
  flush()
}

/** Inline fields stand side by side, ten to a section; the others have a section each. */
function addFields(body: Body, fields: readonly Field[], timeZone: string): void {
  let row: string[] = []
  const flush = () => {
    if (row.length > 0) body.add(grid(row), row.length)
    row = []
  }
  for (const field of fields) {
    const name = `*${toMrkdwn(field.name, 200, timeZone)}*\n`
    if (field.inline !== true) {
      flush()
      body.add(section(name + toMrkdwn(field.value, SECTION - name.length, timeZone)))
      continue
    }
    row.push(name + toMrkdwn(field.value, FIELD - name.length, timeZone))
    if (row.length === FIELDS || row.join('').length > SECTION) flush()
  }
  flush()
}

function addCode(body: Body, text: string): void {
  // JSON doubles quotes, backslashes and line ends; the budget is measured in JSON.
  const swelling = JSON.stringify(text).length / Math.max(1, text.length)
  const pieces = toFences(text, SECTION, Math.floor((body.room() - 4 * PER_BLOCK) / swelling))
  if (pieces.length === 0) body.miss(text.split('\n').length)
  for (const piece of pieces) body.add(section(piece))
}

/** Slack shows this in notifications and wherever it cannot show blocks. */
function toFallback(card: Card, timeZone: string): string {
  const first = card.lines?.[0]
  const line = first === undefined ? '' : ` – ${plainText(first, at => formatMoment(at, timeZone))}`
  const icon = TONE_ICONS[card.tone]
  return escapeMarkup(cutText(`${icon} ${card.title}${line}`.replace(/\s+/g, ' ').trim(), FALLBACK)) || 'Vakt'
}

/** Who is called out. Data cannot look like this: its angle brackets are escaped. */
function calls(mention: readonly Mention[]): string {
  return mention
    .slice(0, MOST_CALLED)
    .map(({ kind, id, name }) => {
      if (kind === 'here') return '<!here> '
      if (id === null || !/^[A-Z0-9]+$/.test(id)) return `@${escapeMarkup(name)} `
      return kind === 'group' ? `<!subteam^${id}> ` : `<@${id}> `
    })
    .join('')
}

function toTitle(card: Card): string {
  const bold = toMrkdwn([{ bold: cutText(card.title, 250) }], SECTION - 10, 'UTC').slice(1, -1)
  return `${TONE_ICONS[card.tone]} ${bold}`.trim() || 'Vakt'
}

function section(text: string): types.SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } }
}

function grid(texts: readonly string[]): types.SectionBlock {
  return { type: 'section', fields: texts.map(text => ({ type: 'mrkdwn', text, verbatim: true })) }
}

function context(text: string): types.KnownBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text: text === '' ? '–' : text, verbatim: true }] }
}

function within<T extends types.KnownBlock>(blocks: readonly T[], budget: number): T[] {
  const kept: T[] = []
  for (const block of blocks) if (cost([...kept, block]) <= budget) kept.push(block)
  return kept
}

function cost(blocks: readonly types.KnownBlock[]): number {
  return blocks.reduce((sum, block) => sum + JSON.stringify(block).length + PER_BLOCK, 0)
}
