// Shows actions and their runs: card fields, lines in lists, and machine-readable results.
import { z } from 'zod'
import { countMatchingAlerts } from '../../src/alerts/alerts.ts'
import type { Field, Row, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import {
  type Action,
  type ActionRun,
  buildActionArgv,
  covers,
  describeOutcome,
  writeActionTarget,
} from '../../src/hosts/actions/action.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { listHosts } from '../../src/hosts/hosts.ts'
import { quoteCommand } from '../../src/hosts/ssh/shell-quote.ts'
import { plural, truncate } from '../../src/text.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

const MAX_LISTED_TARGETS = 5
const MAX_COMMAND_LENGTH = 60

export const actionName = () => completes(positional(z.string().trim().min(1).max(40)), 'action')

/** An action in the machine-readable form. */
export function actionResult(action: Action) {
  return {
    id: action.id,
    name: action.name,
    on: writeActionTarget(action),
    run: action.command,
    for: action.matcher,
    role: action.role,
    second_person: action.secondPerson,
    time_limit_ms: action.timeLimit,
    automatic: action.automatic,
    per_hour: action.automatic ? action.perHour : null,
    cool_down_ms: action.automatic ? action.coolDown : null,
    added_by: action.addedBy,
    changed_at: isoTime(action.changedAt),
    changed_by: action.changedBy,
  }
}

/** A run in the machine-readable form. */
export function runResult(run: ActionRun) {
  return {
    id: run.id,
    action: run.name,
    host: run.host,
    container: run.container === '' ? null : run.container,
    alert: run.alertId,
    outcome: run.outcome ?? 'running',
    exit_status: run.exitStatus,
    problem: run.problem,
    started_at: isoTime(run.startedAt),
    ended_at: isoTime(run.endedAt),
    duration_ms: run.endedAt === null ? null : run.endedAt - run.startedAt,
    started_by: run.startedBy,
    confirmed_by: run.confirmedBy,
    automatic: run.automatic,
    run: run.command,
    output_head: run.head,
    output_tail: run.tail,
    output_bytes_left_out: run.left,
  }
}

/** The known hosts or containers that an action may run on. */
export function listTargets({ state }: Context, action: Action): string[] {
  return listHosts(state).flatMap(host => {
    if (action.container === '') return covers(action, host.name, '') ? [host.name] : []
    const names = listContainers(state, host.id).map(container => container.name)
    return names.filter(name => covers(action, host.name, name)).map(name => `${host.name}/${name}`)
  })
}

/** The fields of the card of an action. */
export function actionFields(context: Context, action: Action): Field[] {
  const targets = listTargets(context, action)
  const more = targets.length > MAX_LISTED_TARGETS ? ` and ${targets.length - MAX_LISTED_TARGETS} more` : ''
  const now = targets.length === 0 ? 'no match yet' : `${targets.slice(0, MAX_LISTED_TARGETS).join(', ')}${more}`
  const alerts =
    action.matcher === null
      ? 'all alerts of its hosts'
      : `${action.matcher} (${plural(countMatchingAlerts(context.state, action.matcher, null).total, 'open alert')} now)`
  return [
    { name: 'On', value: `${writeActionTarget(action)} (${now})`, inline: true },
    { name: 'For', value: alerts, inline: true },
    {
      name: 'Role',
      value: `${action.role}${action.secondPerson ? ', confirmed by a second person' : ''}`,
      inline: true,
    },
    { name: 'Time limit', value: formatDuration(action.timeLimit), inline: true },
    { name: 'Automatic', value: describeAutomatic(action), inline: true },
  ]
}

/** The exact line that reaches a host, for a forced command that allows only this. */
export function writeSentLine(context: Context, action: Action): string {
  const [host = 'HOST', container = action.container === '' ? '' : 'CONTAINER'] = (
    listTargets(context, action)[0] ?? ''
  )
    .split('/')
    .filter(name => name !== '')
  return quoteCommand(buildActionArgv(action, host, container))
}

/** An action as one line of a list. */
export function actionRow(action: Action): Row {
  return {
    name: action.name,
    text: actionLine(action),
    action: { label: 'Show', line: `actions show ${action.name}` },
  }
}

function actionLine(action: Action): Text {
  const second = action.secondPerson ? ', with a second person' : ''
  const automatic = action.automatic ? ' · automatic' : ''
  return [
    { bold: action.name },
    ` on ${writeActionTarget(action)} · ${action.role}${second}${automatic} · `,
    { code: truncate(action.command.replaceAll(/\s+/g, ' ').trim(), MAX_COMMAND_LENGTH) },
  ]
}

/** A run as one line of the history. */
export function historyLine(run: ActionRun): Text {
  const by = run.automatic ? 'automatic' : `by ${run.startedBy}`
  const second = run.confirmedBy === null ? '' : ` and ${run.confirmedBy}`
  const alert = run.alertId === null ? '' : ` for alert ${run.alertId}`
  return [
    { bold: `${run.id}` },
    ` · ${run.name} on ${writeActionTarget(run)} · ${describeOutcome(run)} · ${by}${second}${alert} · `,
    { time: run.startedAt, style: 'moment' },
  ]
}

function describeAutomatic(action: Action): string {
  if (!action.automatic) return 'no'
  return `at most ${plural(action.perHour, 'run')} per hour, cool-down ${formatDuration(action.coolDown)}`
}
