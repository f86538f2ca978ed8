// Every channel that Vakt can reach: those of the settings, and those that people added, opened on their platforms.
import { type AddedChannel, type Channel, channelAt, type Platform } from '../../chat/channel.ts'
import { withPlainForms } from '../../chat/plain-form.ts'
import { type Logger, silentLogger } from '../../logger.ts'
import type { Vault } from '../../projects/vault.ts'
import type { State } from '../../state/database.ts'
import { type ChannelRow, listChannels } from './channels.ts'

export interface ChannelRegistry {
  /** Registers the platforms, once they exist; until then there is no channel. */
  register(platforms: readonly Platform[]): void
  platforms(): readonly Platform[]
  /** The channels of the settings. */
  configured(): readonly Channel[]
  /** All channels in use. An added channel is opened once and stays the same object while its row does not change. */
  all(): readonly Channel[]
  /** The channels of one platform. */
  of(platform: Platform): readonly Channel[]
  /** The channel of an id, or a thread of one; undefined when there is none. */
  find(id: string): Channel | undefined
  /** Whether a configured platform can reach the channel of a row. */
  canOpen(row: Pick<ChannelRow, 'id'> & Partial<ChannelRow>): boolean
  /** Opens a channel that is not stored yet, to try it; null when no platform takes it. */
  open(added: AddedChannel): Channel | null
  /** Reads the added channels again; call it after rows changed. */
  refresh(): void
}

type OpenChannel = { row: string; channel: Channel; platform: Platform }

/** A registry over the channels in `state`; `vault` opens the secrets of webhooks. */
export function createChannelRegistry(state: State, vault: Vault, logger: Logger = silentLogger): ChannelRegistry {
  let platforms: readonly Platform[] = []
  let configured: readonly Channel[] = []
  // Every tick of the scheduler asks, so the list is read only when rows changed.
  let added: readonly OpenChannel[] = []
  const wrapped = new WeakMap<Channel, Channel>()
  /** Always the same object for a channel of a platform. */
  const wrap = (channel: Channel) => {
    const known = wrapped.get(channel) ?? withPlainForms(channel, logger)
    wrapped.set(channel, known)
    return known
  }

  const open = (channel: AddedChannel) => {
    for (const platform of platforms) {
      const opened = platform.open?.(channel)
      if (opened) return { channel: wrap(opened), platform }
    }
    return null
  }

  const readAdded = (): readonly OpenChannel[] => {
    const before = new Map(added.map(entry => [entry.channel.id, entry]))
    const rows = listChannels(state).filter(row => row.origin !== 'settings')
    return rows.flatMap(stored => {
      const row = JSON.stringify([stored.name, stored.address, stored.addedAt])
      const known = before.get(stored.id)
      if (known?.row === row) return [known]
      const opened = open(toAddedChannel(stored, vault))
      return opened ? [{ row, ...opened }] : []
    })
  }

  const all = () => [...configured, ...added.map(({ channel }) => channel)]

  return {
    register(list) {
      platforms = list
      configured = list.flatMap(({ channels }) => channels.map(wrap))
    },
    platforms: () => platforms,
    configured: () => configured,
    all,
    of: platform => [
      ...platform.channels.map(wrap),
      ...added.flatMap(entry => (entry.platform === platform ? [entry.channel] : [])),
    ],
    find: id => channelAt(all(), id),
    canOpen: row => open({ id: row.id, name: row.name ?? '', address: row.address ?? null, secret: null }) !== null,
    open: channel => open(channel)?.channel ?? null,
    refresh() {
      added = readAdded()
    },
  }
}

function toAddedChannel({ id, name, address, secretSealed }: ChannelRow, vault: Vault): AddedChannel {
  return { id, name, address, secret: secretSealed === null ? null : vault.open(secretSealed) }
}
