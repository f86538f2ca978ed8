// Connectivity: the syntax of targets, the majority that must answer, the second round, availability, and real probes.
import { createSocket } from 'node:dgram'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../logger.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { DAY, MINUTE } from '../time.ts'
import { availability, availabilityOver, availabilityText } from './availability.ts'
import { afterRound, initialConnectivity } from './connectivity.ts'
import { PingUnavailable, ping } from './ping.ts'
import { createProber, probeTarget } from './probe.ts'
import { readTargets } from './targets.ts'

describe('targets', () => {
  it('are TCP ports, DNS names and URLs', () => {
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
    expect(readTargets('dns://9.9.9.9:53/example.org icmp://192.0.2.1:7')).toMatchObject([
      { kind: 'dns', name: 'example.org', server: '9.9.9.9' },
      { kind: 'icmp', host: '192.0.2.1' },
    ])
    expect(readTargets('icmp://192.0.2.1 icmp://[::1]')).toMatchObject([
      { kind: 'icmp', host: '192.0.2.1' },
      { kind: 'icmp', host: '::1' },
    ])
  })

  it.each(['1.1.1.1', 'tcp://1.1.1.1', 'tcp://:443', 'ftp://x', 'ftp://x:21', 'dns://', 'dns:///x', 'icmp:///x'])(
    'do not include %s: the error repeats it',
    text => {
      expect(() => readTargets(`https://ok.example ${text}`)).toThrow(`"${text}" is not a connectivity target`)
    },
  )
})

describe('connectivity', () => {
  const rounds = (...answered: number[]) =>
    answered.reduce(
      (now, ok, i) => afterRound(now, { at: (i + 1) * 10, answered: ok, total: 4 }),
      initialConnectivity(0),
    )

  it.each([
    [[4], 'online', 0],
    [[3], 'degraded', 10],
    [[2], 'online', 0],
    [[2, 2], 'offline', 20],
    [[0, 4, 0], 'online', 0],
    [[0, 0, 0], 'offline', 20],
    [[0, 0, 4], 'online', 30],
  ] as const)('after rounds with %j of 4 answers is %s since %i', (answered, state, since) => {
    expect(rounds(...answered)).toMatchObject({ state, since })
  })

  it('remembers when the last successful round and the first failed one began', () => {
    expect(rounds(4, 4, 0, 0)).toMatchObject({ state: 'offline', lastSuccessAt: 20, failingSince: 30, failedRounds: 2 })
  })

  it('is probed again soon after a failed round, and each change is reported once', async () => {
    const clock = createFakeClock(0)
    let up = true
    const changes: string[] = []
    const prober = createProber(readTargets('tcp://a:1 tcp://b:1'), clock, silentLogger, async () => {
      if (!up) throw new Error('gone')
    })
    prober.start(() => changes.push(`${clock.now()} ${prober.current().state}`))
    await clock.advance(20_000)
    up = false
    await clock.advance(60_000)
    up = true
    await clock.advance(60_000)
    expect(changes).toEqual(['33000 offline', '81000 online'])
    prober.stop()
  })

  it('degraded is a change that nobody is warned of', async () => {
    const clock = createFakeClock(0)
    let down = 'c'
    const warned: string[] = []
    const changes: string[] = []
    const logger = { ...silentLogger, warn: (text: string) => warned.push(text) }
    const prober = createProber(readTargets('tcp://a:1 tcp://b:1 tcp://c:1'), clock, logger, async target => {
      if (target.kind === 'tcp' && down.includes(target.host)) throw new Error('gone')
    })
    prober.start(() => changes.push(prober.current().state))
    await clock.advance(1_000)
    expect([changes, warned]).toEqual([['degraded'], []])
    down = 'abc'
    await clock.advance(20_000)
    down = ''
    await clock.advance(20_000)
    expect(changes).toEqual(['degraded', 'offline', 'online'])
    expect(warned).toEqual(['offline: most connectivity targets do not answer', 'online again'])
    prober.stop()
  })

  it('is confirmed by a round that began late enough, one for all who ask', async () => {
    const clock = createFakeClock(0)
    const rounds: number[] = []
    let answers: (() => void)[] = []
    const prober = createProber(readTargets('tcp://a:1'), clock, silentLogger, () => {
      rounds.push(clock.now())
      return new Promise(resolve => answers.push(resolve))
    })
    const answer = async () => {
      for (const resolve of answers.splice(0)) resolve()
      await clock.advance(0)
    }
    prober.start(() => {})
    await clock.advance(0)
    const confirmed: string[] = []
    void prober.confirm(0).then(() => confirmed.push('at 0'))
    clock.sleep(1_000)
    void prober.confirm(1_000).then(() => confirmed.push('at 1'))
    void prober.confirm(1_000).then(() => confirmed.push('at 1'))
    await clock.advance(0)
    expect([rounds, confirmed]).toEqual([[0], []])
    await answer()
    expect([rounds, confirmed]).toEqual([[0, 1_000], ['at 0']])
    await answer()
    expect(confirmed).toEqual(['at 0', 'at 1', 'at 1'])
    await prober.confirm(1_000)
    expect(rounds).toEqual([0, 1_000])
    // The next round is counted from the last one.
    await clock.advance(14_999)
    expect(rounds.length).toBe(2)
    await clock.advance(1)
    expect(rounds.length).toBe(3)
    const waiting = prober.confirm(clock.now() + 1)
    prober.stop()
    await answer()
    await waiting
    await clock.advance(60_000)
    expect(rounds.length).toBe(3)
    await prober.confirm(clock.now())
    expect(rounds.length).toBe(3)
    answers = []
  })

  it('needs no confirmation without targets', async () => {
    const clock = createFakeClock(0)
    const prober = createProber([], clock, silentLogger, () => Promise.reject(new Error('asked')))
    prober.start(() => {})
    await clock.advance(60_000)
    await prober.confirm(clock.now())
    expect(prober.current()).toEqual(initialConnectivity(0))
  })

  it('of no target that can be probed here is online', async () => {
    const clock = createFakeClock(0)
    const prober = createProber(readTargets('icmp://192.0.2.1'), clock, silentLogger, async () => {
      throw new PingUnavailable('no ping')
    })
    prober.start(() => {})
    await clock.advance(60_000)
    expect(prober.current()).toMatchObject({ state: 'online', failedRounds: 0, lastSuccessAt: 60_000 })
    prober.stop()
  })

  it('takes any answer of a real URL, also a redirect that leads nowhere', async () => {
    const asked: string[] = []
    const server = createHttpServer((request, response) => {
      asked.push(request.method!)
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const [target] = readTargets(`http://127.0.0.1:${port}/`)
    await expect(probeTarget(target!)).resolves.toBeUndefined()
    expect(asked).toEqual(['HEAD'])
    await new Promise(resolve => server.close(resolve))
    await expect(probeTarget(target!)).rejects.toThrow()
  })

  it('asks a name server of its own for a name', async () => {
    const server = createSocket('udp4')
    const names: string[] = []
    server.on('message', (query, { port, address }) => {
      names.push(query.subarray(13, 20).toString('latin1'))
      // The same question with the flags of an answer that there is no such name.
      const answer = Buffer.from(query)
      answer[2] = 0x81
      answer[3] = 0x83
      server.send(answer, port, address)
    })
    await new Promise<void>(resolve => server.bind(0, '127.0.0.1', resolve))
    const { port } = server.address()
    const target = { kind: 'dns', text: '', name: 'example.org', server: `127.0.0.1:${port}` } as const
    await expect(probeTarget(target)).rejects.toMatchObject({ code: 'ENOTFOUND' })
    expect(names).toContain('example')
    server.close()
  })

  it('probes a real TCP port', async () => {
    const server = createServer(socket => socket.end())
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const [target] = readTargets(`tcp://127.0.0.1:${port}`)
    await expect(probeTarget(target!)).resolves.toBeUndefined()
    await new Promise(resolve => server.close(resolve))
    await expect(probeTarget(target!)).rejects.toThrow()
  })
})

describe('a ping', () => {
  it('that this machine cannot send is logged, and its target does not count', async () => {
    await expect(ping('127.0.0.1', 1, 'no-such-program')).rejects.toThrow('The program "ping" is not installed')
    const clock = createFakeClock(0)
    const warned: unknown[] = []
    const prober = createProber(
      readTargets('icmp://192.0.2.1 tcp://a:1'),
      clock,
      { ...silentLogger, warn: (_, facts) => void warned.push(facts) },
      async target => {
        if (target.kind === 'icmp') throw new PingUnavailable('no ping')
      },
    )
    prober.start(() => {})
    await clock.advance(60_000)
    expect([prober.current().state, warned]).toEqual(['online', [{ reason: 'no ping' }]])
    prober.stop()
  })

  it.each(['icmp://-f', 'icmp://--help', 'icmp://'])('takes no option as a host: %s', text => {
    expect(() => readTargets(text)).toThrow('is not a connectivity target')
  })
})

describe('availability', () => {
  const spans = [
    { state: 'online', from: 0, to: 60 },
    { state: 'offline', from: 60, to: 80 },
    { state: 'degraded', from: 90, to: 110 },
  ] as const

  it.each([
    [0, 100, 1 - 20 / 90, 90, '77.77 %'],
    [60, 80, 0, 20, '0.00 %'],
    [0, 60, 1, 60, '100 %'],
    [80, 90, null, 0, 'unknown'],
    [0, 110, 0.8, 100, '80.00 %'],
  ])('from %i to %i is %d over %i ms, written %s', (from, to, share, knownMs, text) => {
    const found = availability(spans, from, to)
    expect(found).toEqual({ share, knownMs })
    expect(availabilityText(found, to - from)).toBe(text)
  })

  it('of parts of a time has the start of each', () => {
    expect(availabilityOver(spans, 0, 110, 2)).toEqual([
      [0, availability(spans, 0, 55).share],
      [55, availability(spans, 55, 110).share],
    ])
  })

  it('shows how much of the time is known where that is little', () => {
    expect(availabilityText({ share: 0.7038, knownMs: 3 * MINUTE }, DAY)).toBe('70.38 % of the 3m known')
  })

  it('is known well enough from nine tenths of the time on', () => {
    expect(availabilityText({ share: 0.5, knownMs: 9 * MINUTE }, 10 * MINUTE)).toBe('50.00 %')
    expect(availabilityText({ share: 0.5, knownMs: 9 * MINUTE - 1 }, 10 * MINUTE)).toContain('known')
  })

  it('is never rounded up to 100 %', () => {
    expect(availabilityText({ share: 0.99999, knownMs: DAY }, DAY)).toBe('99.99 %')
  })
})
