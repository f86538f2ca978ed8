// Notifies people of log lines that are rejected again and again, and ends the alert when none are any more.
import { applyResults } from '../alerts/lifecycle.ts'
import { detectRejectedLines } from '../detectors/rejected-lines.ts'
import { listProjects } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { Rejections } from '../telemetry.ts'

/** Evaluates what was rejected until `now` since `startedAt`, both epoch ms. */
export function evaluateRejectedLines(state: State, rejections: Rejections, now: number, startedAt: number): void {
  applyResults(state, detectRejectedLines(listProjects(state), rejections.list(), now, startedAt), now)
}
