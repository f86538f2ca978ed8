// The body of a card as embeds that stay within Discord's limits together, whatever the card holds.

import type { APIEmbed } from 'discord.js'
import { type Card, cutText, type Field, type Text, type Tone } from '../../card.ts'
import { clean, codeBlock, markdown, size } from './markdown.ts'

const DESCRIPTION = 4_096
const FIELDS = 25
const FIELD_NAME = 256
const FIELD_VALUE = 1_024
const FOOTER = 512
const EMBEDS_TOTAL = 6_000

export const COLOURS: Record<Tone, number> = {
  plain: 0x5865f2,
  good: 0x2ecc71,
  info: 0x3498db,
  warning: 0xe67e22,
  critical: 0xe74c3c,
  muted: 0x95a5a6,
}

type Fields = NonNullable<APIEmbed['fields']>

/**
 * Embeds of at most 6000 characters together: the footer first, then lines, fields and code, each taking what is left.
 * There is one, or two when fields come before a code block, or none when the card is only a title. `notes` follow the
 * lines; `image` is the address of an attached picture.
 */
export function embedsFor(card: Card, notes: readonly string[], image: string | undefined): APIEmbed[] {
  const footer = card.footer === undefined ? '' : footerText(card.footer)
  const lines = markdown(paragraphs([...(card.lines ?? []), ...notes]), DESCRIPTION)
  const before = size(footer) + size(lines)
  const fields = fitFields(card.fields ?? [], EMBEDS_TOTAL - before)
  const left = EMBEDS_TOTAL - before - fields.reduce((sum, field) => sum + size(field.name) + size(field.value), 0)
  const parts = withCode(lines, fields, card.code, left)
  if (parts.length === 0 && (image || footer)) parts.push({})
  return parts.map((part, i) => ({
    ...part,
    color: COLOURS[card.tone],
    ...(i === parts.length - 1 && image && { image: { url: image } }),
    ...(i === parts.length - 1 && footer && { footer: { text: footer } }),
  }))
}

function withCode(lines: string, fields: Fields, code: Card['code'], left: number): APIEmbed[] {
  if (fields.length > 0) {
    const block = code?.text.trim() ? codeBlock(code.text, code.language, Math.min(left, DESCRIPTION)) : ''
    return [{ ...(lines && { description: lines }), fields }, ...(block ? [{ description: block }] : [])]
  }
  const room = Math.min(left - 1, DESCRIPTION - size(lines) - 1)
  const block = code?.text.trim() ? codeBlock(code.text, code.language, room) : ''
  const description = [lines, block].filter(Boolean).join('\n')
  return description ? [{ description }] : []
}

function fitFields(fields: readonly Field[], budget: number): Fields {
  const fitted: Fields = []
  let left = budget
  for (const [i, field] of fields.entries()) {
    const rest = fields.length - i
    const name = markdown(field.name.trim() || '\u200b', FIELD_NAME)
    const value = markdown(field.value, FIELD_VALUE).trim() || '\u200b'
    const needed = size(name) + size(value)
    const reserve = rest > 1 ? 20 : 0
    if ((fitted.length === FIELDS - 1 && rest > 1) || needed + reserve > left) {
      if (left > 20) fitted.push({ name: '…', value: `${rest} more` })
      break
    }
    fitted.push({ name, value, inline: field.inline ?? false })
    left -= needed
  }
  return fitted
}

function paragraphs(lines: readonly Text[]): Text {
  return lines.flatMap((line, i) => [...(i > 0 ? ['\n'] : []), ...(typeof line === 'string' ? [line] : line)])
}

/** Footers show no markdown, so their data needs none escaped; times become the plain date. */
function footerText(footer: Text): string {
  const spans = typeof footer === 'string' ? [footer] : footer
  const text = spans.map(span => {
    if (typeof span === 'string') return span
    if ('bold' in span) return span.bold
    if ('code' in span) return span.code
    return 'time' in span ? new Date(span.time).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC') : span.label
  })
  return cutText(clean(text.join('')).trim(), FOOTER)
}
