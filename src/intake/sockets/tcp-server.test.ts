// The TCP server by itself, over real connections: who gets a place, what makes a connection wait, and how each ends.
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KIBIBYTE, MEBIBYTE } from '../../bytes.ts'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { until } from '../../testing/running.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Frame, Framer } from './framer.ts'
import type { LineQueue } from './line-queue.ts'
import { type OpenServer, openTcpServer, type TcpServerOptions } from './tcp-server.ts'

let clock: FakeClock
let server: OpenServer
let sockets: Socket[]
/** What was given to the queue, as texts. */
let taken: string[]
let dropped: { address: string; lines: number; reason: string; message: string }[]
let warnings: string[]
let errors: string[]
let isCrowded: boolean
let isFull: boolean
let onRoom: (() => void)[]

beforeEach(() => {
  clock = createFakeClock(1_000_000)
  sockets = []
  taken = []
  dropped = []
  warnings = []
  errors = []
  isCrowded = false
  isFull = false
  onRoom = []
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await server.close()
})

/** Frames end with a line break; "!" is a stream that cannot be read on. */
function aFramer(): Framer {
  let waiting = ''
  const frame = (text: string): Frame => ({ bytes: Buffer.from(text), isCut: false })
  return {
    push(piece) {
      const parts = (waiting + piece.toString()).split('\n')
      waiting = parts.pop()!
      if (parts.includes('!')) throw new Problem('invalid', 'That is no stream.')
      return parts.map(frame)
    },
    flush() {
      const text = waiting
      waiting = ''
      if (text === '?') throw new Problem('invalid', 'That is no end.')
      return text === '' ? [] : [frame(text)]
    },
    get waitingBytes() {
      return waiting.length
    },
    patienceMs: 2 * SECOND,
  }
}

async function open(changes: Partial<TcpServerOptions> = {}, isTrusted = true) {
  const queue = {
    isCrowded: () => isCrowded,
    open: (options: { onRoom(): void }) => {
      onRoom.push(options.onRoom)
      return {
        get isFull() {
          return isFull
        },
        add: () => true,
      }
    },
  } as unknown as LineQueue
  server = await openTcpServer({
    ...{ name: 'test', host: '127.0.0.1', port: 0, queue, createFramer: aFramer },
    take(frames) {
      taken.push(...frames.map(({ bytes }) => (bytes.length > 100 ? `${bytes.length} bytes` : bytes.toString())))
    },
    drop: one => dropped.push(one),
    context: {
      clock,
      isTrusted: () => isTrusted,
      logger: { ...silentLogger, warn: text => warnings.push(text), error: text => errors.push(text) },
    },
    ...changes,
  })
}

type Dialled = Socket & { isClosed?: boolean }
async function dial(): Promise<Dialled> {
  const socket: Dialled = connect(server.port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  socket.on('close', () => {
    socket.isClosed = true
  })
  socket.resume()
  await new Promise<void>(done => socket.once('connect', () => done()))
  return socket
}
const gets = (...texts: string[]) =>
  until(() => taken.join() === texts.join(), `${texts.join()} rather than ${taken.join()}`)
/** Waits until the server has read what a new connection says. */
async function pass(): Promise<void> {
  const before = taken.length
  const socket = await dial()
  socket.write('mark\n')
  await until(() => taken.length > before, 'the mark')
  taken = taken.filter(text => text !== 'mark')
  socket.destroy()
}

it('gives whole frames to the queue, and the last one when the sender ends or is silent', async () => {
  await open()
  const socket = await dial()
  socket.write('a\nb')
  await gets('a')
  await clock.advance(2 * SECOND - 1)
  await gets('a')
  await clock.advance(1)
  await gets('a', 'b')
  socket.end('c\nd')
  await gets('a', 'b', 'c', 'd')
  await until(() => socket.isClosed === true, 'the end')
  expect(dropped).toEqual([])
})

it('a sender that goes on is not silent', async () => {
  await open()
  const socket = await dial()
  socket.write('a\nb')
  await gets('a')
  clock.sleep(1.5 * SECOND)
  socket.write('c')
  await pass()
  await clock.advance(SECOND)
  expect(taken).toEqual(['a'])
  await clock.advance(SECOND)
  await gets('a', 'bc')
})

it('a stream that cannot be read on is counted, and closed', async () => {
  await open()
  const socket = await dial()
  socket.write('!\n')
  await until(() => socket.isClosed === true, 'the end')
  expect([dropped, errors]).toEqual([
    [{ address: '127.0.0.1', lines: 1, reason: 'invalid', message: 'That is no stream.' }],
    [],
  ])
})

it('an end that cannot be read is counted', async () => {
  await open()
  ;(await dial()).end('?')
  await until(() => dropped.length === 1, 'the drop')
  expect(dropped).toMatchObject([{ lines: 1, reason: 'invalid', message: 'That is no end.' }])
})

it('an error that is none of the sender is logged', async () => {
  await open({
    take() {
      throw new Error('undefined is no function')
    },
  })
  ;(await dial()).write('a\n')
  await until(() => dropped.length === 1, 'the drop')
  expect([errors, dropped[0]]).toMatchObject([['a connection failed'], { reason: 'internal' }])
})

it('answers the sender, and nobody after the end', async () => {
  let answer = (_: string) => {}
  await open({
    take(_, __, peer) {
      answer = text => peer.answer(Buffer.from(text))
    },
  })
  const socket = await dial()
  let heard = ''
  socket.on('data', piece => {
    heard += piece
  })
  socket.write('a\n')
  await until(() => {
    answer('x')
    return heard !== ''
  }, 'the answer')
  socket.destroy()
  await until(() => socket.isClosed === true, 'the end')
  answer('y')
  expect(errors).toEqual([])
})

it('reads no further while the queue is full, until it has room', async () => {
  await open()
  isFull = true
  const socket = await dial()
  socket.write('a\n')
  await gets('a')
  socket.write('b\n')
  const other = await dial()
  isFull = false
  other.write('c\n')
  await gets('a', 'c')
  onRoom[0]!()
  await gets('a', 'c', 'b')
})

it('reads no further while frames are being handled, and closes when that fails', async () => {
  const waits: PromiseWithResolvers<void>[] = []
  await open({
    take(frames) {
      taken.push(...frames.map(({ bytes }) => bytes.toString()))
      if (frames[0]!.bytes.toString() === 'mark') return
      const wait = Promise.withResolvers<void>()
      waits.push(wait)
      return wait.promise
    },
  })
  const socket = await dial()
  socket.write('a\n')
  await gets('a')
  socket.write('b\n')
  await pass()
  expect(taken).toEqual(['a'])
  waits[0]!.resolve()
  await gets('a', 'b')
  waits[1]!.reject(new Problem('invalid', 'no'))
  await until(() => socket.isClosed === true, 'the end')
  expect(dropped).toMatchObject([{ reason: 'invalid', message: 'no' }])
})

it('an address has 100 connections; those that were silent for ten minutes make room, the oldest first', async () => {
  await open({}, false)
  const first = await dial()
  first.write('first\n')
  await until(() => taken.includes('first'), 'the first')
  clock.sleep(1)
  const second = await dial()
  second.write('second\n')
  for (let i = 0; i < 98; i++) await dial()
  ;(await dial()).write('refused\n')
  await until(() => warnings.length === 1, 'the refusal')
  expect(warnings).toEqual(['a connection is refused, because too many are open'])
  clock.sleep(10 * MINUTE - 2)
  const refused = await dial()
  await until(() => refused.isClosed === true, 'the refusal')
  clock.sleep(1)
  const accepted = await dial()
  accepted.write('accepted\n')
  await until(() => taken.includes('accepted'), 'the line')
  await until(() => first.isClosed === true, 'the room')
  expect([second.isClosed, taken.includes('refused')]).toEqual([undefined, false])
})

it('a trusted address has more than 100 connections', async () => {
  await open()
  for (let i = 0; i < 101; i++) await dial()
  const last = await dial()
  last.write('a\n')
  await gets('a')
  expect(warnings).toEqual([])
})

it('a place is free again when a connection ends', async () => {
  await open({}, false)
  for (let i = 0; i < 100; i++) await dial()
  sockets[0]!.destroy()
  await until(async () => {
    const socket = await dial()
    socket.write('a\n')
    await new Promise(resolve => setTimeout(resolve, 5))
    return taken.length > 0
  }, 'a place')
})

const large = (bytes: number) => Buffer.alloc(bytes, 'x')

it('five frames larger than 1 MiB all come, though four have a place at a time', async () => {
  await open()
  const all = await Promise.all(Array.from({ length: 5 }, dial))
  for (const socket of all) socket.write(large(MEBIBYTE + 1))
  for (const socket of all) socket.write('\n')
  await until(() => taken.length === 5, 'all frames')
  expect(new Set(taken)).toEqual(new Set([`${MEBIBYTE + 1} bytes`]))
})

it('a frame of 1 MiB needs no place, and five of more than 64 KiB all come while too much waits', async () => {
  await open()
  for (let i = 0; i < 5; i++) (await dial()).end(large(MEBIBYTE))
  await until(() => taken.length === 5, 'the frames')
  taken = []
  isCrowded = true
  const all = await Promise.all(Array.from({ length: 5 }, dial))
  for (const socket of all) socket.write(large(64 * KIBIBYTE + 1))
  for (const socket of all) socket.write('\n')
  await until(() => taken.length === 5, 'all frames')
})

it('a large frame that does not go on for half a minute makes room for another', async () => {
  await open()
  const all: Dialled[] = []
  for (let i = 0; i < 4; i++) {
    const socket = await dial()
    all.push(socket)
    socket.write(large(MEBIBYTE + 1))
    await new Promise<void>(resolve => setTimeout(resolve, 100))
  }
  clock.sleep(30 * SECOND + 1)
  const next = await dial()
  next.write(large(MEBIBYTE + 1))
  await until(() => all[0]!.isClosed === true, 'the room')
  next.write('\n')
  await until(() => taken.length === 2, 'what both have')
  expect(all[1]!.isClosed).toBeUndefined()
})

it('a close reads what has arrived, takes nobody any more, and ends the connections', async () => {
  await open()
  const socket = await dial()
  socket.write('a\nb')
  await gets('a')
  await server.close()
  expect(taken).toEqual(['a', 'b'])
  await until(() => socket.isClosed === true, 'the end')
  const late = connect(server.port, '127.0.0.1')
  sockets.push(late)
  await new Promise<void>(done => late.once('error', () => done()))
})

it('a port that is taken is an error', async () => {
  await open()
  await expect(
    openTcpServer({ ...({} as TcpServerOptions), host: '127.0.0.1', port: server.port, context: { clock } as never }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
