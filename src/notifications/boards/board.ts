// The card of a board: everything that matters now, the worst first. Pure.
import type { Alert } from '../../alerts/alert.ts'
import { stateWord } from '../../alerts/alert-card.ts'
import { type Card, type Field, type Row, type Span, type Text, TONE_ICONS, type Tone } from '../../card.ts'
import type { ShownStatus } from '../../checks/check.ts'
import { quoteWord } from '../../command/command-line.ts'
import { SEVERITIES, type Severity } from '../../severity.ts'
import { plural } from '../../text.ts'

export type BoardCheck = { id: number; name: string; project: string; status: 'down' | 'late'; since: number | null }
export type BoardHost = { name: string; isDown: boolean; since: number | null; usage: string }
/** A shift of a rotation; `rotation` is its name. */
export type BoardShift = { rotation: string; who: string; until: number }

/** What a board shows. */
export type BoardFacts = {
  /** The project that it is limited to. */
  project: string | null
  /** The worst open alerts, and how many are open by severity. */
  alerts: readonly Alert[]
  open: Readonly<Record<Severity, number>>
  /** Open alerts that somebody acknowledged. */
  acknowledged: number
  /** Checks by status, and those that are down or late, the worst first. */
  checks: Readonly<Record<ShownStatus, number>>
  worstChecks: readonly BoardCheck[]
  /** How many hosts are watched, and those that are down or the busiest, the worst first. */
  hosts: number
  hostsDown: number
  worstHosts: readonly BoardHost[]
  /** Lines of level error or fatal by minute, oldest first; null where no logs are stored. */
  errors: readonly number[] | null
  onCall: readonly BoardShift[]
  /** A sentence when Vakt itself is offline; null otherwise. */
  trouble: string | null
}

const MAX_ALERT_ROWS = 6
const MAX_CHECK_ROWS = 4
const MAX_HOST_ROWS = 3
/** The newest minutes whose errors are named as a rate. */
const RATE_MINUTES = 5

/** The card of a board as of `at`; `ended` says why it is no longer live. */
export function boardCard(facts: BoardFacts, at: number, ended: string | null = null): Card {
  const { open, project, alerts } = facts
  const total = SEVERITIES.reduce((sum, severity) => sum + open[severity], 0)
  const problems = [...alerts.slice(0, MAX_ALERT_ROWS).map(alertRow), ...checkRows(facts), ...hostRows(facts)]
  const title = total === 0 && problems.length === 0 && facts.trouble === null ? 'All clear' : boardTitle(open)
  const missing = total - Math.min(alerts.length, MAX_ALERT_ROWS)
  return {
    title: `${ended === null ? '' : 'Not live: '}${title}${project === null ? '' : ` in ${project}`}`,
    tone: ended === null ? boardTone(facts) : 'muted',
    lines: [...(ended === null ? [] : [ended]), ...(facts.trouble === null ? [] : [facts.trouble])],
    fields: boardFields(facts, total),
    ...(facts.errors?.some(count => count > 0)
      ? { evidence: [{ kind: 'chart', name: 'Errors, last hour', values: facts.errors, unit: 'a minute' }] }
      : {}),
    rows: problems,
    ...(missing > 0 ? { page: { text: plural(missing, 'more alert') } } : {}),
    buttons: [
      { label: 'Alerts', line: `alerts list${ofProject(project)}` },
      { label: 'Checks', line: `checks list${ofProject(project)}` },
      { label: 'On call', line: 'oncall' },
    ],
    footer: ['As of ', { time: at, style: 'clock' }, ...(ended === null ? [' · updates by itself'] : [])],
    isView: true,
  }
}

/** Whether two cards of a board differ in more than the instant that they are of. */
export function isSameBoard(a: Card, b: Card): boolean {
  const content = ({ footer, ...card }: Card) => JSON.stringify(card)
  return content(a) === content(b)
}

const ofProject = (project: string | null) => (project === null ? '' : ` --project ${quoteWord(project)}`)

/** `2 critical, 1 warning open`. */
function boardTitle(open: BoardFacts['open']): string {
  const named = SEVERITIES.toReversed().filter(severity => open[severity] > 0)
  if (named.length === 0) return 'No open alerts'
  return `${named.map(severity => `${open[severity].toLocaleString('en')} ${severity}`).join(', ')} open`
}

function boardTone({ open, checks, hostsDown, trouble }: BoardFacts): Tone {
  const worst = SEVERITIES.toReversed().find(severity => open[severity] > 0)
  if (worst) return worst
  return checks.down > 0 || hostsDown > 0 || trouble !== null ? 'warning' : 'good'
}

function boardFields(facts: BoardFacts, total: number): Field[] {
  const { acknowledged, hosts, hostsDown, errors, onCall } = facts
  const unacknowledged = total - acknowledged
  const fields: Field[] = [
    ...(total === 0
      ? []
      : [{ name: 'Alerts', value: `${total.toLocaleString('en')} open, ${unacknowledged} not acknowledged` }]),
    { name: 'Checks', value: checksText(facts.checks) },
    ...(hosts === 0 ? [] : [{ name: 'Hosts', value: hostsText(facts, hosts, hostsDown) }]),
    ...(errors === null ? [] : [{ name: 'Errors', value: errorsText(errors) }]),
    { name: 'On call', value: onCall.length === 0 ? 'nobody' : onCallText(onCall) },
  ]
  return fields.map(field => ({ ...field, inline: true }))
}

function checksText(checks: BoardFacts['checks']): string {
  const order = ['down', 'late', 'up', 'new', 'paused'] as const
  const named = order.filter(status => checks[status] > 0)
  return named.length === 0
    ? 'none yet'
    : named.map(status => `${checks[status].toLocaleString('en')} ${status}`).join(', ')
}

function hostsText({ worstHosts }: BoardFacts, hosts: number, down: number): string {
  const counts = down === 0 ? `${hosts} up` : `${down} down, ${hosts - down} up`
  const busiest = worstHosts.find(({ isDown, usage }) => !isDown && usage !== '')
  return busiest ? `${counts}; busiest ${busiest.name}: ${busiest.usage}` : counts
}

function errorsText(errors: readonly number[]): string {
  const newest = errors.slice(-RATE_MINUTES)
  const sum = newest.reduce((a, b) => a + b, 0)
  if (sum === 0) return 'none in the last 5 minutes'
  const rate = sum / Math.max(1, newest.length)
  const shown = rate < 10 ? Number(rate.toFixed(1)) : Math.round(rate)
  return `${shown.toLocaleString('en')} a minute in the last 5 minutes`
}

function onCallText(shifts: readonly BoardShift[]): Text {
  return shifts.flatMap(({ rotation, who, until }, i): Span[] => [
    ...(i > 0 ? ['; '] : []),
    { bold: who },
    ` (${rotation}, until `,
    { time: until, style: 'moment' },
    ')',
  ])
}

function alertRow(alert: Alert): Row {
  const isTaken = alert.state === 'acknowledged'
  const state: Text = isTaken
    ? [' · acknowledged by ', alert.acknowledgedBy ?? 'somebody']
    : alert.snoozedUntil === null
      ? []
      : [' · snoozed until ', { time: alert.snoozedUntil, style: 'clock' }]
  const tone: Tone = isTaken ? 'info' : alert.snoozedUntil === null ? alert.severity : 'muted'
  const word = isTaken || alert.snoozedUntil !== null ? '' : `${stateWord(alert)}: `
  return {
    name: String(alert.id),
    text: [
      `${TONE_ICONS[tone]} ${word}`,
      { bold: alert.title },
      ' · ',
      { time: alert.since, style: 'relative' },
      ...state,
    ],
    action: isTaken
      ? { label: 'Details', line: `alerts show ${alert.id}` }
      : { label: 'Acknowledge', line: `ack ${alert.id}`, tone: 'primary' },
    more: [
      { label: 'Details', line: `alerts show ${alert.id}` },
      { label: 'Analyze', line: `analyze alert ${alert.id}` },
    ],
  }
}

/** A check whose alert has a row already is not shown twice. */
function checkRows({ worstChecks, alerts }: BoardFacts): Row[] {
  const shown = alerts.slice(0, MAX_ALERT_ROWS)
  return worstChecks
    .filter(({ id }) => !shown.some(({ checkId }) => checkId === id))
    .slice(0, MAX_CHECK_ROWS)
    .map(({ name, project, status, since }) => ({
      name,
      text: [`${status === 'down' ? '🔴' : '🟡'} Check `, { bold: name }, ` ${status}`, ...sinceText(since)],
      action: { label: 'Show', line: `checks show ${quoteWord(name)} --project ${project}` },
    }))
}

function hostRows({ worstHosts, alerts }: BoardFacts): Row[] {
  const shown = alerts.slice(0, MAX_ALERT_ROWS)
  return worstHosts
    .filter(
      ({ isDown, name }) => isDown && !shown.some(({ role, labels }) => role === 'host-down' && labels.host === name),
    )
    .slice(0, MAX_HOST_ROWS)
    .map(({ name, since }) => ({
      name,
      text: ['🔴 Host ', { bold: name }, ' down', ...sinceText(since)],
      action: { label: 'Show', line: `hosts show ${name}` },
    }))
}

function sinceText(since: number | null): Span[] {
  return since === null ? [] : [' · ', { time: since, style: 'relative' }]
}
