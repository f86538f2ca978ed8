// A card as JSON: what `POST /api/commands` answers with beside the plain text and the result.
import { z } from 'zod'
import type { Card } from '../../card.ts'

const SPAN = z.union([
  z.string(),
  z.object({ bold: z.string() }),
  z.object({ code: z.string() }),
  z.object({ time: z.number().describe('Epoch ms.'), style: z.enum(['relative', 'moment', 'clock']) }),
  z.object({ link: z.string(), label: z.string() }),
])
const TEXT = z.union([z.string(), z.array(SPAN)]).meta({ id: 'Text', description: 'A text, or its parts in order.' })
const FIELD = z.object({ name: z.string(), value: TEXT, inline: z.boolean().optional() })
const BUTTON = z
  .object({
    label: z.string(),
    line: z.string().describe('The command line that the button runs.'),
    tone: z.enum(['primary', 'danger', 'plain']).optional(),
    ask: z.array(z.string()).optional().describe('Arguments that a form asks for first.'),
    url: z.string().optional().describe('A link instead of a command.'),
  })
  .meta({ id: 'Button', description: 'A command line, or a link.' })
const BASE64 = z.string().describe('Base64.')

/** The JSON form of `Card` in src/card.ts. */
export const CARD_JSON = z
  .object({
    title: z.string(),
    tone: z.enum(['plain', 'good', 'info', 'warning', 'critical', 'muted']),
    lines: z.array(TEXT).optional(),
    fields: z.array(FIELD).optional(),
    code: z.object({ text: z.string(), language: z.string().optional() }).optional(),
    evidence: z
      .array(
        z.union([
          z.object({
            kind: z.literal('log'),
            isColoured: z.boolean().optional().describe('Somebody asked for colours.'),
            entries: z.array(
              z.object({
                at: z.number().describe('Epoch ms.'),
                level: z.string(),
                source: z.string(),
                message: TEXT.describe('Matches of the search are bold.'),
                isTarget: z.boolean().optional().describe('The line that the others stand around.'),
              }),
            ),
          }),
          z.object({
            kind: z.literal('output'),
            name: z.string().optional(),
            text: z.string(),
            language: z.string().optional(),
          }),
          z.object({
            kind: z.literal('table'),
            name: z.string().optional(),
            columns: z.array(z.object({ name: z.string(), align: z.enum(['left', 'right']).optional() })),
            cells: z.array(z.array(TEXT)).describe('Row by row.'),
          }),
          z.object({
            kind: z.literal('chart'),
            name: z.string(),
            values: z.array(z.number().nullable()),
            unit: z.string().optional(),
            threshold: z.number().optional(),
          }),
        ]),
      )
      .optional()
      .describe('Log lines, outputs, tables and rows of numbers, shown in a fixed-width font.'),
    rows: z
      .array(z.object({ name: z.string(), text: TEXT, action: BUTTON.optional(), more: z.array(BUTTON).optional() }))
      .optional()
      .describe('The things of a list, each with its own actions.'),
    page: z.object({ text: z.string().optional(), previous: BUTTON.optional(), next: BUTTON.optional() }).optional(),
    progress: z.object({ done: z.number(), total: z.number(), unit: z.string().optional() }).optional(),
    menus: z.array(z.object({ label: z.string(), options: z.array(BUTTON) })).optional(),
    facts: z.array(FIELD).optional().describe('Short facts in small print.'),
    image: z.object({ name: z.string(), alt: z.string(), png: BASE64 }).optional(),
    file: z.object({ name: z.string(), content: BASE64 }).optional(),
    buttons: z.array(BUTTON).optional(),
    mention: z
      .array(z.object({ kind: z.enum(['person', 'group', 'here']), id: z.string().nullable(), name: z.string() }))
      .optional(),
    footer: TEXT.optional(),
  })
  .meta({ id: 'Card', description: 'The answer as a chat shows it.' })

export type CardJson = z.output<typeof CARD_JSON>

/** A card as JSON; the bytes of pictures and files as base64. */
export function cardJson(card: Card): CardJson {
  // A Buffer would turn itself into a list of numbers before the replacer sees it, so the replacer looks at its owner.
  const text = JSON.stringify(card, function (key, value) {
    const original = (this as Record<string, unknown>)[key]
    return original instanceof Uint8Array ? Buffer.from(original).toString('base64') : value
  })
  return JSON.parse(text)
}
