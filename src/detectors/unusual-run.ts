// Decides about successful runs: one that takes clearly longer or shorter than usual, or makes clearly less. Pure.

import { formatBytes } from '../bytes.ts'
import type { Text } from '../card.ts'
import type { RunFacts } from '../checks/beats.ts'
import type { Check } from '../checks/check.ts'
import { type Unusual, unusualDuration, unusualSize } from '../checks/unusual-run.ts'
import { aboutDuration } from '../time.ts'
import { withTemplates } from './check-templates.ts'
import type { DetectionResult, Finding } from './finding.ts'

/** The keys of the alerts about unusual runs of a check. */
export function unusualRunKeys({ id }: Pick<Check, 'id'>): { duration: string; size: string } {
  return { duration: `check:${id}:duration`, size: `check:${id}:size` }
}

/** What a successful run at `now` means: alerts where it is unusual, the end of earlier ones where it is not. */
export function evaluateRun(check: Check, run: RunFacts, earlier: readonly RunFacts[], now: number): DetectionResult[] {
  const keys = unusualRunKeys(check)
  const results: DetectionResult[] = []
  if (check.watchDuration && run.duration !== null) {
    const durations = earlier.map(({ duration }) => duration).filter(duration => duration !== null)
    const unusual = unusualDuration(run.duration, durations)
    results.push(
      unusual ? fires(check, keys.duration, unusual, durationTitle(check, unusual), now) : ends(keys.duration),
    )
  }
  if (check.watchSize) {
    const unusual = unusualSize(
      run.bytes,
      earlier.map(({ bytes }) => bytes),
    )
    results.push(unusual ? fires(check, keys.size, unusual, sizeTitle(check, unusual), now) : ends(keys.size))
  }
  return results
}

function fires(check: Check, key: string, { kind }: Unusual, title: string, now: number): DetectionResult {
  const lines: Text[] = [
    'The run reported success. "Usual" is the median of its last runs; this alert ends with the next run that is as usual.',
    ...(kind === 'shorter' ? ['A job that does nothing ends early: see its output.'] : []),
  ]
  const finding: Finding = {
    key,
    detector: 'unusual-run',
    projectId: check.projectId,
    severity: check.severity === 'info' ? 'info' : 'warning',
    title,
    since: now,
    occurrences: 1,
    labels: { check: check.name, run: kind, ...(check.host === null ? {} : { host: check.host }) },
    owner: check.owner,
    // The next run may be a day away, and nothing is down.
    remindEvery: 0,
    observation: { lines },
  }
  return { kind: 'firing', finding: withTemplates(check, finding) }
}

function ends(key: string): DetectionResult {
  return { kind: 'resolved', key }
}

function durationTitle({ name }: Check, { kind, value, usual }: Unusual): string {
  const took = kind === 'longer' ? `took ${aboutDuration(value)}` : `finished after ${aboutDuration(value)}`
  return `${name} ${took}, usually ${aboutDuration(usual)}`
}

function sizeTitle({ name }: Check, { value, usual }: Unusual): string {
  return `${name} wrote ${formatBytes(value)}, usually ${formatBytes(usual)}`
}
