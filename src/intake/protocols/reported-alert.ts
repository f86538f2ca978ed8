// An alert as another program reports it, and the finding that it becomes. Pure.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Evidence, Field, Span, Text } from '../../card.ts'
import type { Finding } from '../../detectors/finding.ts'
import { Problem } from '../../problem.ts'
import { SEVERITIES, type Severity } from '../../severity.ts'
import type { Labels } from '../../state/schema/index.ts'
import { errorMessage, truncate } from '../../text.ts'
import { DAY } from '../../time.ts'
import { ITEM_ERROR } from '../openapi/log-line.ts'
import { ERROR, errors, json } from '../openapi/responses.ts'
import { PROJECT_PARAMETER } from '../receive/log-parameters.ts'

/** What every protocol of alerts is read into. `key` identifies an alert within its project. */
export type ReportedAlert = {
  key: string
  /** Alerts of the project with the same group key share one card; absent is a card of its own. */
  groupKey?: string | undefined
  state: 'firing' | 'resolved'
  title: string
  severity: Severity
  /** When it began, epoch ms; null is now. */
  since: number | null
  /** When it ends unless it is reported again, epoch ms; one that passed is its end. */
  endsAt?: number | undefined
  /** When its sender sent this, by its own clock, epoch ms: an older report that comes later changes nothing. */
  sentAt?: number | undefined
  /** How long it may stay without another report before it ends, ms; in place of the protocol's own. */
  silenceMs?: number | undefined
  labels: Labels
  lines: readonly string[]
  links: readonly { label: string; url: string }[]
}

/** What is wrong with one of several alerts, by its index. */
export type ReportError = { index: number; field: string; message: string }
export type ReadReports = { reports: readonly ReportedAlert[]; errors: readonly ReportError[] }
/** A request that is understood and reports nothing. */
export const NO_REPORTS: ReadReports = { reports: [], errors: [] }

/** What became of the alerts of a request, and what is wrong with those that were rejected. */
export type Reported = {
  fired: number
  repeated: number
  resolved: number
  ignored: number
  errors: readonly ReportError[]
}

/** The most alerts in one request. */
export const MAX_ALERTS = 10_000
const MAX_TITLE_LENGTH = 200
const MAX_LINE_LENGTH = 1_000
const MAX_LINES = 20
const MAX_LABELS = 40
const MAX_SHOWN_LABELS = 12
/** Labels that a card shows in its title, in its first line or as its owner. */
const SHOWN_ELSEWHERE = new Set(['severity', 'priority', 'owner', 'host'])
const MAX_LABEL_LENGTH = 200
const MAX_GROUP_KEY_LENGTH = 200
const MAX_KEY_LENGTH = 300
const MAX_LINK_LENGTH = 2_000
const MAX_SHOWN_ERRORS = 100
const MAX_AGE_MS = 400 * DAY

const WORDS: { readonly [severity in Severity]: readonly string[] } = {
  critical: ['critical', 'crit', 'fatal', 'emergency', 'page', 'error', 'high', 'p1', 'disaster'],
  warning: ['warning', 'warn', 'medium', 'average', 'p2', 'p3'],
  info: ['info', 'information', 'none', 'low', 'notice', 'ok', 'p4', 'p5', 'debug'],
}
// A map, because an object has words of its own, such as "constructor".
const SEVERITY_BY_WORD = new Map(
  SEVERITIES.flatMap(severity => WORDS[severity].map((word): [string, Severity] => [word, severity])),
)

/** The severity that one of the many words for it means; `warning` for an unknown word. */
export function readSeverity(word: string | undefined): Severity {
  return SEVERITY_BY_WORD.get((word ?? '').trim().toLowerCase()) ?? 'warning'
}

/** The key of the alert in Vakt. No report can touch an alert that Vakt found itself, nor one of another project. */
export function alertKey(projectId: number, key: string): string {
  return `reported:${projectId}:${bounded(key, MAX_KEY_LENGTH)}`
}

/** The finding of a report. `isNew` makes it count as an occurrence; a repeat is the same alert, still firing. */
export function toFinding(
  report: ReportedAlert,
  project: { id: number; remindEvery: number },
  detector: string,
  isNew: boolean,
  now: number,
): Finding {
  const links = report.links.map(({ url, label }): Span => ({ link: url, label }))
  const fields: Field[] =
    links.length === 0 ? [] : [{ name: 'More', value: links.flatMap((link, i) => (i > 0 ? [' · ', link] : [link])) }]
  const lines = report.lines.slice(0, MAX_LINES).map((line): Text => truncate(line, MAX_LINE_LENGTH))
  const table = labelTable(report)
  // The clock of the sender may be wrong.
  const isPlausible = report.since !== null && report.since <= now && report.since >= now - MAX_AGE_MS
  return {
    key: alertKey(project.id, report.key),
    detector,
    projectId: project.id,
    severity: report.severity,
    title: truncate(report.title.replace(/\s+/g, ' ').trim(), MAX_TITLE_LENGTH),
    since: isPlausible ? report.since! : now,
    groupKey: report.groupKey === undefined ? null : bounded(report.groupKey, MAX_GROUP_KEY_LENGTH),
    owner: report.labels.owner ?? null,
    remindEvery: project.remindEvery,
    observation: {
      lines,
      ...(fields.length > 0 ? { fields } : {}),
      ...(table === null ? {} : { evidence: [table] }),
    },
    occurrences: isNew ? 1 : 0,
    labels: report.labels,
  }
}

/** A key in a bounded length, which still tells long ones apart. */
function bounded(key: string, maxLength: number): string {
  if (key.length <= maxLength) return key
  return `${truncate(key, maxLength)} ${createHash('sha256').update(key).digest('hex').slice(0, 16)}`
}

/** The labels that the card does not show otherwise, as a compact table; null when there are none. */
function labelTable({ labels, title }: ReportedAlert): Evidence | null {
  const shown = Object.entries(labels).filter(
    ([name, value]) => !SHOWN_ELSEWHERE.has(name) && !title.toLowerCase().includes(value.toLowerCase()),
  )
  if (shown.length === 0) return null
  return { kind: 'table', columns: [{ name: '' }, { name: '' }], cells: shown.slice(0, MAX_SHOWN_LABELS) }
}

/** Labels in a bounded number and length, all as text; those without a value are left out. */
export function readLabels(labels: Record<string, unknown>): Labels {
  const named = Object.entries(labels)
    .filter(([name, value]) => /^[\w.-]{1,64}$/.test(name) && hasValue(value))
    .slice(0, MAX_LABELS)
  return Object.fromEntries(
    named.map(([name, value]) => [exportedName(name), truncate(textOf(value), MAX_LABEL_LENGTH)]),
  )
}

/** All labels whole and in order, as the identity of an alert: two may differ only where `readLabels` cuts or leaves out. */
export function identifyingLabels(labels: Record<string, unknown>): string {
  const named = Object.entries(labels).filter(([, value]) => hasValue(value))
  return JSON.stringify(named.map(([name, value]) => [exportedName(name), textOf(value)]).sort())
}

function hasValue(value: unknown): boolean {
  return value !== null && value !== undefined && value !== ''
}

/** Never String(object): that calls a method which the sender may have put there. */
function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The label `role` lets alerts of Vakt inhibit others; a reported alert inhibits none. Prometheus renames labels alike. */
function exportedName(name: string): string {
  return name === 'role' ? 'exported_role' : name
}

/** A link to the web, or nothing for any other address. */
export function readLink(label: string, url: unknown): { label: string; url: string }[] {
  const parsed = typeof url === 'string' && url.length <= MAX_LINK_LENGTH ? URL.parse(url) : null
  return parsed && /^https?:$/.test(parsed.protocol) ? [{ label, url: parsed.href }] : []
}

const ANSWER = z.object({
  fired: z.int().min(0).describe('Alerts that fired now.'),
  repeated: z.int().min(0).describe('Alerts that were firing before.'),
  resolved: z.int().min(0).describe('Alerts that are resolved now.'),
  ignored: z.int().min(0).describe('Reports that changed nothing, such as the end of an unknown alert.'),
  rejected: z.int().min(0).describe('Reports that could not be read.'),
  errors: z
    .array(ITEM_ERROR)
    .max(MAX_SHOWN_ERRORS)
    .readonly()
    .describe(`Why reports were rejected, for at most ${MAX_SHOWN_ERRORS} of them.`),
})

/** The answers of a route of reported alerts in the OpenAPI document. */
export const ALERT_RESPONSES = {
  200: json('The reports are applied, but for those in `errors`. A repeat changes nothing.', ANSWER),
  ...errors(400, 401, 404, 413, 415, 429, 500, 503),
  422: json('No report could be read.', z.union([ANSWER, ERROR])),
}

export const ALERT_QUERY = z.object({
  project: PROJECT_PARAMETER,
  resolve_after: z.string().optional().meta({
    description:
      'An alert ends this long after its last report, because its sender forgot it; `never` does not end it.',
    example: '12h',
  }),
})
/** The query of senders that sign their requests. */
export const SIGNED_QUERY = ALERT_QUERY.extend({
  signed_by: z
    .string()
    .optional()
    .describe('The id of a key whose secret signs the request: then the signature is checked, and no key is needed.'),
})

/** The answer to a sender of alerts. */
export function answerReported(reported: Reported): { status: 200 | 422; body: z.output<typeof ANSWER> } {
  const { errors, ...counts } = reported
  const applied = counts.fired + counts.repeated + counts.resolved + counts.ignored
  return {
    status: applied === 0 && errors.length > 0 ? 422 : 200,
    body: { ...counts, rejected: errors.length, errors: errors.slice(0, MAX_SHOWN_ERRORS) },
  }
}

/** The JSON of a body, with or without a byte order mark; throws `invalid` for a body that is none. */
export function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new Problem('invalid', `The body is not JSON (${errorMessage(error)}).`, { fields: { body: 'is not JSON' } })
  }
}
