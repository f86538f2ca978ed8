// How a log that is read on a host looks in chat and to scripts.
import type { Button, Card, Text } from '../../src/card.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import type { Host } from '../../src/hosts/host.ts'
import type { Fetched } from '../../src/hosts/remote-logs/fetcher.ts'
import type { RemoteLog } from '../../src/hosts/remote-logs/remote-log.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import { type Context, counted } from '../context.ts'

/** Where its lines lead to. */
export function leadsOn(host: Host, one: RemoteLog): Button[] {
  const query = `source:${quoteWord(one.source)} host:${host.name}`
  return [
    { label: 'Search', line: `logs search ${query}` },
    { label: 'Analyze', line: `analyze logs ${query}` },
    { label: 'Fetch now', line: `hosts logs fetch ${host.name} --${one.kind} ${quoteWord(one.target)}` },
  ]
}

/** A fetch that is under way. */
export function progressCard(host: Host, one: RemoteLog, soFar: number): Card {
  return {
    title: `${one.target} of ${host.name} is being fetched`,
    tone: 'info',
    lines: [`${counted(soFar, 'line')} so far.`],
  }
}

/** What a fetch brought. */
export function fetchedCard(host: Host, one: RemoteLog, { lines, lost }: Fetched): Card {
  return {
    title:
      lines === 0
        ? `Nothing is new in ${one.target} of ${host.name}`
        : `${counted(lines, 'line')} came from ${one.target} of ${host.name}`,
    tone: lost ? 'warning' : 'good',
    lines: lost ? ['What was written before the file was rotated could not be found there any more.'] : [],
    buttons: leadsOn(host, one).slice(0, 2),
  }
}

/** A log as one line of a list. */
export function lineOf(one: RemoteLog, host: Host): Text {
  const when: Text =
    one.fetchedAt === null ? ' · not fetched yet' : [' · fetched ', { time: one.fetchedAt, style: 'relative' }]
  return [
    one.error === null ? '🟢 ' : '🟠 ',
    { bold: host.name },
    ' ',
    { code: one.target },
    ` · ${one.source} · every ${formatDuration(one.every)} · ${counted(one.lines, 'line')}`,
    ...(typeof when === 'string' ? [when] : when),
    ...(one.lostAt === null
      ? []
      : [' · lines before a rotation were not found ', { time: one.lostAt, style: 'relative' as const }]),
    ...(one.error === null ? [] : [` · ${one.error}`]),
  ]
}

/** What scripts are told of a log. */
export function logResult({ state }: Context, one: RemoteLog, host: Host) {
  return {
    id: one.id,
    host: host.name,
    kind: one.kind,
    target: one.target,
    source: one.source,
    project: one.projectId === null ? null : (readProjectById(state, one.projectId)?.name ?? null),
    every_ms: one.every,
    lines: one.lines,
    fetched_at: isoTime(one.fetchedAt),
    due_at: isoTime(one.dueAt),
    lost_at: isoTime(one.lostAt),
    failing_since: isoTime(one.failingSince),
    error: one.error,
  }
}
