// Detects that the program which copies the state keeps ending, so that a stand-by would restore an old one. Pure.
import { plural, truncate } from '../text.ts'
import type { DetectionResult } from './finding.ts'

/** The key of the alert about the copying of the state. */
export const REPLICATION_KEY = 'replication'
/** A program that ended this often, and never ran for a minute in between, does not work. */
const MAX_FAILURES = 3
const MAX_OUTPUT_LENGTH = 300

/** What is known of REPLICATE_COMMAND; `failingSince` is when it ended first (epoch ms), null while it runs as it should. */
export type ReplicationHealth = { failingSince: number | null; failures: number; output: string }

/** Firing while the command keeps ending; null while it is not known whether it does. */
export function detectFailingReplication({
  failingSince,
  failures,
  output,
}: ReplicationHealth): DetectionResult | null {
  if (failingSince === null)
    return { kind: 'resolved', key: REPLICATION_KEY, observation: { lines: ['REPLICATE_COMMAND runs again.'] } }
  if (failures < MAX_FAILURES) return null
  return {
    kind: 'firing',
    finding: {
      key: REPLICATION_KEY,
      detector: 'replication',
      projectId: null,
      severity: 'warning',
      title: 'The state is not copied: REPLICATE_COMMAND keeps ending',
      since: failingSince,
      owner: null,
      remindEvery: 0,
      occurrences: 0,
      observation: {
        lines: [
          `It ended ${plural(failures, 'time')} and is started again each minute. A stand-by that takes over now restores an old state.`,
          output === '' ? 'It wrote nothing.' : `It wrote last: ${truncate(output, MAX_OUTPUT_LENGTH)}`,
          'Run the command by hand on this machine, with the same DATA_DIR and VAKT_EPOCH.',
        ],
      },
      labels: {},
    },
  }
}
