// Where the cards of alerts are: which message of which channel an answer belongs under.
import type { State } from '../state/database.ts'

/** The reference of an alert's card in a channel; null while it is not posted there. */
export function cardRef(state: State, alertId: number, channelId: string): string | null {
  const query = 'select ref from notifications where alert_id = ? and channel_id = ?'
  return state.prepare<[number, string], { ref: string | null }>(query).get(alertId, channelId)?.ref ?? null
}

/** The channels that an alert's card is in, as their ids, and where there. */
export function cardPlaces(state: State, alertId: number): { channel: string; ref: string }[] {
  const query = 'select channel_id as channel, ref from notifications where alert_id = ? and ref is not null'
  return state.prepare<[number], { channel: string; ref: string }>(query).all(alertId)
}
