// An alert written down for a post-mortem: summary, timeline in UTC, who did what, what was seen. Pure.
import { plainText, type Text } from '../card.ts'
import { aboutDuration } from '../time.ts'
import type { Alert } from './alert.ts'
import type { HistoryRow } from './alerts.ts'

/** The Markdown of an alert with its whole history; `told` are the channels that it was told in. */
export function postMortem(
  alert: Alert,
  project: string | null,
  history: readonly HistoryRow[],
  told: readonly string[],
  now: number,
): string {
  const acknowledged = history.find(row => row.kind === 'acknowledged')
  const ended = alert.resolvedAt
  const facts: [string, string][] = [
    ['Severity', alert.severity],
    ['State', alert.state],
    ['Project', project ?? '–'],
    ['Found by', `${alert.detector} (\`${escaped(alert.key)}\`)`],
    ['Began', moment(alert.since)],
    ['Alert fired', moment(alert.firedAt)],
    [
      'Acknowledged',
      acknowledged ? `${moment(acknowledged.at)} by ${escaped(acknowledged.by ?? 'somebody')}` : 'never',
    ],
    ['Time to acknowledge', acknowledged ? aboutDuration(acknowledged.at - alert.firedAt) : '–'],
    [
      'Ended',
      ended === null
        ? 'not yet'
        : `${moment(ended)}${alert.resolvedBy === null ? ', by itself' : ` by ${escaped(alert.resolvedBy)}`}`,
    ],
    ['Duration', `${aboutDuration((ended ?? now) - alert.since)}${ended === null ? ' so far' : ''}`],
    ['Seen', `${alert.count} times`],
    ['Owner', escaped(alert.owner ?? '–')],
    ['Told in', escaped(told.join(', ') || 'no channel')],
    ...Object.entries(alert.labels).map(([name, value]): [string, string] => [
      `Label ${escaped(name)}`,
      escaped(value),
    ]),
  ]
  const seen = [
    ...alert.observation.lines.map(said),
    ...(alert.observation.fields ?? []).map(({ name, value }) => `${name}: ${said(value)}`),
  ]
  return [
    `# Alert ${alert.id}: ${escaped(alert.title)}`,
    '## Summary',
    ['| | |', '|---|---|', ...facts.map(([name, value]) => `| ${name} | ${value} |`)].join('\n'),
    '## Timeline (UTC)',
    history.map(timelineRow).join('\n') || '- nothing was recorded',
    '## Who did what',
    deeds(history).join('\n') || '- nobody had to do anything',
    '## What was seen',
    fenced(seen.join('\n') || 'nothing beside the title'),
    '## What caused it',
    '## What is to be done about it',
    '',
  ].join('\n\n')
}

function timelineRow({ at, what, by, note }: HistoryRow): string {
  return `- ${moment(at)} — ${escaped(what)}${by === null ? '' : ` by ${escaped(by)}`}${note ? `: ${escaped(note)}` : ''}`
}

function deeds(history: readonly HistoryRow[]): string[] {
  const byPerson = Map.groupBy(
    history.filter(row => row.by !== null),
    row => row.by!,
  )
  return [...byPerson].map(([who, rows]) => `- ${escaped(who)}: ${rows.map(row => escaped(row.what)).join(', ')}`)
}

const moment = (at: number) =>
  new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC')

function said(text: Text): string {
  return plainText(text, moment)
}

/** Data in Markdown stays data: nothing in it makes a table cell, a link, an image or HTML. */
function escaped(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|!#~]/g, '\\$&')
}

function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(run => run[0].length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}
