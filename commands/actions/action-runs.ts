// Running actions: asked for, confirmed (by a second person where it needs one), and begun.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { findAlert } from '../../src/alerts/alerts.ts'
import { availableActions } from '../../src/alerts/available-actions.ts'
import { runCard } from '../../src/alerts/run-card.ts'
import { cardRef } from '../../src/analysis/cards.ts'
import type { Button, Card } from '../../src/card.ts'
import type { Channel } from '../../src/chat/channel.ts'
import { completes, positional } from '../../src/command/command.ts'
import {
  type Action,
  type ActionRequest,
  covers,
  parseOn,
  REQUEST_LASTS,
  refuseOver,
  refuseSecond,
  writeOn,
} from '../../src/hosts/actions/action.ts'
import { addRequest, closeRequest, findRequest, readWaiting } from '../../src/hosts/actions/action-requests.ts'
import { findAction, readAction } from '../../src/hosts/actions/actions.ts'
import { readContainer } from '../../src/hosts/containers/containers.ts'
import type { Host } from '../../src/hosts/host.ts'
import { findHost, readHost } from '../../src/hosts/hosts.ts'
import { listPeople, personOf } from '../../src/notifications/routing/people.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { roleAllows } from '../../src/projects/roles.ts'
import { formatDuration, isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command, readable, yes } from '../context.ts'
import { actionName, runResult } from './action-card.ts'

/** Chats wait for an answer a quarter of an hour at the most. */
const PATIENCE = 10 * MINUTE

type Target = { action: Action; host: Host; container: string; alertId: number | null }

const run = command({
  name: 'actions run',
  summary: 'Run an action, for an alert or on a host',
  details: 'You are asked first. Its output goes into the thread of the alert; without one it is the answer.',
  examples: ['actions run restart-nginx --alert 42', 'actions run restart-nginx --on web-1'],
  role: 'responder',
  args: {
    action: actionName().describe('Name of the action'),
    on: completes(readable(parseOn, 320), 'host').optional().describe('The host, or host/container'),
    alert: completes(z.number().int().positive(), 'alert').optional().describe('The alert that it is for'),
    yes: yes(),
  },
  run({ action: name, on, alert, yes }, context) {
    const target = targetOf(context, findAction(context.state, name), on, alert)
    refuseRole(context, target.action)
    if (context.interactive && !yes) return { card: question(target), result: null, asked: true }
    return target.action.secondPerson ? ask(context, target) : begin(context, target, context.by.name, null)
  },
})

const confirm = command({
  name: 'actions confirm',
  summary: 'Confirm, as the second person, what somebody asked to run',
  examples: ['actions confirm 7'],
  role: 'responder',
  args: { request: positional(z.number().int().positive()).describe('Number of the request') },
  run({ request: id }, context) {
    const { state, by, now } = context
    const request = findRequest(state, id)
    const action = readAction(state, request.actionId)!
    refuseRole(context, action)
    refuseOver(request, action, now)
    refuseSecond(request, by, (a, b) => samePerson(context, a, b), isInteractive(context, by.platform))
    const host = readHost(state, request.hostId)!
    const { container, alertId } = request
    // The place may have been renamed or be gone since.
    refuseElsewhere(context, action, host, container)
    closeRequest(state, id, now)
    return begin(context, { action, host, container, alertId }, request.actorName, by.name)
  },
})

const refuse = command({
  name: 'actions refuse',
  summary: 'Refuse what somebody asked to run, or take your own request back',
  examples: ['actions refuse 7'],
  role: 'responder',
  args: { request: positional(z.number().int().positive()).describe('Number of the request') },
  run({ request: id }, context) {
    const { state, now, by } = context
    const request = findRequest(state, id)
    const action = readAction(state, request.actionId)!
    refuseRole(context, action)
    refuseOver(request, action, now)
    closeRequest(state, id, now)
    return {
      card: {
        title: `${action.name} is not run`,
        tone: 'muted',
        lines: [`${by.name} refused what ${request.actorName} asked for.`],
      },
      result: { request: requestResult(request) },
    }
  },
})

export const actionRunCommands = [run, confirm, refuse]

/** Where it is to run: where the alert says, or the place that was named. Throws a sentence when it may not run there. */
function targetOf(
  context: Context,
  action: Action,
  on: { host: string; container: string } | undefined,
  alertId: number | undefined,
): Target {
  const { state } = context
  if (on === undefined && alertId === undefined) return onlyPlace(context, action)
  if (on !== undefined) {
    if (alertId !== undefined) findAlert(state, alertId)
    const host = findHost(state, on.host)
    refuseElsewhere(context, action, host, on.container)
    return { action, host, container: on.container, alertId: alertId ?? null }
  }
  const alert = findAlert(state, alertId!)
  const offer = availableActions(state, alert).find(one => one.action.id === action.id)
  if (offer) return { ...offer, alertId: alert.id }
  throw new Problem(
    'conflict',
    alert.state === 'resolved'
      ? `Alert ${alert.id} is over. Name a host to run ${action.name} all the same: --on HOST`
      : `${action.name} is not for alert ${alert.id}, or its host is not known. Name one: --on HOST`,
  )
}

/** An action for one host needs no other word. */
function onlyPlace(context: Context, action: Action): Target {
  if (writeOn(action).includes('*'))
    throw invalid('on', `Say where: ${action.name} is for ${writeOn(action)}. --on HOST, or --alert NUMBER`)
  const host = findHost(context.state, action.host)
  refuseElsewhere(context, action, host, action.container)
  return { action, host, container: action.container, alertId: null }
}

function refuseElsewhere({ state }: Context, action: Action, host: Host, container: string): void {
  if (!covers(action, host.name, container))
    throw new Problem('forbidden', `${action.name} may run on ${writeOn(action)} only.`)
  if (container !== '' && !readContainer(state, host.id, container))
    throw new Problem(
      'not_found',
      `There is no container "${container}" on ${host.name}. "containers list --host ${host.name}" shows those there are.`,
    )
}

function refuseRole({ by }: Context, action: Action): void {
  if (roleAllows(by.role, action.role)) return
  throw new Problem('forbidden', `${action.name} needs the role ${action.role}, and you are ${by.role}.`)
}

function question({ action, host, container, alertId }: Target): Card {
  const on = writeOn({ host: host.name, container })
  const alert = alertId === null ? '' : ` --alert ${alertId}`
  const second = action.secondPerson ? ['A second person must confirm it then.'] : []
  return {
    title: `Run ${action.name} on ${on}?`,
    tone: 'warning',
    lines: [`It may take ${formatDuration(action.timeLimit)}.`, ...second],
    code: { text: action.command, language: 'sh' },
    buttons: [{ label: 'Run it', line: `actions run ${action.name} --on ${on}${alert} --yes`, tone: 'danger' }],
  }
}

/** Stores the request and shows it where a second person sees it. */
function ask(context: Context, target: Target) {
  const { state, by, now, parts } = context
  const { action, host, container, alertId } = target
  const place = { actionId: action.id, hostId: host.id, container }
  const waiting = readWaiting(state, place, now)
  if (waiting && waiting.changedAt === action.changedAt)
    throw new Problem(
      'conflict',
      `${waiting.actorName} asked for that already; it waits for a second person: actions confirm ${waiting.id}`,
    )
  const request = addRequest(state, {
    ...{ ...place, alertId, changedAt: action.changedAt, askedAt: now, expiresAt: now + REQUEST_LASTS },
    ...{ platform: by.platform, actorId: by.id, actorName: by.name },
  })
  const card = requestCard(request, target)
  const channel = parts.channelOf(by.platform)
  // A chat that cannot be reached is no reason to refuse: the request can be confirmed by its number.
  if (channel) showRequest(context, channel, alertId, card)
  return {
    card: {
      title: `${action.name} waits for a second person`,
      tone: 'info' as const,
      lines: [['Until ', { time: request.expiresAt, style: 'clock' as const }, `: actions confirm ${request.id}`]],
      buttons: [{ label: 'Take it back', line: `actions refuse ${request.id}` }],
    },
    result: { request: requestResult(request) },
  }
}

function showRequest({ state }: Context, channel: Channel, alertId: number | null, card: Card): void {
  const ref = alertId === null ? null : cardRef(state, alertId, channel.id)
  const nonce = randomBytes(12).toString('hex')
  const shown = ref === null ? channel.post(card, nonce) : channel.reply(ref, card, nonce)
  shown.catch(() => {})
}

function requestCard(request: ActionRequest, { action, host, container }: Target): Card {
  const buttons: Button[] = [
    { label: 'Confirm', line: `actions confirm ${request.id}`, tone: 'danger' },
    { label: 'Refuse', line: `actions refuse ${request.id}` },
  ]
  return {
    title: `${request.actorName} asks to run ${action.name} on ${writeOn({ host: host.name, container })}`,
    tone: 'warning',
    lines: [['A second person must confirm it until ', { time: request.expiresAt, style: 'clock' }, '.']],
    code: { text: action.command, language: 'sh' },
    buttons,
  }
}

/** Begins it. In the thread of an alert its output is shown as it comes; else the answer waits for the end, if that is soon. */
function begin(context: Context, target: Target, startedBy: string, confirmedBy: string | null) {
  const { run, ended, shown } = context.actions.begin({ ...target, startedBy, confirmedBy })
  const where =
    shown > 0 ? 'Its output is in the thread of the alert.' : `It may take long; then: actions history --id ${run.id}`
  if (context.interactive && (shown > 0 || target.action.timeLimit > PATIENCE))
    return { card: { ...runCard(run), lines: [where] }, result: { run: runResult(run) } }
  return ended.then(end => ({ card: runCard(end), result: { run: runResult(end) } }))
}

function requestResult(request: ActionRequest) {
  return {
    id: request.id,
    asked_by: request.actorName,
    asked_at: isoTime(request.askedAt),
    expires_at: isoTime(request.expiresAt),
  }
}

function isInteractive({ platforms }: Context, name: string): boolean {
  return platforms.some(platform => platform.name === name && platform.capabilities.interactive)
}

/** Whether two accounts are known to be one person's: "oncall member add" says so. */
function samePerson({ state }: Context, a: { platform: string; id: string }, b: { platform: string; id: string }) {
  const people = listPeople(state)
  const first = personOf(people, a.platform, a.id)
  return first !== undefined && first === personOf(people, b.platform, b.id)
}
