// What people do to alerts: take them, give them back, put them off, end them.
import { z } from 'zod'
import { findAlert } from '../../src/alerts/alerts.ts'
import {
  acknowledgeAlert,
  noteAlert,
  resolveAlert,
  snoozeAlert,
  unacknowledgeAlert,
} from '../../src/alerts/lifecycle.ts'
import { listFiring } from '../../src/alerts/suppression/suppressed-alerts.ts'
import { completes, positional } from '../../src/command/command.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import type { State } from '../../src/state/database.ts'
import { formatDuration, HOUR } from '../../src/time.ts'
import { alertNumber, type Context, command, counted, duration, projectName, yes } from '../context.ts'
import { alertResult, alertsResult, changedCard } from './alerts.ts'

const DEFAULT_SNOOZE = HOUR
const note = () => positional(z.string().max(500)).optional().describe('A word to the others')

const numberOrAll = () =>
  completes(
    positional(z.union([z.number({ error: 'must be an alert number such as 42' }).int().positive(), z.literal('all')])),
    'alert',
  )

const ack = command({
  name: 'ack',
  summary: 'Take an alert: its reminders stop, and every card says who is on it',
  details: '"ack all" takes every open alert that nobody has taken; with --storm those that a storm stands for.',
  examples: ['ack 42', 'ack 42 restarting the database', 'ack 42 looking --for 2h', 'ack all --project shop'],
  role: 'responder',
  args: {
    alert: numberOrAll().describe('Alert number, such as 42, or all'),
    note: positional(z.string().max(500).optional()).describe('What you are doing about it'),
    for: duration().optional().describe('For how long; then people are called again. As the project says unless said'),
    storm: z.number().int().positive().optional().describe('With all: only what this storm stands for'),
    project: projectName().optional().describe('With all: only of this project'),
    yes: yes(),
  },
  run({ alert: id, note = '', for: asked, ...which }, context) {
    const { state, by, now } = context
    if (id === 'all')
      return acknowledgeAll(context, { ...which, note, ...(asked === undefined ? {} : { limit: asked }) })
    const limit = asked ?? ackTimeout(state, id)
    const alert = acknowledgeAlert(state, id, by.name, note || null, now, limit === 0 ? null : now + limit)
    const until = limit === 0 ? '' : ` for ${formatDuration(limit)}`
    return {
      card: changedCard(alert, `You are on it${until}. Every card shows it; reminders stop.`),
      result: alertsResult(state, alert),
      quiet: true,
    }
  },
})

/** Takes every open alert nobody has taken, of a storm or a project when one is named; a person is asked first. */
function acknowledgeAll(context: Context, { storm, project, note, limit, yes }: All) {
  const { state, by, now, interactive } = context
  const projectId = project === undefined ? undefined : findProject(state, project).id
  const ids = listFiring(state, projectId, storm)
  if (ids.length === 0) throw new Problem('conflict', 'There is no open alert that nobody has taken.')
  if (interactive && !yes) {
    const only = [
      ...(storm === undefined ? [] : [`--storm ${storm}`]),
      ...(project === undefined ? [] : [`--project ${project}`]),
    ]
    return {
      card: {
        title: `Acknowledge ${counted(ids.length, 'alert')}?`,
        tone: 'warning' as const,
        lines: ['Their reminders stop, and every card says that you are on it.'],
        buttons: [
          { label: 'Acknowledge all', line: ['ack all', ...only, '--yes'].join(' '), tone: 'primary' as const },
        ],
      },
      asked: true,
    }
  }
  const taken = ids.map(id => {
    const lasts = limit ?? ackTimeout(state, id)
    return acknowledgeAlert(state, id, by.name, note || null, now, lasts === 0 ? null : now + lasts)
  })
  return {
    card: {
      title: `You are on ${counted(taken.length, 'alert')}`,
      tone: 'info' as const,
      lines: ['Every card shows it; reminders stop.'],
    },
    result: { alerts: taken.map(alert => alertResult(state, alert)) },
  }
}

type All = {
  storm?: number | undefined
  project?: string | undefined
  note: string
  limit?: number
  yes?: boolean | undefined
}

const unack = command({
  name: 'unack',
  summary: 'Give an acknowledged alert back: its reminders begin again',
  examples: ['unack 42'],
  role: 'responder',
  args: { alert: alertNumber().describe('Alert number, such as 42') },
  run({ alert: id }, { state, by, now }) {
    const alert = unacknowledgeAlert(state, id, by.name, now)
    return {
      card: changedCard(alert, 'Nobody is on it any more. Every card shows it.'),
      result: alertsResult(state, alert),
      quiet: true,
    }
  },
})

const resolve = command({
  name: 'resolve',
  summary: 'End an alert by hand; it ends by itself when its cause is gone',
  details:
    'A job that stays silent is not told again before it has beaten once; one that reports a further failure is.',
  examples: ['resolve 42', 'resolve 42 the certificate is renewed'],
  role: 'responder',
  args: { alert: alertNumber().describe('Alert number, such as 42'), note: note() },
  run({ alert: id, note: why = '' }, { state, by, now }) {
    const alert = state.transaction(() => {
      if (why !== '') noteAlert(state, id, by.name, why, now)
      return resolveAlert(state, id, by.name, now)
    })
    return { card: changedCard(alert, 'Ended. Every card shows it.'), result: alertsResult(state, alert), quiet: true }
  },
})

const snooze = command({
  name: 'snooze',
  summary: 'Put an alert off: no reminders for a while, then everybody is told if it still goes on',
  examples: ['snooze 42 --for 2h', 'snooze 42 waiting for the provider --for 1d'],
  role: 'responder',
  args: {
    alert: alertNumber().describe('Alert number, such as 42'),
    note: note(),
    for: duration().optional().describe('How long, such as 30m, 2h or 1d; 1h unless said'),
  },
  run({ alert: id, for: wait = DEFAULT_SNOOZE, note: why = '' }, { state, by, now }) {
    const alert = snoozeAlert(state, id, now + wait, by.name, why || null, now)
    return {
      card: changedCard(alert, `Snoozed for ${formatDuration(wait)}. Every card shows it.`),
      result: alertsResult(state, alert),
      quiet: true,
    }
  },
})

export const ackCommands = [ack, unack, resolve, snooze]

/** After how long acknowledgements in the project of an alert end by themselves, ms; 0 is never. */
function ackTimeout(state: State, id: number): number {
  const { projectId } = findAlert(state, id)
  return projectId === null ? 0 : (readProjectById(state, projectId)?.ackTimeout ?? 0)
}
