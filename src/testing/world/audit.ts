// What must be true of a world after a quiet moment: nothing acknowledged is lost, and every chat shows every problem once.
import type { State } from '../../state/database.ts'
import { isoTime } from '../../time.ts'
import { type AlertRow, describe, ending } from './alert-row.ts'
import { auditMentions, expectedIn } from './audit-routing.ts'
import { auditStorms, expectedOf, readStorms } from './audit-storms.ts'
import type { Chat, ChatMessage } from './chat.ts'
import { isOfLogRule } from './logs/audit-log-rules.ts'
import { isAboutLogs } from './logs/audit-logs.ts'
import type { Attempt, Model, Outage } from './model/model.ts'
import type { Problem } from './model/problems.ts'
import { Violation, type World } from './world.ts'

/** How many beats of a check Vakt stores. */
const STORED_BEATS = 100

/**
 * Throws a `Violation` for the first thing that is not true. Vakt must run, and nothing must fail any more. Returns how many
 * problems of checks have ended since the last call, each with its alert.
 */
export function audit(world: World): number {
  let reported = 0
  const { vakt, model, clock } = world
  if (!vakt) throw new Violation('Vakt does not run.')
  const now = clock.now()
  auditBeats(vakt.state, model.pendingAttempts())
  model.apply()
  const alerts = readAlerts(vakt.state)
  const names = new Map(readChecks(vakt.state).map(({ id, name }) => [id, name]))
  const claimed = new Set<number>()
  for (const { id, name, status } of readChecks(vakt.state)) {
    const own = alerts.filter(alert => alert.check_id === id && alert.id > (model.settled.get(name) ?? 0))
    const problems = model.problems.get(name)
    if (!problems) continue
    const { problems: expected, isDown } = problems.take(now)
    if (isDown !== null && isDown !== (status === 'down'))
      throw new Violation(`${name} is ${isDown ? 'down' : 'not down'}, and Vakt shows it as ${status}.`)
    const ended = matchProblems(name, expected, own)
    if (ended > 0) model.settled.set(name, ended)
    reported += own.filter(alert => alert.state === 'resolved').length
    for (const alert of own) claimed.add(alert.id)
  }
  auditProbes(world, alerts, names, now)
  auditStorms(alerts, names)
  for (const alert of alerts) auditExplained(world, alert, names)
  for (const chat of world.chats) auditChat(world, chat, alerts, names, now)
  return reported
}

function auditBeats(state: State, attempts: readonly Attempt[]): void {
  const rows = readBeats(state)
  const stored = Map.groupBy(rows, ({ agent }) => agent)
  const full = new Map<string, number>()
  for (const { check, agent, place } of rows) if (place >= STORED_BEATS) full.set(check, Number(agent.split(' ')[1]))
  for (const attempt of attempts) {
    const found = stored.get(`attempt ${attempt.id}`) ?? []
    auditBeat(attempt, found.length, attempt.id < (full.get(attempt.check) ?? 0))
    if (found[0]) attempt.at = found[0].at
    if (attempt.outcome === 'unanswered') attempt.outcome = found.length > 0 ? 'stored' : 'unsent'
  }
}

/** `count` times a request was stored; `isPruned`: so many came after it that it is not stored any more. */
function auditBeat({ id, kind, check, at, outcome }: Attempt, count: number, isPruned: boolean): void {
  const what = `the ${kind} of ${check} at ${isoTime(at)} (attempt ${id})`
  if (count > 1) throw new Violation(`Stored twice: ${what}.`)
  if (outcome === 'stored' && count === 0 && !isPruned) throw new Violation(`Acknowledged and lost: ${what}.`)
  if (count > 0 && (outcome === 'refused' || outcome === 'unsent')) throw new Violation(`Refused and stored: ${what}.`)
}

/** Each problem has its alert, and each alert its problem; returns the highest id of an alert that has ended. */
function matchProblems(name: string, problems: readonly Problem[], alerts: readonly AlertRow[]): number {
  const left = [...alerts]
  let settled = 0
  for (const problem of problems) {
    const alert = left[0]
    const fits =
      alert !== undefined &&
      alert.fired_at >= problem.from &&
      (problem.to === null
        ? alert.fired_at <= (problem.endedAt ?? Number.POSITIVE_INFINITY)
        : alert.fired_at <= problem.to) &&
      alert.resolved_at === problem.endedAt
    if (fits) {
      left.shift()
      if (alert.state === 'resolved') settled = alert.id
    } else if (problem.to !== null) {
      const got = alert
        ? `alert ${alert.id} fired at ${isoTime(alert.fired_at)}, ${ending(alert.resolved_at)}`
        : 'there is none'
      throw new Violation(
        `${name} must have an alert that fires from ${isoTime(problem.from)} to ${isoTime(problem.to)}, ${ending(problem.endedAt)}; ${got}.`,
      )
    }
  }
  if (left[0]) throw new Violation(`${name} has no problem, but ${describe(left[0])}.`)
  return settled
}

/** How long after a change of its target a probe may take to notice, of the time in which Vakt hears. */
const PROBE_NOTICE_MS = 16 * 60_000

function auditProbes(world: World, alerts: readonly AlertRow[], names: ReadonlyMap<number, string>, now: number): void {
  const { model } = world
  for (const [name, outages] of model.outages) {
    const own = alerts.filter(
      alert => names.get(alert.check_id ?? 0) === name && alert.id > (model.settled.get(name) ?? 0),
    )
    for (const outage of outages) {
      const isItsAlert = own[0] !== undefined && own[0].fired_at <= (outage.to ?? now)
      const alert = isItsAlert ? own.shift() : undefined
      auditOutage(model, name, outage, alert, now)
      if (alert?.state === 'resolved') model.settled.set(name, alert.id)
    }
    if (own[0]) throw new Violation(`The target of ${name} is up, but ${describe(own[0])}.`)
    model.outages.set(
      name,
      outages.filter(({ to }) => to === null),
    )
  }
}

function auditOutage(model: Model, name: string, outage: Outage, alert: AlertRow | undefined, now: number): void {
  const isDue = model.heardMs(outage.from, outage.to ?? now) > PROBE_NOTICE_MS
  if (alert ? fitsOutage(model, alert, outage) : !isDue) return
  const got = alert ? describe(alert) : 'there is no alert'
  throw new Violation(`The target of ${name} was down from ${isoTime(outage.from)}, ${ending(outage.to)}; ${got}.`)
}

function fitsOutage(model: Model, alert: AlertRow, { from, to }: Outage): boolean {
  const isSoon = (at: number | null, since: number) =>
    at !== null && at >= since && model.heardMs(since, at) <= PROBE_NOTICE_MS
  return isSoon(alert.fired_at, from) && (to === null ? alert.resolved_at === null : isSoon(alert.resolved_at, to))
}

/** How long after a trouble of its own Vakt may report it, of the time in which it hears. */
const TROUBLE_NOTICE_MS = 120_000

/** Which troubles an alert about Vakt itself may be about. */
const EXPLAINED_BY: Readonly<Record<string, readonly string[]>> = {
  absence: ['stopped', 'asleep', 'any', 'clock'],
  connectivity: ['offline'],
  storage: ['storage'],
  'lost-channel': ['chat'],
  notice: ['any', 'chat', 'stopped', 'asleep', 'offline', 'storage', 'clock'],
}

function auditExplained(world: World, alert: AlertRow, names: ReadonlyMap<number, string>): void {
  const name = names.get(alert.check_id ?? 0)
  if (name !== undefined || alert.detector === 'storm' || (world.logs && isAboutLogs(alert))) return
  if (world.options.hasLogRules && isOfLogRule(alert)) return
  const isMute = alert.detector === 'notice' && /^(silence|maintenance):/.test(alert.key)
  if (isMute && world.model.mutes.length > 0) return
  const kinds = EXPLAINED_BY[alert.detector] ?? []
  const { troubles } = world.model
  const isKnown = troubles.some(
    ({ kind, from, to }) =>
      kinds.includes(kind) && alert.fired_at >= from && world.model.heardMs(to, alert.fired_at) <= TROUBLE_NOTICE_MS,
  )
  if (!isKnown) throw new Violation(`Nothing explains ${describe(alert)} (${alert.detector}, ${alert.key}).`)
  if (alert.state !== 'resolved') throw new Violation(`All is well again, but ${describe(alert)}.`)
}

function auditChat(
  world: World,
  chat: Chat,
  alerts: readonly AlertRow[],
  names: ReadonlyMap<number, string>,
  now: number,
): void {
  if (chat.repeated !== null)
    throw new Violation(`Sent again to ${chat.id} without being looked for: ${chat.repeated}.`)
  const storms = readStorms(alerts)
  const shown = Map.groupBy(
    chat.messages.filter(message => !world.orphans.has(message)),
    message => alertOf(message),
  )
  for (const alert of alerts) {
    const messages = shown.get(alert.id) ?? []
    const what = `${describe(alert)}, in ${chat.id}`
    if (messages.length > 1) throw new Violation(`${messages.length} cards show ${what}.`)
    if (alert.undelivered !== 0) throw new Violation(`Not delivered: ${what}.`)
    if (alert.detector === 'notice') continue
    const mute = muteOf(world, alert, names, now, messages[0]?.at)
    const expected = expectedOf(alert, storms, names) ?? expectedIn(world, chat.id, alert, now)
    if (messages.length > 0 || !isShownByOrphan(world, chat, alert))
      auditPlace(messages.length > 0, mute, expected, what)
    for (const message of messages) auditMentions(world, chat.id, alert, message, mute === 'none', what)
    const [message] = messages
    if (message) auditCard(world, alert, message, what, now)
  }
}

/**
 * Whether a card shows an ended alert that a restored backup does not know: somebody deleted the card that the backup knows,
 * and its copy was sent after the backup was made.
 */
function isShownByOrphan(world: World, chat: Chat, alert: AlertRow): boolean {
  const title = `Resolved: ${alert.title}`
  return chat.messages.some(
    message => world.orphans.has(message) && alertOf(message) === alert.id && message.card.title === title,
  )
}

/** Whether a card is where it must be, and nowhere else. */
function auditPlace(
  isShown: boolean,
  mute: ReturnType<typeof muteOf>,
  expected: ReturnType<typeof expectedIn>,
  what: string,
): void {
  if (!isShown && mute === 'none' && expected === 'yes') throw new Violation(`No card shows ${what}.`)
  if (isShown && mute === 'all') throw new Violation(`A card shows a muted alert: ${what}.`)
  if (isShown && expected === 'no') throw new Violation(`A card is where the alert does not go: ${what}.`)
}

function auditCard(world: World, alert: AlertRow, message: ChatMessage, what: string, now: number): void {
  const press = world.model.presses.get(alert.id)
  const word = message.card.title.split(':')[0]
  const isInForce = press && (press.until === null || press.until > now)
  const expected = alert.resolved_at !== null ? 'Resolved' : ((isInForce ? press.word : null) ?? plainWord(alert))
  const isKnown = alert.resolved_at !== null || press === undefined || press.isCertain
  if (isKnown && word !== expected) throw new Violation(`The card says "${word}" instead of "${expected}": ${what}.`)
  const recoveries = message.replies.filter(({ card }) => card.title.startsWith('Recovered')).length
  if (recoveries > 1) throw new Violation(`The recovery was posted ${recoveries} times: ${what}.`)
}

/** Throws a `Violation` where the card of an open alert is not what Vakt knows of it, unless a message about it waits for a retry. */
export function auditOpenCards(world: World, { state }: { state: State }): void {
  const shown = world.chats.flatMap(chat => chat.messages).filter(message => !world.orphans.has(message))
  for (const alert of readAlerts(state)) {
    if (alert.state === 'resolved' || alert.detector === 'notice' || hasWaiting(state, alert.id)) continue
    const expected = openWord(alert)
    for (const { card, ref } of shown.filter(message => alertOf(message) === alert.id)) {
      const word = card.title.split(':')[0]
      if (word !== expected)
        throw new Violation(`The card says "${word}" instead of "${expected}": ${describe(alert)}, ${ref}.`)
    }
  }
}

/** What the card of an open alert begins with, by what Vakt knows. */
function openWord(alert: AlertRow): string {
  if (alert.state === 'acknowledged') return 'Acknowledged'
  return alert.snoozed_until === null ? plainWord(alert) : 'Snoozed'
}

function hasWaiting(state: State, alertId: number): boolean {
  const query = `select 1 from notifications
    where alert_id = ? and (sending is not null or next_attempt_at is not null or failed_version is not null)`
  return state.prepare<[number]>(query).get(alertId) !== undefined
}

const plainWord = ({ severity }: AlertRow) => `${severity[0]!.toUpperCase()}${severity.slice(1)}`

/** Whether people muted an alert, whose card came at `shownAt` in true time, for all of its life, for a part of it, or never. */
function muteOf(
  world: World,
  alert: AlertRow,
  names: ReadonlyMap<number, string>,
  now: number,
  shownAt = Number.POSITIVE_INFINITY,
): 'all' | 'some' | 'none' {
  const name = names.get(alert.check_id ?? 0)
  const mutes = world.model.mutes.filter(({ check, madeAt }) => check === name && madeAt <= shownAt)
  const end = alert.resolved_at ?? now
  if (alert.resolved_at === null && mutes.every(({ to }) => to < now)) return 'none'
  const isAll = mutes.some(mute => mute.isCertain && mute.from <= alert.fired_at && mute.to >= end)
  if (isAll) return 'all'
  return mutes.some(mute => mute.from <= end && mute.to >= alert.fired_at) ? 'some' : 'none'
}

function alertOf({ card }: ChatMessage): number {
  return Number(/^Alert (\d+)/.exec(String([card.footer].flat(2)[0]))?.[1] ?? 0)
}

function readAlerts(state: State): AlertRow[] {
  return state.prepare<[], AlertRow>('select * from alerts order by id').all()
}

function readChecks(state: State): { id: number; name: string; status: string }[] {
  return state.prepare<[], { id: number; name: string; status: string }>('select id, name, status from checks').all()
}

type BeatRow = { agent: string; check: string; place: number; at: number }

/** The stored beats, with their place from the newest of their check. */
function readBeats(state: State): BeatRow[] {
  return state
    .prepare<[], BeatRow>(
      `select user_agent as agent, c.name as "check", received_at as at,
        row_number() over (partition by b.check_id order by b.id desc) as place
      from beats b join checks c on c.id = b.check_id where user_agent like 'attempt %'`,
    )
    .all()
}
