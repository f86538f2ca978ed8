// Decides about the log store itself: lines dropped to free disk space, damaged partitions, an unreachable archive. Pure.
import { formatBytes } from '../../bytes.ts'
import type { Text } from '../../card.ts'
import type { EngineStatus, PartitionStatus, RemovedPartition, StoreStatus } from '../../logs/store.ts'
import type { Severity } from '../../severity.ts'
import { plural } from '../../text.ts'
import { MINUTE } from '../../time.ts'
import type { DetectionResult, Finding } from '../finding.ts'

/** What one round of maintenance observed. */
export type LogStoreFacts = {
  removed: readonly RemovedPartition[]
  status: StoreStatus
  /** Where its files are. */
  folder: string
  /** Where archives go, and since when that fails (undefined when that is not known yet); null when nothing is archived. */
  archive: {
    place: string
    failing: { since: number; message: string; isPermanent: boolean } | null | undefined
  } | null
  /** Whether a partition of this name can be restored. */
  isArchived(partition: string): boolean
}

export const BUDGET_KEY = 'log-store:budget'
const ARCHIVE_KEY = 'log-store:archive'
const ENGINE_KEY = 'log-store:engine'
const SPOOL_KEY = 'log-store:spool'
export const DAMAGED_KEY = 'log-store:damaged:'
const MAX_NAMED_PARTITIONS = 10
/** A shorter failure of the archive is retried and not reported. */
const REPORT_AFTER_MS = 5 * MINUTE
/** A shorter absence of the engine is bridged and not reported. */
const AWAY_AFTER_MS = MINUTE
/** From this share of its budget on, the spool is reported. */
const SPOOL_WARNING = 0.7

/** The results at `now`. `open` are the keys of this detector's open alerts. */
export function detectLogStore(facts: LogStoreFacts, open: ReadonlySet<string>, now: number): DetectionResult[] {
  const damaged = facts.status.partitions
    .filter(({ state }) => state === 'damaged')
    .map(partition => damage(partition, facts, now))
  const still = new Set(damaged.map(({ key }) => key))
  const repaired = [...open].filter(key => key.startsWith(DAMAGED_KEY) && !still.has(key))
  const dropped = facts.removed.filter(({ reason }) => reason === 'budget')
  const failing = facts.archive?.failing
  const isReported = failing && (failing.isPermanent || now - failing.since >= REPORT_AFTER_MS)
  const engine = engineFindings(facts.status.engine, now)
  const findings = [
    ...damaged,
    ...engine,
    ...(dropped.length > 0 ? [overBudget(dropped, facts, now)] : []),
    ...(isReported ? [archiveFailure(facts.archive!.place, failing, facts.status)] : []),
  ]
  return [
    ...findings.map(finding => ({ kind: 'firing' as const, finding })),
    ...repaired.map(key => ({ kind: 'resolved' as const, key })),
    ...[ENGINE_KEY, SPOOL_KEY]
      .filter(key => open.has(key) && !engine.some(own => own.key === key))
      .map(key => ({ kind: 'resolved' as const, key })),
    ...(failing || (facts.archive && failing === undefined) ? [] : [{ kind: 'resolved' as const, key: ARCHIVE_KEY }]),
  ]
}

/** The engine does not answer, takes no lines, or lacks copies; or too much waits for it. */
function engineFindings(engine: EngineStatus | undefined, now: number): Finding[] {
  if (!engine) return []
  const findings: Finding[] = []
  const { away, refusal, waiting, spoolBytes, spoolBudgetBytes } = engine
  const waits: Text = `${plural(waiting, 'line')} wait here (${formatBytes(spoolBytes)} of ${formatBytes(spoolBudgetBytes)}) and are shipped when it is back.`
  if (away && now - away.since >= AWAY_AFTER_MS) {
    const lines: Text[] = [
      away.message,
      waits,
      'Intake, alerts and live tails go on. Searches find the lines that are here, and say what is missing.',
    ]
    findings.push(finding(ENGINE_KEY, 'critical', 'The log engine does not answer', away.since, lines, 0))
  } else if (!away && refusal !== null && now - refusal.since >= AWAY_AFTER_MS) {
    const lines: Text[] = [refusal.message, waits]
    findings.push(finding(ENGINE_KEY, 'critical', 'The log engine takes no lines', refusal.since, lines, 0))
  }
  if (waiting > 0 && spoolBytes > SPOOL_WARNING * spoolBudgetBytes) {
    const share = Math.round((spoolBytes / spoolBudgetBytes) * 100)
    const title = `Log lines that wait for the engine fill ${share}% of their space`
    const lines: Text[] = [waits, 'At 100% new lines are refused. Bring the engine back, or raise LOG_SPOOL_BUDGET.']
    findings.push(finding(SPOOL_KEY, 'critical', title, now, lines, 0))
  }
  return findings
}

function overBudget(dropped: readonly RemovedPartition[], { status, archive }: LogStoreFacts, now: number): Finding {
  const lost = dropped.filter(({ isArchived }) => !isArchived)
  const budget = formatBytes(status.diskBudgetBytes ?? 0)
  const lines: Text[] = dropped
    .slice(0, MAX_NAMED_PARTITIONS)
    .map(({ partition, isArchived }) => [
      { bold: partition.name },
      `: ${plural(partition.lines, 'line')}, ${formatBytes(partition.bytes)}, ${isArchived ? 'archived' : 'lost'}`,
    ])
  if (dropped.length > MAX_NAMED_PARTITIONS) lines.push(`… ${dropped.length - MAX_NAMED_PARTITIONS} more`)
  lines.push(
    lost.length === 0
      ? `"logs restore" restores them from ${archive?.place}.`
      : archive
        ? `They could not be archived to ${archive.place} in time.`
        : 'Set ARCHIVE_TO to archive lines before they are dropped.',
  )
  lines.push(
    'Raise LOG_DISK_BUDGET to keep lines longer, or shorten RETENTION (or that of a project) to need less space.',
  )
  const severity = lost.length > 0 ? 'warning' : 'info'
  const title = `Logs were dropped early to fit ${budget}`
  return finding(BUDGET_KEY, severity, title, now, lines, dropped.length)
}

function damage({ name: file, message }: PartitionStatus, { folder, isArchived }: LogStoreFacts, now: number): Finding {
  const name = file.replace(/\.db\.damaged\d*$/, '')
  const lines: Text[] = [
    message ?? 'Its file was set aside.',
    isArchived(name)
      ? ['Its lines are archived: ', { code: `logs restore ${name}` }, ' makes them searchable again.']
      : 'It is not archived.',
    [{ code: `logs salvage ${file}` }, ' makes the lines that can still be read searchable again.'],
    [
      'The alert is resolved when ',
      { code: `${folder}/${file}` },
      ' is removed; Vakt removes it when the retention of its lines ends.',
    ],
  ]
  return finding(`${DAMAGED_KEY}${file}`, 'warning', `The log partition ${name} is damaged`, now, lines, 0)
}

function archiveFailure(place: string, failing: { since: number; message: string }, { diskBudgetBytes }: StoreStatus) {
  const lines: Text[] = [
    failing.message,
    diskBudgetBytes === null
      ? 'Until that works, partitions stay here past their retention and use disk space.'
      : 'Until that works, partitions stay here past their retention, while LOG_DISK_BUDGET allows.',
    'Vakt retries every minute.',
  ]
  return finding(ARCHIVE_KEY, 'warning', `Logs cannot be archived to ${place}`, failing.since, lines, 0)
}

function finding(
  key: string,
  severity: Severity,
  title: string,
  since: number,
  lines: Text[],
  occurrences: number,
): Finding {
  const about = { detector: 'log-store', projectId: null, owner: null, remindEvery: 0, labels: {} }
  return { key, severity, title, since, occurrences, observation: { lines }, ...about }
}
