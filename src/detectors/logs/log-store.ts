// Findings about the log store itself: lines dropped for want of disk, damaged partitions, an archive out of reach.

import { writeSize } from '../../bytes.ts'
import type { Text } from '../../card.ts'
import type { PartitionStatus, RemovedPartition, StoreStatus } from '../../logs/store.ts'
import { MINUTE } from '../../time.ts'
import type { DetectionResult, Finding, Severity } from '../finding.ts'

/** What was seen of the store in one round of maintenance. */
export type LogStoreSeen = {
  removed: readonly RemovedPartition[]
  status: StoreStatus
  /** Where its files are. */
  folder: string
  /** The place of the archives, and since when it refuses them (undefined when that is not known yet); null when there is none. */
  archive: { place: string; failing: { since: number; message: string; lasting: boolean } | null | undefined } | null
  /** Whether a partition of this name can be restored. */
  isArchived(partition: string): boolean
}

export const BUDGET_KEY = 'log-store:budget'
const ARCHIVE_KEY = 'log-store:archive'
export const DAMAGED_KEY = 'log-store:damaged:'
const NAMED = 10
/** An archive that is away for a moment is tried again and not worth a card. */
const HOLD_OFF = 5 * MINUTE

/** What to tell people now. `told` are the keys of this detector's open alerts, so that those that are over end. */
export function detectLogStore(seen: LogStoreSeen, told: ReadonlySet<string>, now: number): DetectionResult[] {
  const damaged = seen.status.partitions.filter(({ state }) => state === 'damaged').map(each => damage(each, seen, now))
  const still = new Set(damaged.map(({ key }) => key))
  const repaired = [...told].filter(key => key.startsWith(DAMAGED_KEY) && !still.has(key))
  const dropped = seen.removed.filter(({ reason }) => reason === 'budget')
  const failing = seen.archive?.failing
  const lasts = failing && (failing.lasting || now - failing.since >= HOLD_OFF)
  const findings = [
    ...damaged,
    ...(dropped.length > 0 ? [overBudget(dropped, seen, now)] : []),
    ...(lasts ? [outOfReach(seen.archive!.place, failing, seen.status)] : []),
  ]
  return [
    ...findings.map(finding => ({ kind: 'found' as const, finding })),
    ...repaired.map(key => ({ kind: 'gone' as const, key })),
    ...(failing || (seen.archive && failing === undefined) ? [] : [{ kind: 'gone' as const, key: ARCHIVE_KEY }]),
  ]
}

function overBudget(dropped: readonly RemovedPartition[], { status, archive }: LogStoreSeen, now: number): Finding {
  const lost = dropped.filter(({ isArchived }) => !isArchived)
  const budget = writeSize(status.diskBudgetBytes ?? 0)
  const lines: Text[] = dropped
    .slice(0, NAMED)
    .map(({ partition, isArchived }) => [
      { bold: partition.name },
      `: ${partition.lines.toLocaleString('en')} lines, ${writeSize(partition.bytes)}, ${isArchived ? 'archived' : 'gone for good'}`,
    ])
  if (dropped.length > NAMED) lines.push(`… ${dropped.length - NAMED} more`)
  lines.push(
    lost.length === 0
      ? `"logs restore" brings lines back from ${archive?.place}.`
      : archive
        ? `The archive ${archive.place} could not take them in time.`
        : 'ARCHIVE_TO keeps what is dropped elsewhere.',
  )
  lines.push('To keep lines longer raise LOG_DISK_BUDGET; to need less room shorten RETENTION, or a project’s own.')
  const severity = lost.length > 0 ? 'warning' : 'info'
  const title = `Logs were dropped before their time to fit ${budget}`
  return finding(BUDGET_KEY, severity, title, now, lines, dropped.length)
}

function damage({ name: file, message }: PartitionStatus, { folder, isArchived }: LogStoreSeen, now: number): Finding {
  const name = file.replace(/\.db\.damaged\d*$/, '')
  const lines: Text[] = [
    message ?? 'It was set aside.',
    isArchived(name)
      ? ['Its lines are archived: ', { code: `logs restore ${name}` }, ' makes them searchable again.']
      : ['It is in no archive. What can be saved of it shows ', { code: `sqlite3 ${file} .recover` }, '.'],
    [
      'This ends when ',
      { code: `${folder}/${file}` },
      ' is removed; Vakt removes it itself when its lines are past their retention.',
    ],
  ]
  return finding(`${DAMAGED_KEY}${file}`, 'warning', `The log partition ${name} is damaged`, now, lines, 0)
}

function outOfReach(place: string, failing: { since: number; message: string }, { diskBudgetBytes }: StoreStatus) {
  const lines: Text[] = [
    failing.message,
    diskBudgetBytes === null
      ? 'Until it works, partitions stay here past their retention and take disk.'
      : 'Until it works, partitions stay here past their retention, as long as LOG_DISK_BUDGET has room.',
    'It is tried again every minute.',
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
