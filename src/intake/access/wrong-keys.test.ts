// Guessing keys: sixty a minute for an address, one address for a network of IPv6, and a log line for each wrong key.
import { BlockList } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { createRates } from '../../projects/rates.ts'
import { memoryState } from '../../state/database.ts'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { MINUTE } from '../../time.ts'
import { limitWrongKeys, refuseGuessing, type WrongKeyOptions } from './wrong-keys.ts'

let clock: FakeClock
let logged: string[]
let options: WrongKeyOptions

beforeEach(() => {
  clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  logged = []
  const logger = { ...silentLogger, warn: (text: string) => logged.push(text) }
  options = { rates: createRates(memoryState(), clock), clock, logger, trustedProxies: new BlockList() }
})

const incoming = (remoteAddress: string) => ({ socket: { remoteAddress } }) as Parameters<typeof refuseGuessing>[2]
const ask = (headers: Record<string, string> = { authorization: 'Bearer wrong' }) =>
  new Request('http://vakt.test/api/logs?key=secret', { headers })
const wrong = () => {
  throw new Problem('unauthorized', 'The key is unknown.')
}
async function guesses(count: number, address: string) {
  let code = ''
  for (let i = 0; i < count; i++)
    code = await limitWrongKeys(options, ask(), incoming(address), wrong).catch(error => error.code)
  return code
}

describe('a wrong key', () => {
  it('is refused, and from the sixty-first in a minute on limited', async () => {
    expect(await guesses(60, '192.0.2.1')).toBe('unauthorized')
    expect(await guesses(1, '192.0.2.1')).toBe('limited')
    expect(await guesses(1, '192.0.2.2')).toBe('unauthorized')
    expect(() => refuseGuessing(options, ask(), incoming('192.0.2.1'))).toThrow('Too many wrong keys from 192.0.2.1.')
    expect(() => refuseGuessing(options, ask(), incoming('192.0.2.2'))).not.toThrow()
    clock.sleep(2 * MINUTE)
    expect(await guesses(1, '192.0.2.1')).toBe('unauthorized')
  })

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:0db8:0001:0002:0:0:0:1', true],
    ['2001:db8::1', '2001:db8:0:0:5::', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['fe80::1%eth0', 'fe80::2%eth1', true],
    ['::1', '1::', false],
  ])('of %s counts for %s: %s', async (first, second, isOne) => {
    await guesses(60, first)
    expect(await guesses(1, second)).toBe(isOne ? 'limited' : 'unauthorized')
  })

  it('is logged with its address first, and without the key; a request without one is not', async () => {
    await guesses(1, '192.0.2.1')
    expect(logged).toEqual(['authentication failed from 192.0.2.1: wrong key for GET /api/logs'])
    const bare = new Request('http://vakt.test/api/logs')
    await limitWrongKeys(options, bare, incoming('192.0.2.1'), wrong).catch(() => {})
    expect(logged.length).toBe(1)
    // It counts all the same.
    for (let i = 0; i < 58; i++) await limitWrongKeys(options, bare, incoming('192.0.2.1'), wrong).catch(() => {})
    expect(await guesses(1, '192.0.2.1')).toBe('limited')
  })
})

it('a right key and other problems do not count', async () => {
  for (let i = 0; i < 70; i++) {
    expect(await limitWrongKeys(options, ask(), incoming('192.0.2.1'), () => 'in')).toBe('in')
    const refused = limitWrongKeys(options, ask(), incoming('192.0.2.1'), () => {
      throw new Problem('forbidden', 'no')
    })
    await expect(refused).rejects.toMatchObject({ code: 'forbidden' })
  }
  expect([await guesses(1, '192.0.2.1'), logged.length]).toEqual(['unauthorized', 1])
})
