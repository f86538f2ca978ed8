// Which lines a rule covers: the search language, limited to what the counters store. Pure.
import type { SeriesLabels } from '../../logs/counters.ts'
import { matches } from '../../logs/query/matches.ts'
import { parseQuery } from '../../logs/query/parse.ts'
import type { QueryNode } from '../../logs/query/tree.ts'
import { invalid } from '../../problem.ts'

/** A condition on counted lines; null matches every line. */
export type LineMatcher = QueryNode | null

const METRIC_FIELDS = ['project', 'host', 'container']
const LINE_FIELDS = ['project', 'source', 'host', 'group', 'fingerprint']
const SUPPORTED = {
  lines:
    'Lines are counted by project, source, host, group, level and fingerprint; a rule of the kind search can use everything.',
  metrics: 'Metrics can be selected by host:, container: and project:.',
}

/**
 * Parses the matcher of a rule over counted lines, or over metrics of hosts and containers; throws `invalid` on the field
 * `matcher` for a condition that is not supported there.
 */
export function readLineMatcher(text: string, over: 'lines' | 'metrics' = 'lines'): LineMatcher {
  const { where, from, until } = parseQuery(text, 0, 'UTC')
  if (from !== null || until !== null)
    throw invalid('matcher', 'A matcher has no time range: leave out last:, since: and until:.')
  const unsupported = where === null ? null : findUnsupported(where, over)
  if (unsupported !== null) throw invalid('matcher', `This matcher cannot use ${unsupported}. ${SUPPORTED[over]}`)
  return where
}

/** Whether lines of a kind match. */
export function matchesLines(matcher: LineMatcher, kind: SeriesLabels, project: string): boolean {
  if (matcher === null) return true
  const { source, host, group, level, fingerprint } = kind
  return matches(matcher, { ...EMPTY_LINE, project, source, host, group, level, fingerprint })
}

/** Whether a host, or a container on it, matches. */
export function matchesMetric(
  matcher: QueryNode,
  { host, container, project }: { host: string; container: string | null; project: string },
): boolean {
  const attributes: { [name: string]: string } = container === null ? {} : { container }
  const kind = { source: '', host, group: '', level: 'info' as const, fingerprint: '' }
  return matches(matcher, { ...EMPTY_LINE, ...kind, project, attributes })
}

const EMPTY_LINE = {
  timestamp: 0,
  receivedAt: 0,
  message: '',
  tags: [],
  stack: '',
  traceId: '',
  spanId: '',
  attributes: {},
}

/** The first condition that is not supported, in words, or null. */
function findUnsupported(node: QueryNode, over: 'lines' | 'metrics'): string | null {
  const fields = over === 'lines' ? LINE_FIELDS : METRIC_FIELDS
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.parts.map(part => findUnsupported(part, over)).find(words => words !== null) ?? null
    case 'not':
      return findUnsupported(node.part, over)
    case 'level':
      return over === 'lines' ? null : 'a level'
    case 'field':
      return fields.includes(node.field) ? null : `the field ${node.field}:`
    case 'attribute':
      return fields.includes(node.path) && node.comparison === '=' ? null : `the attribute ${node.path}`
    case 'word':
      return `the word ${node.text}`
    case 'phrase':
      return `the phrase "${node.words.join(' ')}"`
    case 'regex':
      return 'a regular expression'
  }
}
