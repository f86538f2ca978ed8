// Heroku's HTTPS drains: batches of counted syslog frames, as Logplex posts them.
// https://devcenter.heroku.com/articles/log-drains#https-drains
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { FRAME_END } from '../../logs/intake/records.ts'
import { Problem } from '../../problem.ts'
import { errors } from '../openapi/responses.ts'
import { withIntakeKey } from '../openapi/security.ts'
import { problemAnswer } from '../problems.ts'
import { LOG_HEADERS, LOG_QUERY } from '../receive/log-parameters.ts'
import { frameOf } from '../sockets/syslog-framer.ts'
import type { LogProtocol } from './protocol.ts'

const ROUTE = createRoute({
  method: 'post',
  path: '/logplex',
  operationId: 'logplex',
  tags: ['Logs by other protocols'],
  summary: "Store lines of Heroku's HTTPS drains",
  description: [
    '`heroku drains:add "https://any:<key>@<host>/logplex?source=<app>"`. The dyno (`web.1`) is the host of a line; `source`',
    'names the app, else lines are of `app` or `heroku`.',
  ].join('\n'),
  ...withIntakeKey,
  request: {
    query: LOG_QUERY,
    headers: LOG_HEADERS.pick({ 'Content-Encoding': true }).extend({
      'Logplex-Msg-Count': z.string().optional().describe('How many lines the body has.'),
    }),
    body: { required: true, content: { 'application/logplex-1': { schema: z.string() } } },
  },
  responses: { 204: { description: 'The lines are stored.' }, ...errors(400, 401, 404, 413, 415, 500, 503) },
})

/** The media type of every version. */
export const LOGPLEX_TYPE = /^application\/logplex-\d/

export const logplex: LogProtocol = {
  kind: 'logs',
  name: 'logplex',
  routes: [ROUTE],
  parse({ body, headers, parameters }) {
    const frames = readFrames(body)
    const announced = Number(headers.get('logplex-msg-count') ?? 0)
    if (frames.length < announced)
      throw invalid(`Logplex-Msg-Count is ${announced}, but the body has ${frames.length} lines`)
    if (frames.length === 0) return { status: 204, body: null }
    const source = parameters.get('source')
    return { body: joinFrames(frames.map(frame => withNames(frame, source))), format: 'frames', hasTimes: true }
  },
  answer: () => ({ status: 204, body: null }),
  refuse(problem) {
    const { status, body } = problemAnswer(problem)
    // Logplex repeats a request after 5xx only.
    return { status: status === 429 ? 503 : status, body }
  },
}

const LF = 10
const SPACE = 32
const LESS = 60
const MAX_COUNT_DIGITS = 7

/**
 * The frames of a body: `<length> <frame>`, with or without line feeds in between; a line without a length ends at its
 * line feed. Throws `invalid` for a body that ends within a frame: nothing of it is stored.
 */
function readFrames(body: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = skipSpace(body, 0); at < body.length; at = skipSpace(body, at)) {
    const space = body.indexOf(SPACE, at)
    const digits = space < 0 || space - at > MAX_COUNT_DIGITS ? '' : body.toString('latin1', at, space)
    const end = /^[1-9]\d*$/.test(digits) ? space + 1 + Number(digits) : endOfLine(body, at, frames.length)
    if (end > body.length)
      throw invalid(
        `Line ${frames.length + 1} has ${digits} bytes by its length, but only ${body.length - space - 1} follow`,
      )
    const { bytes } = frameOf(body.subarray(body[at] === LESS ? at : space + 1, end), false)
    if (bytes.length > 0) frames.push(bytes)
    at = end
  }
  return frames
}

function skipSpace(body: Buffer, from: number): number {
  let at = from
  while (at < body.length && body[at]! <= SPACE) at++
  return at
}

function endOfLine(body: Buffer, at: number, before: number): number {
  if (body[at] !== LESS) throw invalid(`Line ${before + 1} does not begin with its length`)
  const end = body.indexOf(LF, at)
  return end < 0 ? body.length : end
}

/** The header up to the process: Heroku writes `host` for every host, and `app` or `heroku` for every app. */
const HEADER = /^<(\d{1,3})>(\d{1,2} \S{1,40}) (\S{1,255}) (\S{1,100}) (\S{1,128}) /
const HEADER_BYTES = 540
const MAX_SOURCE_BYTES = 100
/** Of RFC 5424. */
const ERROR_SEVERITY = 3

/** Errors that Heroku sends with the priority of a notice: `at=error code=H12`, `Error R14 (Memory quota exceeded)`. */
const PLATFORM_ERROR = /^- (?:at=error |Error [A-Z]\d{1,3} )/

/** A frame whose host is its dyno, whose source is the one in the URL, and whose priority fits an error of Heroku. */
function withNames(frame: Buffer, source: string | null): Buffer {
  const header = HEADER.exec(frame.toString('latin1', 0, HEADER_BYTES))
  if (header === null) return frame
  const [whole, priority, time, host, app, dyno] = header as unknown as readonly [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  // The `host` of the router is the one that was asked for.
  const isRouter = app === 'heroku' && dyno === 'router'
  const message = frame.subarray(whole.length)
  const rest = isRouter ? Buffer.from(message.toString('latin1').replace(' host=', ' vhost='), 'latin1') : message
  const isError = app === 'heroku' && PLATFORM_ERROR.test(rest.toString('latin1', 0, 20))
  const shownPriority = isError ? (Number(priority) & ~7) | ERROR_SEVERITY : priority
  const shownHost = host === 'host' && dyno !== '-' ? dyno : host
  const named = source?.trim() ? Buffer.from(source.trim().replace(/\s+/g, '-')) : Buffer.from(app, 'latin1')
  return Buffer.concat([
    Buffer.from(`<${shownPriority}>${time} ${shownHost} `, 'latin1'),
    named.subarray(0, MAX_SOURCE_BYTES),
    Buffer.from(` ${dyno} `, 'latin1'),
    rest,
  ])
}

const SEPARATOR = Buffer.from(FRAME_END)

/** A body of the format `frames`; no frame holds the byte between them. */
function joinFrames(frames: readonly Buffer[]): Buffer {
  return Buffer.concat(frames.flatMap((frame, i) => (i > 0 ? [SEPARATOR, frame] : [frame])))
}

function invalid(what: string): Problem {
  return new Problem('invalid', `${what}. Nothing of the request is stored.`, { fields: { body: 'is not whole' } })
}
