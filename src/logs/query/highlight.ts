// Highlights the words of a query in a text.
import type { Span } from '../../card.ts'
import type { QueryNode } from './tree.ts'
import { words } from './words.ts'

/** The text as spans, with the query's words and phrases in bold, without negated ones. */
export function highlight(text: string, where: QueryNode | null): Span[] {
  const wanted = where === null ? [] : wantedWords(where)
  if (wanted.length === 0) return [text]
  const spans: Span[] = []
  let plain = ''
  for (const piece of text.split(/([\p{L}\p{N}]+)/u)) {
    const [word] = words(piece)
    const found =
      word !== undefined && wanted.some(({ text, prefix }) => (prefix ? word.startsWith(text) : word === text))
    if (!found) plain += piece
    else {
      if (plain !== '') spans.push(plain)
      plain = ''
      spans.push({ bold: piece })
    }
  }
  return plain === '' ? spans : [...spans, plain]
}

function wantedWords(node: QueryNode): { text: string; prefix: boolean }[] {
  if (node.kind === 'and' || node.kind === 'or') return node.parts.flatMap(wantedWords)
  if (node.kind === 'word') return words(node.text).map(text => ({ text, prefix: node.prefix }))
  if (node.kind === 'phrase') return node.words.flatMap(words).map(text => ({ text, prefix: false }))
  return []
}
