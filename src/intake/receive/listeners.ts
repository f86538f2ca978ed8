// Opens and closes the listeners of protocols that do not come over HTTP.
import type { Logger } from '../../logger.ts'
import type { Listener, LogProtocol, Protocol } from '../protocols/protocol.ts'
import { type ReceiveLogsOptions, receiveDatagram } from './receive-logs.ts'

type Opened = Awaited<ReturnType<Listener['open']>>

/** The listeners of `protocols`. One that cannot open, for example because its port is in use, stops none of the others. */
export function createListeners(protocols: readonly Protocol[], options: ReceiveLogsOptions, logger: Logger) {
  const opened: Opened[] = []

  const open = async (protocol: LogProtocol, listener: Listener) => {
    try {
      opened.push(await listener.open(datagram => receiveDatagram(options, protocol, datagram)))
    } catch (error) {
      logger.error('listener did not open', { protocol: protocol.name, error })
    }
  }

  return {
    /** Resolves once every listener receives, or has failed to open. */
    async start(): Promise<void> {
      for (const protocol of protocols)
        if (protocol.kind === 'logs' && protocol.listener) await open(protocol, protocol.listener)
    },
    async stop(): Promise<void> {
      await Promise.all(opened.splice(0).map(listener => listener.close()))
    },
  }
}
