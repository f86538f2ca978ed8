// Compares the alerts of a server with the faults of a scenario: precision and recall. Pure.
import { plural } from '../text.ts'
import { aboutDuration, MINUTE } from '../time.ts'
import { stamp } from './progress.ts'
import type { Fault, Scenario } from './scenario.ts'

/** An alert in the result of "alerts history", with the fields that matter here. */
export type OpenedAlert = {
  id: number
  detector: string
  title: string
  project?: string | null
  fired_at: string
  resolved_at: string | null
}

/** The alert that a fault must cause: of one of the detectors, with `about` in its title, within a time range (epoch ms). */
export type Expectation = {
  fault: Fault
  detectors: readonly string[]
  about: string
  from: number
  until: number
  /** Any number of alerts may come of it, or none. */
  isLoose?: boolean
}

export type Verdict = {
  found: { fault: Fault; alert: OpenedAlert /** From the beginning of the fault to its alert, ms. */; after: number }[]
  missed: Fault[]
  /** Alerts without a fault, and second alerts for the same fault. */
  wrong: OpenedAlert[]
  /** The share of alerts that were correct, and of faults that were found; 1 when there were none. */
  precision: number
  recall: number
}

const DETECTORS: Record<Fault['kind'], readonly string[]> = {
  spike: ['error-spike'],
  errors: ['error-rate'],
  silence: ['silence'],
  'missed-beat': ['missed-beat'],
  failure: ['missed-beat'],
  outage: ['connectivity', 'absence'],
}

/** How long after a fault's end, and after its last lines were sent, its alert may still fire. */
const DETECTION_GRACE_MS = MINUTE

/** What an outage looks like to a Vakt that is online: everything is silent at once. */
const SILENCES = ['missed-beat', 'silence']

/**
 * The alerts expected of a scenario that started at `begin` (epoch ms) and was played `speed` times faster. `isCutOff`: an
 * outage takes Vakt's own connection away, too.
 */
export function expectations({ faults, sources }: Scenario, begin: number, speed = 1, isCutOff = true): Expectation[] {
  const gatherTimes = (name: string) =>
    sources.map(source => (source.name === name && 'gather' in source ? source.gather : 0))
  return faults.map(fault => ({
    fault,
    ...(fault.kind === 'outage' && !isCutOff
      ? { detectors: [...DETECTORS.outage, ...SILENCES], isLoose: true }
      : { detectors: DETECTORS[fault.kind] }),
    about: fault.kind === 'outage' ? '' : fault.source,
    from: begin + fault.at / speed,
    until:
      begin +
      (fault.at + fault.for + (fault.kind === 'outage' ? 0 : Math.max(...gatherTimes(fault.source)))) / speed +
      DETECTION_GRACE_MS,
  }))
}

/** Which faults were found, which were missed, and which alerts are wrong; test alerts do not count. */
export function compare(expected: readonly Expectation[], alerts: readonly OpenedAlert[]): Verdict {
  const inOrder = alerts
    .filter(alert => alert.detector !== 'test')
    .toSorted((a, b) => Date.parse(a.fired_at) - Date.parse(b.fired_at))
  const matched = new Set<OpenedAlert>()
  const found: Verdict['found'] = []
  const missed: Fault[] = []
  // What must come is matched before what may.
  for (const expectation of expected.toSorted((a, b) => Number(a.isLoose ?? false) - Number(b.isLoose ?? false))) {
    const fitting = inOrder.filter(candidate => !matched.has(candidate) && isExpected(expectation, candidate))
    const [alert] = fitting
    if (expectation.isLoose) for (const other of fitting) matched.add(other)
    if (alert) {
      matched.add(alert)
      found.push({ fault: expectation.fault, alert, after: Date.parse(alert.fired_at) - expectation.from })
    } else if (!expectation.isLoose) missed.push(expectation.fault)
  }
  const wrong = inOrder.filter(alert => !matched.has(alert))
  return {
    found,
    missed,
    wrong,
    precision: share(found.length, wrong.length),
    recall: share(found.length, missed.length),
  }
}

/** The verdict as a table. */
export function verdictLines({ found, missed, wrong, precision, recall }: Verdict): string[] {
  const rows = [
    ...found.map(({ fault, alert, after }) => ({
      at: fault.at,
      text: `found   ${fault.name}: "${alert.title}" after ${aboutDuration(after)}, ${describeEnd(alert)}`,
    })),
    ...missed.map(fault => ({ at: fault.at, text: `MISSED  ${fault.name} (${fault.kind})` })),
  ].sort((a, b) => a.at - b.at)
  return [
    ...rows.map(({ at, text }) => `${stamp(at)}  ${text}`),
    ...wrong.map(
      alert => `       WRONG   alert ${alert.id} of ${alert.detector}: "${alert.title}" at ${alert.fired_at}`,
    ),
    `${found.length} of ${found.length + missed.length} faults found, ${plural(wrong.length, 'false alert')}: precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)}`,
  ]
}

function describeEnd({ fired_at, resolved_at }: OpenedAlert): string {
  if (resolved_at === null) return 'still open'
  return `resolved ${aboutDuration(Date.parse(resolved_at) - Date.parse(fired_at))} later`
}

function isExpected({ detectors, about, from, until }: Expectation, alert: OpenedAlert): boolean {
  const at = Date.parse(alert.fired_at)
  return detectors.includes(alert.detector) && at >= from && at <= until && alert.title.includes(about)
}

function share(right: number, others: number): number {
  return right + others === 0 ? 1 : right / (right + others)
}
