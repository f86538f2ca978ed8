// Cards that tell something and are over at once: a silence that ended, what happened while it was quiet.
import type { Finding } from '../../detectors/finding.ts'
import type { State } from '../../state/database.ts'
import { type Alert, fired, resolved } from '../alert.ts'
import { changeAlert, insertAlert } from '../alerts.ts'
import { NOTICE } from './inhibition.ts'
import type { Hold } from './suppression.ts'

export type Notice = Pick<Finding, 'key' | 'projectId' | 'title' | 'seen'>

/** Tells it in one card; `hold` is what holds it back. */
export function postNotice(state: State, notice: Notice, hold: Hold | null, now: number): Alert {
  const finding: Finding = {
    ...notice,
    ...{ detector: NOTICE, severity: 'info', since: now, owner: null, remindEvery: 0, occurrences: 0, labels: {} },
  }
  const held = hold === null ? { freedAt: null } : { heldBy: hold.by, heldWhy: hold.why, heldUntil: hold.until }
  const alert = insertAlert(state, { ...fired(finding, now), ...held }, now)
  return changeAlert(state, alert, resolved(alert, null, now), now)
}
