// Cards that tell something and are over at once: a silence that ended, what happened while it was quiet.
import type { Finding } from '../../detectors/finding.ts'
import type { State } from '../../state/database.ts'
import { type Alert, openAlert, resolve } from '../alert.ts'
import { insertAlert, recordChange } from '../alerts.ts'
import { NOTICE } from './inhibition.ts'
import type { Suppression } from './suppression.ts'

export type Notice = Pick<Finding, 'key' | 'projectId' | 'title' | 'observation'>

/** Tells it in one card; `hold` is what holds it back. */
export function postNotice(state: State, notice: Notice, hold: Suppression | null, now: number): Alert {
  const finding: Finding = {
    ...notice,
    ...{ detector: NOTICE, severity: 'info', since: now, owner: null, remindEvery: 0, occurrences: 0, labels: {} },
  }
  const held =
    hold === null
      ? { releasedAt: null }
      : { suppressedBy: hold.by, suppressedWhy: hold.why, suppressedUntil: hold.until }
  const alert = insertAlert(state, { ...openAlert(finding, now), ...held }, now)
  return recordChange(state, alert, resolve(alert, null, now), now)
}
