// Listeners over real sockets with a store that is slow, full or limited: nothing is lost that can be kept, and losses are counted.
import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { decodeMulti, encode } from '@msgpack/msgpack'
import { afterEach, expect, it } from 'vitest'
import { readConfig } from '../../config/config.ts'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { until } from '../../testing/running.ts'
import { fluentForward } from '../protocols/fluent-forward.ts'
import { gelf } from '../protocols/gelf.ts'
import type { Datagram, DroppedLines, LogProtocol, Reply } from '../protocols/protocol.ts'
import { syslog } from '../protocols/syslog.ts'

const STORED: Reply = { status: 200, body: null }
const sockets = readConfig({}).sockets
const off = { syslog: { ...sockets.syslog }, gelf: { ...sockets.gelf }, fluent: { ...sockets.fluent } }

let close = async () => {}
afterEach(() => close())

/** A listener on free ports; `store` is what the store does with a batch. */
async function open(
  protocol: LogProtocol,
  ports: Partial<typeof off>,
  store: (datagram: Datagram) => Promise<Reply> = async () => STORED,
) {
  const clock = createFakeClock(Date.parse('2026-11-29T10:00:30Z'))
  const batches: Datagram[] = []
  const dropped: DroppedLines[] = []
  const listener = await protocol.listener!.open(
    async datagram => {
      const reply = await store(datagram)
      batches.push(datagram)
      return reply
    },
    {
      sockets: { ...off, ...ports },
      host: '127.0.0.1',
      clock,
      logger: silentLogger,
      drop: (_project, lines) => dropped.push(lines),
      isTrusted: () => true,
      maxLines: () => 1_000,
    },
  )
  close = async () => {
    close = async () => {}
    await listener.close()
  }
  const separator = protocol === syslog ? '\0' : '\n'
  return {
    ports: (listener as unknown as { ports: number[] }).ports,
    clock,
    batches,
    dropped,
    lines: () =>
      batches.flatMap(({ body }) =>
        body
          .toString()
          .split(separator)
          .filter(line => line !== ''),
      ),
  }
}

const dial = (port: number) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket)).once('error', reject)
  })

async function sendDatagrams(port: number, datagrams: readonly (Buffer | string)[]) {
  const socket = createSocket('udp4')
  for (const datagram of datagrams)
    await new Promise<void>(sent => socket.send(datagram, port, '127.0.0.1', () => sent()))
  socket.close()
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => `<14>1 2026-11-29T10:00:01Z web-1 cart - - - line ${i}`)

it('syslog over TCP has every line once and in order, in batches of the allowed size', async () => {
  const { ports, lines, batches } = await open(syslog, { syslog: { ...off.syslog, tcpPort: 0 } })
  const sent = numbered(5_000)
  ;(await dial(ports[0]!)).end(sent.map(line => `${line}\n`).join(''))
  await until(() => lines().length === sent.length, 'the lines')
  expect(lines()).toEqual(sent)
  expect(Math.max(...batches.map(batch => batch.lines!))).toBeLessThanOrEqual(1_000)
  expect(batches[0]).toMatchObject({ address: '127.0.0.1', defaults: { host: '127.0.0.1' } })
})

it('a store that is full, a limit and a project that is gone make TCP wait, and lose nothing', async () => {
  const refusals = [
    new Problem('busy', 'full', { retryAfterMs: 2_000 }),
    new Problem('limited', 'used up', { retryAfterMs: 30_000 }),
    new Problem('not_found', 'no such project'),
    new Error('who knows'),
  ]
  const { ports, lines, clock, dropped } = await open(syslog, { syslog: { ...off.syslog, tcpPort: 0 } }, async () => {
    const refusal = refusals.shift()
    if (refusal) throw refusal
    return STORED
  })
  ;(await dial(ports[0]!)).end('<14>a\n')
  for (let left = 3; left >= 0; left--) {
    await until(() => refusals.length <= left, 'a refusal')
    await clock.advance(40_000)
  }
  await until(() => lines().length === 1, 'the line')
  expect(dropped).toEqual([])
})

it('a slow store pushes back on a fast sender over TCP', async () => {
  let release = () => {}
  const isReleased = new Promise<void>(resolve => {
    release = resolve
  })
  const { ports, lines } = await open(syslog, { syslog: { ...off.syslog, tcpPort: 0 } }, async () => {
    await isReleased
    return STORED
  })
  const socket = await dial(ports[0]!)
  const line = `<14>${'x'.repeat(10_000)}\n`
  let written = 0
  while (written < 3_000 && (socket.write(line) || (await drained(socket)))) written++
  expect(written).toBeLessThan(2_900)
  release()
  while (written < 3_000) {
    if (!socket.write(line)) await new Promise(resolve => socket.once('drain', resolve))
    written++
  }
  socket.end()
  await until(() => lines().length >= 3_000, 'all lines')
})

/** Whether the socket takes more soon. */
function drained(socket: Socket): Promise<boolean> {
  return new Promise(resolve => {
    const cut = setTimeout(() => resolve(false), 100)
    socket.once('drain', () => {
      clearTimeout(cut)
      resolve(true)
    })
  })
}

it('a stop stores what was read, also a line without its end', async () => {
  const { ports, lines } = await open(syslog, { syslog: { ...off.syslog, tcpPort: 0 } })
  const socket = await dial(ports[0]!)
  await new Promise<void>(done => socket.write(`${numbered(3).join('\n')}`, () => done()))
  await until(async () => {
    const isStored = lines().length === 2
    return isStored
  }, 'the first lines')
  await close()
  expect(lines()).toEqual(numbered(3))
  await expect(dial(ports[0]!)).rejects.toThrow()
})

it('a stop with a store that takes nothing ends, and counts what is lost', async () => {
  const { ports, clock, dropped } = await open(syslog, { syslog: { ...off.syslog, tcpPort: 0 } }, async () => {
    throw new Problem('busy', 'The queue is full.')
  })
  const socket = await dial(ports[0]!)
  let isEnded = false
  socket.on('close', () => {
    isEnded = true
  })
  await new Promise<void>(done => socket.write(`${numbered(3).join('\n')}\n`, () => done()))
  const closing = close()
  await until(() => isEnded, 'the end of the connection')
  await until(async () => {
    await clock.advance(4_000)
    return dropped.length > 0
  }, 'the drop')
  await closing
  expect(dropped).toEqual([{ address: '127.0.0.1', lines: 3, reason: 'busy', message: 'The queue is full.' }])
})

it('a sender that ends no line is read when it is silent', async () => {
  const { ports, lines, clock } = await open(syslog, { syslog: { ...off.syslog, tcpPort: 0 } })
  const socket = await dial(ports[0]!)
  socket.write(numbered(3).join(''))
  await until(async () => {
    await clock.advance(1_000)
    return lines().length === 3
  }, 'the lines')
  socket.destroy()
  expect(lines()).toEqual(numbered(3))
})

it('syslog over UDP is a line a datagram; a limit and a sender with too much are counted', async () => {
  let problem: Problem | null = null
  let release = () => {}
  const { ports, lines, dropped } = await open(syslog, { syslog: { ...off.syslog, udpPort: 0 } }, async () => {
    if (problem) throw problem
    await new Promise<void>(resolve => {
      release = resolve
    })
    return STORED
  })
  await sendDatagrams(ports[0]!, ['<14>first\n', '', '\0'])
  await until(() => release.length === 0 && lines().length === 0, 'the first')
  await sendDatagrams(
    ports[0]!,
    Array.from({ length: 100 }, () => Buffer.alloc(60_000, 'x')),
  )
  await until(() => dropped.length > 0, 'a drop')
  expect(dropped[0]).toMatchObject({ reason: 'busy', lines: 1, address: '127.0.0.1' })
  const count = dropped.length
  problem = new Problem('limited', 'used up', { retryAfterMs: 60_000 })
  release()
  await until(() => dropped.slice(count).some(({ reason }) => reason === 'limited'), 'the limit')
  expect(lines()[0]).toBe('<14>first')
})

it('GELF comes over UDP and TCP, and what is none is counted', async () => {
  const { ports, lines, dropped } = await open(gelf, { gelf: { ...off.gelf, udpPort: 0, tcpPort: 0 } })
  const message = '{"version":"1.1","short_message":"a"}'
  await sendDatagrams(ports[0]!, [
    message,
    gzipSync(message),
    gzipSync(message).subarray(0, 20),
    gzipSync(Buffer.alloc(5_000_000)),
    '[1]',
  ])
  ;(await dial(ports[1]!)).end(`${message}\0{\n"short_message":"b"}\0no\0${message}`)
  await until(() => lines().length === 5 && dropped.length === 4, 'the messages')
  expect(lines().sort()).toEqual(['{ "short_message":"b"}', message, message, message, message])
  expect(dropped.map(({ reason, message }) => `${reason}: ${message}`).sort()).toEqual([
    'invalid: A compressed message of GELF is damaged.',
    'invalid: A message of GELF is not a JSON object.',
    'invalid: A message of GELF is not a JSON object.',
    'too_large: A message of GELF is larger than 1048576 bytes.',
  ])
})

it('Fluent forward is acknowledged after the commit only, under the key of its chunk; a stream that is none is closed', async () => {
  let release = () => {}
  const isReleased = new Promise<void>(resolve => {
    release = resolve
  })
  const { ports, batches, lines, dropped } = await open(
    fluentForward,
    { fluent: { ...off.fluent, port: 0 } },
    async () => {
      await isReleased
      return STORED
    },
  )
  const socket = await dial(ports[0]!)
  const answers: Buffer[] = []
  socket.on('data', (piece: Buffer) => answers.push(piece))
  socket.write(encode(null))
  socket.write(encode(['web', 0, { log: 'a' }]))
  socket.write(encode(['web', [[0, { log: 'b' }]], { chunk: 'c1' }]))
  socket.write(encode(['api', [], { chunk: 'c2' }]))
  await new Promise(resolve => setTimeout(resolve, 20))
  expect(answers).toEqual([])
  release()
  // In the order of the chunks, although the empty one was done first.
  await until(() => Buffer.concat(answers).length > 8, 'the answers')
  expect([...decodeMulti(Buffer.concat(answers))]).toEqual([{ ack: 'c1' }, { ack: 'c2' }])
  expect(lines()).toEqual(['{"log":"a"}', '{"log":"b"}'])
  expect(batches.at(-1)).toMatchObject({ idempotencyKey: 'fluent c1', defaults: { source: 'web' } })

  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  socket.write('GET / HTTP/1.1\r\n\r\n')
  await closed
  expect(dropped).toMatchObject([{ reason: 'invalid', lines: 1 }])
})

it('a project that does not exist is named when Vakt starts', async () => {
  const opening = syslog.listener!.open(async () => STORED, {
    sockets: { ...off, syslog: { ...off.syslog, tcpPort: 0, project: 'nope' } },
    host: '127.0.0.1',
    clock: createFakeClock(0),
    logger: silentLogger,
    drop() {},
    isTrusted: () => true,
    maxLines() {
      throw new Problem('not_found', 'There is no project "nope".')
    },
  })
  await expect(opening).rejects.toThrow('SYSLOG_PROJECT is wrong: There is no project "nope". Then restart Vakt.')
})
