// Adds a condition to the text of a query, so that the whole of it must match.
import { resolveName } from './names.ts'
import { type Token, tokenize } from './tokens.ts'

/** A query without its times, which may stand in parentheses, and the times alone. */
export type QueryParts = { condition: string; times: string; hasAlternatives: boolean }

/** Takes the text of a query apart. Throws `invalid` for an unclosed quote. */
export function splitTimes(text: string): QueryParts {
  const tokens = tokenize(text)
  const times: string[] = []
  let condition = ''
  let copied = 0
  for (const token of tokens.filter(isTime)) {
    condition += text.slice(copied, token.at)
    times.push(text.slice(token.at, token.end))
    copied = token.end
  }
  condition = `${condition}${text.slice(copied)}`.trim()
  return { condition, times: times.join(' '), hasAlternatives: tokens.some(({ kind }) => kind === 'or') }
}

/** The text of a query that also has `condition`. Throws `invalid` for an unclosed quote. */
export function narrowQuery(text: string, condition: string): string {
  const parts = splitTimes(text)
  if (!parts.hasAlternatives) return join(text, condition)
  return join(`(${parts.condition})`, condition, parts.times)
}

function join(...parts: readonly string[]): string {
  return parts.filter(part => part !== '').join(' ')
}

function isTime(token: Token): boolean {
  if (token.kind === 'day') return true
  return token.kind === 'field' && !token.quotedName && resolveName(token.name)?.kind === 'time'
}
