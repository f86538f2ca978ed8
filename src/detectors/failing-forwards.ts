// Detects that a forward has not got through for a while, so that somebody looks at its receiver. Pure.
import { plural } from '../text.ts'
import { formatDuration, MINUTE } from '../time.ts'
import type { DetectionResult } from './finding.ts'

/** Receivers restart; what is not sent meanwhile is sent afterwards. */
const MIN_FAILING_MS = 10 * MINUTE

/** What is known of a forward; `failingSince` is null while it gets through, epoch ms. */
export type ForwardHealth = {
  id: number
  name: string
  kind: string
  projectId: number | null
  shownAddress: string
  failingSince: number | null
  failures: number
  lastError: string | null
}

/** A result for each forward: firing when it has failed for ten minutes, resolved when it gets through. */
export function detectFailingForwards(forwards: readonly ForwardHealth[], now: number): DetectionResult[] {
  return forwards.flatMap((forward): DetectionResult[] => {
    const { id, name, kind, projectId, shownAddress, failingSince, failures, lastError } = forward
    const key = failingForwardKey(id)
    if (failingSince === null) return [{ kind: 'resolved', key }]
    if (now - failingSince < MIN_FAILING_MS) return []
    return [
      {
        kind: 'firing',
        finding: {
          key,
          detector: 'failing-forward',
          projectId,
          severity: 'warning',
          title: `Nothing gets through to the forward ${name}`,
          since: failingSince,
          owner: null,
          remindEvery: 0,
          occurrences: 0,
          observation: {
            lines: [
              `${kind === 'alertmanager' ? 'Alerts' : 'Log lines'} for ${shownAddress} have not arrived for ${formatDuration(now - failingSince)} (${plural(failures, 'attempt')}).`,
              lastError ?? '',
              kind === 'alertmanager'
                ? 'Vakt goes on trying. Open alerts are sent once it works.'
                : 'Vakt goes on trying and sends everything afterwards, as long as the retention keeps it. "forwards list" shows more.',
            ].filter(line => line !== ''),
          },
          labels: { forward: name },
        },
      },
    ]
  })
}

/** The key of the alert about a forward. */
export function failingForwardKey(id: number): string {
  return `failing-forward:${id}`
}
