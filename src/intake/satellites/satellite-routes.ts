// The routes of satellites: their reports, and the list of what they must know. Only the key of a satellite opens them.
import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { MEBIBYTE } from '../../bytes.ts'
import { Problem } from '../../problem.ts'
import type { Vault } from '../../projects/vault.ts'
import { readDirectory } from '../../satellites/directories.ts'
import { decodeReport } from '../../satellites/record.ts'
import type { Satellite } from '../../satellites/satellite.ts'
import { readSatelliteByKey, unknownKeyProblem } from '../../satellites/satellites.ts'
import { SECOND } from '../../time.ts'
import { readShownKey } from '../access/shown-keys.ts'
import { limitWrongKeys, type WrongKeyOptions } from '../access/wrong-keys.ts'
import { readStart } from '../body.ts'
import { errors, json } from '../openapi/responses.ts'
import { decompress } from '../receive/compression.ts'
import { type ReceiveReportOptions, receiveReport } from './receive-report.ts'
import { createReportChains } from './report-chains.ts'

export type SatelliteRoutesOptions = Omit<ReceiveReportOptions, 'chains'> & WrongKeyOptions & { vault: Vault }

/** A satellite sends less at a time, but for a single large request of log lines. */
const MAX_BODY_BYTES = 96 * MEBIBYTE
const MAX_OPEN_BYTES = 160 * MEBIBYTE
/** The list is made again at most this often for one satellite, ms. */
const DIRECTORY_INTERVAL_MS = SECOND

const withSatelliteKey = { security: [{ satelliteKey: [] }] }

const REPORT = createRoute({
  method: 'post',
  path: '/api/satellite/report',
  operationId: 'postSatelliteReport',
  tags: ['Satellites'],
  summary: 'Take what a satellite received',
  description:
    'For `vakt satellite` of this version or an earlier one; the key is that of `satellites add`. Beats and log lines come in reports of their own.',
  ...withSatelliteKey,
  request: {
    body: { content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } } },
  },
  responses: {
    200: json(
      'Everything of the stream up to `through` is on disk.',
      z.object({
        through: z.int(),
        token: z.string().describe('What the next report of the stream names.'),
        version: z.string().describe('The version of this Vakt.'),
        directory: z.string(),
        now: z.int(),
        busy: z.string().optional().describe('Why the rest must be sent again.'),
        used: z
          .array(z.object({ key: z.string(), minute: z.int(), used: z.number() }))
          .describe('What was used of limits per minute elsewhere.'),
      }),
    ),
    ...errors(400, 401, 409, 413, 429, 503),
  },
})

const DIRECTORY = createRoute({
  method: 'get',
  path: '/api/satellite/directory',
  operationId: 'getSatelliteDirectory',
  tags: ['Satellites'],
  summary: 'Read the projects, keys, checks and probes that a satellite must know',
  ...withSatelliteKey,
  responses: {
    200: json('The list, with the secrets of signed requests and of probes.', z.looseObject({ version: z.string() })),
    ...errors(401, 429, 503),
  },
})

/** The routes of satellites. */
export function satelliteRoutes(options: SatelliteRoutesOptions) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  const chains = createReportChains()
  const versions = new Map<number, { version: string; at: number; changes: number }>()

  const directoryOf = (satellite: Satellite) => {
    const directory = readDirectory(options.state, options.vault, satellite)
    versions.set(satellite.id, {
      version: directory.version,
      at: options.clock.now(),
      changes: options.state.changes(),
    })
    return directory
  }
  const versionOf = (satellite: Satellite) => {
    const known = versions.get(satellite.id)
    const isFresh =
      known !== undefined &&
      (known.changes === options.state.changes() || Math.abs(options.clock.now() - known.at) < DIRECTORY_INTERVAL_MS)
    return isFresh ? known.version : directoryOf(satellite).version
  }

  app.openAPIRegistry.registerPath(REPORT)
  app.on('POST', REPORT.getRoutingPath(), async c => {
    const { raw: request } = c.req
    const incoming = c.env?.incoming
    const satellite = await identify(options, request, incoming)
    const sent = decodeReport(await readBody(request))
    const answer = await receiveReport({ ...options, chains }, satellite, sent, { request, incoming })
    return c.json({ ...answer, directory: versionOf(satellite) }, 200)
  })
  app.openAPIRegistry.registerPath(DIRECTORY)
  app.on('GET', DIRECTORY.getRoutingPath(), async c =>
    c.json(directoryOf(await identify(options, c.req.raw, c.env?.incoming)), 200, { 'cache-control': 'no-store' }),
  )
  return app
}

function identify(
  options: SatelliteRoutesOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Satellite> {
  return limitWrongKeys(options, request, incoming, () => {
    const shown = readShownKey(request.headers)
    const satellite = shown?.secret ? readSatelliteByKey(options.state, shown.secret) : undefined
    if (satellite) return satellite
    throw unknownKeyProblem()
  })
}

async function readBody(request: Request): Promise<Buffer> {
  const { kept, total, broken } = await readStart(request, MAX_BODY_BYTES)
  if (broken) throw new Problem('invalid', 'The report broke off before its end. Send it again.')
  if (total > MAX_BODY_BYTES)
    throw new Problem('too_large', `A report has at most ${MAX_BODY_BYTES / MEBIBYTE} MiB, compressed.`)
  return decompress(kept, request.headers.get('content-encoding'), MAX_OPEN_BYTES)
}
