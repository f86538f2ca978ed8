// Finds the chat messages of alert cards, which answers belong under.
import type { State } from '../state/database.ts'

/** The reference of an alert's card in a channel; null while it is not posted there. */
export function readAlertMessageRef(state: State, alertId: number, channelId: string): string | null {
  const query = 'select ref from notifications where alert_id = ? and channel_id = ?'
  return state.prepare<[number, string], { ref: string | null }>(query).get(alertId, channelId)?.ref ?? null
}

/** The messages of an alert's card, with the ids of their channels. */
export function listAlertMessages(state: State, alertId: number): { channel: string; ref: string }[] {
  const query = 'select channel_id as channel, ref from notifications where alert_id = ? and ref is not null'
  return state.prepare<[number], { channel: string; ref: string }>(query).all(alertId)
}

/** The alert card that one of the messages `refs` is, in one of the channels; null for none. */
export function findAlertMessage(state: State, channels: readonly string[], refs: readonly string[]) {
  const query = state.prepare<[string, string], { alert: number }>(
    'select alert_id as alert from notifications where channel_id = ? and ref = ?',
  )
  for (const ref of refs) {
    for (const channel of channels) {
      const found = query.get(channel, ref)
      if (found) return { ...found, channel, ref }
    }
  }
  return null
}
