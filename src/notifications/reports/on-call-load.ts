// How much the people on call had to do: alerts in their shifts, at night, and who acknowledged. Pure.

import { formatMoment, MINUTE } from '../../time.ts'
import { type Override, onCallAt, type Rotation, type Shift } from '../routing/on-call.ts'

/** The load of a person in a rotation. */
export type OnCallLoad = { rotation: string; who: string; alerts: number; at_night: number }
/** Who acknowledged how many alerts. */
export type Responder = { who: string; acknowledged: number; at_night: number }

/** The night, by the clock of the rotation or of the report. */
const NIGHT_FROM_HOUR = 22
const NIGHT_UNTIL_HOUR = 7

/** The alerts (instants, epoch ms) that fell into the shifts of each person, the most loaded first. */
export function onCallLoad(
  rotations: readonly { rotation: Rotation; overrides: readonly Override[] }[],
  fired: readonly number[],
): OnCallLoad[] {
  const loads = rotations.flatMap(({ rotation, overrides }) => {
    const own = fired.filter(at => at >= rotation.createdAt).toSorted((a, b) => a - b)
    const isNight = nights(rotation.timeZone)
    // In order of time each shift is computed once, not for each of thousands of alerts.
    let shift: Shift | null = null
    const whoAt = (at: number): string => {
      if (shift === null || at >= shift.until) shift = onCallAt(rotation, overrides, at)
      return shift.who
    }
    return [...Map.groupBy(own, whoAt)].map(([who, instants]) => ({
      ...{ rotation: rotation.name, who, alerts: instants.length },
      at_night: instants.filter(isNight).length,
    }))
  })
  return loads.toSorted((a, b) => b.alerts - a.alerts || (a.who < b.who ? -1 : 1))
}

/** Who acknowledged alerts, the busiest first; each acknowledgement is a person and an instant. */
export function responders(acknowledged: readonly { who: string; at: number }[], timeZone: string): Responder[] {
  const isNight = nights(timeZone)
  return [...Map.groupBy(acknowledged, ({ who }) => who)]
    .map(([who, own]) => ({
      ...{ who, acknowledged: own.length },
      at_night: own.filter(({ at }) => isNight(at)).length,
    }))
    .toSorted((a, b) => b.acknowledged - a.acknowledged || (a.who < b.who ? -1 : 1))
}

/** Says of instants whether they are at night; the clock is read once for each quarter of an hour, as zones differ by such. */
function nights(timeZone: string): (at: number) => boolean {
  const known = new Map<number, boolean>()
  return at => {
    const quarter = Math.floor(at / (15 * MINUTE))
    const night = known.get(quarter) ?? isNight(at, timeZone)
    known.set(quarter, night)
    return night
  }
}

function isNight(at: number, timeZone: string): boolean {
  // The moment is written as `2026-03-02 09:00:00 UTC`.
  const hour = Number(formatMoment(at, timeZone).slice(11, 13))
  return hour >= NIGHT_FROM_HOUR || hour < NIGHT_UNTIL_HOUR
}
