// Limits guessing: one limit of wrong keys for each address on all routes, and a log line that fail2ban reads.
import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { Rates } from '../../projects/rates.ts'
import { readClientAddress } from '../client-address.ts'
import { shownPath, showsKey } from './shown-keys.ts'

export type WrongKeyOptions = { rates: Rates; clock: Clock; logger: Logger; trustedProxies: BlockList }

/** How many wrong keys an address may show in a minute; more are guesses. */
const WRONG_KEYS_PER_MINUTE = 60

/**
 * Answers with `authenticate`. When it throws `unauthorized`, the wrong key counts against the address of its sender and
 * is logged; past the limit the problem is `limited` instead. A request without any key is no guess: it counts, but only
 * wrong keys are logged.
 */
export async function limitWrongKeys<T>(
  options: WrongKeyOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
  authenticate: () => T | Promise<T>,
): Promise<T> {
  try {
    return await authenticate()
  } catch (error) {
    if (error instanceof Problem && error.code === 'unauthorized')
      throw countWrongKey(options, request, incoming, error)
    throw error
  }
}

/** Throws `limited` while an address is past its limit; for keys that people choose and that could be guessed. */
export function refuseGuessing(
  options: WrongKeyOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): void {
  const { address } = readClientAddress(incoming, request.headers, options.trustedProxies)
  const left = options.rates.waitFor(limitKey(address), 1, WRONG_KEYS_PER_MINUTE, options.clock.now())
  if (left > 0) throw tooMany(address, left)
}

function countWrongKey(
  { rates, clock, logger, trustedProxies }: WrongKeyOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
  problem: Problem,
): Problem {
  const { address } = readClientAddress(incoming, request.headers, trustedProxies)
  const taken = rates.take(limitKey(address), 1, WRONG_KEYS_PER_MINUTE, clock.now())
  if (!taken.ok) return tooMany(address, taken.retryAfterMs)
  // The address comes first, so that no path can pose as one.
  if (showsKey(request))
    logger.warn(`authentication failed from ${address}: wrong key for ${request.method} ${shownPath(request.url)}`, {
      reason: problem.message,
    })
  return problem
}

function tooMany(address: string, retryAfterMs: number): Problem {
  return new Problem('limited', `Too many wrong keys from ${address}. Wait a minute.`, { retryAfterMs })
}

/** Whoever has one IPv6 address has its whole network of 64 bits. */
function limitKey(address: string): string {
  return `wrong keys from ${isIP(address) === 6 ? network64(address) : address}`
}

function network64(address: string): string {
  const [head = '', tail = ''] = address.split('%')[0]!.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const [first, last] = [groups(head), groups(tail)]
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0') : []
  return `${[...first, ...zeros, ...last]
    .slice(0, 4)
    .map(group => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
