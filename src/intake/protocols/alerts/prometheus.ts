// What Prometheus, vmalert and the rulers of Loki and Mimir send to an Alertmanager (version 2 of its API), so that none is needed.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../../problem.ts'
import { MINUTE } from '../../../time.ts'
import { withIntakeKey } from '../../openapi/security.ts'
import { LOG_HEADERS } from '../../receive/log-parameters.ts'
import { describePrometheusAlert } from '../alertmanager.ts'
import type { AlertProtocol } from '../protocol.ts'
import {
  ALERT_QUERY,
  ALERT_RESPONSES,
  answerReported,
  MAX_ALERTS,
  type ReadReports,
  type ReportError,
  type ReportedAlert,
  readJson,
} from '../reported-alert.ts'

const TEXTS = z.record(z.string(), z.unknown()).nullish()
const ALERT = z.looseObject({
  labels: z.record(z.string(), z.unknown()),
  annotations: TEXTS,
  startsAt: z.string().optional(),
  endsAt: z.string().optional().describe('When it ends unless it is sent again.'),
  generatorURL: z.string().nullish(),
})

const ROUTE = createRoute({
  method: 'post',
  path: '/api/v2/alerts',
  operationId: 'postAlerts',
  tags: ['Alerts'],
  summary: 'Receive alerts of Prometheus as an Alertmanager does',
  description: [
    'Name Vakt as an Alertmanager in the `alerting` of Prometheus, with the key of a project as credentials. An alert is its',
    'labels; it ends at its `endsAt`, or 5 minutes after it was last sent.',
  ].join('\n'),
  ...withIntakeKey,
  request: {
    query: ALERT_QUERY,
    headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
    body: { required: true, content: { 'application/json': { schema: z.array(ALERT).max(MAX_ALERTS) } } },
  },
  responses: ALERT_RESPONSES,
})

export const prometheus: AlertProtocol = {
  kind: 'alerts',
  name: 'prometheus',
  detector: 'prometheus',
  routes: [ROUTE],
  // Alertmanager's `resolve_timeout`, for senders that give no end.
  silenceMs: 5 * MINUTE,
  parse: ({ body }) => readAlerts(readJson(body)),
  answer: answerReported,
}

/** An alert that cannot be read is an error beside the others. Throws `invalid` for a body that is no list. */
function readAlerts(body: unknown): ReadReports {
  if (!Array.isArray(body) || body.length > MAX_ALERTS)
    throw new Problem('invalid', `Send a list of at most ${MAX_ALERTS} alerts, as Prometheus does.`, {
      fields: { body: 'must be a list' },
    })
  const reports: ReportedAlert[] = []
  const errors: ReportError[] = []
  for (const [index, item] of body.entries()) {
    const alert = ALERT.safeParse(item)
    if (alert.success) reports.push(describePrometheusAlert({ ...alert.data, status: 'firing' }))
    else {
      const issue = alert.error.issues[0]!
      errors.push({ index, field: issue.path.join('.') || 'alert', message: issue.message })
    }
  }
  return { reports, errors }
}
