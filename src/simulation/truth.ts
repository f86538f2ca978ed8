// Compares the alerts that a server opened with what is known to have gone wrong: precision and recall. Pure.
import { aboutDuration, MINUTE } from '../time.ts'
import { stamp } from './progress.ts'
import type { Fault, Scenario } from './scenario.ts'

/** An alert as "alerts history" gives it, as far as it matters here. */
export type OpenedAlert = { id: number; detector: string; title: string; fired_at: string; resolved_at: string | null }

/** What must be found: an alert of one of the detectors, that names what it is about, within a time (epoch ms). */
export type Expectation = { fault: Fault; detectors: readonly string[]; about: string; from: number; until: number }

export type Verdict = {
  found: { fault: Fault; alert: OpenedAlert /** From the beginning of the fault to its alert, ms. */; after: number }[]
  missed: Fault[]
  /** Alerts that no fault explains, and second ones for the same fault. */
  wrong: OpenedAlert[]
  /** The share of the alerts that were right, and of the faults that were found; 1 when there was none. */
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

/** How long after its end, and after its last lines were sent, a fault may still be told. */
const GRACE = MINUTE

/** What a scenario that began at `begin` (epoch ms) and was played `speed` times faster must have made a server find. */
export function expectations({ faults, sources }: Scenario, begin: number, speed = 1): Expectation[] {
  const gathers = (name: string) => sources.map(one => (one.name === name && 'gather' in one ? one.gather : 0))
  return faults.map(fault => ({
    fault,
    detectors: DETECTORS[fault.kind],
    about: fault.kind === 'outage' ? '' : fault.source,
    from: begin + fault.at / speed,
    until:
      begin +
      (fault.at + fault.for + (fault.kind === 'outage' ? 0 : Math.max(...gathers(fault.source)))) / speed +
      GRACE,
  }))
}

/** Which faults were found, which were missed, and which alerts are wrong; test alerts do not count. */
export function compare(expected: readonly Expectation[], alerts: readonly OpenedAlert[]): Verdict {
  const inOrder = alerts
    .filter(alert => alert.detector !== 'test')
    .toSorted((a, b) => Date.parse(a.fired_at) - Date.parse(b.fired_at))
  const explained = new Set<OpenedAlert>()
  const found: Verdict['found'] = []
  const missed: Fault[] = []
  for (const one of expected) {
    const alert = inOrder.find(candidate => !explained.has(candidate) && explains(one, candidate))
    if (alert) {
      explained.add(alert)
      found.push({ fault: one.fault, alert, after: Date.parse(alert.fired_at) - one.from })
    } else missed.push(one.fault)
  }
  const wrong = inOrder.filter(alert => !explained.has(alert))
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
      text: `found   ${fault.name}: "${alert.title}" after ${aboutDuration(after)}, ${endWords(alert)}`,
    })),
    ...missed.map(fault => ({ at: fault.at, text: `MISSED  ${fault.name} (${fault.kind})` })),
  ].sort((a, b) => a.at - b.at)
  return [
    ...rows.map(({ at, text }) => `${stamp(at)}  ${text}`),
    ...wrong.map(
      alert => `       WRONG   alert ${alert.id} of ${alert.detector}: "${alert.title}" at ${alert.fired_at}`,
    ),
    `${found.length} of ${found.length + missed.length} faults found, ${wrong.length} alerts of nothing: precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)}`,
  ]
}

function endWords({ fired_at, resolved_at }: OpenedAlert): string {
  if (resolved_at === null) return 'still open'
  return `over ${aboutDuration(Date.parse(resolved_at) - Date.parse(fired_at))} later`
}

function explains({ detectors, about, from, until }: Expectation, alert: OpenedAlert): boolean {
  const at = Date.parse(alert.fired_at)
  return detectors.includes(alert.detector) && at >= from && at <= until && alert.title.includes(about)
}

function share(right: number, others: number): number {
  return right + others === 0 ? 1 : right / (right + others)
}
