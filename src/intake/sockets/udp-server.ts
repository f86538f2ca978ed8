// Receives datagrams over UDP: read as fast as they come, because what is not read the kernel drops.
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { MEBIBYTE } from '../../bytes.ts'
import { SECOND } from '../../time.ts'
import type { DroppedLines, ListenerContext } from '../protocols/protocol.ts'
import type { LineQueue, Sender } from './line-queue.ts'
import type { OpenServer } from './tcp-server.ts'

/** What the kernel may keep for Vakt while it is busy; the system's own limit (net.core.rmem_max) may be lower. */
const RECEIVE_BUFFER_BYTES = 8 * MEBIBYTE
/** How many senders are known at a time; beyond that the one known longest makes room. */
const MAX_SENDERS = 10_000
/** How often the kernel is asked what it dropped. */
const KERNEL_INTERVAL_MS = 15 * SECOND

export type UdpServerOptions = {
  name: string
  host: string
  port: number
  queue: LineQueue
  /** Gives a datagram to the queue. */
  take(datagram: Buffer, sender: Sender, peer: { address: string; answer(bytes: Uint8Array): void }): void
  /** Called now and then, for what waits too long. */
  onTick?(): void
  drop(dropped: DroppedLines): void
  context: Pick<ListenerContext, 'clock' | 'logger'>
}

/** Opens the port; rejects when that fails. */
export async function openUdpServer(options: UdpServerOptions): Promise<OpenServer> {
  const { context, queue, host, drop } = options
  const { clock, logger } = context
  const senders = new Map<string, Sender>()
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' })

  const senderOf = (address: string): Sender => {
    const known = senders.get(address)
    if (known) return known
    const sender = queue.open({ address, isPatient: false })
    senders.set(address, sender)
    if (senders.size > MAX_SENDERS) senders.delete(senders.keys().next().value!)
    return sender
  }

  socket.on('message', (datagram, { address: from, port }) => {
    const address = from.replace(/^::ffff:/, '')
    options.take(datagram, senderOf(address), { address, answer: bytes => socket.send(bytes, port, from, () => {}) })
  })

  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(options.port, host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  socket.on('error', error => logger.error('listener failed', { protocol: options.name, error }))
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
  } catch (error) {
    logger.debug('the receive buffer stays as the system has it', { protocol: options.name, error })
  }

  const { port } = socket.address()
  let droppedBefore = kernelDrops(port) ?? 0
  let cancel = () => {}
  const tick = () => {
    options.onTick?.()
    const dropped = kernelDrops(port) ?? droppedBefore
    if (dropped > droppedBefore) {
      const message =
        'The kernel dropped datagrams, because Vakt could not read them fast enough. Raise net.core.rmem_max, or send over TCP.'
      drop({ address: '', lines: dropped - droppedBefore, reason: 'busy', message })
    }
    droppedBefore = dropped
    cancel = clock.at(clock.now() + KERNEL_INTERVAL_MS, tick)
  }
  cancel = clock.at(clock.now() + KERNEL_INTERVAL_MS, tick)

  return {
    port,
    async close() {
      cancel()
      // What the kernel has already is read in this turn and the next ones.
      await new Promise(resolve => setTimeout(resolve, 20))
      await new Promise<void>(resolve => socket.close(() => resolve()))
      options.onTick?.()
    },
  }
}

/** How many datagrams for a port the kernel of Linux dropped, of all sockets on it; null where it does not say. */
function kernelDrops(port: number): number | null {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let drops: number | null = null
  for (const file of ['/proc/net/udp', '/proc/net/udp6']) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch {
      continue
    }
    for (const line of text.split('\n').slice(1)) {
      const columns = line.trim().split(/\s+/)
      if (columns[1]?.endsWith(wanted)) drops = (drops ?? 0) + Number(columns.at(-1))
    }
  }
  return drops
}
