// The webhook contact point of Grafana's alerting, and the webhook channel that Grafana had before version 8.
// https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../../problem.ts'
import { DAY, MINUTE } from '../../../time.ts'
import { withIntakeKey } from '../../openapi/security.ts'
import { LOG_HEADERS } from '../../receive/log-parameters.ts'
import type { AlertProtocol } from '../protocol.ts'
import {
  ALERT_QUERY,
  ALERT_RESPONSES,
  answerReported,
  identifyingLabels,
  MAX_ALERTS,
  type ReadReports,
  type ReportError,
  type ReportedAlert,
  readJson,
  readLabels,
  readLink,
  readSeverity,
} from '../reported-alert.ts'
import { instantOf, type JsonObject, listOf, objectOf, textOf } from './json-fields.ts'

const ALERT = z.looseObject({
  status: z.enum(['firing', 'resolved']),
  labels: z.record(z.string(), z.unknown()).nullish(),
  annotations: z.record(z.string(), z.unknown()).nullish(),
  startsAt: z.string().optional(),
  endsAt: z.string().optional(),
  fingerprint: z.string().max(200).nullish(),
})
const UNIFIED = z.looseObject({
  groupKey: z.string().optional(),
  alerts: z.array(z.unknown()).max(MAX_ALERTS),
})
const LEGACY = z.looseObject({
  ruleId: z.int(),
  ruleName: z.string().optional(),
  state: z.enum(['alerting', 'ok', 'no_data', 'paused', 'pending']),
})

const ROUTE = createRoute({
  method: 'post',
  path: '/api/alerts/grafana',
  operationId: 'reportGrafanaNotification',
  tags: ['Alerts'],
  summary: 'Receive notifications of Grafana',
  description: [
    'Use it as the URL of a contact point of the type Webhook, with the key of a project as the credentials of the',
    'authorization header, or as the password. Leave "Disable resolved message" off.',
  ].join('\n'),
  ...withIntakeKey,
  request: {
    query: ALERT_QUERY.extend({
      group: z.enum(['on', 'off']).optional().describe('off: every alert has a card of its own (default: on).'),
    }),
    headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.union([UNIFIED.extend({ alerts: z.array(ALERT).max(MAX_ALERTS) }), LEGACY]),
        },
      },
    },
  },
  responses: ALERT_RESPONSES,
})

export const grafana: AlertProtocol = {
  kind: 'alerts',
  name: 'grafana',
  detector: 'grafana',
  routes: [ROUTE],
  // Grafana repeats an alert that still fires at least once in its 5 days of memory, as Alertmanager does.
  silenceMs: 6 * DAY,
  parse: ({ body, parameters }) => readNotification(readJson(body), parameters.get('group') !== 'off'),
  answer: answerReported,
}

function readNotification(body: unknown, isGrouped: boolean): ReadReports {
  const unified = UNIFIED.safeParse(body)
  if (unified.success) return readAlerts(unified.data.alerts, isGrouped ? unified.data.groupKey : undefined)
  const legacy = LEGACY.safeParse(body)
  if (legacy.success) return { reports: fromLegacy(legacy.data), errors: [] }
  throw new Problem('invalid', 'The body is not a notification of Grafana: it has no list "alerts".', {
    fields: { alerts: 'must be a list' },
  })
}

/** An alert that cannot be read is an error beside the others. */
function readAlerts(alerts: readonly unknown[], groupKey: string | undefined): ReadReports {
  const reports: ReportedAlert[] = []
  const errors: ReportError[] = []
  for (const [index, item] of alerts.entries()) {
    const alert = ALERT.safeParse(item)
    if (alert.success) reports.push(toReport(alert.data, groupKey))
    else {
      const issue = alert.error.issues[0]!
      errors.push({ index, field: issue.path.join('.') || 'alert', message: issue.message })
    }
  }
  return { reports, errors }
}

/** Names of alerts that Grafana makes for a rule that it cannot evaluate; the rule is in another label. */
const OWN_NAMES: ReadonlyMap<string, string> = new Map([
  ['DatasourceNoData', 'has no data'],
  ['DatasourceError', 'cannot be evaluated'],
])

/** How long the alert of the button Test stays: Grafana never reports its end. */
const TEST_SILENCE_MS = 15 * MINUTE

function toReport(alert: z.output<typeof ALERT>, groupKey: string | undefined): ReportedAlert {
  const labels = readLabels(alert.labels ?? {})
  const annotations = objectOf(alert.annotations)
  const { alertname = 'an alert', instance, job, rulename } = labels
  const failure = OWN_NAMES.get(alertname)
  const onInstance = instance === undefined ? '' : ` on ${instance}`
  const name = failure === undefined ? `${alertname}${onInstance}` : `${rulename ?? 'A rule'} ${failure}`
  return {
    key: `grafana:${alert.fingerprint || identifyingLabels(alert.labels ?? {})}`,
    ...(groupKey === undefined ? {} : { groupKey: `grafana:${groupKey}` }),
    state: alert.status,
    title: textOf(annotations.summary) ?? textOf(annotations.title) ?? name,
    severity: readSeverity(labels.severity ?? labels.priority),
    since: instantOf(alert.startsAt) ?? null,
    endsAt: instantOf(alert.endsAt),
    ...(alertname === 'TestAlert' && instance === 'Grafana' ? { silenceMs: TEST_SILENCE_MS } : {}),
    labels: {
      ...labels,
      ...(labels.host === undefined && instance !== undefined ? { host: instance.replace(/:\d+$/, '') } : {}),
      ...(labels.source === undefined && job !== undefined ? { source: job } : {}),
    },
    lines: [
      textOf(annotations.description) ?? textOf(annotations.message),
      textOf(annotations.Error),
      describeValues(objectOf(alert.values)),
    ].filter(line => line !== undefined),
    links: [
      ...readLink('Runbook', annotations.runbook_url),
      ...readLink('Dashboard', alert.dashboardURL),
      ...readLink('Panel', alert.panelURL),
      ...readLink('Picture', alert.imageURL),
      ...readLink('Rule', alert.generatorURL),
    ],
  }
}

const MAX_SHOWN_VALUES = 8

/** `B = 44.24, C = 1`: what the expressions of the rule gave. */
function describeValues(values: JsonObject): string | undefined {
  const shown = Object.entries(values)
    .filter(([, value]) => typeof value === 'number')
    .slice(0, MAX_SHOWN_VALUES)
    .map(([name, value]) => `${name} = ${Number((value as number).toPrecision(6))}`)
  return shown.length === 0 ? undefined : shown.join(', ')
}

/** The one alert of a rule of Grafana before version 8; none for a rule that is paused or pending. */
function fromLegacy(body: z.output<typeof LEGACY>): ReportedAlert[] {
  const { state, ruleId, ruleName } = body
  if (state === 'paused' || state === 'pending') return []
  const name = textOf(ruleName) ?? textOf(body.title) ?? `rule ${ruleId}`
  const matches = listOf(body.evalMatches)
    .map(objectOf)
    .map(({ metric, value }) => `${textOf(metric) ?? 'value'} = ${textOf(value) ?? '?'}`)
  return [
    {
      key: `grafana:rule ${ruleId}`,
      state: state === 'ok' ? 'resolved' : 'firing',
      title: state === 'no_data' ? `${name} has no data` : name,
      severity: readSeverity(textOf(objectOf(body.tags).severity)),
      since: null,
      labels: readLabels({ alertname: name, ...objectOf(body.tags) }),
      lines: [textOf(body.message), matches.slice(0, MAX_SHOWN_VALUES).join(', ') || undefined].filter(
        line => line !== undefined,
      ),
      links: [...readLink('Rule', body.ruleUrl), ...readLink('Picture', body.imageUrl)],
    },
  ]
}
