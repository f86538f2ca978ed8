// Fluent forward, the protocol of Fluentd and Fluent Bit: every mode, compressed entries, acknowledgements, heartbeats.
// https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1
import { fluentAck, readFluentMessage } from '../sockets/fluent-messages.ts'
import type { Frame } from '../sockets/framer.ts'
import type { Sender } from '../sockets/line-queue.ts'
import { MsgpackFramer } from '../sockets/msgpack-framer.ts'
import { openListener, type Shared } from '../sockets/open-listener.ts'
import { openTcpServer, type Peer } from '../sockets/tcp-server.ts'
import { openUdpServer } from '../sockets/udp-server.ts'
import type { ListenerContext, LogProtocol } from './protocol.ts'

/** How many connections have their messages opened at a time: a small message may hold much. */
const MAX_OPENING = 2

export const fluentForward: LogProtocol = {
  kind: 'logs',
  name: 'fluent-forward',
  parse: ({ body }) => ({ body, format: 'ndjson' }),
  answer: () => ({ status: 200, body: null }),
  listener: {
    open(receive, context) {
      const { port, project } = context.sockets.fluent
      return openListener(
        {
          project,
          projectSetting: 'FLUENT_PROJECT',
          separator: '\n',
          ports: [
            {
              name: 'Fluent forward',
              setting: 'FLUENT_PORT',
              port,
              open: (port, shared) => openTcp(port, shared, context),
            },
            {
              name: 'heartbeats of Fluent forward',
              setting: 'FLUENT_PORT',
              port,
              open: (port, shared) => openUdp(port, shared, context),
            },
          ],
        },
        receive,
        context,
      )
    },
  },
}

function openTcp(port: number, shared: Shared, context: ListenerContext) {
  const inTurn = createTurns(MAX_OPENING)
  return openTcpServer({
    name: 'Fluent forward',
    host: context.host,
    port,
    ...shared,
    context,
    createFramer: () => new MsgpackFramer(),
    take: (frames, sender, peer) => inTurn(() => addAll(frames, sender, peer, shared)),
  })
}

/** A heartbeat over UDP is answered with one byte. */
function openUdp(port: number, shared: Shared, context: ListenerContext) {
  const take = (_datagram: Buffer, _sender: Sender, { answer }: Peer) => answer(Uint8Array.of(0))
  return openUdpServer({ name: 'heartbeats of Fluent forward', host: context.host, port, ...shared, context, take })
}

async function addAll(frames: readonly Frame[], sender: Sender, peer: Peer, { drop }: Shared): Promise<void> {
  const { address } = peer
  for (const { bytes } of frames) {
    const message = await readFluentMessage(bytes)
    if (message === null) continue
    const { tag, lines, unreadable, chunk } = message
    if (unreadable > 0)
      drop({
        address,
        lines: unreadable,
        reason: 'invalid',
        message: 'An entry is not [time, record] with a record that holds something.',
      })
    const acknowledge = chunk === null ? () => {} : inOrder(peer, chunk)
    if (lines.length === 0) {
      acknowledge()
      continue
    }
    sender.add({
      lines,
      defaults: { source: tag, host: address },
      ...(chunk === null ? {} : { idempotencyKey: `fluent ${chunk}`.slice(0, MAX_KEY_LENGTH), onStored: acknowledge }),
    })
  }
}

/** The chunks of a connection that are not acknowledged yet, in the order in which they came. */
const awaited = new WeakMap<Peer, { chunk: string; isStored: boolean }[]>()

/** The function that acknowledges a chunk once all before it are: clients take each answer for that of their oldest chunk. */
function inOrder(peer: Peer, chunk: string): () => void {
  const list = awaited.get(peer) ?? []
  awaited.set(peer, list)
  const own = { chunk, isStored: false }
  list.push(own)
  return () => {
    own.isStored = true
    while (list[0]?.isStored) peer.answer(fluentAck(list.shift()!.chunk))
  }
}

const MAX_KEY_LENGTH = 190

/** Lets at most `limit` tasks run at a time, the others in the order in which they came. */
function createTurns(limit: number): (task: () => Promise<void>) => Promise<void> {
  let running = 0
  const waiting: (() => void)[] = []
  return async task => {
    if (running >= limit) await new Promise<void>(resolve => waiting.push(resolve))
    else running++
    try {
      await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
