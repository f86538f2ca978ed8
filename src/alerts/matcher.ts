// Which alerts a text means, in the search language of the logs: `host:web-* severity>=warning -check:nightly "no beat"`. Pure.
import type { NewLine } from '../logs/line.ts'
import { matches } from '../logs/query/matches.ts'
import { parseQuery } from '../logs/query/parse.ts'
import type { QueryNode } from '../logs/query/tree.ts'
import { invalid, Problem } from '../problem.ts'
import type { Alert } from './alert.ts'

/** A condition on alerts; null fits every one. */
export type Matcher = QueryNode | null

/** What a matcher looks at; a finding that is not an alert yet has it too. */
export type Matchable = Pick<Alert, 'title' | 'severity' | 'detector' | 'key' | 'owner' | 'labels'>

/** Severities as the levels that the language knows them by, so that `severity>=warning` compares. */
const LEVEL_OF = { info: 'info', warning: 'warn', critical: 'fatal' } as const

/**
 * Reads a matcher. Words and phrases are looked for in the title; `project:`, `host:`, `source:`, `group:`, `check:`,
 * `container:`, `detector:`, `owner:` and every other label compare with `*` for anything; `severity` compares by rank.
 * Throws `invalid` on the field `matcher` with what would be right.
 */
export function readMatcher(text: string): Matcher {
  const { where, from, until } = parsed(text)
  if (from !== null || until !== null)
    throw invalid('matcher', 'A matcher holds at any time; leave last:, since: and until: out.')
  return where
}

function parsed(text: string): ReturnType<typeof parseQuery> {
  try {
    return parseQuery(text, 0, 'UTC')
  } catch (error) {
    if (!(error instanceof Problem) || !error.message.includes(NO_LEVEL)) throw error
    const [before = ''] = error.message.split(NO_LEVEL)
    throw invalid('matcher', `${before} is no severity. Alerts have ${SEVERITIES.join(', ')}.`)
  }
}

/** What the search language says; lines of logs have levels that alerts do not have. */
const NO_LEVEL = ' is no level.'
const SEVERITIES = Object.keys(LEVEL_OF)

const known = new Map<string, Matcher>()
const MOST_KNOWN = 1000

/** A matcher that was read before, when it was stored; one that cannot be read any more fits nothing. */
export function knownMatcher(text: string): Matcher {
  const kept = known.get(text)
  if (kept !== undefined) return kept
  if (known.size >= MOST_KNOWN) known.clear()
  const matcher = readOrNothing(text)
  known.set(text, matcher)
  return matcher
}

function readOrNothing(text: string): Matcher {
  try {
    return readMatcher(text)
  } catch {
    return { kind: 'or', parts: [] }
  }
}

/** Whether an alert (or a finding) of the project named fits. */
export function matchesAlert(matcher: Matcher, alert: Matchable, project: string | null): boolean {
  return matcher === null || matches(matcher, asLine(alert, project))
}

function asLine({ title, severity, detector, key, owner, labels }: Matchable, project: string | null): NewLine {
  return {
    timestamp: 0,
    receivedAt: 0,
    level: LEVEL_OF[severity],
    message: title,
    project: project ?? '',
    source: labels.source ?? '',
    host: labels.host ?? '',
    group: labels.group ?? '',
    tags: labels.tags?.split(',') ?? [],
    fingerprint: labels.fingerprint ?? '',
    stack: '',
    traceId: '',
    spanId: '',
    attributes: { ...labels, detector, key, ...(owner === null ? {} : { owner }) },
  }
}
