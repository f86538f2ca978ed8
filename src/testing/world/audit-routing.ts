// Who must have been told of an alert: the chats of the routes first, the next one when nobody took it in time.
import { isoTime, MINUTE } from '../../time.ts'
import type { AlertRow } from './alert-row.ts'
import type { ChatMessage } from './chat.ts'
import { firstTold, onDuty, type Routing } from './model/routing.ts'
import { Violation, type World } from './world.ts'

/** An escalation is late by a tick, and by what ended just before the quiet time. */
const ESCALATED_MS = 30 * MINUTE
/** A message may have been made this long before it arrives. */
const ON_ITS_WAY_MS = MINUTE

/** Whether a chat must show an alert, must not, or may: where people changed something meanwhile. */
export function expectedIn(world: World, chat: string, alert: AlertRow, now: number): 'yes' | 'no' | 'maybe' {
  const { routing } = world.options
  if (alert.detector === 'lost-channel' && isOfflineIn(world, alert, now)) return 'maybe'
  if (routing === null) return 'yes'
  if (isAboutVakt(alert)) return 'maybe'
  const routes = routesFor(world, alert, now)
  if (routes === null) return 'maybe'
  if (firstTold(routes, alert.severity).has(chat)) return 'yes'
  return chat === routing.escalation.chat && alert.severity === 'critical'
    ? escalated(world, alert, routing.escalation.afterMs, now)
    : 'no'
}

/** The card that Vakt is offline stands for the chats that it cannot reach then. */
function isOfflineIn({ model }: World, { fired_at, resolved_at }: AlertRow, now: number): boolean {
  const end = resolved_at ?? now
  return model.troubles.some(({ kind, from, to }) => kind === 'offline' && from <= end && to >= fired_at)
}

/** Those change their severity: a storm takes that of its worst alert, and a full disk is worse than one that was full. */
function isAboutVakt({ check_id }: AlertRow): boolean {
  return check_id === null
}

/** The routes that an alert follows; null when they changed while it was open. */
function routesFor({ model }: World, alert: AlertRow, now: number): Routing['routes'] | null {
  if (model.troubles.some(({ kind }) => kind === 'clock')) return null
  const changes = model.routeChanges
  const last = changes.findLast(({ at }) => at <= alert.fired_at)
  const end = (alert.resolved_at ?? now) + 5 * MINUTE
  if (!last?.isCertain || changes.some(({ at }) => at > alert.fired_at && at <= end)) return null
  return last.routes
}

function escalated({ model }: World, alert: AlertRow, afterMs: number, now: number): 'yes' | 'no' | 'maybe' {
  const openMs = (alert.resolved_at ?? now) - alert.fired_at
  if (openMs < afterMs) return 'no'
  const isTouched = model.presses.has(alert.id) || alert.suppression !== null || model.mutes.length > 0
  return alert.resolved_at === null && openMs > afterMs + ESCALATED_MS && !isTouched ? 'yes' : 'maybe'
}

/** An escalation never comes too early, and a critical card names whoever is on duty then. */
export function auditMentions(
  world: World,
  chat: string,
  alert: AlertRow,
  message: ChatMessage,
  isPlain: boolean,
  what: string,
): void {
  const { model, options } = world
  const { routing } = options
  if (routing === null || isAboutVakt(alert)) return
  const routes = routesFor(world, alert, world.clock.now())
  if (routes === null) return
  const first = firstTold(routes, alert.severity).get(chat)
  if (!first) {
    if (message.shownAt < alert.fired_at + routing.escalation.afterMs)
      throw new Violation(`Escalated too early, at ${isoTime(message.shownAt)}: ${what}.`)
    return
  }
  const since = model.routeChanges[0]!.at
  const duties = [message.shownAt - ON_ITS_WAY_MS, message.shownAt].map(at =>
    onDuty(routing.rotation, model.standIns, since, at),
  )
  if (duties.includes(null)) return
  const mustName = first.mentions && isPlain && !model.presses.has(alert.id) && isLongOpen(alert, message)
  if (mustName && message.mentions.length === 0)
    throw new Violation(`The card names nobody, and ${duties[1]} is on duty: ${what}.`)
  const wrong = message.mentions.find(name => !first.mentions || !duties.includes(name))
  if (wrong !== undefined)
    throw new Violation(
      `The card names ${wrong}, and ${first.mentions ? duties[1] : 'nobody'} is to be named: ${what}.`,
    )
}

/** Whether the alert was still open when the message was made. */
function isLongOpen({ resolved_at }: AlertRow, { shownAt }: ChatMessage): boolean {
  return resolved_at === null || resolved_at > shownAt + ON_ITS_WAY_MS
}
