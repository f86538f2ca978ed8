// The finding that a satellite is silent: what came through it is unknown, and blamed on nobody. Pure.
import type { Text } from '../card.ts'
import { quoteWord } from '../command/command-line.ts'
import type { Satellite } from '../satellites/satellite.ts'
import { plural } from '../text.ts'
import { HOUR } from '../time.ts'
import type { DetectionResult } from './finding.ts'

/** Checks behind it are not evaluated, so that people must not forget it, ms. */
const REMIND_EVERY_MS = 4 * HOUR

/** The key of the alert that a satellite is silent. */
export function silentSatelliteKey({ id }: Pick<Satellite, 'id'>): string {
  return `satellite:${id}`
}

/** The finding while a satellite is silent; `checks` is how many had their last beat through it. */
export function silentSatellite(satellite: Satellite, checks: number): DetectionResult {
  const { name, lastSeenAt } = satellite
  const affected: Text =
    checks === 0
      ? 'No check has its beats through it.'
      : `${plural(checks, 'check')} with beats through it ${checks === 1 ? 'is' : 'are'} not evaluated meanwhile.`
  return {
    kind: 'firing',
    finding: {
      key: silentSatelliteKey(satellite),
      detector: 'silent-satellite',
      projectId: null,
      severity: 'warning',
      title: `The satellite ${name} is silent`,
      since: lastSeenAt!,
      owner: null,
      remindEvery: REMIND_EVERY_MS,
      occurrences: 0,
      labels: { satellite: name },
      observation: {
        lines: [
          ['It reported last at ', { time: lastSeenAt!, style: 'moment' }, '. It, or the network in between, is down.'],
          affected,
          'If it still runs, beats and log lines wait on its disk and arrive later, with their own times. Probes from there do not count.',
        ],
        buttons: [{ label: 'Show', line: `satellites show ${quoteWord(name)}` }],
      },
    },
  }
}

/** The end of it: the satellite reports again. */
export function returnedSatellite(satellite: Satellite): DetectionResult {
  const { lastSeenAt, waitingRecords } = satellite
  const waiting =
    waitingRecords === 0
      ? 'Everything that it received has arrived.'
      : `${plural(waitingRecords, 'request')} that it received meanwhile ${waitingRecords === 1 ? 'is' : 'are'} on the way.`
  return {
    kind: 'resolved',
    key: silentSatelliteKey(satellite),
    observation: { lines: [['It reports again since ', { time: lastSeenAt!, style: 'moment' }, '.'], waiting] },
  }
}
