// Shows a remote log: its cards, its line in lists, and its machine-readable result.
import type { Button, Card, Text } from '../../src/card.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import type { Host } from '../../src/hosts/host.ts'
import type { FetchResult } from '../../src/hosts/remote-logs/fetcher.ts'
import type { RemoteLog } from '../../src/hosts/remote-logs/remote-log.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import type { RejectionKind } from '../../src/telemetry.ts'
import { plural } from '../../src/text.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

/** The buttons of a remote log. */
export function logButtons(host: Host, log: RemoteLog): Button[] {
  const query = `source:${quoteWord(log.source)} host:${host.name}`
  return [
    { label: 'Search', line: `logs search ${query}` },
    { label: 'Analyze', line: `analyze logs ${query}` },
    { label: 'Fetch now', line: `hosts logs fetch ${host.name} --${log.kind} ${quoteWord(log.target)}` },
  ]
}

/** The card of a running fetch. */
export function progressCard(host: Host, log: RemoteLog, soFar: number): Card {
  return {
    title: `Fetching ${log.target} of ${host.name}`,
    tone: 'info',
    lines: [`${plural(soFar, 'line')} so far.`],
  }
}

/** The card of a finished fetch. */
export function fetchedCard(host: Host, log: RemoteLog, { lines, lost }: FetchResult): Card {
  return {
    title:
      lines === 0
        ? `No new lines in ${log.target} of ${host.name}`
        : `${plural(lines, 'new line')} from ${log.target} of ${host.name}`,
    tone: lost ? 'warning' : 'good',
    lines: lost ? ['Lines written before the last rotation were not found on the host and are lost.'] : [],
    buttons: logButtons(host, log).slice(0, 2),
  }
}

/** A remote log as one line of a list. */
export function logListLine(log: RemoteLog, host: Host, rejected: readonly RejectionKind[] = []): Text {
  const fetched: Text =
    log.fetchedAt === null ? ' · never fetched' : [' · fetched ', { time: log.fetchedAt, style: 'relative' }]
  return [
    log.error === null && rejected.length === 0 ? '🟢 ' : '🟠 ',
    { bold: host.name },
    ' ',
    { code: log.target },
    ` · ${log.source} · every ${formatDuration(log.every)} · ${plural(log.lines, 'line')}`,
    ...(typeof fetched === 'string' ? [fetched] : fetched),
    ...(log.lostAt === null ? [] : [' · lines lost in a rotation ', { time: log.lostAt, style: 'relative' as const }]),
    ...rejected.map(({ lines, message }) => ` · ${plural(lines, 'line')} not kept: ${message}`),
    ...(log.error === null ? [] : [` · ${log.error}`]),
  ]
}

/** A remote log in the machine-readable form. */
export function logResult({ state, parts }: Context, log: RemoteLog, host: Host) {
  const rejected = parts.rejections.of(host.name, log.source)
  return {
    id: log.id,
    host: host.name,
    kind: log.kind,
    target: log.target,
    source: log.source,
    project: log.projectId === null ? null : (readProjectById(state, log.projectId)?.name ?? null),
    every_ms: log.every,
    lines: log.lines,
    rejected: rejected.reduce((sum, kind) => sum + kind.lines, 0),
    rejected_reason: rejected[0]?.message ?? null,
    fetched_at: isoTime(log.fetchedAt),
    due_at: isoTime(log.dueAt),
    lost_at: isoTime(log.lostAt),
    failing_since: isoTime(log.failingSince),
    error: log.error,
  }
}
