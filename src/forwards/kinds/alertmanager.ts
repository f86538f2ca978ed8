// Forwards alerts to an Alertmanager: what is open is sent again and again, what ended with its end.
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
import type { Alert } from '../../alerts/alert.ts'
import { isoTime, MINUTE } from '../../time.ts'
import { endpoint, type Target } from '../forward.ts'
import { post } from '../http.ts'

/** How often open alerts are sent. */
export const REPEAT_MS = MINUTE
/** An open alert ends by itself when it is not sent again for so long: Vakt is gone. */
const ENDS_AFTER_MS = 4 * REPEAT_MS
/** For how long the end of an alert is repeated. */
export const ENDED_FOR_MS = 15 * MINUTE
/** Alerts that an Alertmanager reported are not sent to one again. */
export const REPORTED_BY = 'alertmanager'

/** An alert with the name of its project. */
export type NamedAlert = { alert: Alert; project: string | null }

/** Sends alerts as they are at `now`; `publicUrl` is where people find Vakt. */
export async function sendAlerts(
  alerts: readonly NamedAlert[],
  target: Target,
  now: number,
  publicUrl: string,
): Promise<void> {
  const { url, headers } = endpoint(target, '/api/v2/alerts')
  await post(url, JSON.stringify(alerts.map(alert => alertOf(alert, now, publicUrl))), 'application/json', headers)
}

function alertOf({ alert, project }: NamedAlert, now: number, publicUrl: string) {
  const { id, key, title, detector, severity, labels, firedAt, resolvedAt, state, owner } = alert
  const own = { alertname: detector, severity, vakt_alert: String(id), vakt_key: key, ...(project ? { project } : {}) }
  return {
    labels: { ...validLabels(labels), ...own },
    annotations: { summary: title, state, ...(owner ? { owner } : {}) },
    startsAt: isoTime(firedAt),
    endsAt: isoTime(resolvedAt ?? now + ENDS_AFTER_MS),
    ...(publicUrl === '' ? {} : { generatorURL: publicUrl }),
  }
}

function validLabels(labels: Alert['labels']): Record<string, string> {
  const pairs = Object.entries(labels ?? {}).map(
    ([name, value]) => [name.replace(/[^\w]/g, '_').replace(/^(?=\d)/, '_'), String(value)] as const,
  )
  return Object.fromEntries(pairs.filter(([, value]) => value !== ''))
}
