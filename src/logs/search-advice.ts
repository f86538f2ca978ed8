// What to try when a search finds nothing: another time, the right form of a condition, or what the lines do have.
import { truncate } from '../text.ts'
import type { LogLine } from './line.ts'
import { readableWords } from './query/line-words.ts'
import { printQuery } from './query/print.ts'
import type { Query, QueryNode } from './query/tree.ts'
import type { LogReader } from './store.ts'

/** Each of the few counts may take this long; advice is for people who wait. */
const TIMEOUT_MS = 300
const MAX_CONDITIONS = 4
const SAMPLE_SIZE = 100
const MAX_NAMES = 8
const MAX_SHOWN_LENGTH = 60

/**
 * Sentences about a query that no line matches, the most useful first; never empty. They count and name only lines of the
 * project to which the query is scoped.
 */
export async function adviseOnSearch(store: LogReader, query: Query): Promise<string[]> {
  const parts = query.where?.kind === 'and' ? flatten(query.where) : query.where ? [query.where] : []
  const scope = parts.filter(part => part.kind === 'field' && part.field === 'project')
  const conditions = parts.filter(part => !scope.includes(part))
  const inScope = (more: readonly QueryNode[]): QueryNode | null =>
    scope.length + more.length === 0 ? null : { kind: 'and', parts: [...scope, ...more] }
  /** Null when time ran out before a line was found. */
  const count = async (more: readonly QueryNode[], range: Pick<Query, 'from' | 'until'> = query) => {
    const { total, atLeast } = await store.count(
      { where: inScope(more), from: range.from, until: range.until },
      TIMEOUT_MS,
    )
    return total === 0 && atLeast ? null : total
  }

  const advice: string[] = []
  const always = { from: null, until: null }
  if (query.from !== null || query.until !== null) {
    const elsewhere = await count(conditions, always)
    if (elsewhere) return [`${linesMatch(elsewhere)} at other times. Try a longer time range, such as last:7d.`]
    if (elsewhere === 0) advice.push('No line was found at other times either, so a longer time range does not help.')
  }
  const sampled = {
    where: inScope([]),
    order: 'newest' as const,
    limit: SAMPLE_SIZE,
    cursor: null,
    timeoutMs: TIMEOUT_MS,
  }
  const { lines: recent, searchedTo } = await store.search({ query: { ...always, where: sampled.where }, ...sampled })
  if (recent.length === 0 && searchedTo === null) return ['No line is stored here yet.', ...advice]

  const missing: QueryNode[] = []
  let isCertain = true
  for (const condition of conditions.slice(0, MAX_CONDITIONS)) {
    const total = await count([condition], always)
    if (total === 0) missing.push(condition)
    if (total === null) isCertain = false
  }
  for (const condition of missing.toReversed())
    advice.unshift(await adviseOn(condition, recent, more => count(more, always)))
  if (missing.length === 0 && isCertain && conditions.length > 1)
    advice.push('Each condition alone matches lines, but no line matches all of them. Leave one out.')
  if (advice.length === 0) advice.push('Try fewer words or another spelling.')
  return advice
}

async function adviseOn(
  condition: QueryNode,
  recent: readonly LogLine[],
  count: (more: readonly QueryNode[]) => Promise<number | null>,
): Promise<string> {
  const shown = truncate(printQuery({ where: condition, from: null, until: null }), MAX_SHOWN_LENGTH)
  switch (condition.kind) {
    case 'word':
    case 'phrase': {
      const text = condition.kind === 'word' ? condition.text : condition.words.join('.*')
      return `No line has the ${condition.kind} ${shown}. To search inside words, write /${text}/i; to search a field, write name:value.`
    }
    case 'attribute':
      return await adviseOnAttribute(condition, shown, recent, count)
    case 'field': {
      const values = recent.flatMap(line => valuesOf(line, condition.field))
      const known = values.length === 0 ? `Recent lines have no ${condition.field}.` : `Recent ones: ${list(values)}.`
      return `No line has ${shown}. ${known}`
    }
    case 'regex':
      return condition.caseless
        ? `No message or stack has ${shown}.`
        : `No message or stack has ${shown}. Write ${shown}i to ignore the case.`
    default:
      return `No line matches ${shown}.`
  }
}

async function adviseOnAttribute(
  { path, comparison, value }: Extract<QueryNode, { kind: 'attribute' }>,
  shown: string,
  recent: readonly LogLine[],
  count: (more: readonly QueryNode[]) => Promise<number | null>,
): Promise<string> {
  const asText = readableWords(`${path} ${value}`)
  const inText = comparison === '=' && value !== '*' ? await count([{ kind: 'phrase', words: asText }]) : 0
  if (inText)
    return `No line has the attribute ${shown}, but ${plainLines(inText)} as text: write "${path}:${value}" in quotes.`
  const word = readableWords(value)
  const elsewhere = comparison === '=' && word.length > 0 ? await count([{ kind: 'phrase', words: word }]) : 0
  if (elsewhere)
    return `No line has the attribute ${shown}, but ${plainLines(elsewhere)} elsewhere: search for ${value} alone.`
  const names = recent.flatMap(line => Object.keys(line.attributes))
  if (names.length === 0) return `No line has the attribute ${shown}. Recent lines have no attributes.`
  return `No line has the attribute ${shown}. Attributes of recent lines: ${list(names)}.`
}

type Field = Extract<QueryNode, { kind: 'field' }>['field']

function valuesOf(line: LogLine, field: Field): readonly string[] {
  if (field === 'tag') return line.tags
  const value = field === 'trace' ? line.traceId : field === 'span' ? line.spanId : line[field]
  return value === '' ? [] : [value]
}

/** The most frequent ones first. */
function list(names: readonly string[]): string {
  const counts = [...Map.groupBy(names, name => name)].sort(([, a], [, b]) => b.length - a.length)
  return counts
    .slice(0, MAX_NAMES)
    .map(([name]) => truncate(name, MAX_SHOWN_LENGTH))
    .join(', ')
}

function flatten(node: Extract<QueryNode, { kind: 'and' | 'or' }>): QueryNode[] {
  return node.parts.flatMap(part => (part.kind === 'and' ? flatten(part) : [part]))
}

function linesMatch(count: number): string {
  return count === 1 ? '1 line matches' : `${count.toLocaleString('en')} lines match`
}

function plainLines(count: number): string {
  return count === 1 ? '1 line has it' : `${count.toLocaleString('en')} lines have it`
}
