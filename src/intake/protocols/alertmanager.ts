// What Prometheus Alertmanager sends to a webhook (version 4), read into reported alerts. Pure.
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Problem } from '../../problem.ts'
import { cleanLabels, type ReadReports, severityOf, webLink } from './reported-alert.ts'

const texts = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform(value => value ?? {})
const ALERT = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: texts,
  annotations: texts,
  startsAt: z.string().optional(),
  generatorURL: z.string().nullish(),
  fingerprint: z.string().max(200).nullish(),
})
const BODY = z.object({ alerts: z.array(z.unknown()).max(10_000), externalURL: z.string().nullish() })

/** The alerts of one notification. Throws `invalid` for what is none; what is wrong with one alert is told beside the others. */
export function readAlertmanager(body: unknown): ReadReports {
  const read = BODY.safeParse(body)
  if (!read.success)
    throw new Problem('invalid', 'The body is no notification of Alertmanager: it has no list "alerts".', {
      fields: { alerts: 'must be a list' },
    })
  const reports: ReadReports = { reports: [], errors: [] }
  for (const [index, one] of read.data.alerts.entries()) {
    const alert = ALERT.safeParse(one)
    if (alert.success) reports.reports.push(reported(alert.data))
    else {
      const issue = alert.error.issues[0]!
      reports.errors.push({ index, field: issue.path.join('.'), message: issue.message })
    }
  }
  return reports
}

function reported(alert: z.output<typeof ALERT>): ReadReports['reports'][number] {
  const labels = cleanLabels(alert.labels)
  const said = cleanLabels(alert.annotations)
  const { alertname = 'an alert', instance, job } = labels
  const about = instance === undefined ? '' : ` on ${instance}`
  const began = Date.parse(alert.startsAt ?? '')
  return {
    // Alertmanager's own identity of an alert: its labels.
    key:
      alert.fingerprint ||
      createHash('sha256')
        .update(JSON.stringify(Object.entries(labels).sort()))
        .digest('hex')
        .slice(0, 16),
    state: alert.status,
    title: text(alert.annotations.summary) ?? text(alert.annotations.title) ?? `${alertname}${about}`,
    severity: severityOf(labels.severity ?? labels.priority),
    since: Number.isFinite(began) ? began : null,
    labels: {
      ...labels,
      // What Prometheus calls an instance is a host with a port; matchers ask for the host.
      ...(labels.host === undefined && instance !== undefined ? { host: instance.replace(/:\d+$/, '') } : {}),
      ...(labels.source === undefined && job !== undefined ? { source: job } : {}),
    },
    lines: [text(alert.annotations.description) ?? text(alert.annotations.message)].filter(line => line !== undefined),
    links: [
      ...webLink('Runbook', said.runbook_url),
      ...webLink('Dashboard', said.dashboard_url ?? said.dashboard),
      ...webLink('Source', alert.generatorURL),
    ],
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
