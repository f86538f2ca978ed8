// A start on a state that may be older than the chats: a restored backup, a copied folder, or a new one.
import type { Channel } from '../../chat/channel.ts'
import type { State } from '../../state/database.ts'
import { newInstance, readInstance, writeInstance } from '../../state/lineage.ts'
import { refreshCards } from './outbox.ts'

/** The id of this Vakt: that of the state, or a new one when the state may be older than what Vakt left. */
export function instanceFor(state: State, isStateCurrent = false): string {
  return (isStateCurrent ? readInstance(state) : null) ?? newInstance()
}

/** Gives the state the id of this Vakt; a new id has every card of an open alert edited once. */
export function takeOver(state: State, instance: string, channels: readonly Channel[], now: number): void {
  if (readInstance(state) === instance) return
  state.transaction(() => {
    writeInstance(state, instance)
    refreshCards(state, channels, now)
  })
}
