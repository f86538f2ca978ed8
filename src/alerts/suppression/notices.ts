// Notices: cards that only inform and are resolved at once, such as an expired silence or the digest of quiet hours.
import type { Finding } from '../../detectors/finding.ts'
import type { State } from '../../state/database.ts'
import { type Alert, openAlert, resolve } from '../alert.ts'
import { insertAlert, recordChange } from '../alerts.ts'
import { NOTICE } from './inhibition.ts'
import { type Suppression, suppressionColumns } from './suppression.ts'

export type Notice = Pick<Finding, 'key' | 'projectId' | 'title' | 'observation'>

/** Posts a notice; `suppression` is what delays it, if anything. */
export function postNotice(state: State, notice: Notice, suppression: Suppression | null, now: number): Alert {
  const finding: Finding = {
    ...notice,
    detector: NOTICE,
    severity: 'info',
    since: now,
    owner: null,
    remindEvery: 0,
    occurrences: 0,
    labels: {},
  }
  const columns = suppression === null ? { releasedAt: null } : suppressionColumns(suppression)
  const alert = insertAlert(state, { ...openAlert(finding, now), ...columns }, now)
  return recordChange(state, alert, resolve(alert, null, now), now)
}
