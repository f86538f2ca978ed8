// An alert as another program reports it, and the finding that it becomes. Pure.
import type { Field, Span, Text } from '../../card.ts'
import type { Finding } from '../../detectors/finding.ts'
import { SEVERITIES as SEVERITY_NAMES, type Severity } from '../../severity.ts'
import type { Labels } from '../../state/schema/index.ts'

/** What every protocol of alerts is read into. `key` tells one trouble from another within a project. */
export type ReportedAlert = {
  key: string
  state: 'firing' | 'resolved'
  title: string
  severity: Severity
  /** When the trouble began, epoch ms; null is now. */
  since: number | null
  labels: Labels
  lines: readonly string[]
  links: readonly { label: string; url: string }[]
}

/** What is wrong with one of several, by its index. */
export type ReportError = { index: number; field: string; message: string }
export type ReadReports = { reports: ReportedAlert[]; errors: ReportError[] }

const TITLE = 200
const LINE = 1_000
const MOST_LINES = 20
const MOST_LABELS = 40
const LABEL = 200
/** A clock of theirs that is ahead of ours must not put a trouble into the future. */
const DAY = 86_400_000

const WORDS: { readonly [severity in Severity]: readonly string[] } = {
  critical: ['critical', 'crit', 'fatal', 'emergency', 'page', 'error', 'high', 'p1', 'disaster'],
  warning: ['warning', 'warn', 'medium', 'average', 'p2', 'p3'],
  info: ['info', 'information', 'none', 'low', 'notice', 'ok', 'p4', 'p5', 'debug'],
}
// A map, for words that every object knows ("constructor") are no severities.
const SEVERITIES = new Map(
  SEVERITY_NAMES.flatMap(severity => WORDS[severity].map((word): [string, Severity] => [word, severity])),
)

/** A severity in one of the many words for it; a warning when it says nothing that is known. */
export function severityOf(word: string | undefined): Severity {
  return SEVERITIES.get((word ?? '').trim().toLowerCase()) ?? 'warning'
}

/** The key of the alert in Vakt: nothing reported can touch what Vakt found itself, nor another project's. */
export function keyOf(projectId: number, key: string): string {
  return `reported:${projectId}:${key}`
}

/** What was reported as a finding; `isNew` says whether it is to be counted, for repeats are the same trouble still going on. */
export function findingOf(
  report: ReportedAlert,
  project: { id: number; remindEvery: number },
  detector: string,
  isNew: boolean,
  now: number,
): Finding {
  const links = report.links.map((one): Span => ({ link: one.url, label: one.label }))
  const fields: Field[] =
    links.length === 0 ? [] : [{ name: 'More', value: links.flatMap((one, i) => (i > 0 ? [' · ', one] : [one])) }]
  const lines = report.lines.slice(0, MOST_LINES).map((line): Text => cut(line, LINE))
  return {
    key: keyOf(project.id, report.key),
    detector,
    projectId: project.id,
    severity: report.severity,
    title: cut(report.title.replace(/\s+/g, ' ').trim(), TITLE),
    since: report.since === null || report.since > now || report.since < now - 400 * DAY ? now : report.since,
    owner: report.labels.owner ?? null,
    remindEvery: project.remindEvery,
    observation: fields.length > 0 ? { lines, fields } : { lines },
    occurrences: isNew ? 1 : 0,
    labels: report.labels,
  }
}

/** Labels of a reasonable number and length; what is no text becomes it, what has no value is absent. */
export function cleanLabels(given: Record<string, unknown>): Labels {
  const named = Object.entries(given)
    .filter(([name, value]) => /^[\w.-]{1,64}$/.test(name) && value !== null && value !== undefined && value !== '')
    .slice(0, MOST_LABELS)
  // An object says of itself how it becomes text, which is not to be asked of one that was sent.
  const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
  return Object.fromEntries(named.map(([name, value]) => [ownName(name), cut(textOf(value), LABEL)]))
}

/** By its role an alert of Vakt's explains others, which then wait; what is reported explains nothing. As Prometheus renames them. */
function ownName(name: string): string {
  return name === 'role' ? 'exported_role' : name
}

/** The address when it leads to the web, else nothing. */
export function webLink(label: string, url: unknown): { label: string; url: string }[] {
  const parsed = typeof url === 'string' && url.length <= 2_000 ? URL.parse(url) : null
  return parsed && /^https?:$/.test(parsed.protocol) ? [{ label, url: parsed.href }] : []
}

function cut(text: string, max: number): string {
  return text.length <= max
    ? text
    : `${Array.from(text)
        .slice(0, max - 1)
        .join('')}…`
}
