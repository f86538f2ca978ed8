// The channels that alerts go to: those of the settings, those that commands added, and those where one person is reached.

import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, isNull, sql } from '../../state/orm.ts'
import { alerts, channels, notifications } from '../../state/schema/index.ts'
import { clearIfDelivered } from '../delivery/outbox.ts'
import { rerouteOpen } from './recipients.ts'
import { referencesTo } from './references.ts'
import type { ChannelRow } from './route.ts'

export type { ChannelRow } from './route.ts'

/** A channel as it is configured. */
type Configured = { id: string; name: string }

/**
 * Makes the stored channels those that are configured now, and those given by commands or to persons that `opens` says can
 * be reached. One added (again) receives the open alerts by itself.
 */
export function syncChannels(
  state: State,
  configured: readonly Configured[],
  now: number,
  opens: (row: ChannelRow) => boolean = () => false,
): void {
  state.transaction(() => {
    const known = state.db.select().from(channels).all()
    const given = known.filter(
      row => row.origin !== 'settings' && !configured.some(one => one.id === row.id) && opens(row),
    )
    const wanted = [...configured, ...given.map(({ id, name }) => ({ id, name }))]
    const added = wanted.filter(channel => saveChannel(state, known, channel, now)).length > 0
    for (const row of known) {
      const gone = row.removedAt === null && !wanted.some(channel => channel.id === row.id)
      if (gone) state.db.update(channels).set({ removedAt: now }).where(eq(channels.id, row.id)).run()
    }
    if (added) rerouteOpen(state)
    settleWaiting(state, now)
  })
}

/** The channels in use. */
export function listChannels(state: State): ChannelRow[] {
  const inUse = isNull(channels.removedAt)
  const query = state.prepared('channels in use', db =>
    db.select().from(channels).where(inUse).orderBy(asc(channels.id)).prepare(),
  )
  return query.all()
}

/** The channels in use that a text names: by id, by name with or without what stands before it, or by platform when it has one. Throws `not_found` or `conflict`. */
export function findChannel(state: State, text: string): ChannelRow {
  const all = listChannels(state).filter(row => row.origin !== 'person')
  const asked = text.trim().toLowerCase()
  const called = (row: ChannelRow) => [row.id, row.name, row.name.split(' ').at(-1)!].map(one => one.toLowerCase())
  const exact = all.filter(row => row.id.toLowerCase() === asked)
  const fits =
    exact.length > 0 ? exact : all.filter(row => called(row).some(one => one === asked || one === `#${asked}`))
  const found = fits.length > 0 ? fits : all.filter(row => row.id.split(':')[0] === asked)
  if (found.length === 1) return found[0]!
  const names = (found.length > 1 ? found : all).map(row => `${row.name} (${row.id})`).join(', ')
  if (found.length > 1)
    throw new Problem('conflict', `"${text}" may be ${names}. Use the id.`, { fields: { to: 'is not clear' } })
  throw new Problem('not_found', `There is no channel "${text}". There is ${names || 'none yet'}.`, {
    fields: { to: 'no such channel' },
  })
}

/** Adds a channel by command; open alerts reach it by the routes. Throws `conflict` when it is there already. */
export function addChannel(
  state: State,
  row: { id: string; name: string; address?: string; secretSealed?: Buffer },
  now: number,
): ChannelRow {
  return state.transaction(() => {
    const known = state.db.select().from(channels).where(eq(channels.id, row.id)).get()
    if (known && known.removedAt === null && known.origin !== 'person')
      throw new Problem('conflict', `${known.name} (${known.id}) is there already.`, {
        fields: { channel: 'is there' },
      })
    const named = listChannels(state).find(
      one => one.name.toLowerCase() === row.name.toLowerCase() && one.id !== row.id,
    )
    if (named)
      throw new Problem('conflict', `There is a channel called "${row.name}" already.`, {
        fields: { name: 'is taken' },
      })
    const values = { ...row, origin: 'command' as const, addedAt: now, removedAt: null }
    const added = state.db
      .insert(channels)
      .values(values)
      .onConflictDoUpdate({ target: channels.id, set: values })
      .returning()
      .get()
    if (known) neverCallBack(state, row.id)
    rerouteOpen(state)
    state.emit('channels')
    return added
  })
}

/** Takes a channel away that a command added; throws `conflict` when the settings name it, or something still leads there. */
export function removeChannel(state: State, row: ChannelRow, now: number): void {
  state.transaction(() => {
    if (row.origin === 'settings')
      throw new Problem('conflict', `${row.name} is named by the settings. Take it out there and start Vakt anew.`)
    const leads = referencesTo(state, word => word === row.id)
    if (leads.length > 0)
      throw new Problem('conflict', `${row.name} is still where ${leads.join(', ')} leads. Change that first.`)
    // Like one that the settings name no more: it stays known with what it was told, and does not come back by itself.
    const gone = { origin: 'settings' as const, removedAt: now, address: null, secretSealed: null }
    state.db.update(channels).set(gone).where(eq(channels.id, row.id)).run()
    rerouteOpen(state)
    settleWaiting(state, now)
    state.emit('channels')
  })
}

/** Makes sure of the channel where one person is reached directly. */
export function savePersonChannel(state: State, id: string, name: string, now: number): void {
  const known = state.db.select().from(channels).where(eq(channels.id, id)).get()
  if (known && known.removedAt === null) return
  const values = { id, name, origin: 'person' as const, addedAt: now, removedAt: null }
  state.db.insert(channels).values(values).onConflictDoUpdate({ target: channels.id, set: values }).run()
  state.emit('channels')
}

/** What only a channel that is no more still lacked waits for nothing. */
function settleWaiting(state: State, now: number): void {
  const waiting = state.db.select({ id: alerts.id }).from(alerts).where(sql`undelivered = 1`).all()
  for (const { id } of waiting) clearIfDelivered(state, id, now)
}

/** Stores one that is wanted; says whether it is new or here again. */
function saveChannel(state: State, known: readonly ChannelRow[], { id, name }: Configured, now: number): boolean {
  const old = known.find(row => row.id === id)
  if (!old) state.db.insert(channels).values({ id, name, addedAt: now }).run()
  else if (old.removedAt !== null) readd(state, id, name, now)
  else if (old.name !== name) state.db.update(channels).set({ name }).where(eq(channels.id, id)).run()
  return !old || old.removedAt !== null
}

/** A channel that was away shows old cards: they are made true again, without calling anybody to what was meanwhile. */
function readd(state: State, id: string, name: string, now: number): void {
  state.db.update(channels).set({ name, addedAt: now, removedAt: null }).where(eq(channels.id, id)).run()
  neverCallBack(state, id)
  const stale = sql`${alerts.id} in (select alert_id from notifications n where n.channel_id = ${id}
    and n.ref is not null and n.shown_version < ${alerts.version})`
  state.db.update(alerts).set({ undelivered: true }).where(stale).run()
}

function neverCallBack(state: State, id: string): void {
  const mentionCount = sql`(select mention_count from alerts where alerts.id = alert_id)`
  state.db
    .update(notifications)
    .set({ mentionedCount: mentionCount })
    .where(and(eq(notifications.channelId, id)))
    .run()
}
