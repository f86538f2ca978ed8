// Resolves the name of a target and lets only addresses pass that the probe may connect to: what is checked is what is used.
import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { type AddressRules, addressRefusal, literalRefusal } from '../address-rules.ts'
import { AddressRefused } from './failure.ts'

/**
 * A lookup for a connection. It checks at the moment of connecting and passes on exactly the addresses that it checked, so
 * that a name cannot mean another address afterwards (DNS rebinding).
 */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = (found ?? []) as LookupAddress[]
      if (error) return done(error, '', 4)
      for (const { address } of addresses) {
        const refusal = addressRefusal(address, rules, hostname)
        if (refusal !== null) return done(new AddressRefused(refusal) as NodeJS.ErrnoException, '', 4)
      }
      if (options.all) return (done as (error: null, found: LookupAddress[]) => void)(null, addresses)
      done(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
}

/** Throws `AddressRefused` for a host that is written as an address: nothing looks such a host up. */
export function refuseLiteral(host: string, rules: AddressRules): void {
  const refusal = literalRefusal(host, rules)
  if (refusal !== null) throw new AddressRefused(refusal)
}

/** One allowed address of a host, for what cannot look names up itself. Rejects as a connection would. */
export function resolveAllowed(host: string, rules: AddressRules): Promise<string> {
  return new Promise((resolve, reject) => {
    if (isIP(host) !== 0) {
      refuseLiteral(host, rules)
      return resolve(host)
    }
    guardedLookup(rules)(host, {}, (error, address) => (error ? reject(error) : resolve(String(address))))
  })
}
