// Which lines a rule is about, in the search language limited to what the counters hold. Pure.
import type { Kind } from '../logs/counters.ts'
import { matches } from '../logs/query/matches.ts'
import { parseQuery } from '../logs/query/parse.ts'
import type { QueryNode } from '../logs/query/tree.ts'
import { invalid } from '../problem.ts'

/** A condition on counted lines; null fits every one. */
export type LineMatcher = QueryNode | null

const COUNTED = ['project', 'source', 'host', 'group', 'fingerprint']
const INSTEAD =
  'Lines are counted by project, source, host, group, level and fingerprint; a rule of the kind search looks at everything.'

/** Reads the matcher of a rule; throws `invalid` on the field `matcher` for what the counters cannot tell. */
export function readLineMatcher(text: string): LineMatcher {
  const { where, from, until } = parseQuery(text, 0, 'UTC')
  if (from !== null || until !== null)
    throw invalid('matcher', 'A matcher holds at any time; leave last:, since: and until: out.')
  const odd = where === null ? null : uncounted(where)
  if (odd !== null) throw invalid('matcher', `A matcher cannot ask for ${odd}. ${INSTEAD}`)
  return where
}

/** Whether lines of a kind fit. */
export function fitsLines(matcher: LineMatcher, kind: Kind, project: string): boolean {
  if (matcher === null) return true
  const { source, host, group, level, fingerprint } = kind
  return matches(matcher, { ...NOTHING, project, source, host, group, level, fingerprint })
}

const NOTHING = {
  timestamp: 0,
  receivedAt: 0,
  message: '',
  tags: [],
  stack: '',
  traceId: '',
  spanId: '',
  attributes: {},
}

function uncounted(node: QueryNode): string | null {
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.parts.map(uncounted).find(odd => odd !== null) ?? null
    case 'not':
      return uncounted(node.part)
    case 'level':
      return null
    case 'field':
      return COUNTED.includes(node.field) ? null : `${node.field}:`
    case 'attribute':
      return `the attribute ${node.path}`
    case 'word':
      return `the word ${node.text}`
    case 'phrase':
      return `the phrase "${node.words.join(' ')}"`
    case 'regex':
      return 'a regular expression'
  }
}
