// The alerts of a check, which end when it is paused or removed, and follow its name.
import type { Check } from '../checks/check.ts'
import { readCheck } from '../checks/checks.ts'
import { quoteWord } from '../command/command-line.ts'
import { checkKey } from '../detectors/missed-beat.ts'
import { certificateKey } from '../detectors/probe-failure.ts'
import { unusualRunKeys } from '../detectors/unusual-run.ts'
import type { State } from '../state/database.ts'
import type { Alert } from './alert.ts'
import { bumpVersion, readAlert, readOpenAlert, updateAlert } from './alerts.ts'
import { endAlert } from './lifecycle.ts'
import { requestReevaluation } from './suppression/reevaluation.ts'

/** Ends all alerts of a check, because `by` paused or removed it. */
export function endCheckAlerts(state: State, check: Check, by: string, now: number): void {
  state.transaction(() => {
    endAlert(state, checkKey(check), by, now)
    if (check.probed) endAlert(state, certificateKey(check), by, now)
    endRunAlerts(state, check, { watchDuration: false, watchSize: false }, by, now)
  })
}

/** Ends the alerts about unusual runs that a check no longer watches for. */
export function endRunAlerts(
  state: State,
  check: Pick<Check, 'id'>,
  { watchDuration, watchSize }: Pick<Check, 'watchDuration' | 'watchSize'>,
  by: string,
  now: number,
): void {
  const { duration, size } = unusualRunKeys(check)
  if (!watchDuration) endAlert(state, duration, by, now)
  if (!watchSize) endAlert(state, size, by, now)
}

/** Gives the open alerts of a check, and of those that depend on it, its new name: silences, dependencies and buttons go by it. */
export function renameInAlerts(state: State, before: Check, after: Check): void {
  if (before.name === after.name) return
  const { duration, size } = unusualRunKeys(after)
  state.transaction(() => {
    for (const key of [checkKey(after), certificateKey(after), duration, size]) {
      const open = readOpenAlert(state, key)
      if (open) bumpVersion(state, open, renamed(open, before.name, after.name))
    }
    const dependents = `select id from alerts where project_id = ? and state <> 'resolved' and check_id is not null
      and labels ->> 'depends_on' is not null`
    for (const { id } of state.prepare<[number], { id: number }>(dependents).all(after.projectId)) {
      const alert = readAlert(state, id)!
      const dependsOn = readCheck(state, alert.checkId!)?.dependsOn ?? alert.labels.depends_on!
      if (dependsOn !== alert.labels.depends_on)
        updateAlert(state, id, { labels: { ...alert.labels, depends_on: dependsOn } })
    }
    requestReevaluation(state)
  })
}

function renamed({ title, labels, observation }: Alert, from: string, to: string): Partial<Alert> {
  const buttons = observation.buttons?.map(button => ({
    ...button,
    line: button.line.replace(` ${quoteWord(from)} --`, () => ` ${quoteWord(to)} --`),
  }))
  return {
    title: title.startsWith(`${from} `) ? `${to}${title.slice(from.length)}` : title,
    labels: { ...labels, check: to },
    observation: { ...observation, ...(buttons ? { buttons } : {}) },
  }
}
