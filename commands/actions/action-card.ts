// How an action and its runs look in chat and to scripts, and what the commands about actions share.
import { z } from 'zod'
import { countMatching } from '../../src/alerts/alerts.ts'
import type { Field, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import {
  type Action,
  type ActionRun,
  actionWords,
  covers,
  outcomeWords,
  writeOn,
} from '../../src/hosts/actions/action.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { listHosts } from '../../src/hosts/hosts.ts'
import { remoteCommand } from '../../src/hosts/ssh/shell-quote.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import { type Context, counted } from '../context.ts'

const NAMED = 5

export const actionName = () => completes(positional(z.string().trim().min(1).max(40)), 'action')

/** An action in the machine-readable form. */
export function actionResult(action: Action) {
  return {
    id: action.id,
    name: action.name,
    on: writeOn(action),
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

/** The hosts (or containers) that Vakt knows of on which an action may run. */
export function placesOf({ state }: Context, action: Action): string[] {
  return listHosts(state).flatMap(host => {
    if (action.container === '') return covers(action, host.name, '') ? [host.name] : []
    const names = listContainers(state, host.id).map(one => one.name)
    return names.filter(name => covers(action, host.name, name)).map(name => `${host.name}/${name}`)
  })
}

/** The fields of an action's own card. */
export function actionFields(context: Context, action: Action): Field[] {
  const places = placesOf(context, action)
  const more = places.length > NAMED ? ` and ${places.length - NAMED} more` : ''
  const now = places.length === 0 ? 'nowhere yet' : `${places.slice(0, NAMED).join(', ')}${more}`
  const alerts =
    action.matcher === null
      ? 'every alert of its hosts'
      : `${action.matcher} (${counted(countMatching(context.state, action.matcher, null).total, 'open alert')} now)`
  return [
    { name: 'On', value: `${writeOn(action)} (${now})`, inline: true },
    { name: 'For', value: alerts, inline: true },
    { name: 'Who', value: `${action.role}${action.secondPerson ? ', and a second person' : ''}`, inline: true },
    { name: 'Time limit', value: formatDuration(action.timeLimit), inline: true },
    { name: 'By itself', value: automaticWords(action), inline: true },
  ]
}

/** The very line that reaches a host, for whoever allows only that there. */
export function sentLine(context: Context, action: Action): string {
  const [host = 'HOST', container = action.container === '' ? '' : 'CONTAINER'] = (placesOf(context, action)[0] ?? '')
    .split('/')
    .filter(name => name !== '')
  return remoteCommand(actionWords(action, host, container))
}

/** An action as one line of a list. */
export function actionLine(action: Action): Text {
  const second = action.secondPerson ? ' with a second person' : ''
  const alone = action.automatic ? ' · also by itself' : ''
  return [
    { bold: action.name },
    ` on ${writeOn(action)} · ${action.role}${second}${alone} · `,
    { code: short(action.command) },
  ]
}

/** A run as one line of the history. */
export function historyLine(run: ActionRun): Text {
  const by = run.automatic ? 'by itself' : `by ${run.startedBy}`
  const second = run.confirmedBy === null ? '' : ` and ${run.confirmedBy}`
  const alert = run.alertId === null ? '' : ` for alert ${run.alertId}`
  return [
    { bold: `${run.id}` },
    ` · ${run.name} on ${writeOn(run)} · ${outcomeWords(run)} · ${by}${second}${alert} · `,
    { time: run.startedAt, style: 'moment' },
  ]
}

function automaticWords(action: Action): string {
  if (!action.automatic) return 'no'
  return `at most ${counted(action.perHour, 'time')} an hour, ${formatDuration(action.coolDown)} apart`
}

function short(command: string): string {
  const line = command.replaceAll(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}
