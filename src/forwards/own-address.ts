// Whether an address is that of Vakt itself: what is forwarded there would come back for ever.
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Config } from '../config/config.ts'

const DEFAULT_PORTS: { readonly [scheme: string]: number } = {
  'http:': 80,
  'https:': 443,
  'tcp:': 514,
  'udp:': 514,
  'tls:': 6514,
}

/**
 * Whether `url` leads to this Vakt: to its public address, or to one of its ports on an address of this machine. Where the public
 * name is that of another machine (a router, the host of a container), any port of it may lead to a socket that listens here.
 */
export async function isOwnAddress(
  url: URL,
  config: Pick<Config, 'port' | 'sockets'>,
  publicUrl: string,
): Promise<boolean> {
  const port = Number(url.port) || DEFAULT_PORTS[url.protocol]
  const own = URL.parse(publicUrl)
  const ownPort = own && (Number(own.port) || DEFAULT_PORTS[own.protocol])
  const { syslog, gelf, fluent } = config.sockets
  const isPublicName = own !== null && own.hostname === url.hostname
  if (isPublicName && port === ownPort) return true
  const isHere = await isThisMachine(url.hostname.replace(/^\[|\]$/g, ''))
  const sockets: { readonly [scheme: string]: number | null } = {
    'tcp:': syslog.tcpPort,
    'udp:': syslog.udpPort,
    'tls:': syslog.tlsPort,
  }
  if (isPublicName && !isHere) return (sockets[url.protocol] ?? null) !== null
  const ports = [
    config.port,
    ownPort,
    syslog.udpPort,
    syslog.tcpPort,
    syslog.tlsPort,
    gelf.udpPort,
    gelf.tcpPort,
    fluent.port,
  ]
  return isHere && ports.includes(port ?? null)
}

async function isThisMachine(host: string): Promise<boolean> {
  const addresses = isIP(host)
    ? [host]
    : await lookup(host, { all: true }).then(
        found => found.map(({ address }) => address),
        () => [],
      )
  const own = Object.values(networkInterfaces()).flatMap(list => (list ?? []).map(({ address }) => address))
  return addresses.some(
    address => /^(?:127\.|::1$|0\.0\.0\.0$|::$|::ffff:127\.)/.test(address) || own.includes(address),
  )
}
