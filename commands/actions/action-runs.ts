// Runs actions: asks for confirmation, requests a second person where the action needs one, and starts the run.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { findAlert } from '../../src/alerts/alerts.ts'
import { availableActions } from '../../src/alerts/available-actions.ts'
import { runCard } from '../../src/alerts/run-card.ts'
import { readAlertMessageRef } from '../../src/analysis/alert-messages.ts'
import type { Button, Card } from '../../src/card.ts'
import type { Channel } from '../../src/chat/channel.ts'
import { completes, positional } from '../../src/command/command.ts'
import {
  type Action,
  type ActionRequest,
  confirmAs,
  covers,
  parseActionTarget,
  REQUEST_LIFETIME_MS,
  type Requester,
  refuseClosedRequest,
  relate,
  writeActionTarget,
} from '../../src/hosts/actions/action.ts'
import {
  addRequest,
  closeRequest,
  findRequest,
  readPendingRequest,
  takeOverRequest,
} from '../../src/hosts/actions/action-requests.ts'
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

/** Below the 15 minutes after which chat platforms accept no answer. */
const REPLY_TIMEOUT_MS = 10 * MINUTE

type RunTarget = { action: Action; host: Host; container: string; alertId: number | null }

const run = command({
  name: 'actions run',
  summary: 'Run an action for an alert or on a host',
  details: 'Vakt asks for confirmation first. The output goes to the thread of the alert, otherwise into the answer.',
  examples: ['actions run restart-nginx --alert 42', 'actions run restart-nginx --on web-1'],
  role: 'responder',
  args: {
    action: actionName().describe('Name of the action'),
    on: completes(readable(parseActionTarget, 320), 'host').optional().describe('Host, or host/container'),
    alert: completes(z.number().int().positive(), 'alert').optional().describe('Number of the alert'),
    yes: yes(),
  },
  run({ action: name, on, alert, yes }, context) {
    const target = findTarget(context, findAction(context.state, name), on, alert)
    refuseRole(context, target.action)
    if (context.interactive && !yes) return { card: confirmRunCard(target), result: null, asked: true }
    return target.action.secondPerson ? requestRun(context, target) : startRun(context, target, context.by.name, null)
  },
})

const confirm = command({
  name: 'actions confirm',
  summary: 'Confirm a requested run as the second person',
  examples: ['actions confirm 7'],
  role: 'responder',
  args: { request: positional(z.number().int().positive()).describe('Number of the request') },
  run({ request: id }, context) {
    const { state, by, now } = context
    const request = findRequest(state, id)
    const action = readAction(state, request.actionId)!
    refuseRole(context, action)
    refuseClosedRequest(request, action, now)
    const asker = { platform: request.platform, id: request.actorId }
    const role = confirmAs(request, by, relationOf(context, asker, by), name => isInteractive(context, name))
    const host = readHost(state, request.hostId)!
    const { container, alertId } = request
    // The target may have been renamed or removed since the request.
    refuseOtherTarget(context, action, host, container)
    if (role === 'first person') return takeOver(context, request, { action, host, container, alertId })
    closeRequest(state, id, now)
    return startRun(context, { action, host, container, alertId }, request.actorName, by.name)
  },
})

const refuse = command({
  name: 'actions refuse',
  summary: 'Refuse a requested run, or withdraw your own request',
  examples: ['actions refuse 7'],
  role: 'responder',
  args: { request: positional(z.number().int().positive()).describe('Number of the request') },
  run({ request: id }, context) {
    const { state, now, by } = context
    const request = findRequest(state, id)
    const action = readAction(state, request.actionId)!
    refuseRole(context, action)
    refuseClosedRequest(request, action, now)
    closeRequest(state, id, now)
    return {
      card: {
        title: `${action.name} was not run`,
        tone: 'muted',
        lines: [`${by.name} refused the request of ${request.actorName}.`],
      },
      result: { request: requestResult(request) },
    }
  },
})

export const actionRunCommands = [run, confirm, refuse]

/** Finds the target of a run: the named one, or that of the alert. Throws when the action may not run there. */
function findTarget(
  context: Context,
  action: Action,
  on: { host: string; container: string } | undefined,
  alertId: number | undefined,
): RunTarget {
  const { state } = context
  if (on === undefined && alertId === undefined) return findOnlyTarget(context, action)
  if (on !== undefined) {
    if (alertId !== undefined) findAlert(state, alertId)
    const host = findHost(state, on.host)
    refuseOtherTarget(context, action, host, on.container)
    return { action, host, container: on.container, alertId: alertId ?? null }
  }
  const alert = findAlert(state, alertId!)
  const available = availableActions(state, alert).find(candidate => candidate.action.id === action.id)
  if (available) return { ...available, alertId: alert.id }
  throw new Problem(
    'conflict',
    alert.state === 'resolved'
      ? `Alert ${alert.id} is resolved. To run ${action.name} anyway, add --on HOST.`
      : `${action.name} does not match alert ${alert.id}, or the host of the alert is unknown. Add --on HOST.`,
  )
}

/** The target of an action that may run in only one place. */
function findOnlyTarget(context: Context, action: Action): RunTarget {
  if (writeActionTarget(action).includes('*'))
    throw invalid(
      'on',
      `${action.name} may run on ${writeActionTarget(action)}. Choose one target: --on HOST, or --alert NUMBER`,
    )
  const host = findHost(context.state, action.host)
  refuseOtherTarget(context, action, host, action.container)
  return { action, host, container: action.container, alertId: null }
}

function refuseOtherTarget({ state }: Context, action: Action, host: Host, container: string): void {
  if (!covers(action, host.name, container))
    throw new Problem('forbidden', `${action.name} may run only on ${writeActionTarget(action)}.`)
  if (container !== '' && !readContainer(state, host.id, container))
    throw new Problem(
      'not_found',
      `There is no container "${container}" on ${host.name}. "containers list --host ${host.name}" shows all its containers.`,
    )
}

function refuseRole({ by }: Context, action: Action): void {
  if (roleAllows(by.role, action.role)) return
  throw new Problem('forbidden', `${action.name} needs the role ${action.role}; your role is ${by.role}.`)
}

function confirmRunCard({ action, host, container, alertId }: RunTarget): Card {
  const on = writeActionTarget({ host: host.name, container })
  const alert = alertId === null ? '' : ` --alert ${alertId}`
  const second = action.secondPerson ? ['A second person must then confirm it.'] : []
  return {
    title: `Run ${action.name} on ${on}?`,
    tone: 'warning',
    lines: [`Time limit: ${formatDuration(action.timeLimit)}.`, ...second],
    code: { text: action.command, language: 'sh' },
    buttons: [{ label: 'Run it', line: `actions run ${action.name} --on ${on}${alert} --yes`, tone: 'danger' }],
  }
}

/** Stores the request and posts it where a second person sees it. */
function requestRun(context: Context, target: RunTarget) {
  const { state, by, now, parts } = context
  const { action, host, container, alertId } = target
  const requested = { actionId: action.id, hostId: host.id, container }
  const pending = readPendingRequest(state, requested, now)
  if (pending && pending.changedAt === action.changedAt)
    throw new Problem(
      'conflict',
      `${pending.actorName} requested this run already. A second person can confirm it: actions confirm ${pending.id}`,
    )
  const request = addRequest(state, {
    ...requested,
    alertId,
    changedAt: action.changedAt,
    askedAt: now,
    expiresAt: now + REQUEST_LIFETIME_MS,
    platform: by.platform,
    actorId: by.id,
    actorName: by.name,
  })
  const card = requestCard(request, target)
  const channel = parts.channelOf(by.platform)
  // Without the message, the request can still be confirmed by its number.
  if (channel) showRequest(context, channel, alertId, card)
  return {
    card: {
      title: `${action.name} needs a second person`,
      tone: 'info' as const,
      lines: [
        ['Confirm until ', { time: request.expiresAt, style: 'clock' as const }, `: actions confirm ${request.id}`],
      ],
      buttons: [{ label: 'Withdraw', line: `actions refuse ${request.id}` }],
    },
    result: { request: requestResult(request) },
  }
}

/** The first person is known from now on; somebody else must still confirm. */
function takeOver(context: Context, request: ActionRequest, target: RunTarget) {
  const { state, by, now, parts } = context
  const taken = takeOverRequest(state, request.id, by, now)
  const channel = parts.channelOf(by.platform)
  if (channel) showRequest(context, channel, target.alertId, requestCard(taken, target))
  return {
    card: {
      title: `${target.action.name} needs one more person`,
      tone: 'info' as const,
      lines: [
        `${request.actorName} does not identify a person, so you count as the one who requests it. Somebody else must confirm it: actions confirm ${request.id}`,
      ],
      buttons: [{ label: 'Withdraw', line: `actions refuse ${request.id}` }],
    },
    result: { request: requestResult(taken) },
  }
}

function showRequest({ state }: Context, channel: Channel, alertId: number | null, card: Card): void {
  const ref = alertId === null ? null : readAlertMessageRef(state, alertId, channel.id)
  const nonce = randomBytes(12).toString('hex')
  const shown = ref === null ? channel.post(card, nonce) : channel.reply(ref, card, nonce)
  shown.catch(() => {})
}

function requestCard(request: ActionRequest, { action, host, container }: RunTarget): Card {
  const buttons: Button[] = [
    { label: 'Confirm', line: `actions confirm ${request.id}`, tone: 'danger' },
    { label: 'Refuse', line: `actions refuse ${request.id}` },
  ]
  return {
    title: `${request.actorName} requests to run ${action.name} on ${writeActionTarget({ host: host.name, container })}`,
    tone: 'warning',
    lines: [['A second person must confirm it until ', { time: request.expiresAt, style: 'clock' }, '.']],
    code: { text: action.command, language: 'sh' },
    buttons,
  }
}

/** Starts a run. A run with live output in a thread is answered at once, any other at its end if that is soon enough. */
function startRun(context: Context, target: RunTarget, startedBy: string, confirmedBy: string | null) {
  const { run, ended, threads } = context.actions.run({ ...target, startedBy, confirmedBy })
  const where =
    threads > 0
      ? 'Its output is in the thread of the alert.'
      : `It may take a while. See the result with: actions history --id ${run.id}`
  if (context.interactive && (threads > 0 || target.action.timeLimit > REPLY_TIMEOUT_MS))
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

/** What the links of "oncall member add" say of two accounts. */
function relationOf({ state }: Context, a: Requester, b: Requester) {
  const people = listPeople(state)
  return relate(a, b, ({ platform, id }) => personOf(people, platform, id))
}
