// The findings about satellites: one is silent, and what came through it is blamed on nobody; or two run under one key. Pure.
import type { Text } from '../card.ts'
import { quoteWord } from '../command/command-line.ts'
import { RIVAL_MS, type Satellite } from '../satellites/satellite.ts'
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

/** The key of the alert that two run as one satellite. */
export function doubledSatelliteKey({ id }: Pick<Satellite, 'id'>): string {
  return `satellite:${id}:double`
}

/** Whether two runs of a satellite report at the same time at `now`; see `admitRun`. */
export function isDoubled({ rivalSince, rivalSeenAt }: Satellite, now: number): boolean {
  return rivalSince !== null && rivalSeenAt !== null && now - rivalSeenAt <= RIVAL_MS
}

/** The finding while two processes report as one satellite, of which one is refused. */
export function doubledSatellite(satellite: Satellite): DetectionResult {
  const { name, address, rivalAddress, rivalSince } = satellite
  return {
    kind: 'firing',
    finding: {
      key: doubledSatelliteKey(satellite),
      detector: 'silent-satellite',
      projectId: null,
      severity: 'warning',
      title: `Two satellites run as ${name}`,
      since: rivalSince!,
      owner: null,
      remindEvery: REMIND_EVERY_MS,
      occurrences: 0,
      labels: { satellite: name },
      observation: {
        lines: [
          `Vakt accepts the one at ${address ?? 'an unknown address'}. It refuses another one with the same key, at ${rivalAddress ?? 'an unknown address'}: what that one receives waits on its disk.`,
          'One is probably a copy of the folder or of the machine of the other. Stop the copy; "satellites add" makes a key for it, and it starts with an empty folder.',
          'Beats that go to the refused one are missing here.',
        ],
        buttons: [{ label: 'Show', line: `satellites show ${quoteWord(name)}` }],
      },
    },
  }
}

/** The end of it: only one of them reports. */
export function singleSatellite(satellite: Satellite): DetectionResult {
  return {
    kind: 'resolved',
    key: doubledSatelliteKey(satellite),
    observation: { lines: [`Only the one at ${satellite.address ?? 'an unknown address'} still reports.`] },
  }
}
