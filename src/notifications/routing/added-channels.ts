// The channels beside those of the settings, opened on the platforms they belong to.
import type { AddedChannel, Channel, Platform } from '../../chat/channel.ts'
import type { Vault } from '../../projects/vault.ts'
import type { State } from '../../state/database.ts'
import { type ChannelRow, listChannels } from './channels.ts'

export interface AddedChannels {
  /** Whether a platform that is set up can reach it. */
  opens(row: Pick<ChannelRow, 'id'> & Partial<ChannelRow>): boolean
  /** Reads anew which there are; call it when channels were added or removed. */
  refresh(): void
  /** All that are in use; each is opened once and stays the same while nothing about it changes. */
  all(): readonly Channel[]
  /** Those of one platform. */
  of(platform: Platform): readonly Channel[]
  /** Opens one that is not stored yet, to try it; null when no platform takes it. */
  open(given: AddedChannel): Channel | null
}

/** The given channels of `platforms`; secrets of webhooks are read with `vault`. */
export function createAddedChannels(state: State, platforms: () => readonly Platform[], vault: Vault): AddedChannels {
  const opened = new Map<string, { as: string; channel: Channel; platform: Platform }>()

  const open = (given: AddedChannel) => {
    for (const platform of platforms()) {
      const channel = platform.open?.(given)
      if (channel) return { channel, platform }
    }
    return null
  }
  // Asked with every turn of the scheduler, so kept until somebody changes the channels.
  let current: readonly { as: string; channel: Channel; platform: Platform }[] = []
  const read = () => {
    const rows = listChannels(state).filter(row => row.given !== 'settings')
    for (const id of opened.keys()) if (!rows.some(row => row.id === id)) opened.delete(id)
    return rows.flatMap(row => {
      const as = JSON.stringify([row.name, row.address, row.addedAt])
      const known = opened.get(row.id)
      if (known?.as === as) return [known]
      const fresh = open(givenOf(row, vault))
      if (!fresh) return []
      const entry = { as, ...fresh }
      opened.set(row.id, entry)
      return [entry]
    })
  }

  return {
    opens: row => open({ id: row.id, name: row.name ?? '', address: row.address ?? null, secret: null }) !== null,
    refresh() {
      current = read()
    },
    all: () => current.map(one => one.channel),
    of: platform => current.flatMap(one => (one.platform === platform ? [one.channel] : [])),
    open: given => open(given)?.channel ?? null,
  }
}

function givenOf({ id, name, address, secretSealed }: ChannelRow, vault: Vault): AddedChannel {
  return { id, name, address, secret: secretSealed === null ? null : vault.open(secretSealed) }
}
