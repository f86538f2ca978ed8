// A card's buttons as Discord components, and the command line that a pressed one stands for.

import { createHash } from 'node:crypto'
import type { APIActionRowComponent, APIButtonComponent } from 'discord.js'
import { type Button, cutText } from '../../card.ts'
import { cleanText } from '../fit-text.ts'
import { size } from './markdown.ts'

const PER_ROW = 5
const ROWS = 5
const LONGEST_ID = 100
const LONGEST_URL = 512
const REMEMBERED = 1_000
const STYLES = { plain: 2, primary: 1, danger: 4 } as const

/** What a press means: run `line`, after a form for the arguments in `ask`; `forgotten` when a long line is known no more. */
export type Press = { line: string; ask: string[] } | 'forgotten'

/** Rows of buttons, at most 25; links without a usable address are left out. */
export function buttonRows(buttons: readonly Button[]): APIActionRowComponent<APIButtonComponent>[] {
  const parts = buttons.flatMap(component).slice(0, PER_ROW * ROWS)
  const rows = Math.ceil(parts.length / PER_ROW)
  return Array.from({ length: rows }, (_, i) => ({ type: 1, components: parts.slice(i * PER_ROW, (i + 1) * PER_ROW) }))
}

/** What the custom id of a button or form stands for; null when it is not one of Vakt's. */
export function readPress(customId: string): Press | null {
  const [, key, ask, line] = /^(\d+)\|([^|]*)\|(.*)$/s.exec(customId) ?? []
  if (key === undefined || ask === undefined || line === undefined) return null
  if (!line.startsWith('~')) return { line, ask: ask.split(',').filter(Boolean) }
  return remembered.get(line) ?? 'forgotten'
}

function component(button: Button, index: number): APIButtonComponent[] {
  const label = cutText(cleanText(button.label).trim() || '…', 80)
  if (button.url === undefined)
    return [{ type: 2, style: STYLES[button.tone ?? 'plain'], label, custom_id: customId(button, index) }]
  const usable = /^https?:$/.test(URL.parse(button.url)?.protocol ?? '') && button.url.length <= LONGEST_URL
  return usable ? [{ type: 2, style: 5, label, url: button.url }] : []
}

/** The index keeps two buttons with the same line apart. */
function customId({ line, ask = [] }: Button, index: number): string {
  const id = `${index}|${ask.join(',')}|${line}`
  return size(id) <= LONGEST_ID && !line.startsWith('~') ? id : `${index}||${remember(line, ask)}`
}

/** Lines too long for an id, by digest; they last as long as the process, the newest thousand. */
const remembered = new Map<string, Press>()

function remember(line: string, ask: readonly string[]): string {
  const digest = `~${createHash('sha256')
    .update(JSON.stringify([line, ask]))
    .digest('base64url')}`
  remembered.delete(digest)
  remembered.set(digest, { line, ask: [...ask] })
  if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value!)
  return digest
}
