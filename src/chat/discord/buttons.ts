// The buttons of a card as Discord components, and the command line of a pressed one.

import { createHash } from 'node:crypto'
import type { APIActionRowComponent, APIButtonComponent } from 'discord.js'
import { BoundedMap } from '../../bounded-map.ts'
import { type Button, cutText } from '../../card.ts'
import { cleanText } from '../fit-text.ts'
import { size } from './markdown.ts'

const BUTTONS_PER_ROW = 5
const MAX_ROWS = 5
const MAX_LABEL_LENGTH = 80
const MAX_ID_LENGTH = 100
const MAX_URL_LENGTH = 512
const LONG_LINES_SIZE = 1_000
const STYLES = { plain: 2, primary: 1, danger: 4 } as const

/** A press runs `line`, after a form for the arguments in `ask`; it is `forgotten` when a long line was lost in a restart. */
export type Press = { line: string; ask: string[] } | 'forgotten'

/** Rows of buttons, at most 25, with the id of the Vakt that makes them; links without a usable address are left out. */
export function buttonRows(buttons: readonly Button[], instance?: string): APIActionRowComponent<APIButtonComponent>[] {
  const parts = buttons
    .flatMap((button, index) => component(button, index, instance))
    .slice(0, BUTTONS_PER_ROW * MAX_ROWS)
  const rows = Math.ceil(parts.length / BUTTONS_PER_ROW)
  return Array.from({ length: rows }, (_, i) => ({
    type: 1,
    components: parts.slice(i * BUTTONS_PER_ROW, (i + 1) * BUTTONS_PER_ROW),
  }))
}

/** The press behind the custom id of a button or form; null when it is not one of Vakt's. */
export function readPress(customId: string): Press | null {
  const [, key, ask, line] = /^(\d+)(?:\.\w+)?\|([^|]*)\|(.*)$/s.exec(customId) ?? []
  if (key === undefined || ask === undefined || line === undefined) return null
  if (!line.startsWith('~')) return { line, ask: ask.split(',').filter(Boolean) }
  return longLines.get(line) ?? 'forgotten'
}

/** The id of the Vakt that made a button or form; null for one from before buttons had an id. */
export function readInstance(customId: string): string | null {
  return /^\d+\.(\w+)\|/.exec(customId)?.[1] ?? null
}

function component(button: Button, index: number, instance: string | undefined): APIButtonComponent[] {
  const label = cutText(cleanText(button.label).trim() || '…', MAX_LABEL_LENGTH)
  if (button.url === undefined)
    return [{ type: 2, style: STYLES[button.tone ?? 'plain'], label, custom_id: customId(button, index, instance) }]
  const usable = /^https?:$/.test(URL.parse(button.url)?.protocol ?? '') && button.url.length <= MAX_URL_LENGTH
  return usable ? [{ type: 2, style: 5, label, url: button.url }] : []
}

/** The index distinguishes two buttons with the same line. */
function customId({ line, ask = [] }: Button, index: number, instance: string | undefined): string {
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
