// Detects that scheduled backups fail, so that somebody looks at their place. Pure.
import { isoTime } from '../time.ts'
import type { DetectionResult } from './finding.ts'

/** The key of the alert about backups. */
export const BACKUP_KEY = 'backup'

/** What is known of scheduled backups; `failingSince` is null while they succeed, epoch ms. */
export type BackupHealth = { place: string; lastAt: number | null; failingSince: number | null; error: string | null }

/** Firing from the first failure until a backup succeeds. */
export function detectFailingBackup({ place, lastAt, failingSince, error }: BackupHealth): DetectionResult {
  if (failingSince === null) return { kind: 'resolved', key: BACKUP_KEY }
  const last = lastAt === null ? 'There is no earlier backup.' : `The last whole backup is of ${isoTime(lastAt)}.`
  return {
    kind: 'firing',
    finding: {
      key: BACKUP_KEY,
      detector: 'backup',
      projectId: null,
      severity: 'warning',
      title: 'The scheduled backup fails',
      since: failingSince,
      owner: null,
      remindEvery: 0,
      occurrences: 0,
      observation: {
        lines: [
          `No backup could be made in ${place}.`,
          error ?? '',
          last,
          'Vakt tries again every 15 minutes. "vakt backup" on the server makes one now.',
        ].filter(line => line !== ''),
      },
      labels: {},
    },
  }
}
