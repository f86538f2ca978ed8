// What it means to the detectors that a person resolves an alert: its error is resolved, its condition is known.
import { recordDismissal } from '../../hosts/dismissed-alerts.ts'
import { setErrorState } from '../../logs/errors/errors.ts'
import type { State } from '../../state/database.ts'
import type { Finding } from '../finding.ts'
import { HOST_DETECTORS } from '../hosts/host-findings.ts'
import { errorIdOf } from '../logs/error-finding.ts'
import { deleteRuleState, readRuleState, saveRuleState } from './rule-states.ts'

/**
 * Records at `now` that a person resolved an alert. An error that comes again is then a regression; a condition that is
 * still true is not reported again before it was false.
 */
export function dismiss(
  state: State,
  { key, detector, severity, hostId }: Pick<Finding, 'key' | 'detector' | 'severity'> & { hostId: number | null },
  by: string,
  now: number,
): void {
  const ruleState = readRuleState(state, key)
  const errorId = errorIdOf(key)
  if (errorId !== null) {
    deleteRuleState(state, key)
    setErrorState(state, errorId, 'resolved', by, now)
  } else if (ruleState && key.startsWith('rule:')) saveRuleState(state, { ...ruleState, dismissed: true })
  else if (hostId !== null && HOST_DETECTORS.some(name => name === detector))
    recordDismissal(state, key, hostId, { at: now, severity })
}
