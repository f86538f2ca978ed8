// Watches on the main whether satellites report: one alert for each that is silent, none while the main itself could not listen,
// and one for each of which two copies run.
import { readOpenAlert } from '../../alerts/alerts.ts'
import { applyResults } from '../../alerts/lifecycle.ts'
import {
  doubledSatellite,
  doubledSatelliteKey,
  isDoubled,
  returnedSatellite,
  silentSatellite,
  silentSatelliteKey,
  singleSatellite,
} from '../../detectors/silent-satellite.ts'
import { isSilent, type Satellite } from '../../satellites/satellite.ts'
import { countChecksThrough, hasSatellites, listSatellites } from '../../satellites/satellites.ts'
import type { State } from '../../state/database.ts'
import { SECOND } from '../../time.ts'

/** Ticks further apart than this mean that the process slept, ms. */
const MAX_TICK_GAP_MS = 15 * SECOND

export interface SatelliteWatch {
  /** Evaluates every satellite at `now`; `isListening` is whether requests can arrive. */
  tick(now: number, isListening: boolean): void
}

/** The watch over the satellites in `state`. */
export function createSatelliteWatch(state: State): SatelliteWatch {
  let listeningSince: number | null = null
  let lastTickAt = Number.NEGATIVE_INFINITY

  return {
    tick(now, isListening) {
      const wasAway = now - lastTickAt > MAX_TICK_GAP_MS || now < lastTickAt
      lastTickAt = now
      if (!isListening) listeningSince = null
      else if (listeningSince === null || wasAway) listeningSince = now
      if (listeningSince === null || !hasSatellites(state)) return
      const since = listeningSince
      state.transaction(() => {
        for (const satellite of listSatellites(state)) {
          const isOpen = readOpenAlert(state, silentSatelliteKey(satellite)) !== undefined
          const silent = isSilent(satellite, now, since)
          if (silent && !isOpen)
            applyResults(state, [silentSatellite(satellite, countChecksThrough(state, satellite.id))], now)
          // After a start of the main, only a report shows that it is back.
          if (isOpen && !isSilent(satellite, now)) applyResults(state, [returnedSatellite(satellite)], now)
          evaluateDoubled(state, satellite, now)
        }
      })
    },
  }
}

function evaluateDoubled(state: State, satellite: Satellite, now: number): void {
  const isOpen = readOpenAlert(state, doubledSatelliteKey(satellite)) !== undefined
  const doubled = isDoubled(satellite, now)
  if (doubled && !isOpen) applyResults(state, [doubledSatellite(satellite)], now)
  if (isOpen && !doubled) applyResults(state, [singleSatellite(satellite)], now)
}
