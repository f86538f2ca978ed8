// Whether a pressed button belongs to this Vakt: an old card, or one of another Vakt, must not act on another alert.
import type { PressOrigin } from '../../chat/channel.ts'
import type { State } from '../../state/database.ts'
import { readInstance } from '../../state/lineage.ts'

/**
 * Whether a press may run. A button with the id of this Vakt may. Any other, and one from before buttons had an id, only
 * on the card of the very alert that it names; if it names none, on the card of any alert, or when it changes nothing.
 */
export function isOwnPress(
  state: State,
  { instance, channels, refs }: PressOrigin,
  command: { alertId: number | null; changes: boolean },
): boolean {
  if (instance !== null && instance === readInstance(state)) return true
  const alertIds = alertsOfMessages(state, channels, refs)
  if (command.alertId !== null) return alertIds.includes(command.alertId)
  return alertIds.length > 0 || (instance === null && !command.changes)
}

function alertsOfMessages(state: State, channels: readonly string[], refs: readonly string[]): number[] {
  // Few rows have a channel and a reference; the key begins with the alert, so this reads the table. Presses are rare.
  const query = `select alert_id as id from notifications
    where ref in (select value from json_each(?)) and channel_id in (select value from json_each(?))`
  return state
    .prepare<[string, string], { id: number }>(query)
    .all(JSON.stringify(refs), JSON.stringify(channels))
    .map(row => row.id)
}
