// What people are told of an error: how often against what is allowed, what it says, where, and how its last hour went.
import type { Button, Field, Text } from '../../card.ts'
import { sparkline } from '../../charts/sparkline.ts'
import { quoteWord } from '../../command/command-line.ts'
import { countErrorsByMinute, readSeries, startOfMinute } from '../../logs/counters.ts'
import type { KnownError } from '../../logs/errors/errors.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { formatDuration, HOUR, MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'
import type { Rule } from '../rules/rule.ts'
import { titleOf } from '../rules/rule-title.ts'

const TITLE_MESSAGE = 60
const SAMPLE = 200
const NAMED = 5

/** There is one alert per error, whichever rule found it. */
export function errorKey(error: Pick<KnownError, 'id'>): string {
  return `error:${error.id}`
}

/** What a rule found: the title's words about how often, and the sentence with the value against its threshold. */
export type Seen = { rule: Rule; value: number; howOften: string; against: Text[]; since: number; occurrences: number }

/** The finding of an error. */
export function errorFinding(state: State, error: KnownError, seen: Seen, now: number): Finding {
  const { rule } = seen
  const hosts = hostsOf(state, error)
  const what = cut(firstLine(error.samples.at(-1)?.message ?? ''), TITLE_MESSAGE)
  const places = [
    cut(error.source, TITLE_MESSAGE),
    hosts.length === 0 ? '' : `on ${hosts.length === 1 ? cut(hosts[0]!, TITLE_MESSAGE) : `${hosts.length} hosts`}`,
  ]
  const where = places.filter(Boolean).join(' ') || 'somewhere'
  return {
    key: errorKey(error),
    detector: rule.kind,
    projectId: error.projectId,
    severity: rule.severity,
    title: titleOf(
      rule,
      { where, value: String(seen.value), what },
      `${where}: ${seen.howOften.replace('%', () => what)}`,
    ),
    since: seen.since,
    occurrences: seen.occurrences,
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
      lines: [
        ...seen.against,
        ...(rule.note === null ? [] : [rule.note]),
        ...sampleLines(error),
        `${error.why.charAt(0).toUpperCase()}${error.why.slice(1)}`,
      ],
      fields: fields(state, error, hosts, now),
      buttons: [logsButton(error)],
    },
  }
}

/** The card of an error that has ended by itself. */
export function errorRecovery(state: State, error: KnownError, quiet: string, now: number): Finding['observation'] {
  const lines: Text[] = [
    [`None came for ${quiet}; the last was at `, { time: error.lastSeenAt, style: 'moment' }, '.'],
    ...sampleLines(error).slice(-1),
  ]
  return { lines, fields: fields(state, error, hostsOf(state, error), now), buttons: [logsButton(error)] }
}

/** How long a window is, for a title: `1 min`, `90s`, `2 h`. */
export function windowWords(window: number): string {
  if (window % MINUTE !== 0) return formatDuration(window)
  return window % HOUR === 0 ? `${window / HOUR} h` : `${window / MINUTE} min`
}

/** Code points, so that no character is cut in half. */
export function cut(text: string, most: number): string {
  const points = Array.from(text)
  return points.length <= most ? text : `${points.slice(0, most - 1).join('')}…`
}

/** What the latest lines say, each wording once. */
export function sampleLines(error: Pick<KnownError, 'samples'>): Text[] {
  const said = error.samples.map(sample => cut(firstLine(sample.message), SAMPLE))
  return [...new Set(said)].map((code): Text => [{ code }])
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!
}

function fields(state: State, error: KnownError, hosts: readonly string[], now: number): Field[] {
  const named = hosts.length > NAMED ? [...hosts.slice(0, NAMED), `… ${hosts.length - NAMED} more`] : hosts
  const since: Text = [{ time: error.firstSeenAt, style: 'moment' }, `, ${error.count} in all`]
  return [
    { name: 'Last hour', value: lastHour(state, error, now) },
    ...(hosts.length > 1 ? [{ name: 'Hosts', value: named.join(', '), inline: true }] : []),
    { name: 'First seen', value: since, inline: true },
  ]
}

/** How often an error came in the last hour, as a row of blocks of two minutes each. */
export function lastHour(state: State, error: KnownError, now: number): string {
  const until = startOfMinute(now) + MINUTE
  const values = new Array<number>(30).fill(0)
  for (const { at, count } of countErrorsByMinute(state, error.projectId, error.fingerprint, until - HOUR, until))
    values[Math.floor((at - until + HOUR) / (2 * MINUTE))]! += count
  return sparkline(values)
}

function logsButton({ fingerprint }: KnownError): Button {
  return { label: 'Logs', line: `logs search ${quoteWord(`fingerprint:"${fingerprint}" last:1d`)}` }
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
