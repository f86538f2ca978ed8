// Syslog over UDP, TCP and TLS: RFC 5424 and RFC 3164, framed as RFC 6587, RFC 5425 and RFC 5426 say, and as senders really do.
import type { Frame } from '../sockets/framer.ts'
import type { Sender } from '../sockets/line-queue.ts'
import { openListener, type Shared } from '../sockets/open-listener.ts'
import { frameOf, SyslogFramer } from '../sockets/syslog-framer.ts'
import { openTcpServer } from '../sockets/tcp-server.ts'
import { openUdpServer } from '../sockets/udp-server.ts'
import type { ListenerContext, LogProtocol } from './protocol.ts'

export const syslog: LogProtocol = {
  kind: 'logs',
  name: 'syslog',
  parse: ({ body }) => ({ body, format: 'frames' }),
  // Nobody waits for an answer.
  answer: () => ({ status: 200, body: null }),
  listener: {
    open(receive, context) {
      const { udpPort, tcpPort, tlsPort, tls, project } = context.sockets.syslog
      const tcp = (name: string) => (port: number, shared: Shared) => openTcp(name, port, shared, context)
      return openListener(
        {
          project,
          projectSetting: 'SYSLOG_PROJECT',
          separator: '\0',
          ports: [
            {
              name: 'syslog over UDP',
              setting: 'SYSLOG_UDP_PORT',
              port: udpPort,
              open: (port, shared) => openUdp(port, shared, context),
            },
            { name: 'syslog over TCP', setting: 'SYSLOG_TCP_PORT', port: tcpPort, open: tcp('syslog over TCP') },
            {
              name: 'syslog over TLS',
              setting: 'SYSLOG_TLS_PORT',
              port: tlsPort,
              open: (port, shared) => openTcp('syslog over TLS', port, shared, context, tls!),
            },
          ],
        },
        receive,
        context,
      )
    },
  },
}

function openTcp(
  name: string,
  port: number,
  shared: Shared,
  context: ListenerContext,
  tls?: { cert: string; key: string },
) {
  return openTcpServer({
    name,
    host: context.host,
    port,
    ...(tls ? { tls } : {}),
    ...shared,
    context,
    createFramer: () => new SyslogFramer(),
    take: (frames, sender, { address }) => add(frames, sender, address),
  })
}

function openUdp(port: number, shared: Shared, context: ListenerContext) {
  return openUdpServer({
    name: 'syslog over UDP',
    host: context.host,
    port,
    ...shared,
    context,
    take(datagram, sender, { address }) {
      const frame = frameOf(datagram, false)
      if (frame.bytes.length > 0) add([frame], sender, address)
    },
  })
}

/** A line whose header names no host is of the address that sent it. */
function add(frames: readonly Frame[], sender: Sender, address: string): void {
  sender.add({ lines: frames.map(({ bytes }) => bytes), defaults: { host: address } })
}
