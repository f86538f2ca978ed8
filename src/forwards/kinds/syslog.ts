// Forwards lines as syslog of RFC 5424 over TCP (counted, RFC 6587), TLS (RFC 5425) or UDP (RFC 5426).
import { createSocket } from 'node:dgram'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { isForbiddenAddress } from '../../connectivity/ip-address.ts'
import type { Level, LogLine } from '../../logs/line.ts'
import { SECOND } from '../../time.ts'
import { ForwardError, type LineKind, plainUrl } from '../forward.ts'
import { forbidden, lookupAllowed, lost, resolveAllowed } from '../http.ts'

const TIMEOUT_MS = 20 * SECOND
const MAX_SEND_MS = 3 * TIMEOUT_MS
const SEVERITIES: { readonly [level in Level]: number } = { trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }
/** The facility local0. */
const FACILITY = 16
const DEFAULT_PORTS: { readonly [scheme: string]: number } = { 'tls:': 6514 }
/** A datagram that every network passes on without cutting it (RFC 5426, section 3.2). */
const MAX_DATAGRAM_BYTES = 2_048

export const syslog: LineKind = {
  name: 'syslog',
  schemes: ['syslog+tcp', 'syslog+tls', 'syslog+udp'],
  written: 'syslog+tcp://<host>:<port> (or +tls, +udp)',
  async send(lines, { address }) {
    const url = plainUrl(address)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && isForbiddenAddress(host)) throw forbidden()
    const port = Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 514)
    if (url.protocol === 'udp:') await sendDatagrams(lines, host, port)
    else await sendStream(lines, host, port, url.protocol === 'tls:')
    return { refused: 0 }
  },
}

/**
 * Sends a batch over a connection of its own and ends it. Syslog has no answers; but a receiver that closes after the end has
 * read everything before it.
 */
function sendStream(lines: readonly LogLine[], host: string, port: number, isTls: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { host, port, lookup: lookupAllowed }
    const socket: Socket = isTls
      ? connectTls({ ...options, ...(isIP(host) === 0 ? { servername: host } : {}) })
      : connect(options)
    const giveUp = () => socket.destroy(Object.assign(new Error('no end'), { name: 'TimeoutError' }))
    socket.setTimeout(TIMEOUT_MS, giveUp)
    // A receiver that talks and never ends is not idle.
    const last = setTimeout(giveUp, MAX_SEND_MS)
    let failure: Error | null = null
    let isEnded = false
    socket.on(isTls ? 'secureConnect' : 'connect', () => socket.end(Buffer.concat(lines.map(frameOf))))
    socket.on('end', () => {
      isEnded = true
    })
    socket.on('error', error => {
      failure = error
    })
    // Whatever it says is not read, but its end is.
    socket.resume()
    socket.on('close', () => {
      clearTimeout(last)
      if (failure === null && isEnded) resolve()
      else
        reject(
          failure
            ? lost(failure)
            : new ForwardError('The receiver closed the connection before it had read everything.'),
        )
    })
  })
}

async function sendDatagrams(lines: readonly LogLine[], host: string, port: number): Promise<void> {
  // The socket itself looks up the address that it is bound to, too, which is none to send to.
  const { address, family } = await resolveAllowed(host)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  const failed = new Promise<never>((_, reject) => socket.on('error', error => reject(lost(error))))
  try {
    for (const line of lines) {
      const datagram = messageOf(line).subarray(0, MAX_DATAGRAM_BYTES)
      const sent = new Promise<void>((resolve, reject) =>
        socket.send(datagram, port, address, error => (error ? reject(lost(error)) : resolve())),
      )
      await Promise.race([sent, failed])
    }
  } finally {
    socket.close()
  }
}

function frameOf(line: LogLine): Buffer {
  const message = messageOf(line)
  return Buffer.concat([Buffer.from(`${message.length} `), message])
}

function messageOf(line: LogLine): Buffer {
  const { timestamp, level, source, host, stack, message, project } = line
  const priority = FACILITY * 8 + SEVERITIES[level]
  const pid = typeof line.attributes.pid === 'number' ? String(line.attributes.pid) : '-'
  const header = `<${priority}>1 ${new Date(timestamp).toISOString()} ${word(host, 255)} ${word(source, 48)} ${pid} -`
  return Buffer.from(`${header} ${elementOf(line, project)} ${message}${stack === '' ? '' : `\n${stack}`}`)
}

/** Words of a header are ASCII without spaces. */
function word(text: string, max: number): string {
  return text.replace(/[^\x21-\x7e]+/g, '_').slice(0, max) || '-'
}

/** The fields of the line as one element; 32473 is the number for examples (RFC 5612), because Vakt has none. */
function elementOf({ level, group, tags, traceId, spanId, attributes }: LogLine, project: string): string {
  const fields: [string, string][] = [
    ['project', project],
    ['level', level],
    ['group', group],
    ['tags', tags.join(',')],
    ['trace_id', traceId],
    ['span_id', spanId],
    ...Object.entries(attributes).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ]
  const parameters = fields
    .filter(([, value]) => value !== '')
    .map(
      ([name, value]) =>
        ` ${name.replace(/[^\x21-\x7e]|[=\]"]/g, '_').slice(0, 32)}="${value.replace(/["\\\]]/g, '\\$&')}"`,
    )
  return `[vakt@32473${parameters.join('')}]`
}
