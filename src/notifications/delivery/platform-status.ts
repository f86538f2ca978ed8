// The status of each platform as delivery knows it: a platform can be connected and still refuse every card.
import type { Channel, Platform, PlatformStatus } from '../../chat/channel.ts'
import type { ChannelRegistry } from '../routing/channel-registry.ts'
import type { Delivery } from './delivery-loop.ts'

/** Platforms that need no setting; without a channel of theirs there is no status to show. */
const ALWAYS_POSSIBLE: ReadonlySet<Platform['name']> = new Set(['webhook', 'ntfy'])

/** Every platform with channels and its status; a connected platform that refuses the cards has the state `refused`. */
export function platformStatuses(
  registry: ChannelRegistry,
  delivery: Delivery,
): { name: Platform['name']; status: PlatformStatus }[] {
  return registry.platforms().flatMap(platform => {
    const channels = registry.of(platform)
    if (channels.length === 0 && ALWAYS_POSSIBLE.has(platform.name)) return []
    const connection = platform.status()
    const refusal = channels.map(channel => refusalOf(channel, channels.length > 1, delivery)).find(Boolean)
    if (!refusal || connection.state !== 'online') return [{ name: platform.name, status: connection }]
    const status = { state: 'refused' as const, since: refusal.since, message: refusal.message }
    return [{ name: platform.name, status }]
  })
}

/** Why a channel refuses its cards, or null; the message names the channel when the platform has several. */
function refusalOf({ id, name }: Channel, isOneOfSeveral: boolean, delivery: Delivery) {
  const refusal = delivery.refusal(id)
  return refusal && isOneOfSeveral ? { ...refusal, message: `${name}: ${refusal.message}` } : refusal
}
