// Parts of cards that every platform shows alike: the small print, the order of buttons, and a card without the newer parts.
import type { Button, Card, Evidence, Row, Span, Text } from '../card.ts'
import { evidenceName, monoText, PHONE_WIDTH, progressText, sharedSource } from './mono-text.ts'

/** The facts, the page and the footer of a card in one line; null when there is none of them. */
export function smallPrint({ facts = [], page, footer }: Card): Text | null {
  const parts: Text[] = [
    ...facts.map(({ name, value }): Text => [`${name} `, ...spansOf(value)]),
    ...(page?.text ? [page.text] : []),
    ...(footer === undefined ? [] : [footer]),
  ]
  return parts.length === 0 ? null : parts.flatMap((part, i) => [...(i > 0 ? [' · '] : []), ...spansOf(part)])
}

/** The buttons in the order in which they are shown: dangerous ones come last. */
export function orderedButtons(buttons: readonly Button[]): Button[] {
  return [...buttons.filter(({ tone }) => tone !== 'danger'), ...buttons.filter(({ tone }) => tone === 'danger')]
}

/** The button of a row where it stands apart from the row: `Details 42`. */
export function namedAction({ name, action }: Row): Button | null {
  return action ? { ...action, label: `${action.label} ${name}` } : null
}

/** Where the actions of rows stand apart from them, more would be a wall. */
const MAX_ROW_BUTTONS = 8
const MAX_MENU_BUTTONS = 4

/** All buttons of a card in the order of use: of its rows, of its pages, its own, and those of its menus. */
export function allButtons({ rows = [], page, buttons = [], menus = [] }: Card): Button[] {
  return orderedButtons([
    ...rows
      .map(namedAction)
      .filter(button => button !== null)
      .slice(0, MAX_ROW_BUTTONS),
    ...[page?.previous, page?.next].filter(button => button !== undefined),
    ...buttons,
    ...menus.flatMap(({ options }) => options.slice(0, MAX_MENU_BUTTONS)),
  ])
}

/**
 * The card in lines, fields, code, buttons and a footer only: for platforms that know no more, and for a card whose form
 * was refused. `timeZone` is that of times in evidence.
 */
export function simpleCard(card: Card, timeZone: string): Card {
  const { facts, evidence = [], rows = [], page, progress, menus, lines = [], code, ...rest } = card
  // The name of a single piece stands above its block, where nothing comes between them.
  const isAlone = evidence.length === 1 && !code && !rest.fields?.length
  const nameOf = (piece: Evidence) => (piece.kind === 'log' ? sharedSource(piece.entries) : evidenceName(piece)) ?? ''
  const caption = isAlone ? nameOf(evidence[0]!) : ''
  const blocks = evidence.map(piece => {
    const name = isAlone ? '' : nameOf(piece)
    return `${name ? `${name}:\n` : ''}${monoText(piece, { timeZone, width: PHONE_WIDTH })}`
  })
  const text = [...blocks, ...(code ? [code.text] : [])].join('\n\n')
  const footer = smallPrint(card)
  const buttons = allButtons(card)
  return {
    ...rest,
    lines: [
      ...lines,
      ...rows.map(row => row.text),
      ...(progress ? [progressText(progress)] : []),
      ...(caption === '' ? [] : [[{ bold: caption }]]),
    ],
    ...(text === ''
      ? {}
      : { code: { text, ...(evidence.length === 0 && code?.language && { language: code.language }) } }),
    ...(buttons.length === 0 ? {} : { buttons }),
    ...(footer === null ? {} : { footer }),
  }
}

function spansOf(text: Text): readonly Span[] {
  return typeof text === 'string' ? [text] : text
}
