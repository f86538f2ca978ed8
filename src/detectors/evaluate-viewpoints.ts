// Evaluates probes that are made from several places: a result of one place counts together with those of the others.
import { expectedGap, type ProbeResult } from '../probes/probe.ts'
import type { ProbedCheck } from '../probes/probes.ts'
import { combinedResult, isSilent, MAIN_VIEWPOINT, verdictOf, viewRetentionMs } from '../satellites/satellite.ts'
import { listSatellites } from '../satellites/satellites.ts'
import { listViews, saveView } from '../satellites/views.ts'
import type { State } from '../state/database.ts'
import { evaluateProbeResult } from './evaluate-probes.ts'
import type { DetectionResult } from './finding.ts'

/**
 * Records what `viewpoint` found at `at`. Once every viewpoint that is up has found something new, or this one for the second
 * time, the latest views of those that are up are one result of the check. Returns what that means to people.
 */
export function evaluateView(
  state: State,
  probed: ProbedCheck,
  viewpoint: string,
  result: ProbeResult,
  { at, now }: { at: number; now: number },
): DetectionResult[] {
  return state.transaction(() => {
    const { check, probe } = probed
    const via = probe.via?.split('\n') ?? []
    if (!via.includes(viewpoint)) return []
    const before = listViews(state, check.id)
    if (!saveView(state, check.id, viewpoint, result, at)) return []
    const oldest = now - viewRetentionMs(expectedGap(check, at), probe.timeout)
    const up = viewpointsUp(state, via, now)
    // What comes after the fact is known, and changes nothing any more.
    if (at < oldest || !up.includes(viewpoint)) return []
    const views = listViews(state, check.id).filter(view => up.includes(view.viewpoint) && view.at >= oldest)
    const counted = probe.lastAt ?? Number.NEGATIVE_INFINITY
    const isNew = (name: string) => views.some(view => view.viewpoint === name && view.at > counted)
    const isSecond = before.some(view => view.viewpoint === viewpoint && view.at > counted)
    const verdict = verdictOf(views, probe.quorum)
    if (verdict === null) return []
    // Nobody waits for the others to hear that it is up again.
    const hasRecovered = check.status === 'down' && !verdict.isDown
    if (!hasRecovered && !isSecond && !up.every(isNew)) return []
    return evaluateProbeResult(state, probed, combinedResult(verdict), Math.max(at, counted))
  })
}

/** The viewpoints of a list that report. The main reports whenever it has a result. */
function viewpointsUp(state: State, via: readonly string[], now: number): string[] {
  const known = new Map(listSatellites(state).map(satellite => [satellite.name, satellite]))
  return via.filter(name => {
    const satellite = known.get(name)
    return name === MAIN_VIEWPOINT || (satellite?.lastSeenAt != null && !isSilent(satellite, now))
  })
}
