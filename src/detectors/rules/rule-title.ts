// The title of a rule's alerts: its kind's own, or what people wrote with words of their own. Pure.
import { invalid } from '../../problem.ts'
import type { Rule } from './rule.ts'

/** What a title may name: where it is, the worst value, and what an error says. */
export type TitleWords = { where: string; value: string; what?: string }

const NAMES = ['where', 'value', 'what']
const LONGEST = 200

/** `usual`, unless the rule has a title of its own; then that one with what its braces name, at most 200 characters. */
export function titleOf(rule: Pick<Rule, 'title'>, words: TitleWords, usual: string): string {
  if (rule.title === null) return usual
  const said: { [name: string]: string | undefined } = words
  const title = rule.title.replace(/\{([a-z]+)\}/g, (_, name: string) => said[name] ?? '')
  return Array.from(title).slice(0, LONGEST).join('')
}

/** Throws `invalid` for braces that name nothing. */
export function refuseUnknownWords(title: string | null): void {
  for (const [, name] of title?.matchAll(/\{([^{}]*)\}/g) ?? [])
    if (!NAMES.includes(name!))
      throw invalid(
        'title',
        `A title knows ${NAMES.map(one => `{${one}}`).join(', ')}: where it is, how bad, and what an error says. It does not know {${name}}.`,
      )
}
