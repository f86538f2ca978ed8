// GELF, the format of Graylog: over HTTP, UDP (in chunks, compressed) and TCP.
// https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../problem.ts'
import { errors } from '../openapi/responses.ts'
import { withKey } from '../openapi/security.ts'
import { LOG_QUERY } from '../receive/log-parameters.ts'
import { GelfChunks } from '../sockets/gelf-chunks.ts'
import { GelfFramer, MAX_GELF_BYTES } from '../sockets/gelf-framer.ts'
import type { Sender } from '../sockets/line-queue.ts'
import { openListener, type Shared } from '../sockets/open-listener.ts'
import { openTcpServer } from '../sockets/tcp-server.ts'
import { openUdpServer } from '../sockets/udp-server.ts'
import type { DroppedLines, ListenerContext, LogProtocol } from './protocol.ts'

const ROUTE = createRoute({
  method: 'post',
  path: '/gelf',
  operationId: 'sendGelf',
  tags: ['Logs by other protocols'],
  summary: 'Store messages of GELF',
  description: 'One message, or one on each line. 202 is answered after the lines are stored, without a body.',
  ...withKey,
  request: {
    query: LOG_QUERY,
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.looseObject({
            version: z.string().optional().describe('`1.1`'),
            host: z.string().optional().describe('The host of the line.'),
            short_message: z.string().describe('The message.'),
            full_message: z.string().optional().describe('The message with its trace.'),
            timestamp: z.number().optional().describe('Seconds since 1970, with a fraction.'),
            level: z.number().optional().describe('A severity of syslog, 0 to 7.'),
          }),
        },
      },
    },
  },
  responses: {
    202: { description: 'The lines are stored.' },
    ...errors(400, 401, 404, 413, 415, 422, 429, 500, 503),
  },
})

export const gelf: LogProtocol = {
  kind: 'logs',
  name: 'gelf',
  routes: [ROUTE],
  parse({ body }) {
    if (body.length === 0)
      throw new Problem(
        'invalid',
        'The body is empty. Send a message of GELF: {"version":"1.1","host":"web-1","short_message":"hello"}.',
        {
          fields: { body: 'is empty' },
        },
      )
    return { body, format: 'ndjson' }
  },
  answer: () => ({ status: 202, body: null }),
  listener: {
    open(receive, context) {
      const { udpPort, tcpPort, project } = context.sockets.gelf
      return openListener(
        {
          project,
          projectSetting: 'GELF_PROJECT',
          separator: '\n',
          ports: [
            {
              name: 'GELF over UDP',
              setting: 'GELF_UDP_PORT',
              port: udpPort,
              open: (port, shared) => openUdp(port, shared, context),
            },
            {
              name: 'GELF over TCP',
              setting: 'GELF_TCP_PORT',
              port: tcpPort,
              open: (port, shared) => openTcp(port, shared, context),
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
  return openTcpServer({
    name: 'GELF over TCP',
    host: context.host,
    port,
    ...shared,
    context,
    createFramer: () => new GelfFramer(),
    take(frames, sender, { address }) {
      const lines = frames.map(({ bytes, isCut }) => {
        const line = isCut ? TOO_LARGE : readMessage(bytes)
        return line instanceof Problem ? dropped(shared.drop, address, line) : line
      })
      add(
        lines.filter(line => line !== null),
        sender,
        address,
      )
    },
  })
}

function openUdp(port: number, shared: Shared, context: ListenerContext) {
  const chunks = new GelfChunks(({ address, message }) =>
    shared.drop({ address, lines: 1, reason: 'invalid', message }),
  )
  return openUdpServer({
    name: 'GELF over UDP',
    host: context.host,
    port,
    ...shared,
    context,
    take(datagram, sender, { address }) {
      const message = chunks.push(datagram, address, context.clock.now())
      if (message === null) return
      const line = decompressed(message)
      const read = line instanceof Problem ? line : readMessage(line)
      if (read instanceof Problem) dropped(shared.drop, address, read)
      else add([read], sender, address)
    },
    onTick: () => chunks.expire(context.clock.now()),
  })
}

function add(lines: Buffer[], sender: Sender, address: string): void {
  if (lines.length > 0) sender.add({ lines, defaults: { host: address } })
}

function dropped(drop: (dropped: DroppedLines) => void, address: string, { code, message }: Problem): null {
  drop({ address, lines: 1, reason: code, message })
  return null
}

const TOO_LARGE = new Problem('too_large', `A message of GELF is larger than ${MAX_GELF_BYTES} bytes.`)
const NO_MESSAGE = new Problem('invalid', 'A message of GELF is not a JSON object.')

/** A message on one line, or what is wrong with it. */
function readMessage(bytes: Buffer): Buffer | Problem {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return NO_MESSAGE
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return NO_MESSAGE
  // Only what is printed over several lines must be written again; the digits of large numbers stay as they are.
  return bytes.includes(LINE_BREAK) ? Buffer.from(bytes.toString('utf8').replace(/[\r\n]+/g, ' ')) : bytes
}

const LINE_BREAK = 10
const OPTIONS = { maxOutputLength: MAX_GELF_BYTES }

/** A message as it was before it was compressed, by its first bytes. */
function decompressed(bytes: Buffer): Buffer | Problem {
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, OPTIONS)
    // The low half of the first byte of zlib is 8; JSON begins with a brace or a space.
    if ((bytes[0]! & 0x0f) === 0x08 && bytes.length > 1 && bytes.readUInt16BE(0) % 31 === 0)
      return inflateSync(bytes, OPTIONS)
    if (bytes.length > 4 && bytes.readUInt32BE(0) === 0x28b52ffd) return zstdDecompressSync(bytes, OPTIONS)
    return bytes
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return TOO_LARGE
    return new Problem('invalid', 'A compressed message of GELF is damaged.')
  }
}
