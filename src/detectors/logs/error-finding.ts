// The card of an error: how often it came against the threshold, its messages, its hosts, and a chart of its last hour.
import type { Button, Evidence, Field, LogEntry, Text } from '../../card.ts'
import { countErrorsByMinute, readSeries, startOfMinute } from '../../logs/counters.ts'
import type { KnownError } from '../../logs/errors/errors.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { firstLine, truncate } from '../../text.ts'
import { HOUR, MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'
import { type Rule, ruleTitle } from '../rules/rule.ts'
import { ownLinesButton } from './logs-button.ts'

const MAX_TITLE_PART_LENGTH = 60
const MAX_SAMPLE_LENGTH = 200
const MAX_NAMED_HOSTS = 5
const BLOCKS = 30
/** How the keys of alerts about errors begin. */
const ERROR_KEY = 'error:'

/** The key of an error's alert: there is at most one, whichever rule found it. */
export function errorKey(error: Pick<KnownError, 'id'>): string {
  return `${ERROR_KEY}${error.id}`
}

/** The id of the error that an alert of `key` is about; null when it is about something else. */
export function errorIdOf(key: string): number | null {
  return key.startsWith(ERROR_KEY) ? Number(key.slice(ERROR_KEY.length)) : null
}

/** What a rule found of an error. */
export type ErrorFacts = {
  rule: Rule
  /** The worst number of lines. */
  value: number
  /** The title after its place, with the message of the error. */
  headline: (message: string) => string
  /** The first sentences of the card. */
  lines: Text[]
  since: number
  /** How many lines are new on the alert. */
  occurrences: number
}

/** The finding of an error at `now`. */
export function errorFinding(state: State, error: KnownError, facts: ErrorFacts, now: number): Finding {
  const { rule } = facts
  const hosts = hostsOf(state, error)
  const message = truncate(firstLine((error.samples.at(-1)?.message ?? '').trim()), MAX_TITLE_PART_LENGTH)
  const places = [
    truncate(error.source, MAX_TITLE_PART_LENGTH),
    hosts.length === 0
      ? ''
      : `on ${hosts.length === 1 ? truncate(hosts[0]!, MAX_TITLE_PART_LENGTH) : `${hosts.length} hosts`}`,
  ]
  const where = places.filter(Boolean).join(' ') || 'somewhere'
  return {
    key: errorKey(error),
    detector: rule.kind,
    projectId: error.projectId,
    severity: rule.severity,
    title: ruleTitle(
      rule,
      { where, value: String(facts.value), what: message },
      `${where}: ${facts.headline(message)}`,
    ),
    since: facts.since,
    occurrences: facts.occurrences,
    labels: {
      ...(error.source === '' ? {} : { source: error.source }),
      ...(hosts.length === 1 ? { host: hosts[0]! } : {}),
      ...groupOf(state, error),
      fingerprint: error.fingerprint,
      rule: rule.name,
    },
    owner: rule.owner,
    remindEvery: rule.remindEvery ?? readProjectById(state, error.projectId)?.remindEvery ?? 0,
    observation: {
      lines: [...facts.lines, ...(rule.note === null ? [] : [rule.note])],
      evidence: errorEvidence(state, error, now),
      facts: errorFacts(error, hosts),
      buttons: [errorLogsButton(state, error)],
    },
  }
}

/** The card of an error that had no line for a duration, such as `15m`. */
export function errorRecovery(state: State, error: KnownError, duration: string, now: number): Finding['observation'] {
  const lines: Text[] = [
    [`No line for ${duration}; the last came at `, { time: error.lastSeenAt, style: 'moment' }, '.'],
  ]
  return {
    lines,
    evidence: errorEvidence(state, error, now),
    facts: errorFacts(error, hostsOf(state, error)),
    buttons: [errorLogsButton(state, error)],
  }
}

/** The row of numbers of its last hour, and its latest lines. */
export function errorEvidence(state: State, error: KnownError, now: number): Evidence[] {
  return [lastHourChart(state, error, now), { kind: 'log', entries: sampleEntries(error) }]
}

/** The latest lines of an error, oldest first; of those that differ in numbers and ids only, the newest one. */
function sampleEntries({ samples, source }: Pick<KnownError, 'samples' | 'source'>): LogEntry[] {
  const newest = new Map<string, LogEntry>()
  for (const { at, host, message } of samples) {
    const text = truncate(firstLine(message.trim()), MAX_SAMPLE_LENGTH)
    const wording = text.replace(/\b[0-9a-f-]{8,}\b|\d+/gi, '#')
    newest.delete(wording)
    newest.set(wording, { at, level: 'error', source: [source, host].filter(Boolean).join('@'), message: text })
  }
  return [...newest.values()]
}

/** How often an error came in the last hour, in steps of two minutes. */
function lastHourChart(state: State, error: KnownError, now: number): Evidence {
  const until = startOfMinute(now) + MINUTE
  const values = new Array<number>(BLOCKS).fill(0)
  for (const { at, count } of countErrorsByMinute(state, error.projectId, error.fingerprint, until - HOUR, until))
    values[Math.floor((at - until + HOUR) / (HOUR / BLOCKS))]! += count
  return { kind: 'chart', name: 'Last hour', values, unit: 'lines in 2m' }
}

/** Its hosts when there are several, and since when it is known. */
export function errorFacts(error: KnownError, hosts: readonly string[]): Field[] {
  const more = hosts.length > MAX_NAMED_HOSTS ? [`… ${hosts.length - MAX_NAMED_HOSTS} more`] : []
  const named = [...hosts.slice(0, MAX_NAMED_HOSTS), ...more]
  const since: Text = [{ time: error.firstSeenAt, style: 'moment' }, `, ${error.count.toLocaleString('en')} in all`]
  return [
    ...(hosts.length > 1 ? [{ name: 'Hosts', value: named.join(', ') }] : []),
    { name: 'First seen', value: since },
    { name: 'Grouped', value: groupedBy(error) },
  ]
}

/** What makes its lines one error. The message itself stands on the card already. */
function groupedBy({ why }: KnownError): string {
  const by = why.replace(/^grouped /i, '').replace(/\.$/, '')
  return by.startsWith('by the message') ? 'by the message' : truncate(by, MAX_SAMPLE_LENGTH)
}

/** The button that shows the lines of an error over the last day. */
export function errorLogsButton(state: State, { fingerprint, projectId }: KnownError): Button {
  return ownLinesButton(state, `fingerprint:"${fingerprint}" last:1d`, projectId)
}

function hostsOf(state: State, error: KnownError): string[] {
  const series = readSeries(state, [...new Set(error.recent.map(([, , id]) => id))])
  return [...new Set([...series.values()].map(({ host }) => host).filter(host => host !== ''))]
}

function groupOf(state: State, error: KnownError): { group?: string } {
  const last = error.recent.at(-1)
  const group = last ? readSeries(state, [last[2]]).get(last[2])?.group : ''
  return group ? { group } : {}
}
