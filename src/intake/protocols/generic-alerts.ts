// Alerts in Vakt's own plain JSON, read into reported alerts: one object, a list, or {"alerts":[…]}. Pure.
import { z } from 'zod'
import { Problem } from '../../problem.ts'
import { cleanLabels, type ReadReports, severityOf, webLink } from './reported-alert.ts'

const MOST = 10_000
const STATES = {
  firing: 'firing',
  open: 'firing',
  triggered: 'firing',
  alerting: 'firing',
  resolved: 'resolved',
  ok: 'resolved',
  closed: 'resolved',
} as const

const ALERT = z.object({
  key: z.union([z.string().trim().min(1).max(200), z.number()], {
    error: 'must be text that tells this trouble from others, such as "db-1/disk"',
  }),
  title: z.string({ error: 'must be text' }).trim().min(1, 'must not be empty').optional(),
  severity: z.string({ error: 'must be info, warning or critical' }).optional(),
  state: z.string({ error: 'must be firing or resolved' }).toLowerCase().optional(),
  since: z.iso.datetime({ offset: true, error: 'must be a time such as 2026-11-21T15:04:00Z' }).optional(),
  labels: z.record(z.string(), z.unknown(), { error: 'must be an object of names and values' }).nullish(),
  lines: z.union([z.string(), z.array(z.string())], { error: 'must be text or a list of texts' }).nullish(),
  link: z.string({ error: 'must be a URL' }).nullish(),
})

/** The alerts of a body. Throws `invalid` for what holds none; what is wrong with one alert is told beside the others. */
export function readGeneric(body: unknown): ReadReports {
  const list = listOf(body)
  if (list === null || list.length > MOST)
    throw new Problem(
      'invalid',
      `Send an alert as JSON, such as {"key":"db-1/disk","title":"the disk of db-1 is full"}, or a list of up to ${MOST}.`,
      {
        fields: { body: 'must be an alert or a list of alerts' },
      },
    )
  const reports: ReadReports = { reports: [], errors: [] }
  for (const [index, one] of list.entries()) {
    const read = ALERT.safeParse(one)
    const problem = read.success ? problemOf(read.data) : faultOf(read.error)
    if (problem !== null) reports.errors.push({ index, ...problem })
    else if (read.success) reports.reports.push(reported(read.data))
  }
  return reports
}

function listOf(body: unknown): unknown[] | null {
  if (Array.isArray(body)) return body
  if (typeof body !== 'object' || body === null) return null
  return 'alerts' in body && Array.isArray(body.alerts) ? body.alerts : [body]
}

function faultOf(error: z.ZodError): { field: string; message: string } {
  const [issue] = error.issues
  return { field: issue!.path.join('.') || 'alert', message: issue!.message }
}

function problemOf({ state, title }: z.output<typeof ALERT>): { field: string; message: string } | null {
  if (state !== undefined && !Object.hasOwn(STATES, state))
    return { field: 'state', message: 'must be firing or resolved' }
  // Its end needs no more than its key.
  if (stateOf(state) === 'firing' && title === undefined) return { field: 'title', message: 'is missing' }
  return null
}

function reported(alert: z.output<typeof ALERT>): ReadReports['reports'][number] {
  return {
    key: String(alert.key),
    state: stateOf(alert.state),
    title: alert.title ?? String(alert.key),
    severity: severityOf(alert.severity),
    since: alert.since === undefined ? null : Date.parse(alert.since),
    labels: cleanLabels(alert.labels ?? {}),
    lines: typeof alert.lines === 'string' ? alert.lines.split('\n') : (alert.lines ?? []),
    links: webLink('Link', alert.link),
  }
}

function stateOf(state: string | undefined): 'firing' | 'resolved' {
  return STATES[(state ?? 'firing') as keyof typeof STATES]
}
