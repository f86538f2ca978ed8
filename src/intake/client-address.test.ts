// Whom a request comes from, by the proxies that are trusted.
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../config/config.ts'
import { startPings } from '../testing/pings.ts'
import { readClientAddress } from './client-address.ts'

const FORWARDED = { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-proto': 'https' }
const believed = { address: '1.1.1.1', scheme: 'https' }

function peer(trust: string, remoteAddress: string | undefined, headers: Record<string, string> = FORWARDED) {
  const incoming = { socket: { remoteAddress } } as unknown as IncomingMessage
  return readClientAddress(incoming, new Headers(headers), readConfig({ TRUST_PROXY: trust }).trustedProxies)
}

describe('TRUST_PROXY', () => {
  it.each<[string, string, object]>([
    ['loopback', '127.0.0.1', believed],
    ['loopback', '127.8.8.8', believed],
    ['loopback', '::1', believed],
    ['loopback', '::ffff:127.0.0.1', believed],
    ['loopback', '10.0.0.7', { address: '10.0.0.7', scheme: 'http' }],
    ['loopback', '::ffff:10.0.0.7', { address: '10.0.0.7', scheme: 'http' }],
    ['all', '203.0.113.9', believed],
    ['all', '2001:db8::9', believed],
    ['none', '127.0.0.1', { address: '127.0.0.1', scheme: 'http' }],
    ['10.0.0.0/8', '10.9.9.9', believed],
    ['10.0.0.0/8', '::ffff:10.9.9.9', believed],
    ['10.0.0.0/8', '127.0.0.1', { address: '127.0.0.1', scheme: 'http' }],
    ['loopback, 192.0.2.1', '192.0.2.1', believed],
    ['loopback, 192.0.2.1', '192.0.2.2', { address: '192.0.2.2', scheme: 'http' }],
    ['fd00::/8', 'fd12::1', believed],
    ['all', 'fe80::1%eth0', believed],
  ])('%s: what %s forwards', (trust, address, expected) => {
    expect(peer(trust, address)).toEqual(expected)
  })

  it('leaves a request without a connection, or one over a local socket, to this machine', () => {
    const { trustedProxies } = readConfig({})
    expect(readClientAddress(undefined, new Headers(), trustedProxies)).toEqual({
      address: '127.0.0.1',
      scheme: 'http',
    })
    expect(peer('loopback', undefined)).toEqual(believed)
  })

  it.each([
    ['unknown', '127.0.0.1'],
    ['198.51.100.7, junk1', '127.0.0.1'],
    ['198.51.100.7, 1.2.3.4"} wrong key', '127.0.0.1'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['::FFFF:198.51.100.7', '198.51.100.7'],
    ['2001:db8::1%eth7', '2001:db8::1'],
    ['junk, 198.51.100.7', '198.51.100.7'],
  ])('takes %j for one address, whatever is written around it', (forwarded, address) => {
    expect(peer('loopback', '127.0.0.1', { 'x-forwarded-for': forwarded }).address).toBe(address)
  })

  it('decides what a beat says of its sender', async () => {
    const { ping, beats } = await startPings('job', undefined, { TRUST_PROXY: '10.0.0.0/8' })
    await ping('', { headers: FORWARDED }, '10.1.2.3')
    await ping('', { headers: FORWARDED }, '203.0.113.9')
    expect(await beats()).toMatchObject([
      { remote_address: '203.0.113.9', scheme: 'http' },
      { remote_address: '1.1.1.1', scheme: 'https' },
    ])
  })
})
