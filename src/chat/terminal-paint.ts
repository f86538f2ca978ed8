// Colours of a card in a terminal: by tone and level; none where the stream is no terminal, or with NO_COLOR.
import { styleText } from 'node:util'
import type { Card, Tone } from '../card.ts'
import type { Paint } from './card-text.ts'

type Style = Parameters<typeof styleText>[0]

const TONES: Record<Tone, Style> = {
  plain: ['bold'],
  good: ['bold', 'green'],
  info: ['bold', 'blue'],
  warning: ['bold', 'yellow'],
  critical: ['bold', 'red'],
  muted: ['bold', 'gray'],
}

const STYLES: Record<Exclude<Parameters<Paint>[1], 'title'>, Style> = {
  bold: ['bold'],
  dim: ['dim'],
  match: ['bold', 'yellow'],
  error: ['red'],
  warn: ['yellow'],
  info: ['cyan'],
}

/** Paints for `stream`; colours follow NO_COLOR, FORCE_COLOR and whether the stream is a terminal. */
export function painter(stream: NodeJS.WriteStream): Paint {
  return (text: string, style: Parameters<Paint>[1], card: Card) =>
    styleText(style === 'title' ? TONES[card.tone] : STYLES[style], text, { stream })
}

/** The width for evidence: that of the terminal, but never less than a telephone shows; undefined where there is none. */
export function widthOf(stream: NodeJS.WriteStream): number | undefined {
  return stream.isTTY && stream.columns > 0 ? Math.max(MIN_WIDTH, stream.columns) : undefined
}

const MIN_WIDTH = 40
