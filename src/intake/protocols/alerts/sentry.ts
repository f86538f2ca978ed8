// Webhooks of Sentry: alerts and issues of an internal integration, signed on demand, and the older WebHooks plugin.
// https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../../problem.ts'
import type { Severity } from '../../../severity.ts'
import { DAY } from '../../../time.ts'
import { withIntakeKey } from '../../openapi/security.ts'
import { LOG_HEADERS } from '../../receive/log-parameters.ts'
import type { AlertProtocol, Received } from '../protocol.ts'
import {
  ALERT_RESPONSES,
  answerReported,
  NO_REPORTS,
  type ReadReports,
  type ReportedAlert,
  readJson,
  readLabels,
  readLink,
  SIGNED_QUERY,
} from '../reported-alert.ts'
import { instantOf, type JsonObject, listOf, objectOf, textOf } from './json-fields.ts'

const ROUTE = createRoute({
  method: 'post',
  path: '/api/alerts/sentry',
  operationId: 'reportSentryNotification',
  tags: ['Alerts'],
  summary: 'Receive alerts and issues of Sentry',
  description: [
    'Use it as the webhook URL of an internal integration, with `?key=<key>`; or let Vakt check its signatures: make a key of',
    'the client secret (`keys create <project> --signed --secret <client secret>`), and put its id into `?signed_by=`. An',
    'alert about an issue ends when Sentry resolves or archives the issue (subscribe to the resource Issue), or a day after its',
    'last notification.',
  ].join('\n'),
  ...withIntakeKey,
  request: {
    query: SIGNED_QUERY,
    headers: LOG_HEADERS.pick({ 'Content-Encoding': true }).extend({
      'Sentry-Hook-Resource': z
        .string()
        .optional()
        .describe('What it is about: `event_alert`, `metric_alert`, `issue` …'),
      'Sentry-Hook-Signature': z.string().optional(),
    }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.looseObject({ action: z.string().optional(), data: z.looseObject({}).optional() }),
        },
      },
    },
  },
  responses: ALERT_RESPONSES,
})

export const sentry: AlertProtocol = {
  kind: 'alerts',
  name: 'sentry',
  detector: 'sentry',
  routes: [ROUTE],
  signature: { header: 'sentry-hook-signature', prefix: '' },
  parse: readNotification,
  answer: answerReported,
}

/** Sentry notifies of an issue while it has new events, and never of its silence. */
const ISSUE_SILENCE_MS = DAY

function readNotification({ body, headers }: Received): ReadReports {
  const notification = readJson(body)
  if (typeof notification !== 'object' || notification === null || Array.isArray(notification))
    throw invalid('it is not an object')
  const { action, data, ...plugin } = notification as JsonObject
  if (typeof data !== 'object' || data === null) return readPlugin(plugin)
  const fields = objectOf(data)
  const resource = headers.get('sentry-hook-resource') ?? resourceOf(fields)
  if (resource === 'event_alert') return one(fromEvent(fields))
  if (resource === 'metric_alert') return one(fromMetric(fields, textOf(action) ?? ''))
  if (resource === 'issue' || resource === 'activity_alert') return one(fromIssue(fields, textOf(action) ?? ''))
  // Installations, comments and single errors are none of the alerts.
  return NO_REPORTS
}

function one(report: ReportedAlert | null): ReadReports {
  return report === null ? NO_REPORTS : { reports: [report], errors: [] }
}

function resourceOf(data: JsonObject): string {
  if ('event' in data) return 'event_alert'
  if ('metric_alert' in data) return 'metric_alert'
  return 'issue' in data ? 'issue' : ''
}

const SEVERITIES: { readonly [level: string]: Severity } = {
  ...{ fatal: 'critical', critical: 'critical', error: 'warning', warning: 'warning', info: 'info', debug: 'info' },
}

function severityOf(level: unknown): Severity {
  const word = textOf(level)?.toLowerCase() ?? ''
  return Object.hasOwn(SEVERITIES, word) ? SEVERITIES[word]! : 'warning'
}

function fromEvent({ event, triggered_rule: rule, issue_alert: alert }: JsonObject): ReportedAlert {
  const fields = objectOf(event)
  const id = textOf(fields.issue_id)
  if (id === undefined) throw invalid('"data.event" has no "issue_id"')
  const project = slugIn(fields.url) ?? textOf(fields.project_name) ?? textOf(fields.project)
  const tags = listOf(fields.tags).flatMap((tag): [string, unknown][] =>
    Array.isArray(tag) && typeof tag[0] === 'string' ? [[tag[0], tag[1]]] : [],
  )
  const named = new Map(tags)
  return {
    key: `sentry:issue ${id}`,
    state: 'firing',
    title: titleOf(fields, project),
    severity: severityOf(fields.level),
    since: null,
    labels: readLabels({
      ...Object.fromEntries(tags.filter(([name]) => SHOWN_TAGS.has(name))),
      ...{ project, platform: fields.platform, culprit: fields.culprit, level: fields.level },
      ...{ rule: textOf(rule) ?? textOf(objectOf(alert).title), host: named.get('server_name'), source: project },
    }),
    lines: [textOf(objectOf(fields.metadata).value), textOf(fields.message)].filter(isNew(titleOf(fields, undefined))),
    links: readLink('Sentry', fields.web_url),
    silenceMs: ISSUE_SILENCE_MS,
  }
}

/** Tags of an event that tell issues apart; the others are those of one visitor. */
const SHOWN_TAGS = new Set(['environment', 'release', 'server_name', 'transaction', 'handled'])

/** What becomes of the alert of an issue by an action of Sentry; null: nothing. */
const ACTIONS: { readonly [action: string]: ReportedAlert['state'] } = {
  ...{ created: 'firing', unresolved: 'firing', triggered: 'firing' },
  ...{ resolved: 'resolved', archived: 'resolved', ignored: 'resolved', deleted: 'resolved' },
}

function fromIssue({ issue }: JsonObject, action: string): ReportedAlert | null {
  const fields = objectOf(issue)
  const id = textOf(fields.id)
  if (id === undefined) throw invalid('"data.issue" has no "id"')
  if (!Object.hasOwn(ACTIONS, action)) return null
  const project = textOf(objectOf(fields.project).slug) ?? textOf(objectOf(fields.project).name)
  return {
    key: `sentry:issue ${id}`,
    state: ACTIONS[action]!,
    title: titleOf(fields, project),
    severity: severityOf(fields.level),
    since: null,
    labels: readLabels({
      ...{ issue: fields.shortId, project, platform: fields.platform, culprit: fields.culprit, level: fields.level },
      ...{ substatus: fields.substatus, source: project },
    }),
    lines: [textOf(objectOf(fields.metadata).value), countsOf(fields)].filter(isNew(titleOf(fields, undefined))),
    links: readLink('Sentry', fields.web_url ?? fields.permalink),
    silenceMs: ISSUE_SILENCE_MS,
  }
}

function countsOf({ count, userCount }: JsonObject): string | undefined {
  const [events, users] = [textOf(count), textOf(userCount)]
  if (events === undefined || events === '1') return undefined
  return `${events} events${users === undefined || users === '0' ? '' : `, ${users} users`}`
}

function fromMetric(data: JsonObject, action: string): ReportedAlert | null {
  const alert = objectOf(data.metric_alert)
  const rule = objectOf(alert.alert_rule)
  const id = textOf(rule.id) ?? textOf(alert.identifier) ?? textOf(alert.id)
  if (id === undefined) throw invalid('"data.metric_alert" has no "id"')
  if (!/^(?:critical|warning|open|resolved|closed)$/.test(action)) return null
  const name = textOf(rule.name) ?? textOf(alert.title) ?? `metric alert ${id}`
  const [project] = listOf(alert.projects).map(textOf)
  return {
    key: `sentry:metric ${id}`,
    state: action === 'resolved' || action === 'closed' ? 'resolved' : 'firing',
    title: name,
    severity: action === 'critical' ? 'critical' : 'warning',
    since: instantOf(alert.date_started) ?? null,
    labels: readLabels({ alertname: name, project, source: project, environment: rule.environment, query: rule.query }),
    lines: [textOf(data.description_text)?.replaceAll('\\n', '\n')].flatMap(text => text?.split('\n') ?? []),
    links: readLink('Sentry', data.web_url),
  }
}

/** What the WebHooks plugin sends: an issue with its newest event. */
function readPlugin(body: JsonObject): ReadReports {
  const id = textOf(body.id)
  if (id === undefined || (body.event === undefined && body.project === undefined))
    throw invalid('it has neither "data" nor an issue')
  const event = objectOf(body.event)
  const project = textOf(body.project_slug) ?? textOf(body.project)
  const fields = { ...event, level: body.level, culprit: body.culprit, title: event.title ?? body.message }
  return one({
    key: `sentry:issue ${id}`,
    state: 'firing',
    title: titleOf(fields, project),
    severity: severityOf(body.level),
    since: null,
    labels: readLabels({
      ...{ project, source: project, culprit: body.culprit, level: body.level, environment: event.environment },
      rule: textOf(listOf(body.triggering_rules)[0]),
    }),
    lines: [textOf(objectOf(event.metadata).value), textOf(body.message)].filter(isNew(titleOf(fields, undefined))),
    links: readLink('Sentry', body.url),
    silenceMs: ISSUE_SILENCE_MS,
  })
}

function titleOf({ title, metadata, message, culprit }: JsonObject, project: string | undefined): string {
  const { type, value, title: inner } = objectOf(metadata)
  const text =
    textOf(title) ??
    textOf(inner) ??
    [textOf(type), textOf(value)].filter(Boolean).join(': ') ??
    textOf(message) ??
    textOf(culprit)
  return project === undefined ? text || 'an issue' : `${project}: ${text || textOf(message) || 'an issue'}`
}

function isNew(title: string) {
  return (line: string | undefined): line is string => line !== undefined && !title.includes(line)
}

/** The slug of the project in `https://sentry.io/api/0/projects/<organization>/<project>/events/…`. */
function slugIn(url: unknown): string | undefined {
  return typeof url === 'string' ? /\/projects\/[^/]{1,100}\/([\w.-]{1,100})\//.exec(url)?.[1] : undefined
}

function invalid(why: string): Problem {
  return new Problem('invalid', `The body is not a webhook of Sentry: ${why}.`, {
    fields: { body: 'is not a webhook of Sentry' },
  })
}
