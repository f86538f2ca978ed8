// How much the people on call had to do: alerts in their shifts, at night, and who acknowledged. Pure.

import { formatMoment } from '../../time.ts'
import { type Override, onCallAt, type Rotation } from '../routing/on-call.ts'

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
    const own = fired.filter(at => at >= rotation.createdAt)
    return [...Map.groupBy(own, at => onCallAt(rotation, overrides, at).who)].map(([who, instants]) => ({
      ...{ rotation: rotation.name, who, alerts: instants.length },
      at_night: instants.filter(at => isNight(at, rotation.timeZone)).length,
    }))
  })
  return loads.toSorted((a, b) => b.alerts - a.alerts || (a.who < b.who ? -1 : 1))
}

/** Who acknowledged alerts, the busiest first; each acknowledgement is a person and an instant. */
export function responders(acknowledged: readonly { who: string; at: number }[], timeZone: string): Responder[] {
  return [...Map.groupBy(acknowledged, ({ who }) => who)]
    .map(([who, own]) => ({
      ...{ who, acknowledged: own.length },
      at_night: own.filter(({ at }) => isNight(at, timeZone)).length,
    }))
    .toSorted((a, b) => b.acknowledged - a.acknowledged || (a.who < b.who ? -1 : 1))
}

function isNight(at: number, timeZone: string): boolean {
  // The moment is written as `2026-03-02 09:00:00 UTC`.
  const hour = Number(formatMoment(at, timeZone).slice(11, 13))
  return hour >= NIGHT_FROM_HOUR || hour < NIGHT_UNTIL_HOUR
}
