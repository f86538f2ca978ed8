// Opens and closes the listeners of protocols that do not come over HTTP.
import { isIPv6 } from 'node:net'
import type { Config } from '../../config/config.ts'
import { findProject, type Project } from '../../projects/projects.ts'
import type { Listener, ListenerContext, LogProtocol, Protocol } from '../protocols/protocol.ts'
import { type ReceiveLogsOptions, receiveDatagram } from './receive-logs.ts'

type Opened = Awaited<ReturnType<Listener['open']>>

/** Batches stay small enough to be stored in a moment. */
const MAX_BATCH_LINES = 10_000

/** The listeners of `protocols`. One that cannot open, for example because its port is in use, stops none of the others. */
export function createListeners(
  protocols: readonly Protocol[],
  options: ReceiveLogsOptions,
  {
    logger,
    clock,
    ...config
  }: Pick<Config, 'host' | 'sockets' | 'trustedProxies'> & Pick<ListenerContext, 'logger' | 'clock'>,
) {
  const { state, telemetry } = options
  const opening: Promise<void>[] = []
  const opened: Opened[] = []

  const context: ListenerContext = {
    sockets: config.sockets,
    host: config.host,
    clock,
    logger,
    drop(project = findProject(state).name, { address, lines, reason, message }) {
      telemetry.linesRejected.add(lines, project, reason)
      const names = { project, source: '', host: address, sender: address }
      telemetry.rejections.record({ ...names, reason, message, lines, requests: 0 }, clock.now())
    },
    isTrusted: address =>
      /^(?:127\.|::1$)/.test(address) || config.trustedProxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'),
    maxLines: project => maxLines(findProject(state, project)),
  }

  const open = async (protocol: LogProtocol, listener: Listener) => {
    try {
      opened.push(await listener.open(datagram => receiveDatagram(options, protocol, datagram), context))
    } catch (error) {
      logger.error('listener did not open', { protocol: protocol.name, error })
    }
  }

  return {
    /** Resolves once every listener receives, or has failed to open. */
    async start(): Promise<void> {
      for (const protocol of protocols)
        if (protocol.kind === 'logs' && protocol.listener) opening.push(open(protocol, protocol.listener))
      await Promise.all(opening)
    },
    async stop(): Promise<void> {
      await Promise.all(opening)
      await Promise.all(opened.splice(0).map(listener => listener.close()))
    },
  }
}

/** A batch beyond what a minute allows would never be stored. */
function maxLines({ lineLimit, rateLimit, addressLimit }: Project): number {
  return Math.min(MAX_BATCH_LINES, lineLimit, rateLimit || MAX_BATCH_LINES, addressLimit || MAX_BATCH_LINES)
}
