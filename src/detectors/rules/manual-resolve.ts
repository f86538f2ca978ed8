// What it means to a detector that a person resolves its alert: the error is resolved, the figure is known.
import { recordDismissal } from '../../hosts/dismissed-alerts.ts'
import { setErrorState } from '../../logs/errors/errors.ts'
import type { State } from '../../state/database.ts'
import type { Finding } from '../finding.ts'
import { HOST_DETECTORS } from '../hosts/host-findings.ts'
import { deleteRuleState, readRuleState, saveRuleState } from './rule-states.ts'

/** Marks a watch whose alert somebody ended: nothing is told of it until it is over by itself. */
export const DISMISSED = -1

/** Takes note that somebody resolved an alert: an error that comes again is then a regression. */
export function dismiss(
  state: State,
  { key, detector, severity, hostId }: Pick<Finding, 'key' | 'detector' | 'severity'> & { hostId: number | null },
  by: string,
  now: number,
): void {
  const watch = readRuleState(state, key)
  if (key.startsWith('error:')) {
    deleteRuleState(state, key)
    setErrorState(state, Number(key.slice('error:'.length)), 'resolved', by, now)
  } else if (watch && key.startsWith('rule:')) saveRuleState(state, { ...watch, counted: DISMISSED })
  else if (hostId !== null && HOST_DETECTORS.some(name => name === detector))
    recordDismissal(state, key, hostId, { at: now, severity })
}
