// How the platforms are doing, as delivery finds them: connected is not enough.
import type { Channel, Platform, PlatformStatus } from '../../chat/channel.ts'
import type { AddedChannels } from '../routing/added-channels.ts'
import type { Delivery } from './delivery-loop.ts'

/** Every platform that has channels, with its status; one that is connected and refuses the cards is as lost as one that is not. */
export function platformStatuses(
  platforms: readonly Platform[],
  given: AddedChannels,
  delivery: Delivery,
): { name: Platform['name']; status: PlatformStatus }[] {
  return platforms.flatMap(platform => {
    const all = [...platform.channels, ...given.of(platform)]
    // Webhooks that there are none of are no news.
    if (all.length === 0 && platform.name === 'webhook') return []
    const refusal = all.map(channel => refusalOf(channel, all.length > 1, delivery)).find(one => one !== null)
    const connected = platform.status()
    if (!refusal || connected.state !== 'online') return [{ name: platform.name, status: connected }]
    const status = { state: 'refused' as const, since: refusal.since, message: refusal.message }
    return [{ name: platform.name, status }]
  })
}

/** Why a channel refuses what is sent there; of several it is named. */
function refusalOf({ id, name }: Channel, isOneOfSeveral: boolean, delivery: Delivery) {
  const refusal = delivery.refusal(id)
  return refusal && isOneOfSeveral ? { ...refusal, message: `${name}: ${refusal.message}` } : refusal
}
