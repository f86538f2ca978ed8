// A card as a Slack message: blocks, a coloured attachment and a fallback text, within every limit of Slack.
import type { types } from '@slack/bolt'
import {
  type Button,
  type Card,
  cutText,
  type Evidence,
  type Field,
  type Mention,
  type Menu,
  plainText,
  type Row,
  type Text,
  TONE_ICONS,
  type Tone,
} from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { withAbsoluteTimes } from '../absolute-times.ts'
import { allButtons, orderedButtons, simpleCard } from '../card-parts.ts'
import { plainMessage } from '../plain-form.ts'
import { plain, toActions, toMenu, toRowElement } from './buttons.ts'
import { evidenceCaption, evidenceText, preformatted, tableBlock } from './evidence.ts'
import { escapeMarkup, toFences, toMrkdwn, withoutEmoji } from './mrkdwn.ts'
import type { NewerKind } from './newer-kinds.ts'

/** A message. Attachments are always there, so that an edit removes old ones. */
export type Rendered = { text: string; blocks: types.KnownBlock[]; attachments: types.MessageAttachment[] }

/** Slack refuses a message whose blocks have more than about 13,200 characters, of which an empty block takes about 125. */
const MAX_MESSAGE_LENGTH = 12_800
const BLOCK_LENGTH = 125
/** https://api.slack.com/reference/block-kit/blocks */
const MAX_BLOCKS = 50
const MAX_SECTION_LENGTH = 3_000
const MAX_FIELD_LENGTH = 2_000
const FIELDS_PER_SECTION = 10
const MAX_FIELD_NAME_LENGTH = 200
const MAX_ROW_LENGTH = 500
/** Of an output that is longer, the end is shown. */
const MAX_OUTPUT_LENGTH = 2_800
const MAX_ALT_LENGTH = 1_000
const MAX_FOOTER_LENGTH = 1_000
const MAX_TITLE_LENGTH = 250
/** Room for the icon and the marks of the title. */
const MARKS_LENGTH = 10
/** An edit refuses a fallback text of more than 4,000 bytes. */
const MAX_FALLBACK_LENGTH = 600
const MAX_MENTIONS = 20
/** Blocks that are not part of the middle: title, footer, and the note that counts what is missing. */
const OTHER_BLOCKS = 4
/** Room for that note. */
const NOTE_LENGTH = 2 * BLOCK_LENGTH + 100

const COLOURS: Record<Tone, string | undefined> = {
  plain: undefined,
  good: '#2EB67D',
  info: '#36A2EB',
  warning: '#E8912D',
  critical: '#D72638',
  muted: '#9AA0A6',
}

/** What a message depends on beside its card. */
export type RenderOptions = {
  /** For the places where Slack cannot show each reader's own. */
  timeZone: string
  /** The id of this Vakt, for its buttons. */
  instance?: string | undefined
  /** The newer blocks that the workspace refuses. */
  refused?: ReadonlySet<NewerKind>
  /** The id of the uploaded picture of the card. */
  pictureId?: string | undefined
}

const NOTHING_REFUSED: ReadonlySet<NewerKind> = new Set()

/** The message for a card. */
export function renderCard(whole: Card, options: RenderOptions): Rendered {
  const { timeZone, instance, refused = NOTHING_REFUSED } = options
  if (whole.form) {
    const plain = withoutEmoji(escapeMarkup(plainMessage(whole, timeZone)))
    return { text: `${mentions(whole.mention ?? [])}${plain}`, blocks: [], attachments: [] }
  }
  const { rows = [], evidence = [], menus = [], page, buttons = [], ...others } = whole
  const card = simpleCard({ ...others, ...(page && { page }) }, timeZone)
  const title = section(`${mentions(card.mention ?? [])}*${toTitle(card)}*`)
  const actions = fitBlocks(actionBlocks({ page, buttons, menus }, instance), MAX_MESSAGE_LENGTH / 2)
  const footer = card.footer === undefined ? [] : [context(toMrkdwn(card.footer, MAX_FOOTER_LENGTH, timeZone))]
  const body = createBody(
    MAX_MESSAGE_LENGTH - cost([title, ...actions, ...footer]),
    MAX_BLOCKS - OTHER_BLOCKS - actions.length,
  )
  addLines(body, card.lines ?? [], timeZone)
  addFields(body, card.fields ?? [], timeZone)
  addEvidence(body, evidence, timeZone, refused)
  if (card.code && card.code.text.trim() !== '') addCode(body, card.code.text, refused)
  addRows(body, rows, timeZone, instance)
  if (options.pictureId !== undefined && whole.image) body.add(picture(whole.image, options.pictureId))
  const rest = [...body.finish(), ...footer, ...actions]
  const color = COLOURS[card.tone]
  const text = `${mentions(card.mention ?? [])}${toFallback(card, timeZone)}`
  if (color === undefined || rest.length === 0) return { text, blocks: [title, ...rest], attachments: [] }
  return { text, blocks: [title], attachments: [{ color, fallback: text, blocks: rest }] }
}

/** Builds the middle of a message within `maxLength` characters and `maxBlocks` blocks, and counts what does not fit. */
function createBody(maxLength: number, maxBlocks: number) {
  const blocks: types.KnownBlock[] = []
  let missing = 0
  const room = () => maxLength - cost(blocks) - NOTE_LENGTH
  return {
    room: () => (blocks.length < maxBlocks ? room() : 0),
    /** Adds a block when it fits; otherwise `parts` are missing. */
    add(block: types.KnownBlock, parts = 1): void {
      if (blocks.length < maxBlocks && missing === 0 && cost([block]) <= room()) blocks.push(block)
      else missing += parts
    },
    miss: (parts: number) => {
      missing += parts
    },
    /** Whether something is missing already: then nothing more is added, and need not be written. */
    isFull: () => missing > 0,
    finish: (): types.KnownBlock[] => (missing === 0 ? blocks : [...blocks, context(`… ${missing} more`)]),
  }
}

type Body = ReturnType<typeof createBody>

/** Lines share as few sections as possible. */
function addLines(body: Body, lines: readonly Text[], timeZone: string): void {
  let paragraph = ''
  let count = 0
  const flush = () => {
    if (paragraph.trim() !== '') body.add(section(paragraph), count)
    paragraph = ''
    count = 0
  }
  for (const [index, line] of lines.entries()) {
    if (body.isFull()) {
      body.miss(lines.length - index + count)
      return
    }
    const text = toMrkdwn(line, MAX_SECTION_LENGTH, timeZone)
    if (paragraph.length + 1 + text.length > MAX_SECTION_LENGTH) flush()
    paragraph = count === 0 ? text : `${paragraph}\n${text}`
    count += 1
  }
  flush()
}

/** Inline fields stand side by side, ten in a section; each other field has its own section. */
function addFields(body: Body, fields: readonly Field[], timeZone: string): void {
  let row: string[] = []
  const flush = () => {
    if (row.length > 0) body.add(grid(row), row.length)
    row = []
  }
  for (const [index, field] of fields.entries()) {
    if (body.isFull()) {
      body.miss(fields.length - index + row.length)
      return
    }
    const name = `*${toMrkdwn(field.name, MAX_FIELD_NAME_LENGTH, timeZone)}*\n`
    if (field.inline !== true) {
      flush()
      body.add(section(name + toMrkdwn(field.value, MAX_SECTION_LENGTH - name.length, timeZone)))
      continue
    }
    row.push(name + toMrkdwn(field.value, MAX_FIELD_LENGTH - name.length, timeZone))
    if (row.length === FIELDS_PER_SECTION || row.join('').length > MAX_SECTION_LENGTH) flush()
  }
  flush()
}

/** Log lines, outputs, tables and rows of numbers, each under its caption. */
function addEvidence(
  body: Body,
  evidence: readonly Evidence[],
  timeZone: string,
  refused: ReadonlySet<NewerKind>,
): void {
  let hasTable = false
  for (const piece of evidence) {
    const caption = evidenceCaption(piece)
    if (caption.trim() !== '') body.add(section(toMrkdwn([{ bold: caption }], MAX_FIELD_NAME_LENGTH, timeZone)), 0)
    const table = tableBlock(piece, { refused, hasTable, timeZone })
    if (table) body.add(table, table.rows.length)
    else addCode(body, evidenceText(piece, timeZone, MAX_OUTPUT_LENGTH), refused)
    hasTable ||= table !== null
  }
}

/** Each row with its button or its menu beside it. */
function addRows(body: Body, rows: readonly Row[], timeZone: string, instance: string | undefined): void {
  for (const [index, row] of rows.entries()) {
    const { text } = row
    if (body.isFull()) {
      body.miss(rows.length - index)
      return
    }
    const written = toMrkdwn(text, MAX_ROW_LENGTH, timeZone)
    if (written.trim() === '') continue
    const accessory = toRowElement(row, index, instance)
    body.add({ ...section(written), ...(accessory ? { accessory } : {}) })
  }
}

/** Text in a fixed-width font, cut at line ends into what the message has room for. */
function addCode(body: Body, text: string, refused: ReadonlySet<NewerKind>): void {
  if (text.trim() === '') return
  const whole = preformatted(text, refused)
  if (whole && text.length <= MAX_SECTION_LENGTH && cost([whole]) <= body.room()) {
    body.add(whole)
    return
  }
  // The room is measured in JSON, which doubles quotes, backslashes and line breaks.
  const expansion = JSON.stringify(text).length / Math.max(1, text.length)
  const pieces = toFences(text, MAX_SECTION_LENGTH, Math.floor((body.room() - 4 * BLOCK_LENGTH) / expansion))
  if (pieces.length === 0) body.miss(text.split('\n').length)
  for (const piece of pieces) body.add(section(piece))
}

/** Menus, pages and buttons, in the order of use. A menu of few choices is buttons. */
function actionBlocks(
  { page, buttons, menus }: { page: Card['page']; buttons: readonly Button[]; menus: readonly Menu[] },
  instance: string | undefined,
): types.ActionsBlock[] {
  const shown = menus.map((menu, i) => ({ menu, element: toMenu(menu, i, instance) }))
  const own = orderedButtons([
    ...[page?.previous, page?.next].filter(button => button !== undefined),
    ...buttons,
    ...shown
      .filter(({ element }) => element === null)
      .flatMap(({ menu }) => allButtons({ title: '', tone: 'plain', menus: [menu] })),
  ])
  const selects = shown.flatMap(({ element }) => (element ? [element] : []))
  return [...(selects.length > 0 ? [{ type: 'actions' as const, elements: selects }] : []), ...toActions(own, instance)]
}

function picture({ name, alt }: NonNullable<Card['image']>, id: string): types.ImageBlock {
  return { type: 'image', slack_file: { id }, alt_text: plain(alt.trim() === '' ? name : alt, MAX_ALT_LENGTH).text }
}

/** Slack shows this in notifications and wherever it cannot show blocks. */
function toFallback(card: Card, timeZone: string): string {
  // Read as plain text, where an instant and its distance from now would be the same twice.
  const first = withAbsoluteTimes(card).lines?.[0]
  const line = first === undefined ? '' : ` – ${plainText(first, at => formatMoment(at, timeZone))}`
  const icon = TONE_ICONS[card.tone]
  return (
    withoutEmoji(
      escapeMarkup(cutText(`${icon} ${card.title}${line}`.replace(/\s+/g, ' ').trim(), MAX_FALLBACK_LENGTH)),
    ) || 'Vakt'
  )
}

/** The mentions. Data cannot contain one, because its angle brackets are escaped. */
function mentions(mention: readonly Mention[]): string {
  return mention
    .slice(0, MAX_MENTIONS)
    .map(({ kind, id, name }) => {
      if (kind === 'here') return '<!here> '
      if (id === null || !/^[A-Z0-9]+$/.test(id)) return `@${escapeMarkup(name)} `
      return kind === 'group' ? `<!subteam^${id}> ` : `<@${id}> `
    })
    .join('')
}

function toTitle(card: Card): string {
  const bold = toMrkdwn(
    [{ bold: cutText(card.title, MAX_TITLE_LENGTH) }],
    MAX_SECTION_LENGTH - MARKS_LENGTH,
    'UTC',
  ).slice(1, -1)
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

/** The blocks that fit into `maxLength` together. */
function fitBlocks<T extends types.KnownBlock>(blocks: readonly T[], maxLength: number): T[] {
  const fitting: T[] = []
  for (const block of blocks) if (cost([...fitting, block]) <= maxLength) fitting.push(block)
  return fitting
}

function cost(blocks: readonly types.KnownBlock[]): number {
  return blocks.reduce((sum, block) => sum + JSON.stringify(block).length + BLOCK_LENGTH, 0)
}
