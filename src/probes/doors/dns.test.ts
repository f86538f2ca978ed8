// Probes of names: which answers of a name server are as expected, and how a target is written.
import { Resolver } from 'node:dns/promises'
import { BlockList } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readExpectations } from '../expectation.ts'
import { dns } from './dns.ts'

afterEach(() => vi.restoreAllMocks())

/** Probes `target` while name servers answer `records`. */
function probe(target: string, records: unknown, expectations = '') {
  const asked = vi.spyOn(Resolver.prototype, 'resolve').mockResolvedValue(records as never)
  const servers = vi.spyOn(Resolver.prototype, 'setServers').mockReturnValue()
  const request = {
    ...{
      target: dns.read(target)!,
      command: null,
      headers: [],
      method: 'GET' as const,
      timeoutMs: 1_000,
      insecure: false,
    },
    ...{ certDays: 14, rules: { reach: 'any' as const, allowed: new BlockList() }, acceptsStatus: null },
    ...{ hosts: { run: () => Promise.reject(new Error('no hosts')) }, signal: new AbortController().signal },
    expectations: readExpectations(expectations),
  }
  return { result: dns.run(request), asked, servers }
}

describe('a name', () => {
  it.each([
    ['dns:a.example', ['192.0.2.1', '192.0.2.2'], '', true, 'A 192.0.2.1, 192.0.2.2'],
    ['dns:a.example?expect=192.0.2.2', ['192.0.2.1', '192.0.2.2'], '', true, 'A 192.0.2.1, 192.0.2.2'],
    [
      'dns:a.example?expect=192.0.2.3',
      ['192.0.2.1'],
      '',
      false,
      'the A records of a.example are 192.0.2.1, without 192.0.2.3',
    ],
    [
      'dns:a.example?expect=x.example&expect=y.example&type=cname',
      ['X.example.'],
      '',
      false,
      'the CNAME records of a.example are X.example., without y.example',
    ],
    ['dns:a.example?type=cname&expect=x.example.', ['X.Example'], '', true, 'CNAME X.Example'],
    [
      'dns:a.example?type=MX&expect=mx1.example',
      [{ priority: 10, exchange: 'MX1.example.' }],
      '',
      true,
      'MX 10 MX1.example.',
    ],
    [
      'dns:a.example?type=MX&expect=mx2.example',
      [{ priority: 10, exchange: 'mx1.example' }],
      '',
      false,
      'the MX records of a.example are 10 mx1.example, without mx2.example',
    ],
    ['dns:a.example?type=CAA', [{ critical: 0, issue: 'ca.example', type: 'CAA' }], '', true, 'CAA 0 ca.example'],
    ['dns:a.example?type=TXT&expect=v=spf1', [['v=spf1 ', '-all'], ['other']], '', true, 'TXT v=spf1 -all, other'],
    ['dns:a.example?type=SOA', { nsname: 'ns.example', serial: 7 }, '', true, 'SOA ns.example 7'],
    ['dns:a.example', ['192.0.2.1'], '192.0.2.1', true, 'A 192.0.2.1'],
    ['dns:a.example', ['192.0.2.1'], '192.0.2.9', false, 'the answer does not contain "192.0.2.9": 192.0.2.1'],
  ])('%s with the records %j and the expectation "%s" is up: %s', async (target, records, expectation, ok, message) => {
    const result = await probe(target, records, expectation).result
    expect(result).toMatchObject({ ok, message, address: null, certificateEndsAt: null })
    expect(result.durationMs).toBeLessThan(1_000)
  })

  it('is asked of the name server that the target names', async () => {
    const plain = probe('dns:a.example?server=192.0.2.53', ['192.0.2.1'])
    expect(await plain.result).toMatchObject({ ok: true, address: '192.0.2.53' })
    expect(plain.servers.mock.calls).toEqual([[['192.0.2.53']]])
    const long = probe('dns:a.example?server=2001:db8::53&type=AAAA', ['2001:db8::1'])
    await long.result
    expect(long.servers.mock.calls.at(-1)).toEqual([['[2001:db8::53]']])
    expect(long.asked.mock.calls.at(-1)).toEqual(['a.example', 'AAAA'])
    expect(dns.hostOf('dns:a.example?server=192.0.2.53')).toBe('192.0.2.53')
  })

  it('that does not exist is down with the reason', async () => {
    const gone = Object.assign(new Error('x'), { code: 'ENOTFOUND' })
    const { result } = probe('dns:gone.example', Promise.reject(gone))
    expect(await result).toMatchObject({ ok: false, message: expect.stringContaining('gone.example') })
  })
})

it.each([
  ['dns:A.example', 'dns:A.example?type=A'],
  ['dns://a.example/?type=mx&expect=x&expect=&server=192.0.2.53', 'dns:a.example?type=MX&expect=x&server=192.0.2.53'],
  ['tcp://a.example:1', null],
])('the target %s is written %s', (text, written) => {
  expect(dns.read(text)).toBe(written)
})

it.each([
  ['dns:', 'is no target of a dns probe'],
  ['dns:a.example?port=1', 'is no target of a dns probe'],
  ['dns:a.example?type=XX', '"XX" is no type of record'],
  ['dns:a.example?server=ns.example', 'must be an address'],
])('the target %s is refused: %s', (text, reason) => {
  expect(() => dns.read(text)).toThrow(reason)
})
