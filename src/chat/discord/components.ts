// A card as Discord's components (V2): what people read as an answer, in a container with the colour of the tone.
// Such a message has an empty push preview, so what notifies people keeps the classic form: docs/decisions/019-two-forms-on-discord.md.
import { createHash } from 'node:crypto'
import type { RawFile, RESTPostAPIChannelMessageJSONBody } from 'discord.js'
import { type Card, type Evidence, type Menu, type Row, type Text, TONE_ICONS } from '../../card.ts'
import { namedAction, orderedButtons, smallPrint } from '../card-parts.ts'
import { evidenceName, monoText, PHONE_WIDTH, progressText, sharedSource } from '../mono-text.ts'
import { buttonRows, menuRow } from './buttons.ts'
import { ansiBlock, codeBlock, markdown, size } from './markdown.ts'
import { attach, COLOURS, fileName, isSmallEnough, mentionsOf } from './render-parts.ts'

/** https://docs.discord.com/developers/components/reference */
const IS_COMPONENTS_V2 = 1 << 15
/** Of a message, with those inside of others. */
const MAX_COMPONENTS = 40
/** Of all texts of a message together: 4000, with room for what Discord counts otherwise. */
const MAX_TEXT_LENGTH = 3_900
const MAX_TITLE_LENGTH = 300
const MAX_SMALL_PRINT_LENGTH = 500
const MAX_ROW_LENGTH = 300
/** A section with its text and its button. */
const SECTION_SIZE = 3
/** With more choices than this a menu takes less room than buttons. */
const MAX_CHOICE_BUTTONS = 3
/** The container, the text above the rows and the text below them. */
const TEXTS_AND_CONTAINER = 3
const MAX_MENUS = 3
/** Room for the note that counts what is missing, and for the parts that follow a long text. */
const NOTE_LENGTH = 40

const [SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER] = [9, 10, 12, 13, 14, 17] as const

type Component = { type: number } & Record<string, unknown>

export interface RenderedComponents {
  body: Pick<RESTPostAPIChannelMessageJSONBody, 'components' | 'attachments' | 'allowed_mentions' | 'flags'> & {
    content: null
    embeds: null
  }
  files: RawFile[]
}

/**
 * The message for a card, complete for an edit too. Null contents and embeds turn a message of the classic form into this
 * one, for good. `timeZone` is that of times in fixed-width blocks; all other times are shown in the reader's own. `mark` is
 * something by which the message is found again.
 */
export function renderComponents(card: Card, instance?: string, timeZone = 'UTC', mark?: string): RenderedComponents {
  const { files, attachments, notes } = attach(card)
  const { words, allowed } = mentionsOf(card.mention ?? [])
  const footer = smallPrint(card)
  const small =
    footer === null
      ? ''
      : markdown(footer, MAX_SMALL_PRINT_LENGTH)
          .trim()
          .replace(/\s*\n\s*/g, ' ')
  const endWith = (actions: Component[]): Component[] => [
    ...mediaOf(card),
    ...(actions.length > 0 ? [{ type: SEPARATOR, divider: true, spacing: 1 }, ...actions] : []),
    ...(small === '' ? [] : [text(`-# ${small}`)]),
  ]
  const rows = card.rows ?? []
  const whole = endWith(actionRows(card, instance))
  const rowsSize = rows.reduce((sum, { action }) => sum + (action ? SECTION_SIZE : 0), 0)
  const hasRoomFor = (parts: readonly Component[]) => rowsSize + countAll(parts) + TEXTS_AND_CONTAINER <= MAX_COMPONENTS
  const hasRowButtons = hasRoomFor(whole)
  const withMore = endWith([...rowMenu(rows, !hasRowButtons, instance), ...actionRows(card, instance)])
  const end = hasRowButtons && !hasRoomFor(withMore) ? whole : withMore
  const body = createBody(MAX_TEXT_LENGTH - size(small), MAX_COMPONENTS - 1 - countAll(end))
  addHeading(body, card, words, notes)
  for (const { name, value } of card.fields ?? []) body.line([{ bold: name }, ': ', ...spansOf(value)])
  for (const evidence of card.evidence ?? []) addEvidence(body, evidence, timeZone)
  if (card.code && card.code.text.trim() !== '') body.block(card.code.text, card.code.language)
  addRows(body, rows, hasRowButtons, instance)
  if (card.progress) body.line(progressText(card.progress))
  const parts = [...body.finish(), ...end]
  const id = mark === undefined ? {} : { id: markId(mark) }
  const container = { type: CONTAINER, ...id, accent_color: COLOURS[card.tone], components: parts }
  return {
    body: {
      content: null,
      embeds: null,
      flags: IS_COMPONENTS_V2,
      components: [container] as unknown as NonNullable<RESTPostAPIChannelMessageJSONBody['components']>,
      attachments,
      allowed_mentions: { ...allowed, replied_user: false },
    },
    files,
  }
}

/** A mark as the id of a component: a positive number of 31 bits, above the small ones that Discord gives itself. */
export function markId(mark: string): number {
  return (createHash('sha256').update(mark).digest().readUInt32BE() >>> 1) | 0x4000_0000
}

/** The texts and sections of a container within `maxText` code points and `maxComponents`; what does not fit is counted. */
function createBody(maxText: number, maxComponents: number) {
  const parts: Component[] = []
  let lines: string[] = []
  let used = 0
  let count = 0
  let missing = 0
  const room = () => maxText - used - NOTE_LENGTH
  const flush = () => {
    if (lines.length === 0) return
    parts.push(text(lines.join('\n')))
    lines = []
    count++
  }
  const addLine = (written: string): boolean => {
    if (written.trim() === '') return true
    if (size(written) + 1 > room() || (lines.length === 0 && count + 1 > maxComponents)) return false
    lines.push(written)
    used += size(written) + 1
    return true
  }
  return {
    room,
    componentsLeft: () => maxComponents - count - (lines.length > 0 ? 1 : 0),
    line(content: Text, max = Number.POSITIVE_INFINITY): void {
      if (missing > 0 || room() < NOTE_LENGTH || !addLine(markdown(content, Math.min(max, room() - 1)))) missing++
    },
    raw: (written: string): void => {
      if (!addLine(written)) missing++
    },
    /** A fenced block in a text of its own, with the end of the content where `isEnd`. */
    block(content: string, language?: string, isColoured = false): void {
      const coloured = isColoured ? ansiBlock(content) : ''
      const fits = coloured !== '' && size(coloured) <= room() - 1
      const block = fits ? coloured : codeBlock(content, language, room() - 1)
      if (block === '' || !addLine(block)) missing++
    },
    section(content: Text, accessory: Component): void {
      const written = markdown(content, Math.min(MAX_ROW_LENGTH, Math.max(0, room())))
      flush()
      if (missing > 0 || written.trim() === '' || count + SECTION_SIZE > maxComponents || size(written) > room())
        missing++
      else {
        parts.push({ type: SECTION, components: [text(written)], accessory })
        used += size(written)
        count += SECTION_SIZE
      }
    },
    flush,
    miss: (more: number) => {
      missing += more
    },
    finish(): Component[] {
      if (missing > 0) lines.push(`-# … ${missing} more`)
      flush()
      return parts
    },
  }
}

type Body = ReturnType<typeof createBody>

function addHeading(body: Body, card: Card, mentions: readonly string[], notes: readonly string[]): void {
  const icon = TONE_ICONS[card.tone]
  const title = markdown(card.title.replace(/\s+/g, ' ').trim(), MAX_TITLE_LENGTH)
  if (mentions.length > 0) body.raw(mentions.join(' '))
  if (title !== '' || icon !== '') body.raw(`### ${icon}${icon && ' '}${title || '…'}`)
  for (const line of [...(card.lines ?? []), ...notes]) body.line(line)
}

/** Evidence stands in a fenced block; the instants of log lines stand above it too, in the reader's own time zone. */
function addEvidence(body: Body, evidence: Evidence, timeZone: string): void {
  if (evidence.kind === 'chart') {
    const text = monoText(evidence, { timeZone, width: PHONE_WIDTH })
    if (text.includes('\n')) body.block(text)
    else body.line([{ code: text }])
    return
  }
  if (evidence.kind === 'log') {
    if (evidence.entries.length === 0) return
    body.line(logCaption(evidence.entries, timeZone))
  } else if (evidenceName(evidence) !== '') body.line([{ bold: evidenceName(evidence) }])
  const content = monoText(evidence, { timeZone, width: PHONE_WIDTH })
  const language = evidence.kind === 'output' ? evidence.language : undefined
  if (content.trim() !== '')
    body.block(
      evidence.kind === 'output' ? endOf(content, body.room() - NOTE_LENGTH) : content,
      language,
      evidence.kind === 'log' && evidence.isColoured === true,
    )
}

function logCaption(entries: Extract<Evidence, { kind: 'log' }>['entries'], timeZone: string): Text {
  const times = entries.map(({ at }) => at)
  const [first, last] = [Math.min(...times), Math.max(...times)]
  const source = sharedSource(entries)
  return [
    ...(source === null ? [] : [{ bold: source }, ' · ']),
    { time: first, style: 'moment' as const },
    ...(last === first ? [] : [' to ', { time: last, style: 'moment' as const }]),
    ` · below in ${timeZone}`,
  ]
}

/** The end of an output in at most `max` code points, from the begin of a line where there is one. */
function endOf(content: string, max: number): string {
  const points = Array.from(content)
  if (points.length <= max) return content
  const cut = points.slice(-Math.max(0, max - 20)).join('')
  const end = cut.slice(cut.indexOf('\n') + 1)
  return `… ${points.length - Array.from(end).length} more above\n${end}`
}

/** The rows, each with its button where there is room for all buttons. */
function addRows(body: Body, rows: readonly Row[], hasButtons: boolean, instance: string | undefined): void {
  if (rows.length > 0) body.flush()
  for (const [i, row] of rows.entries()) {
    const shown = hasButtons && row.action ? buttonRows([row.action], instance, `r${i}`) : []
    const button = shown[0]?.components[0]
    if (button) body.section(row.text, button as unknown as Component)
    else body.line(row.text, MAX_ROW_LENGTH)
  }
}

/**
 * The menu with what rows have no button for: a section has room for one, so their further actions are in the menu, and with
 * `hasAll` their first ones too, which come first.
 */
function rowMenu(rows: readonly Row[], hasAll: boolean, instance: string | undefined): Component[] {
  const first = hasAll ? rows.map(namedAction) : []
  const more = rows.flatMap(({ name, text, more = [] }) => more.map(action => namedAction({ name, text, action })))
  const options = [...first, ...more].filter(button => button !== null)
  const menu = menuRow({ label: hasAll ? 'Choose …' : 'More …', options }, 'rows', instance)
  return menu ? [menu as unknown as Component] : []
}

/** Menus, pages and buttons; a menu of few choices is buttons. */
function actionRows({ page, buttons = [], menus = [] }: Card, instance: string | undefined): Component[] {
  const isShort = ({ options }: Menu) => options.length <= MAX_CHOICE_BUTTONS
  const own = orderedButtons([
    ...[page?.previous, page?.next].filter(button => button !== undefined),
    ...buttons,
    ...menus.filter(isShort).flatMap(({ options }) => options),
  ])
  const many = menus.filter(menu => !isShort(menu)).slice(0, MAX_MENUS)
  const rows = [...many.flatMap((menu, i) => menuRow(menu, `${i}`, instance) ?? []), ...buttonRows(own, instance)]
  return rows as unknown as Component[]
}

function mediaOf(card: Card): Component[] {
  const { image, file } = card
  const address = (name: string) => ({ url: `attachment://${fileName(name)}` })
  return [
    ...(image && isSmallEnough(image.png)
      ? [
          {
            type: GALLERY,
            items: [
              {
                media: address(image.name),
                ...(image.alt.trim() && { description: image.alt.slice(0, 1_000).toWellFormed() }),
              },
            ],
          },
        ]
      : []),
    ...(file && isSmallEnough(file.content) ? [{ type: FILE, file: address(file.name) }] : []),
  ]
}

function countAll(components: readonly Component[]): number {
  return components.reduce((sum, part) => sum + countOf(part), 0)
}

function countOf(component: Component): number {
  const { components = [], accessory } = component as { components?: Component[]; accessory?: Component }
  return 1 + countAll(components) + (accessory ? countOf(accessory) : 0)
}

const text = (content: string): Component => ({ type: TEXT, content })

function spansOf(value: Text) {
  return typeof value === 'string' ? [value] : value
}
