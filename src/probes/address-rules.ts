// Which addresses a probe may connect to.
import { type BlockList, isIP } from 'node:net'
import { isForbiddenAddress, isListed, isPublicAddress } from '../connectivity/ip-address.ts'

/** `any` for probes of the owner, `public` for those of a project's own key and of people who are no admins. */
export type Reach = 'any' | 'public'

export type AddressRules = {
  reach: Reach
  /** Further networks that the owner allows to everybody. */
  allowed: BlockList
}

/** Why a probe must not connect to an address, null when it may. `name` is what resolved to it. */
export function addressRefusal(address: string, { reach, allowed }: AddressRules, name = address): string | null {
  const shown = name === address ? address : `${name} (${address})`
  if (isForbiddenAddress(address))
    return `Vakt never connects to ${shown}: such addresses hold the credentials of clouds, or belong to no single machine`
  if (reach === 'any' || isPublicAddress(address) || isListed(allowed, address)) return null
  return `${shown} is not a public address. An admin may probe it, or allow its network with PROBE_ALLOW`
}

/** The refusal of a host that is written as an address; null for names, which are checked when they are resolved. */
export function literalRefusal(host: string, rules: AddressRules): string | null {
  return isIP(host) === 0 ? null : addressRefusal(host, rules)
}
