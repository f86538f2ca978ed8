// Commands that change the state of an alert: ack, unack, resolve, snooze.
import { z } from 'zod'
import type { Alert } from '../../src/alerts/alert.ts'
import { findAlert } from '../../src/alerts/alerts.ts'
import {
  acknowledgeAlert,
  noteAlert,
  resolveAlert,
  snoozeAlert,
  unacknowledgeAlert,
} from '../../src/alerts/lifecycle.ts'
import { listFiringIds } from '../../src/alerts/suppression/suppressed-alerts.ts'
import { type Answer, completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { mapInSlices, nextTurn } from '../../src/slices.ts'
import { plural } from '../../src/text.ts'
import { formatDuration, formatPeriod, HOUR, type Period } from '../../src/time.ts'
import { alertNumber, type Context, command, projectName, yes } from '../context.ts'
import { describeLength, type End, end, period, readEnd, zoneOf } from '../period.ts'
import { alertResult, alertsResult, changedCard } from './alerts.ts'

const DEFAULT_SNOOZE: Period = { days: 0, ms: HOUR }
/** Alerts that are acknowledged in one transaction: some 50 ms of work. */
const ACK_SLICE_SIZE = 25
const note = () => positional(z.string().max(500)).optional().describe('Note, shown on every card')

const numberOrAll = () =>
  completes(
    positional(z.union([z.number({ error: 'must be an alert number such as 42' }).int().positive(), z.literal('all')])),
    'alert',
  )

const ack = command({
  name: 'ack',
  summary: 'Acknowledge an alert: reminders stop, and every card shows who works on it',
  details: '"ack all" acknowledges every firing alert; with --storm only the alerts of that storm.',
  examples: ['ack 42', 'ack 42 restarting the database', 'ack 42 looking --for 2h', 'ack all --project shop'],
  role: 'responder',
  args: {
    alert: numberOrAll().describe('Alert number, such as 42, or all'),
    note: positional(z.string().max(500).optional()).describe('What you are doing about it'),
    for: period().optional().describe('How long; then people are notified again (default: the setting of the project)'),
    to: end().optional().describe('End instead of --for, such as 17:00, "tomorrow 09:00" or "Mon 09:00"'),
    storm: z.number().int().positive().optional().describe('With all: only the alerts of this storm'),
    project: projectName().optional().describe('With all: only alerts of this project'),
    yes: yes(),
  },
  run({ alert: id, note = '', for: length, to, ...filter }, context): Answer | Promise<Answer> {
    const { state, by, now } = context
    const given = { for: length, to }
    if (id === 'all') return acknowledgeAll(context, { ...filter, note, given })
    const until = acknowledgedUntil(given, id, context)
    const alert = acknowledgeAlert(state, id, by.name, note || null, now, until)
    const isGiven = length !== undefined || to !== undefined
    const time =
      until === null ? '' : ` for ${isGiven ? describeLength(given, now, until) : formatDuration(until - now)}`
    return {
      card: changedCard(alert, `Reminders stop${time}. Every card shows your name.`),
      result: alertsResult(state, alert),
      quiet: true,
    }
  },
})

type AcknowledgeAll = {
  storm?: number | undefined
  project?: string | undefined
  note: string
  given: End
  yes?: boolean | undefined
}

/**
 * Acknowledges all firing alerts, or those of a storm or project; people are asked to confirm. Thousands are acknowledged
 * in slices of one transaction each: beats do not wait, cards change as it goes, and after a crash those done stay done.
 */
async function acknowledgeAll(context: Context, { storm, project, note, given, yes }: AcknowledgeAll): Promise<Answer> {
  const { state, by, now, interactive } = context
  const projectId = project === undefined ? undefined : findProject(state, project).id
  const ids = listFiringIds(state, projectId, storm)
  if (given.for !== undefined || given.to !== undefined) readEnd(given, now, context.config.timeZone)
  if (ids.length === 0) throw new Problem('conflict', 'There is no firing alert to acknowledge.')
  if (interactive && !yes) {
    const filter = [
      ...(note === '' ? [] : [quoteWord(note)]),
      ...(given.for === undefined ? [] : [`--for ${formatPeriod(given.for)}`]),
      ...(given.to === undefined ? [] : [`--to ${quoteWord(given.to.text)}`]),
      ...(storm === undefined ? [] : [`--storm ${storm}`]),
      ...(project === undefined ? [] : [`--project ${project}`]),
    ]
    return {
      card: {
        title: `Acknowledge ${plural(ids.length, 'alert')}?`,
        tone: 'warning' as const,
        lines: ['Their reminders stop, and every card shows your name.'],
        buttons: [
          { label: 'Acknowledge all', line: ['ack all', ...filter, '--yes'].join(' '), tone: 'primary' as const },
        ],
      },
      asked: true,
    }
  }
  const acknowledged: Alert[] = []
  const cards = new Set<number>()
  let passed = 0
  for (let start = 0; start < ids.length; start += ACK_SLICE_SIZE) {
    if (start > 0) await nextTurn()
    state.transaction(() => {
      for (const id of ids.slice(start, start + ACK_SLICE_SIZE)) {
        const { state: alertState, groupId } = findAlert(state, id)
        // The alerts of a group were acknowledged with it.
        if (groupId !== null && cards.has(groupId)) continue
        // Others may have been resolved or acknowledged since the first slice.
        if (alertState !== 'firing') {
          passed++
          continue
        }
        const until = acknowledgedUntil(given, id, context)
        const changed = acknowledgeAlert(state, id, by.name, note || null, now, until)
        acknowledged.push(changed)
        cards.add(changed.id)
      }
    })
  }
  const changed = passed === 0 ? [] : [`${plural(passed, 'alert')} changed meanwhile and stayed as they were.`]
  return {
    card: {
      title: `${plural(acknowledged.length, 'alert')} acknowledged`,
      tone: 'info' as const,
      lines: ['Reminders stop. Every card shows your name.', ...changed],
    },
    result: { alerts: await mapInSlices(acknowledged, alert => alertResult(state, alert)) },
    audit: { count: acknowledged.length },
  }
}

const unack = command({
  name: 'unack',
  summary: 'Unacknowledge an alert: reminders start again',
  examples: ['unack 42'],
  role: 'responder',
  args: { alert: alertNumber().describe('Alert number, such as 42') },
  run({ alert: id }, { state, by, now }) {
    const alert = unacknowledgeAlert(state, id, by.name, now)
    return {
      card: changedCard(alert, 'Reminders start again. Every card shows it.'),
      result: alertsResult(state, alert),
      quiet: true,
    }
  },
})

const resolve = command({
  name: 'resolve',
  summary: 'Resolve an alert by hand; it resolves automatically when its cause is gone',
  details: 'A check that stays silent will not alert again until its next beat; a new reported failure will.',
  examples: ['resolve 42', 'resolve 42 the certificate is renewed'],
  role: 'responder',
  args: { alert: alertNumber().describe('Alert number, such as 42'), note: note() },
  run({ alert: id, note = '' }, { state, by, now }) {
    const alert = state.transaction(() => {
      if (note !== '') noteAlert(state, id, by.name, note, now)
      return resolveAlert(state, id, by.name, now)
    })
    return { card: changedCard(alert, 'Every card shows it.'), result: alertsResult(state, alert), quiet: true }
  },
})

const snooze = command({
  name: 'snooze',
  summary: 'Snooze an alert: no reminders for a while, then people are notified again if it is still firing',
  examples: ['snooze 42 --for 2h', 'snooze 42 waiting for the provider --for 1d'],
  role: 'responder',
  args: {
    alert: alertNumber().describe('Alert number, such as 42'),
    note: note(),
    for: period().optional().describe('How long, such as 30m, 2h or 1d (default: 1h)'),
    to: end().optional().describe('End instead of --for, such as 17:00, "tomorrow 09:00" or "Mon 09:00"'),
  },
  run({ alert: id, for: length, to, note = '' }, context) {
    const { state, by, now } = context
    const given = { for: length, to }
    const until = readEnd(given, now, zoneOf(context, findAlert(state, id).projectId), DEFAULT_SNOOZE)
    const alert = snoozeAlert(state, id, until, by.name, note || null, now)
    return {
      card: changedCard(
        alert,
        `No reminders for ${describeLength(given, now, until, DEFAULT_SNOOZE)}. Every card shows it.`,
      ),
      result: alertsResult(state, alert),
      quiet: true,
    }
  },
})

export const ackCommands = [ack, unack, resolve, snooze]

/** When the acknowledgement of an alert expires (epoch ms): as given, else by the setting of its project; null is never. */
function acknowledgedUntil(given: End, id: number, context: Context): number | null {
  const { projectId } = findAlert(context.state, id)
  if (given.for !== undefined || given.to !== undefined) return readEnd(given, context.now, zoneOf(context, projectId))
  const timeout = projectId === null ? 0 : (readProjectById(context.state, projectId)?.ackTimeout ?? 0)
  return timeout === 0 ? null : context.now + timeout
}
