// The webhook of Prometheus Alertmanager (version 4) to POST /api/alerts/alertmanager.
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
import { createHash } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../problem.ts'
import { DAY } from '../../time.ts'
import { withIntakeKey } from '../openapi/security.ts'
import { LOG_HEADERS } from '../receive/log-parameters.ts'
import { instantOf } from './alerts/json-fields.ts'
import type { AlertProtocol } from './protocol.ts'
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
} from './reported-alert.ts'

const TEXTS = z.record(z.string(), z.unknown()).nullish()
const ALERT = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: TEXTS,
  annotations: TEXTS,
  startsAt: z.string().optional(),
  endsAt: z.string().optional(),
  generatorURL: z.string().nullish(),
  fingerprint: z.string().max(200).nullish(),
})
/** Alerts are read one by one, so that one which cannot be read spoils none of the others. */
const NOTIFICATION = z.object({
  groupKey: z.unknown().optional(),
  alerts: z.array(z.unknown()).max(MAX_ALERTS),
})

const ROUTE = createRoute({
  method: 'post',
  path: '/api/alerts/alertmanager',
  operationId: 'reportAlertmanagerNotification',
  tags: ['Alerts'],
  summary: 'Receive notifications of Prometheus Alertmanager',
  description: [
    'Use it as the `url` of a `webhook_config`, with the key of a project as `http_config.authorization.credentials` and',
    '`send_resolved: true`. The identity of an alert is its `fingerprint`.',
    'Alerts of one group (`groupKey`, by `group_by` of the route in Alertmanager) share one card; `?group=off` gives each its own.',
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
          schema: NOTIFICATION.extend({ groupKey: z.string().nullish(), alerts: z.array(ALERT).max(MAX_ALERTS) }),
        },
      },
    },
  },
  responses: ALERT_RESPONSES,
})

export const alertmanager: AlertProtocol = {
  kind: 'alerts',
  name: 'alertmanager',
  detector: 'alertmanager',
  routes: [ROUTE],
  // Alertmanager repeats an alert that still fires at least once in its 5 days of memory (`--data.retention`).
  silenceMs: 6 * DAY,
  parse: ({ body, parameters }) => readNotification(readJson(body), parameters.get('group') !== 'off'),
  answer: answerReported,
}

/** The alerts of a notification. Throws `invalid` for another body; an alert that cannot be read is an error beside the others. */
function readNotification(body: unknown, isGrouped: boolean): ReadReports {
  const notification = NOTIFICATION.safeParse(body)
  if (!notification.success)
    throw new Problem('invalid', 'The body is not a notification of Alertmanager: it has no list "alerts".', {
      fields: { alerts: 'must be a list' },
    })
  const groupKey = isGrouped ? readText(notification.data.groupKey) : undefined
  const reports: ReportedAlert[] = []
  const errors: ReportError[] = []
  for (const [index, item] of notification.data.alerts.entries()) {
    const alert = ALERT.safeParse(item)
    if (alert.success) reports.push({ ...describePrometheusAlert(alert.data), groupKey })
    else {
      const issue = alert.error.issues[0]!
      errors.push({ index, field: issue.path.join('.'), message: issue.message })
    }
  }
  return { reports, errors }
}

/** An alert with the labels and annotations of Prometheus, as its rules usually name them. */
export function describePrometheusAlert(alert: z.output<typeof ALERT>): ReportedAlert {
  const labels = readLabels(alert.labels ?? {})
  const annotations = alert.annotations ?? {}
  const urls = readLabels(annotations)
  const { alertname = 'an alert', instance, job } = labels
  const onInstance = instance === undefined ? '' : ` on ${instance}`
  const startsAt = Date.parse(alert.startsAt ?? '')
  return {
    key: alert.fingerprint || fingerprintOf(alert.labels ?? {}),
    state: alert.status,
    title: readText(annotations.summary) ?? readText(annotations.title) ?? `${alertname}${onInstance}`,
    severity: readSeverity(labels.severity ?? labels.priority),
    since: Number.isFinite(startsAt) ? startsAt : null,
    endsAt: instantOf(alert.endsAt),
    labels: {
      ...labels,
      // Prometheus' instance is a host with a port; matchers of Vakt ask for the host.
      ...(labels.host === undefined && instance !== undefined ? { host: instance.replace(/:\d+$/, '') } : {}),
      ...(labels.source === undefined && job !== undefined ? { source: job } : {}),
    },
    lines: [readText(annotations.description) ?? readText(annotations.message)].filter(line => line !== undefined),
    links: [
      ...readLink('Runbook', urls.runbook_url),
      ...readLink('Dashboard', urls.dashboard_url ?? urls.dashboard),
      ...readLink('Source', alert.generatorURL),
    ],
  }
}

/** The identity of an alert without a fingerprint: its labels, as in Alertmanager. */
function fingerprintOf(labels: Record<string, unknown>): string {
  return createHash('sha256').update(identifyingLabels(labels)).digest('hex').slice(0, 16)
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
