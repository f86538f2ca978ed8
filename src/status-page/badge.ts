// Badges: a small picture with a state, as SVG and as the JSON of shields.io. Pure.

import { escapeHtml } from './html-text.ts'
import { type ComponentState, STATE_NAMES } from './status-page.ts'

const COLOURS: Record<ComponentState, string> = {
  operational: '#1a7f37',
  degraded: '#9a6700',
  down: '#cf222e',
  maintenance: '#0969da',
  unknown: '#57606a',
}
const SHIELD_COLOURS: Record<ComponentState, string> = {
  operational: 'success',
  degraded: 'yellow',
  down: 'critical',
  maintenance: 'blue',
  unknown: 'inactive',
}
/** The mean width of a character at 11 px, with some air, px; the text is fitted to it. */
const CHARACTER_WIDTH = 6.6
const PADDING = 8
const MAX_LABEL_LENGTH = 60

/** A badge as SVG, with its meaning as text for screen readers. */
export function badgeSvg(name: string, state: ComponentState): string {
  const label = escapeHtml(name.slice(0, MAX_LABEL_LENGTH))
  const text = STATE_NAMES[state].toLowerCase()
  const left = widthOf(name.slice(0, MAX_LABEL_LENGTH))
  const right = widthOf(text)
  const fitted = (at: number, width: number, content: string) =>
    `<text x="${at}" y="14" textLength="${width - 2 * PADDING}" lengthAdjust="spacingAndGlyphs">${content}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${label}: ${text}"><title>${label}: ${text}</title><rect width="${left + right}" height="20" rx="3" fill="#24292f"/><path d="M${left} 0h${right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-${right - 3}z" fill="${COLOURS[state]}"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${fitted(PADDING, left, label)}${fitted(left + PADDING, right, text)}</g></svg>`
}

/** A badge for https://shields.io/badges/endpoint-badge. */
export function badgeJson(name: string, state: ComponentState): string {
  const message = STATE_NAMES[state].toLowerCase()
  return JSON.stringify({ schemaVersion: 1, label: name, message, color: SHIELD_COLOURS[state] })
}

function widthOf(text: string): number {
  return Math.round(Array.from(text).length * CHARACTER_WIDTH + 2 * PADDING)
}
