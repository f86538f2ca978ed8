// Which lines a rule is about, in the search language limited to what the counters hold. Pure.
import type { SeriesLabels } from '../../logs/counters.ts'
import { matches } from '../../logs/query/matches.ts'
import { parseQuery } from '../../logs/query/parse.ts'
import type { QueryNode } from '../../logs/query/tree.ts'
import { invalid } from '../../problem.ts'

/** A condition on counted lines; null fits every one. */
export type LineMatcher = QueryNode | null

const MEASURED = ['project', 'host', 'container']
const COUNTED = ['project', 'source', 'host', 'group', 'fingerprint']
const INSTEAD = {
  lines:
    'Lines are counted by project, source, host, group, level and fingerprint; a rule of the kind search looks at everything.',
  metrics: 'What is measured is told apart by host:, container: and project:.',
}

/**
 * Reads the matcher of a rule over counted lines, or over what hosts and containers measured (by `host`, `container` and
 * `project`); throws `invalid` on the field `matcher` for what cannot be told apart there.
 */
export function readLineMatcher(text: string, over: 'lines' | 'metrics' = 'lines'): LineMatcher {
  const { where, from, until } = parseQuery(text, 0, 'UTC')
  if (from !== null || until !== null)
    throw invalid('matcher', 'A matcher holds at any time; leave last:, since: and until: out.')
  const odd = where === null ? null : uncounted(where, over)
  if (odd !== null) throw invalid('matcher', `A matcher cannot ask for ${odd} here. ${INSTEAD[over]}`)
  return where
}

/** Whether lines of a kind fit. */
export function matchesLines(matcher: LineMatcher, kind: SeriesLabels, project: string): boolean {
  if (matcher === null) return true
  const { source, host, group, level, fingerprint } = kind
  return matches(matcher, { ...NOTHING, project, source, host, group, level, fingerprint })
}

/** Whether a host, or a container on it, fits. */
export function matchesMetric(
  matcher: QueryNode,
  { host, container, project }: { host: string; container: string | null; project: string },
): boolean {
  const attributes: { [name: string]: string } = container === null ? {} : { container }
  const kind = { source: '', host, group: '', level: 'info' as const, fingerprint: '' }
  return matches(matcher, { ...NOTHING, ...kind, project, attributes })
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

function uncounted(node: QueryNode, over: 'lines' | 'metrics'): string | null {
  const known = over === 'lines' ? COUNTED : MEASURED
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.parts.map(part => uncounted(part, over)).find(odd => odd !== null) ?? null
    case 'not':
      return uncounted(node.part, over)
    case 'level':
      return over === 'lines' ? null : 'a level'
    case 'field':
      return known.includes(node.field) ? null : `${node.field}:`
    case 'attribute':
      return known.includes(node.path) && node.comparison === '=' ? null : `the attribute ${node.path}`
    case 'word':
      return `the word ${node.text}`
    case 'phrase':
      return `the phrase "${node.words.join(' ')}"`
    case 'regex':
      return 'a regular expression'
  }
}
