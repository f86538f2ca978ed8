// A badge as a picture: a label on grey, a status on its colour. Pure.
import { escapeControls } from '../../text.ts'

export type BadgeStatus = 'up' | 'late' | 'down'

const COLORS = { up: '#4c1', late: '#fe7d37', down: '#e05d44' } as const satisfies Record<BadgeStatus, string>
/** Widths of characters at 11 px, in px; all others are 7 wide. */
const NARROW: { readonly [width: number]: string } = { 3: 'ijlI', 4: 'frJ-', 5: 't', 6: 'cesxz1FLP_' }
const WIDE: { readonly [width: number]: string } = { 8: 'ACDHNUV', 9: 'wGOQ', 10: 'mM', 11: 'W' }
const WIDTHS = new Map(
  Object.entries({ ...NARROW, ...WIDE }).flatMap(([width, characters]) =>
    [...characters].map((character): [string, number] => [character, Number(width)]),
  ),
)
const MAX_LABEL_LENGTH = 100

/** The badge as SVG; what it shows is escaped. */
export function badgeSvg(label: string, status: BadgeStatus): string {
  const text = [...label].slice(0, MAX_LABEL_LENGTH).join('')
  const left = widthOf(text) + 10
  const right = widthOf(status) + 10
  const title = escapeXml(text)
  const words = (x: number, content: string) =>
    `<text x="${x}" y="15" fill="#010101" fill-opacity=".3">${content}</text><text x="${x}" y="14">${content}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${title}: ${status}">`,
    `<title>${title}: ${status}</title>`,
    '<linearGradient id="s" x2="0" y2="100%"><stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/></linearGradient>',
    `<clipPath id="r"><rect width="${left + right}" height="20" rx="3" fill="#fff"/></clipPath>`,
    `<g clip-path="url(#r)"><rect width="${left}" height="20" fill="#555"/><rect x="${left}" width="${right}" height="20" fill="${COLORS[status]}"/><rect width="${left + right}" height="20" fill="url(#s)"/></g>`,
    `<g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">${words(left / 2, title)}${words(left + right / 2, status)}</g>`,
    '</svg>',
  ].join('')
}

function widthOf(text: string): number {
  return [...text].reduce((width, character) => width + (WIDTHS.get(character) ?? 7), 0)
}

function escapeXml(text: string): string {
  return escapeControls(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
