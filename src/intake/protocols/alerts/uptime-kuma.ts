// The webhook notification of Uptime Kuma: JSON, form data, or a GET with the same in its query.
// https://github.com/louislam/uptime-kuma (server/notification-providers/webhook.js, server/model/heartbeat.js)
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../../problem.ts'
import { DAY } from '../../../time.ts'
import { withIntakeKey } from '../../openapi/security.ts'
import { LOG_HEADERS } from '../../receive/log-parameters.ts'
import { mediaType } from '../content-type.ts'
import type { AlertProtocol, Received } from '../protocol.ts'
import {
  ALERT_QUERY,
  ALERT_RESPONSES,
  answerReported,
  NO_REPORTS,
  type ReadReports,
  type ReportedAlert,
  readJson,
  readLabels,
  readLink,
} from '../reported-alert.ts'
import { type JsonObject, listOf, objectOf, textOf } from './json-fields.ts'

const DOWN = 0
const UP = 1

const PATH = '/api/alerts/uptime-kuma'
const QUERY = ALERT_QUERY.extend({
  instance: z.string().optional().describe('Names one of several Uptime Kumas that report to the same project.'),
})
const BODY = z.looseObject({
  heartbeat: z.looseObject({ status: z.number() }).nullish().describe('Its `status`: 0 is down, 1 is up.'),
  monitor: z.looseObject({ id: z.number(), name: z.string() }).nullish(),
  msg: z.string().optional(),
})
const SHARED = {
  path: PATH,
  tags: ['Alerts'],
  description: [
    'Use it as the Post URL of a notification of the type Webhook, as JSON or form data, with `{"X-Api-Key": "<key>"}` as',
    'additional headers, or with `?key=<key>`. The monitor is the identity of an alert.',
  ].join('\n'),
  ...withIntakeKey,
  responses: ALERT_RESPONSES,
}

const POST = createRoute({
  ...SHARED,
  method: 'post',
  operationId: 'reportUptimeKumaNotification',
  summary: 'Receive notifications of Uptime Kuma',
  request: {
    query: QUERY,
    headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
    body: {
      required: true,
      content: {
        'application/json': { schema: BODY },
        'multipart/form-data': { schema: z.object({ data: z.string().describe('The same as JSON.') }) },
      },
    },
  },
})
const GET = createRoute({
  ...SHARED,
  method: 'get',
  operationId: 'reportUptimeKumaNotificationByGet',
  summary: 'Receive notifications that Uptime Kuma sends by GET',
  request: {
    query: QUERY.extend({
      msg: z.string().optional(),
      heartbeat: z.string().optional().describe('JSON'),
      monitor: z.string().optional().describe('JSON'),
    }),
  },
})

export const uptimeKuma: AlertProtocol = {
  kind: 'alerts',
  name: 'uptime-kuma',
  detector: 'uptime-kuma',
  routes: [POST, GET],
  parse: received => readNotification(readBody(received), received.parameters.get('instance')),
  answer: answerReported,
}

function readBody(received: Received): JsonObject {
  const { method, body, headers, parameters } = received
  if (method === 'GET')
    return {
      msg: parameters.get('msg'),
      heartbeat: readJson(Buffer.from(parameters.get('heartbeat') ?? 'null')),
      monitor: readJson(Buffer.from(parameters.get('monitor') ?? 'null')),
    }
  const json = mediaType(headers) === 'multipart/form-data' ? readFormField(body, headers) : body
  const notification = readJson(json)
  if (
    typeof notification === 'object' &&
    notification !== null &&
    ('heartbeat' in notification || 'msg' in notification)
  )
    return notification as JsonObject
  throw invalid('it has neither "heartbeat" nor "msg"')
}

const MAX_BOUNDARY_LENGTH = 70

/** The field `data` of form data (RFC 7578), which is the only one that Uptime Kuma sends. */
function readFormField(body: Buffer, headers: Headers): Buffer {
  const boundary = /boundary="?([^";,\s]+)"?/i.exec(headers.get('content-type') ?? '')?.[1]
  if (boundary === undefined || boundary.length > MAX_BOUNDARY_LENGTH) throw invalid('the form has no boundary')
  for (let at = body.indexOf(`--${boundary}\r\n`); at >= 0; ) {
    const headEnd = body.indexOf('\r\n\r\n', at)
    const end = headEnd < 0 ? -1 : body.indexOf(`\r\n--${boundary}`, headEnd + 2)
    if (end < 0) break
    if (/;\s*name="?data"?(?:[;\s]|$)/i.test(body.toString('latin1', at, headEnd)))
      return body.subarray(headEnd + 4, end)
    at = body.indexOf(`--${boundary}\r\n`, end)
  }
  throw invalid('the form has no whole field "data"')
}

function readNotification({ heartbeat, monitor, msg }: JsonObject, instance: string | null): ReadReports {
  if (typeof heartbeat !== 'object' || heartbeat === null) return readMessage(textOf(msg), instance)
  const { status } = heartbeat as JsonObject
  const { id, name } = objectOf(monitor)
  if (typeof id !== 'number' && typeof id !== 'string') throw invalid('"monitor" has no "id"')
  // Pending, or under maintenance: nothing is known.
  if (status !== DOWN && status !== UP) return NO_REPORTS
  const shownName = textOf(name) ?? `monitor ${id}`
  return {
    reports: [
      {
        ...describeMonitor(objectOf(monitor), shownName, objectOf(heartbeat)),
        key: `uptime-kuma:${instance ?? ''}:${id}`,
        state: status === DOWN ? 'firing' : 'resolved',
        title: `${shownName} is down`,
        severity: 'critical',
        since: null,
      },
    ],
    errors: [],
  }
}

function describeMonitor(monitor: JsonObject, name: string, heartbeat: JsonObject) {
  const url = textOf(monitor.url)
  const host = textOf(monitor.hostname) ?? (url === undefined ? undefined : URL.parse(url)?.hostname) ?? undefined
  const tags = listOf(monitor.tags)
    .map(objectOf)
    .map((tag): [string, unknown] => [
      String(textOf(tag.name) ?? '').replace(/[^\w.-]+/g, '_'),
      textOf(tag.value) ?? 'yes',
    ])
  const path = textOf(monitor.pathName)
  return {
    labels: readLabels({
      ...Object.fromEntries(tags),
      ...{ monitor: name, type: textOf(monitor.type) },
      ...(host === undefined || host === '' ? {} : { host }),
      ...(path === undefined || path === name ? {} : { group: path.split(' / ').slice(0, -1).join(' / ') }),
    }),
    lines: [textOf(heartbeat.msg), textOf(monitor.description)].filter(line => line !== undefined),
    links: url === undefined || /^https?:\/\/$/.test(url) ? [] : readLink('Page', url),
  }
}

const CERTIFICATE = /certificate .{0,300}?(?:will be expired|will expire|expires|expired?) in (-?\d+) days?/i
/** Uptime Kuma reminds at 21, 14 and 7 days by default. */
const CERTIFICATE_SILENCE_MS = 8 * DAY

/** A notification without a heartbeat: a certificate that expires soon, or a test. */
function readMessage(msg: string | undefined, instance: string | null): ReadReports {
  const [warning, days] = CERTIFICATE.exec(msg ?? '') ?? []
  if (msg === undefined || warning === undefined || days === undefined) return NO_REPORTS
  // The name or the address before it may have the same digits.
  const subject = msg.replace(warning, () => warning.replace(/-?\d+(?= days?$)/i, ''))
  const name = /^\[([^\]]+)\]/.exec(msg)?.[1]
  const report: ReportedAlert = {
    key: `uptime-kuma:${instance ?? ''}:${subject}`,
    state: 'firing',
    title: name === undefined ? 'A certificate expires soon' : `The certificate of ${name} expires in ${days} days`,
    severity: Number(days) <= 3 ? 'critical' : 'warning',
    since: null,
    labels: readLabels({ monitor: name }),
    lines: [msg],
    links: [],
    silenceMs: CERTIFICATE_SILENCE_MS,
  }
  return { reports: [report], errors: [] }
}

function invalid(why: string): Problem {
  return new Problem('invalid', `The body is not a notification of Uptime Kuma: ${why}.`, {
    fields: { body: 'is not a notification of Uptime Kuma' },
  })
}
