// The alerts of a check, which end when it is paused or removed.
import type { Check } from '../checks/check.ts'
import { checkKey } from '../detectors/missed-beat.ts'
import { certificateKey } from '../detectors/probe-failure.ts'
import { unusualRunKeys } from '../detectors/unusual-run.ts'
import type { State } from '../state/database.ts'
import { endAlert } from './lifecycle.ts'

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
