// What detectors report: findings that are firing, and keys of findings that are resolved.
import type { Severity } from '../severity.ts'
import type { Labels, Observation } from '../state/schema/index.ts'

/** A problem as a detector sees it now. */
export type Finding = {
  /** What it is about; there is at most one open alert per key. */
  key: string
  /** The name of the detector or rule kind: `missed-beat`. */
  detector: string
  projectId: number | null
  severity: Severity
  /** A specific title of about ten words: `nightly-backup sent no beat`. */
  title: string
  /** When the problem began, epoch ms. */
  since: number
  /** `since` is taken from a window that moves on, so that a later one does not mean something new. */
  isSinceEstimated?: boolean
  /** The check, or the host, whose failure this is. */
  checkId?: number
  hostId?: number
  /** Open alerts of a project with the same group key share one card; absent is a card of its own. */
  groupKey?: string | null
  owner: string | null
  /** How often people are reminded until somebody acknowledges, ms; 0 is never. */
  remindEvery: number
  observation: Observation
  /** How many occurrences are new on the alert; 0 when the same problem is still going on. */
  occurrences: number
  /** What it belongs to: its host, source, check, container, rule … */
  labels: Labels
}

/** A finding that is firing, or the key of one that is resolved; an `observation` replaces that of the card. */
export type DetectionResult =
  | { kind: 'firing'; finding: Finding }
  | { kind: 'resolved'; key: string; observation?: Observation }
