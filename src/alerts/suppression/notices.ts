// Cards that tell something and are over at once: a silence that ended, what happened while it was quiet.
import type { Finding } from '../../detectors/finding.ts'
import type { State } from '../../state/database.ts'
import { type Alert, openAlert, resolve } from '../alert.ts'
import { insertAlert, recordChange } from '../alerts.ts'
import { NOTICE } from './inhibition.ts'
import type { Suppression } from './suppression.ts'

export type Notice = Pick<Finding, 'key' | 'projectId' | 'title' | 'observation'>

/** Posts a notice as one card; `suppression` is what suppresses it. */
export function postNotice(state: State, notice: Notice, suppression: Suppression | null, now: number): Alert {
  const finding: Finding = {
    ...notice,
    ...{ detector: NOTICE, severity: 'info', since: now, owner: null, remindEvery: 0, occurrences: 0, labels: {} },
  }
  const suppressed =
    suppression === null
      ? { releasedAt: null }
      : {
          suppression: suppression.kind,
          suppressorId: suppression.id,
          suppressionReason: suppression.reason,
          suppressedUntil: suppression.until,
        }
  const alert = insertAlert(state, { ...openAlert(finding, now), ...suppressed }, now)
  return recordChange(state, alert, resolve(alert, null, now), now)
}
