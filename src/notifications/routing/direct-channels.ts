// The channels that reach one person only, through their accounts.
import type { PlatformDefinition } from '../../chat/platform-definition.ts'
import type { ChannelRegistry } from './channel-registry.ts'
import type { Person } from './people.ts'

/** Returns a function with the ids of the direct channels of a person, on the platforms that are configured. */
export function directChannelsOf(
  definitions: readonly PlatformDefinition[],
  registry: ChannelRegistry,
): (person: Person) => string[] {
  return ({ accounts }) =>
    definitions.flatMap(({ name, accounts: syntax }) => {
      const account = accounts[name]
      const id = account === undefined ? undefined : syntax?.directChannel?.(account)
      return id !== undefined && registry.canOpen({ id }) ? [id] : []
    })
}
