// Alerts in Vakt's own plain JSON to POST /api/alerts: one object, a list, or {"alerts":[…]}.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../problem.ts'
import { parseDuration } from '../../time.ts'
import { withIntakeKey } from '../openapi/security.ts'
import { LOG_HEADERS } from '../receive/log-parameters.ts'
import { instantOf } from './alerts/json-fields.ts'
import type { AlertProtocol } from './protocol.ts'
import {
  ALERT_QUERY,
  ALERT_RESPONSES,
  answerReported,
  MAX_ALERTS,
  type ReadReports,
  type ReportError,
  type ReportedAlert,
  readJson,
  readLabels,
  readLink,
  readSeverity,
} from './reported-alert.ts'

const FIRING = ['firing', 'open', 'triggered', 'alerting'] as const
const RESOLVED = ['resolved', 'ok', 'closed'] as const

const EXAMPLE = '{"key":"db-1/disk","title":"The disk of db-1 is full"}'
const KEY_ERROR = 'must be text that identifies the alert, such as "db-1/disk"'
const GROUP_KEY_ERROR = 'must be text that the alerts of a group have in common, such as "deploy-42"'

const ALERT = z.object({
  key: z
    .union(
      [
        z.string().trim().min(1, KEY_ERROR).max(200, 'must be at most 200 characters long').regex(/\S/, KEY_ERROR),
        z.number(),
      ],
      { error: KEY_ERROR },
    )
    .describe('Identifies the alert within the project.'),
  title: z.string({ error: 'must be text' }).trim().min(1, 'must not be empty').regex(/\S/).optional(),
  group_key: z
    .string({ error: GROUP_KEY_ERROR })
    .trim()
    .min(1, GROUP_KEY_ERROR)
    .max(1_000, 'must be at most 1000 characters long')
    .nullish()
    .describe('Alerts with the same group key share one card, which shows each of them.'),
  severity: z.string({ error: 'must be info, warning or critical' }).optional().meta({
    description: 'info, warning or critical, or another common word for one of them (default: warning).',
    example: 'critical',
  }),
  state: z
    .string({ error: 'must be firing or resolved' })
    .toLowerCase()
    .optional()
    .meta({ description: 'Default: firing.', enum: [...FIRING, ...RESOLVED] }),
  since: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-21T15:04:00Z' })
    .optional()
    .describe('When it began (default: now).'),
  ends_at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-21T15:04:00Z' })
    .optional()
    .describe('When it ends unless it is reported again.'),
  resolve_after: z
    .string({ error: 'must be a duration such as 12h' })
    .optional()
    .meta({ description: 'It ends this long after its last report (default: never).', example: '12h' }),
  labels: z
    .record(z.string(), z.unknown(), { error: 'must be an object of names and values' })
    .nullish()
    .meta({ description: 'Routes and silences match these.', example: { host: 'db-1' } }),
  lines: z
    .union([z.string(), z.array(z.string())], { error: 'must be text or a list of texts' })
    .nullish()
    .describe('Details for the card.'),
  link: z.string({ error: 'must be a URL' }).nullish().describe('A web page about the alert.'),
})

/** A firing alert needs its title; to resolve one, its key is enough. */
const DESCRIBED = z.union([
  ALERT.required({ title: true }).describe('A firing alert.'),
  ALERT.extend({ state: z.enum(RESOLVED) }).describe('A resolved alert.'),
])

const ROUTE = createRoute({
  method: 'post',
  path: '/api/alerts',
  operationId: 'reportAlerts',
  tags: ['Alerts'],
  summary: 'Report alerts and their end',
  description: 'Repeat an alert as often as you like: it fires once, and ends with `"state":"resolved"`.',
  ...withIntakeKey,
  request: {
    query: ALERT_QUERY,
    headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z
            .union([
              DESCRIBED,
              z.array(DESCRIBED).max(MAX_ALERTS),
              z.object({ alerts: z.array(DESCRIBED).max(MAX_ALERTS) }),
            ])
            .meta({ example: { key: 'db-1/disk', title: 'The disk of db-1 is full', severity: 'critical' } }),
        },
      },
    },
  },
  responses: ALERT_RESPONSES,
})

export const genericAlerts: AlertProtocol = {
  kind: 'alerts',
  name: 'generic',
  detector: 'reported',
  routes: [ROUTE],
  parse: ({ body }) => readReports(readJson(body)),
  answer: answerReported,
}

/** The alerts of a body. Throws `invalid` for a body without any; an alert that cannot be read is an error beside the others. */
function readReports(body: unknown): ReadReports {
  const list = listOf(body)
  if (list === null || list.length > MAX_ALERTS)
    throw new Problem('invalid', `Send an alert as JSON, such as ${EXAMPLE}, or a list of at most ${MAX_ALERTS}.`, {
      fields: { body: 'must be an alert or a list of alerts' },
    })
  const reports: ReportedAlert[] = []
  const errors: ReportError[] = []
  for (const [index, item] of list.entries()) {
    const alert = ALERT.safeParse(item)
    const error = alert.success ? errorOf(alert.data) : issueOf(alert.error)
    if (error !== null) errors.push({ index, ...error })
    else if (alert.success) reports.push(toReport(alert.data))
  }
  return { reports, errors }
}

function listOf(body: unknown): unknown[] | null {
  if (Array.isArray(body)) return body
  if (typeof body !== 'object' || body === null) return null
  return 'alerts' in body && Array.isArray(body.alerts) ? body.alerts : [body]
}

function issueOf(error: z.ZodError): { field: string; message: string } {
  const [issue] = error.issues
  if (issue!.path.length === 0) return { field: 'alert', message: `must be an object such as ${EXAMPLE}` }
  return { field: issue!.path.join('.'), message: issue!.message }
}

function errorOf({ state, title, resolve_after }: z.output<typeof ALERT>): { field: string; message: string } | null {
  if (stateOf(state) === null) return { field: 'state', message: 'must be firing or resolved' }
  if (resolve_after !== undefined && !(parseDuration(resolve_after) ?? 0))
    return { field: 'resolve_after', message: 'must be a duration such as 12h' }
  if (stateOf(state) === 'firing' && title === undefined) return { field: 'title', message: 'is missing' }
  return null
}

function toReport(alert: z.output<typeof ALERT>): ReportedAlert {
  return {
    key: String(alert.key),
    groupKey: alert.group_key ?? undefined,
    state: stateOf(alert.state)!,
    title: alert.title ?? String(alert.key),
    severity: readSeverity(alert.severity),
    since: alert.since === undefined ? null : Date.parse(alert.since),
    endsAt: instantOf(alert.ends_at),
    silenceMs: parseDuration(alert.resolve_after ?? '') ?? undefined,
    labels: readLabels(alert.labels ?? {}),
    lines: typeof alert.lines === 'string' ? alert.lines.split(/\r?\n/) : (alert.lines ?? []),
    links: readLink('Link', alert.link),
  }
}

function stateOf(word = 'firing'): 'firing' | 'resolved' | null {
  if ((FIRING as readonly string[]).includes(word)) return 'firing'
  return (RESOLVED as readonly string[]).includes(word) ? 'resolved' : null
}
