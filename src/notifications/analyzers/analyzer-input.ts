// What an analyzer gets on its standard input: the alert and the evidence, as JSON. Pure.

import type { Alert } from '../../alerts/alert.ts'
import type { Pack } from '../../analysis/evidence/pack.ts'
import { isoTime } from '../../time.ts'
import { TOOL_VERSION } from './analyzer-output.ts'

/** The JSON for an alert; `docs/analysis.md` describes it. Ids (`L1`, `T1`, `E1`, `M1`) are what citations name. */
export function writeAnalyzerInput(alert: Alert, project: string | null, pack: Pack): string {
  const { id, title, severity, labels, key, detector, since } = alert
  return JSON.stringify({
    version: TOOL_VERSION,
    alert: { id, title, severity, labels, key, detector, project, since: isoTime(since) },
    window: { from: isoTime(pack.from), until: isoTime(pack.until), compared_from: isoTime(pack.comparedFrom) },
    patterns: pack.patterns.map(({ first, last, ...pattern }) => ({
      ...pattern,
      first: isoTime(first),
      last: isoTime(last),
    })),
    lines: pack.lines.map(({ at, ...line }) => ({ ...line, at: isoTime(at) })),
    events: pack.timeline.map(({ id: event, at, text }) => ({ id: event, at: isoTime(at), text })),
    measurements: pack.measurements.map(({ at, ...measurement }) => ({ ...measurement, at: isoTime(at) })),
    coverage: pack.coverage,
  })
}
