// Evaluates the result of a probe: stores it, and reads what deciding about it needs.
import { listBeats } from '../checks/beats.ts'
import type { ProbeResult } from '../probes/probe.ts'
import { type ProbedCheck, recordProbe } from '../probes/probes.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { DetectionResult } from './finding.ts'
import { RECENT_BEATS } from './missed-beat.ts'
import { evaluateCertificate, evaluateProbe, type ProbeFacts } from './probe-failure.ts'

/** Records a result of `probed` at `now`; returns what it means to people. */
export function evaluateProbeResult(
  state: State,
  probed: ProbedCheck,
  result: ProbeResult,
  now: number,
): DetectionResult[] {
  return state.transaction(() => {
    const recorded = recordProbe(state, probed, result, now)
    const readFacts = (): ProbeFacts => {
      const project = readProjectById(state, probed.check.projectId)
      return {
        project: project?.name ?? '',
        recentBeats: listBeats(state, probed.check.id, RECENT_BEATS),
        remindEvery: project?.remindEvery ?? 0,
      }
    }
    return [
      ...evaluateProbe(recorded, result, probed.probe.lastMessage, readFacts),
      ...evaluateCertificate(recorded.check, probed.probe, recorded.probe, now, readFacts),
    ]
  })
}
