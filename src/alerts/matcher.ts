// Matchers of alerts, in the search language of logs: `host:web-* severity>=warning -check:nightly "no beat"`. Pure.
import { BoundedMap } from '../bounded-map.ts'
import { readLevel } from '../logs/intake/levels.ts'
import type { NewLine } from '../logs/line.ts'
import { matches } from '../logs/query/matches.ts'
import { resolveName } from '../logs/query/names.ts'
import { parseQuery } from '../logs/query/parse.ts'
import { syntaxError } from '../logs/query/syntax-error.ts'
import { tokenize } from '../logs/query/tokens.ts'
import type { QueryNode } from '../logs/query/tree.ts'
import { invalid, type Problem } from '../problem.ts'
import { SEVERITIES } from '../severity.ts'
import type { Alert } from './alert.ts'

/** A condition on alerts; null matches every alert. */
export type Matcher = QueryNode | null

/** What a matcher looks at; a finding that is not an alert yet has it too. */
export type Matchable = Pick<Alert, 'title' | 'severity' | 'detector' | 'key' | 'owner' | 'labels'> & {
  groupKey?: string | null
}

/** Words are those of the title only: labels are compared by name. */
const TITLE_WORDS = 1

/** Severities as levels of the search language, so that `severity>=warning` compares. */
const LEVEL_OF = { info: 'info', warning: 'warn', critical: 'fatal' } as const

/**
 * Reads a matcher. Words and phrases are searched in the title; `project:`, `host:`, `source:`, `group:`, `check:`,
 * `container:`, `detector:`, `owner:` and every other label compare, with `*` as wildcard; `severity` compares by rank.
 * Throws `invalid` with the position of the error and what would be right.
 */
export function readMatcher(text: string): Matcher {
  const { where, from, until } = readQuery(text)
  if (from !== null || until !== null)
    throw invalid('matcher', 'A matcher has no time range. Remove last:, since: and until:.')
  return where
}

function readQuery(text: string): ReturnType<typeof parseQuery> {
  try {
    return parseQuery(text, 0, 'UTC')
  } catch (error) {
    throw unknownSeverity(text) ?? error
  }
}

/** The error for a severity that does not exist, because the search language would name the levels of logs. */
function unknownSeverity(text: string): Problem | null {
  for (const token of tokenize(text)) {
    if (token.kind !== 'field' || token.quotedName || resolveName(token.name)?.kind !== 'level') continue
    if (readLevel(token.value) !== null || /^[<>=!:]/.test(token.value)) continue
    const message = `"${token.value}" is not a severity. Severities: ${SEVERITIES.join(', ')}.`
    return invalid('matcher', syntaxError(text, token, message).message)
  }
  return null
}

/** As many as there may be active silences; a matcher takes about a kilobyte. */
const CACHE_SIZE = 25_000
const cache = new BoundedMap<string, Matcher>(CACHE_SIZE)

/** A stored matcher, which was checked when it was stored; a matcher that can no longer be read matches nothing. */
export function knownMatcher(text: string): Matcher {
  const cached = cache.get(text)
  if (cached !== undefined) return cached
  const matcher = readOrNothing(text)
  cache.set(text, matcher)
  return matcher
}

function readOrNothing(text: string): Matcher {
  try {
    return readMatcher(text)
  } catch {
    return { kind: 'or', parts: [] }
  }
}

/** Whether an alert (or a finding) matches; `project` is the name of its project. */
export function matchesAlert(matcher: Matcher, alert: Matchable, project: string | null): boolean {
  return matcherTest(alert, project)(matcher)
}

/** A test of matchers against one alert, for many matchers. */
export function matcherTest(alert: Matchable, project: string | null): (matcher: Matcher) => boolean {
  const line = asLine(alert, project)
  return matcher => matcher === null || matches(matcher, line, TITLE_WORDS)
}

/** The texts of an alert that matchers compare: the title by its words, all others as whole values. */
export function readMatchedTexts(alert: Matchable, project: string | null): { title: string; values: string[] } {
  const { message, source, host, group, tags, fingerprint, attributes, project: name } = asLine(alert, project)
  const labels = Object.values(attributes).map(String)
  return { title: message, values: [name, source, host, group, fingerprint, ...tags, ...labels] }
}

function asLine(
  { title, severity, detector, key, owner, labels, groupKey = null }: Matchable,
  project: string | null,
): NewLine {
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
    attributes: {
      ...labels,
      detector,
      key,
      ...(owner === null ? {} : { owner }),
      ...(groupKey === null ? {} : { group_key: groupKey }),
    },
  }
}
