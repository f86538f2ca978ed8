// An alert as a post-mortem in Markdown: summary, timeline in UTC, actions by person, observations. Pure.
import { plainText, type Text } from '../card.ts'
import { monoText } from '../chat/mono-text.ts'
import { aboutDuration } from '../time.ts'
import type { Alert } from './alert.ts'
import type { HistoryRow } from './alerts.ts'

/** Lines of evidence are folded at this many columns. */
const EVIDENCE_WIDTH = 100

/** The Markdown of an alert with its whole timeline; `channels` are the names of the channels that show it. */
export function postMortem(
  alert: Alert,
  project: string | null,
  history: readonly HistoryRow[],
  channels: readonly string[],
  now: number,
): string {
  const acknowledged = history.find(row => row.kind === 'acknowledged')
  const { resolvedAt } = alert
  const facts: [string, string][] = [
    ['Severity', alert.severity],
    ['State', alert.state],
    ['Project', project ?? '–'],
    ['Detector', `${alert.detector} (\`${escaped(alert.key)}\`)`],
    ['Started', moment(alert.since)],
    ['Alert fired', moment(alert.firedAt)],
    [
      'Acknowledged',
      acknowledged ? `${moment(acknowledged.at)} by ${escaped(acknowledged.by ?? 'somebody')}` : 'never',
    ],
    ['Time to acknowledge', acknowledged ? aboutDuration(acknowledged.at - alert.firedAt) : '–'],
    [
      'Resolved',
      resolvedAt === null
        ? 'not yet'
        : `${moment(resolvedAt)}${alert.resolvedBy === null ? ', automatically' : ` by ${escaped(alert.resolvedBy)}`}`,
    ],
    ['Duration', `${aboutDuration((resolvedAt ?? now) - alert.since)}${resolvedAt === null ? ' so far' : ''}`],
    ['Occurrences', alert.count.toLocaleString('en')],
    ['Owner', escaped(alert.owner ?? '–')],
    ['Channels', escaped(channels.join(', ') || 'none')],
    ...Object.entries(alert.labels).map(([name, value]): [string, string] => [
      `Label ${escaped(name)}`,
      escaped(value),
    ]),
  ]
  const observations = [
    ...alert.observation.lines.map(textInUtc),
    ...[...(alert.observation.fields ?? []), ...(alert.observation.facts ?? [])].map(
      ({ name, value }) => `${name}: ${textInUtc(value)}`,
    ),
    ...(alert.observation.evidence ?? []).map(evidence =>
      monoText(evidence, { timeZone: 'UTC', width: EVIDENCE_WIDTH }),
    ),
  ]
  return [
    `# Alert ${alert.id}: ${escaped(alert.title)}`,
    '## Summary',
    ['| | |', '|---|---|', ...facts.map(([name, value]) => `| ${name} | ${value} |`)].join('\n'),
    '## Timeline (UTC)',
    history.map(timelineItem).join('\n') || '- empty',
    '## Actions by person',
    actionsByPerson(history).join('\n') || '- none',
    '## Observations',
    fenced(observations.join('\n') || 'none'),
    '## Root cause',
    '## Follow-up actions',
    '',
  ].join('\n\n')
}

function timelineItem({ at, what, by, note }: HistoryRow): string {
  return `- ${moment(at)} — ${escaped(what)}${by === null ? '' : ` by ${escaped(by)}`}${note ? `: ${escaped(note)}` : ''}`
}

function actionsByPerson(history: readonly HistoryRow[]): string[] {
  const byPerson = Map.groupBy(
    history.filter(row => row.by !== null),
    row => row.by!,
  )
  return [...byPerson].map(([person, rows]) => `- ${escaped(person)}: ${rows.map(row => escaped(row.what)).join(', ')}`)
}

const moment = (at: number) =>
  new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')

function textInUtc(text: Text): string {
  return plainText(text, moment)
}

/** Escapes data, so that it makes no table cell, link, image or HTML in Markdown. */
function escaped(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|!#~]/g, '\\$&')
}

/** A code block whose fence is longer than any run of backticks in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(run => run[0].length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}
