// Being online: targets as they are written, a quorum, a second look, and the real probes.
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../logger.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { availability, percent } from './availability.ts'
import { afterRound, startedOnline } from './connectivity.ts'
import { ping, Untriable } from './ping.ts'
import { createProber, tryTarget } from './probe.ts'
import { readTargets } from './targets.ts'

describe('targets', () => {
  it('are TCP ports, names to resolve and pages', () => {
    expect(
      readTargets(
        'tcp://1.1.1.1:443, dns://example.org dns://9.9.9.9/example.org https://example.org/x tcp://[::1]:80',
      ),
    ).toMatchObject([
      { kind: 'tcp', host: '1.1.1.1', port: 443 },
      { kind: 'dns', name: 'example.org', server: null },
      { kind: 'dns', name: 'example.org', server: '9.9.9.9' },
      { kind: 'http', url: 'https://example.org/x' },
      { kind: 'tcp', host: '::1', port: 80 },
    ])
  })

  it.each(['1.1.1.1', 'tcp://1.1.1.1', 'ftp://x', 'dns://'])('that are not, such as %s, are named', text => {
    expect(() => readTargets(`https://ok.example ${text}`)).toThrow(`"${text}" is no target`)
  })
})

describe('connectivity', () => {
  const rounds = (...answered: number[]) =>
    answered.reduce((now, ok, i) => afterRound(now, { at: (i + 1) * 10, answered: ok, of: 4 }), startedOnline(0))

  it.each([
    [[4], 'online', 0],
    [[3], 'degraded', 10],
    [[2], 'online', 0],
    [[2, 2], 'offline', 20],
    [[0, 4, 0], 'online', 0],
    [[0, 0, 0], 'offline', 20],
    [[0, 0, 4], 'online', 30],
  ] as const)('after rounds of %j of 4 answers is %s since %i', (answered, state, since) => {
    expect(rounds(...answered)).toMatchObject({ state, since })
  })

  it('remembers when it was last heard', () => {
    expect(rounds(4, 4, 0, 0)).toMatchObject({ state: 'offline', heardAt: 20, failing: 2 })
  })

  it('is looked at again soon after a failed round, and tells going and coming back once', async () => {
    const clock = createFakeClock(0)
    let up = true
    const told: string[] = []
    const prober = createProber(readTargets('tcp://a:1 tcp://b:1'), clock, silentLogger, async () => {
      if (!up) throw new Error('gone')
    })
    prober.start(() => told.push(`${clock.now()} ${prober.now().state}`))
    await clock.advance(20_000)
    up = false
    await clock.advance(60_000)
    up = true
    await clock.advance(60_000)
    expect(told).toEqual(['33000 offline', '81000 online'])
    prober.stop()
  })

  it('tries a TCP port for real', async () => {
    const server = createServer(socket => socket.end())
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const [target] = readTargets(`tcp://127.0.0.1:${port}`)
    await expect(tryTarget(target!)).resolves.toBeUndefined()
    await new Promise(resolve => server.close(resolve))
    await expect(tryTarget(target!)).rejects.toThrow()
  })
})

describe('a ping', () => {
  it('that cannot be sent on this machine says so, and its target does not count', async () => {
    await expect(ping('127.0.0.1', 1, 'no-such-program')).rejects.toThrow('The program "ping" is not there')
    const clock = createFakeClock(0)
    const warned: unknown[] = []
    const prober = createProber(
      readTargets('icmp://192.0.2.1 tcp://a:1'),
      clock,
      { ...silentLogger, warn: (_, facts) => void warned.push(facts) },
      async target => {
        if (target.kind === 'icmp') throw new Untriable('There is no ping.')
      },
    )
    prober.start(() => {})
    await clock.advance(60_000)
    expect([prober.now().state, warned]).toEqual(['online', [{ reason: 'There is no ping.' }]])
    prober.stop()
  })

  it.each(['icmp://-f', 'icmp://--help', 'icmp://'])('never takes an option for a host: %s', text => {
    expect(() => readTargets(text)).toThrow('is no target')
  })
})

describe('availability', () => {
  const spans = [
    { state: 'online', from: 0, to: 60 },
    { state: 'offline', from: 60, to: 80 },
    { state: 'degraded', from: 90, to: 110 },
  ] as const

  it.each([
    [0, 100, 1 - 20 / 90, '77.77 %'],
    [60, 80, 0, '0.00 %'],
    [0, 60, 1, '100 %'],
    [80, 90, null, 'unknown'],
    [0, 110, 0.8, '80.00 %'],
  ])('from %i to %i is %d, written %s', (from, to, share, said) => {
    expect(availability(spans, from, to)).toBe(share)
    expect(percent(availability(spans, from, to))).toBe(said)
  })

  it('is never rounded up to a hundred', () => {
    expect(percent(0.99999)).toBe('99.99 %')
  })
})
