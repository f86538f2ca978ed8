// A card as the HTML of a mail: one column for telephones, true tables, colours that stay readable in dark mode. Pure.
import {
  type Button,
  type Card,
  type Evidence,
  type LogEntry,
  plainText,
  type Row,
  type Span,
  type Text,
  TONE_ICONS,
  type Tone,
  typedLine,
} from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { orderedButtons, smallPrint } from '../card-parts.ts'
import { chartText, evidenceName, monoText, progressText, sharedSource } from '../mono-text.ts'
import { safeText } from '../safe-text.ts'

const COLOURS: Record<Tone, string> = {
  plain: '#4a5568',
  good: '#2f855a',
  info: '#2b6cb0',
  warning: '#c05621',
  critical: '#c53030',
  muted: '#718096',
}
/** Colours with enough contrast on white and on black, because some programs invert a mail and some do not. */
const LEVEL_COLOURS: Record<string, string> = { fatal: '#c53030', error: '#c53030', warn: '#b7791f', info: '#2b6cb0' }
const QUIET = '#767f8c'
const MONO = 'font:13px/1.45 ui-monospace,Menlo,Consolas,monospace'
const CELL = 'padding:2px 12px 2px 0;vertical-align:top;text-align:left'
/** The content id of the picture. */
export const PICTURE_ID = 'chart'

/**
 * The HTML of a card whose times are absolute. Buttons are the lines to type, because a mail cannot be pressed. Data is
 * escaped and can neither mark up, link nor load anything.
 */
export function cardHtml(card: Card, timeZone: string): string {
  const html = (text: Text) => textHtml(text, timeZone)
  const { lines = [], fields = [], evidence = [], rows = [], code, progress, image } = card
  const footer = smallPrint(card)
  const mentions = (card.mention ?? []).map(({ name }) => `@${escapeHtml(name)} `).join('')
  const parts = [
    `<h2 style="margin:0 0 8px;font-size:18px;line-height:1.3">${mentions}${TONE_ICONS[card.tone]} ${escapeHtml(card.title)}</h2>`,
    ...lines.map(line => `<p style="margin:0 0 6px">${html(line)}</p>`),
    ...(fields.length > 0 ? [fieldTable(fields, html)] : []),
    ...evidence.map(piece => evidenceHtml(piece, timeZone)),
    ...(code && code.text.trim() !== '' ? [pre(escapeHtml(code.text))] : []),
    ...(rows.length > 0 ? [rowTable(rows, html)] : []),
    ...(progress ? [`<p style="margin:8px 0">${escapeHtml(progressText(progress))}</p>`] : []),
    ...(image
      ? [
          `<p style="margin:12px 0"><img src="cid:${PICTURE_ID}" alt="${escapeHtml(image.alt)}" width="600" style="width:100%;max-width:600px;height:auto"></p>`,
        ]
      : []),
    ...actionsHtml(card),
    ...(footer === null ? [] : [`<p style="margin:12px 0 0;color:${QUIET};font-size:12px">${html(footer)}</p>`]),
  ]
  const frame = `border-left:4px solid ${COLOURS[card.tone]};padding:4px 16px;max-width:640px;font:15px/1.45 -apple-system,'Segoe UI',Roboto,sans-serif`
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>',
    `<body style="margin:8px"><div style="${frame}">${parts.join('')}</div></body></html>`,
  ].join('')
}

function fieldTable(fields: NonNullable<Card['fields']>, html: (text: Text) => string): string {
  const rows = fields.map(
    ({ name, value }) =>
      `<tr><th scope="row" style="${CELL};color:${QUIET};font-weight:normal">${escapeHtml(name)}</th><td style="${CELL}">${html(value)}</td></tr>`,
  )
  return `<table role="presentation" style="margin:8px 0;border-spacing:0">${rows.join('')}</table>`
}

function evidenceHtml(evidence: Evidence, timeZone: string): string {
  if (evidence.kind === 'chart') return `<p style="margin:8px 0;${MONO}">${escapeHtml(chartText(evidence))}</p>`
  if (evidence.kind === 'table') return captioned(evidence.name ?? '', tableHtml(evidence, timeZone))
  if (evidence.kind === 'log') return logHtml(evidence.entries, timeZone)
  const text = monoText(evidence, { timeZone, width: Number.POSITIVE_INFINITY })
  return text.trim() === '' ? '' : captioned(evidenceName(evidence), pre(escapeHtml(text)))
}

/** Lines of a log; a mail folds long ones by itself. */
function logHtml(entries: readonly LogEntry[], timeZone: string): string {
  if (entries.length === 0) return ''
  const shared = sharedSource(entries)
  const lines = entries.map(entry => {
    const level = `<b style="color:${LEVEL_COLOURS[entry.level] ?? QUIET}">${escapeHtml(entry.level.toUpperCase().padEnd(5))}</b>`
    const source = shared !== null || entry.source === '' ? '' : `${escapeHtml(entry.source)} `
    const time = `<span style="color:${QUIET}">${escapeHtml(formatMoment(entry.at, timeZone))}</span>`
    const line = `${time} ${level} ${source}${messageHtml(entry.message, timeZone)}`
    return entry.isTarget ? `<b>&gt;</b> ${line}` : line
  })
  return captioned(shared ?? '', pre(lines.join('<br>')))
}

/** A message with its matches marked. */
function messageHtml(message: Text, timeZone: string): string {
  const spans = typeof message === 'string' ? [message] : message
  return spans
    .map(span =>
      typeof span === 'object' && 'bold' in span
        ? `<mark style="background:#ffe58f;color:#1a202c">${escapeHtml(span.bold)}</mark>`
        : spanHtml(span, timeZone),
    )
    .join('')
}

function tableHtml({ columns, cells }: Extract<Evidence, { kind: 'table' }>, timeZone: string): string {
  const align = (i: number) => (columns[i]?.align === 'right' ? ';text-align:right' : '')
  const hasHead = columns.some(({ name }) => name !== '')
  const head = columns.map(
    ({ name }, i) => `<th scope="col" style="${CELL};color:${QUIET}${align(i)}">${escapeHtml(name)}</th>`,
  )
  const body = cells.map(
    row =>
      `<tr>${row.map((cell, i) => `<td style="${CELL}${align(i)}">${textHtml(cell, timeZone)}</td>`).join('')}</tr>`,
  )
  return `<table style="margin:8px 0;border-spacing:0">${hasHead ? `<tr>${head.join('')}</tr>` : ''}${body.join('')}</table>`
}

/** A list: each row with the line that acts on it. */
function rowTable(rows: readonly Row[], html: (text: Text) => string): string {
  const shown = rows.map(({ text, action }) => {
    const line =
      action && action.line !== '' ? `<br><code style="color:${QUIET}">${escapeHtml(action.line)}</code>` : ''
    return `<tr><td style="padding:6px 0;border-top:1px solid #cbd5e0">${html(text)}${line}</td></tr>`
  })
  return `<table role="presentation" style="margin:8px 0;border-spacing:0;width:100%">${shown.join('')}</table>`
}

/** What people can do: links, and lines to type. */
function actionsHtml({ page, buttons = [], menus = [] }: Card): string[] {
  const all: Button[] = orderedButtons([
    ...[page?.previous, page?.next].filter(button => button !== undefined),
    ...buttons,
    ...menus.flatMap(({ options }) => options),
  ])
  const links = all.filter(({ url }) => url !== undefined)
  const typed = all.filter(({ url, line }) => url === undefined && line !== '')
  return [
    ...links.map(
      ({ label, url }) =>
        `<p style="margin:8px 0"><a href="${escapeUrl(url!)}">${escapeHtml(label === '' ? 'Open' : label)}</a></p>`,
    ),
    ...(typed.length === 0
      ? []
      : [
          `<p style="margin:12px 0 2px;color:${QUIET}">In a chat, or after <code>npx vakt</code>:</p>`,
          `<table role="presentation" style="border-spacing:0">${typed.map(actionRow).join('')}</table>`,
        ]),
  ]
}

function actionRow(button: Button): string {
  return `<tr><td style="${CELL}">${escapeHtml(button.label)}</td><td style="${CELL}"><code>${escapeHtml(typedLine(button))}</code></td></tr>`
}

const pre = (html: string) =>
  `<div style="margin:8px 0;padding:8px 10px;border:1px solid #cbd5e0;border-radius:4px;${MONO};white-space:pre-wrap;word-break:break-word">${html}</div>`

function captioned(name: string, html: string): string {
  return name === '' ? html : `<p style="margin:10px 0 2px"><b>${escapeHtml(name)}</b></p>${html}`
}

function textHtml(text: Text, timeZone: string): string {
  if (typeof text === 'string') return escapeHtml(text)
  return text.map(span => spanHtml(span, timeZone)).join('')
}

function spanHtml(span: Span, timeZone: string): string {
  if (typeof span === 'string') return escapeHtml(span)
  if ('bold' in span) return `<b>${escapeHtml(span.bold)}</b>`
  if ('code' in span) return `<code>${escapeHtml(span.code)}</code>`
  if ('link' in span) return `<a href="${escapeUrl(span.link)}">${escapeHtml(span.label)}</a>`
  return escapeHtml(plainText([span], at => formatMoment(at, timeZone)))
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return safeText(text.toWellFormed())
    .replace(/[&<>"']/g, character => entities[character]!)
    .replaceAll('\n', '<br>')
}

/** An address on the web; anything else leads nowhere. */
function escapeUrl(url: string): string {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '') ? escapeHtml(url) : '#'
}
