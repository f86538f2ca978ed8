// The buttons of a card as Discord components, and the command line of a pressed one.

import { createHash } from 'node:crypto'
import type { APIActionRowComponent, APIButtonComponent, APIStringSelectComponent } from 'discord.js'
import { BoundedMap } from '../../bounded-map.ts'
import { type Button, cutText, type Menu } from '../../card.ts'
import { cleanText } from '../fit-text.ts'
import { size } from './markdown.ts'

const BUTTONS_PER_ROW = 5
const MAX_ROWS = 5
const MAX_LABEL_LENGTH = 80
const MAX_OPTIONS = 25
const MAX_OPTION_LENGTH = 100
const MAX_PLACEHOLDER_LENGTH = 150
const MAX_ID_LENGTH = 100
const MAX_URL_LENGTH = 512
const LONG_LINES_SIZE = 1_000
const STYLES = { plain: 2, primary: 1, danger: 4 } as const

/** A press runs `line`, after a form for the arguments in `ask`; it is `forgotten` when a long line was lost in a restart. */
export type Press = { line: string; ask: string[] } | 'forgotten'

/**
 * Rows of buttons, at most 25, with the id of the Vakt that makes them; dangerous ones stand in rows of their own, and links
 * without a usable address are left out. `place` tells the buttons of one part of a message from those of another.
 */
export function buttonRows(
  buttons: readonly Button[],
  instance?: string,
  place = '',
): APIActionRowComponent<APIButtonComponent>[] {
  const parts = buttons.flatMap((button, index) => {
    const [part] = component(button, `${place}${index}`, instance)
    return part ? [{ part, isDangerous: button.tone === 'danger' }] : []
  })
  return [false, true]
    .flatMap(wanted => {
      const own = parts.filter(({ isDangerous }) => isDangerous === wanted).map(({ part }) => part)
      return inRows(own)
    })
    .slice(0, MAX_ROWS)
}

/** A row with a menu of at most 25 command lines; null when it has none. */
export function menuRow(
  { label, options }: Menu,
  name: string,
  instance?: string,
): APIActionRowComponent<APIStringSelectComponent> | null {
  if (options.length === 0) return null
  const key = instance === undefined ? name : `${name}.${instance}`
  const shown = options.slice(0, MAX_OPTIONS).map((option, i) => ({
    label: cutText(cleanText(option.label).trim() || '…', MAX_OPTION_LENGTH),
    value: customId(option, `o${i}`, instance),
  }))
  const placeholder = cutText(cleanText(label).trim() || 'Choose …', MAX_PLACEHOLDER_LENGTH)
  return { type: 1, components: [{ type: 3, custom_id: `menu|${key}`, placeholder, options: shown }] }
}

function inRows(parts: readonly APIButtonComponent[]): APIActionRowComponent<APIButtonComponent>[] {
  return Array.from({ length: Math.ceil(parts.length / BUTTONS_PER_ROW) }, (_, i) => ({
    type: 1,
    components: parts.slice(i * BUTTONS_PER_ROW, (i + 1) * BUTTONS_PER_ROW),
  }))
}

/** The press behind the custom id of a button or form; null when it is not one of Vakt's. */
export function readPress(customId: string): Press | null {
  const [, key, ask, line] = /^([ro]?\d+)(?:\.\w+)?\|([^|]*)\|(.*)$/s.exec(customId) ?? []
  if (key === undefined || ask === undefined || line === undefined) return null
  if (!line.startsWith('~')) return { line, ask: ask.split(',').filter(Boolean) }
  return longLines.get(line) ?? 'forgotten'
}

/** The id of the Vakt that made a button or form; null for one from before buttons had an id. */
export function readInstance(customId: string): string | null {
  return /^[ro]?\d+\.(\w+)\|/.exec(customId)?.[1] ?? null
}

function component(button: Button, index: string, instance: string | undefined): APIButtonComponent[] {
  const label = cutText(cleanText(button.label).trim() || '…', MAX_LABEL_LENGTH)
  if (button.url === undefined)
    return [{ type: 2, style: STYLES[button.tone ?? 'plain'], label, custom_id: customId(button, index, instance) }]
  const usable = /^https?:$/.test(URL.parse(button.url)?.protocol ?? '') && button.url.length <= MAX_URL_LENGTH
  return usable ? [{ type: 2, style: 5, label, url: button.url }] : []
}

/** The index distinguishes two buttons with the same line. */
function customId({ line, ask = [] }: Button, index: string, instance: string | undefined): string {
  const key = instance === undefined ? index : `${index}.${instance}`
  const id = `${key}|${ask.join(',')}|${line}`
  return size(id) <= MAX_ID_LENGTH && !line.startsWith('~') ? id : `${key}||${rememberLine(line, ask)}`
}

/** Lines that are too long for an id, by digest. */
const longLines = new BoundedMap<string, Press>(LONG_LINES_SIZE)

function rememberLine(line: string, ask: readonly string[]): string {
  const digest = `~${createHash('sha256')
    .update(JSON.stringify([line, ask]))
    .digest('base64url')}`
  longLines.set(digest, { line, ask: [...ask] })
  return digest
}
