// Highlights the words of a query in a text.
import type { Span } from '../../card.ts'
import { readableWords, runsOf } from './line-words.ts'
import type { QueryNode } from './tree.ts'
import { words } from './words.ts'

/** The text as spans, with the query's words and phrases in bold, without negated ones. */
export function highlight(text: string, where: QueryNode | null): Span[] {
  const wanted = where === null ? [] : wantedWords(where)
  if (wanted.length === 0) return [text]
  const spans: Span[] = []
  let plain = ''
  const runs = wanted.filter(({ isRun }) => isRun).map(({ text }) => RegExp.escape(text))
  const pieces = runs.length === 0 ? [text] : text.split(new RegExp(`(${runs.join('|')})`))
  for (const piece of pieces.flatMap((part, i) => (i % 2 === 1 ? [part] : part.split(/([\p{L}\p{N}]+)/u)))) {
    const [word] = words(piece)
    const isWanted = ({ text, prefix, isRun }: Wanted) =>
      isRun ? piece === text : prefix ? word?.startsWith(text) : word === text
    const found = word !== undefined && wanted.some(isWanted)
    if (!found) plain += piece
    else {
      if (plain !== '') spans.push(plain)
      plain = ''
      spans.push({ bold: piece })
    }
  }
  return plain === '' ? spans : [...spans, plain]
}

/** `isRun`: it is found within longer writing. */
type Wanted = { text: string; prefix: boolean; isRun: boolean }

function wantedWords(node: QueryNode): Wanted[] {
  if (node.kind === 'and' || node.kind === 'or') return node.parts.flatMap(wantedWords)
  if (node.kind === 'word') return readableWords(node.text).map(text => toWanted(text, node.prefix))
  if (node.kind === 'phrase') return node.words.flatMap(readableWords).map(text => toWanted(text, false))
  return []
}

function toWanted(text: string, prefix: boolean): Wanted {
  return { text, prefix, isRun: runsOf(text).length > 0 }
}
