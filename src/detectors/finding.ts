// What detectors say: what they see now, and what they see no more.
import type { alerts, Labels, Observation } from '../state/schema/index.ts'

export type Severity = (typeof alerts.$inferSelect)['severity']
export type { Labels } from '../state/schema/index.ts'
export const SEVERITIES = ['info', 'warning', 'critical'] as const satisfies Severity[]

/** Something wrong, as a detector sees it now. */
export type Finding = {
  /** What it is about; there is one open alert per key. */
  key: string
  detector: string
  projectId: number | null
  severity: Severity
  /** A specific title of ten words or so: `nightly-backup sent no beat`. */
  title: string
  /** When the trouble itself began, epoch ms. */
  since: number
  /** `since` is taken from a window that moves on, so that a later one does not mean something new. */
  isSinceEstimated?: boolean
  /** The check, or the host, whose failure this is. */
  checkId?: number
  hostId?: number
  owner: string | null
  /** How often people are told again until somebody acknowledges, ms; 0 is never. */
  remindEvery: number
  observation: Observation
  /** How many occurrences this sighting adds to the alert's count; 0 when it is the same trouble still going on. */
  occurrences: number
  /** What the trouble belongs to: its host, source, check, container, rule … */
  labels: Labels
}

/** A finding, or the end of one; `seen`, when given, replaces what the card said. */
export type DetectionResult =
  | { kind: 'found'; finding: Finding }
  | { kind: 'gone'; key: string; observation?: Observation }
