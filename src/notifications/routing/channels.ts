// The channels table: the channels of the settings, those that commands added, and those that reach one person.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, isNull, sql } from '../../state/orm.ts'
import { alerts, channels, notifications } from '../../state/schema/index.ts'
import { clearIfDelivered } from '../delivery/outbox.ts'
import { rerouteOpenAlerts } from './recipients.ts'
import { referencesTo } from './references.ts'
import type { ChannelRow } from './route.ts'

export type { ChannelRow } from './route.ts'

type ConfiguredChannel = { id: string; name: string }

/**
 * Makes the channels in use those of the settings, and those of commands and people that `canOpen`. A channel that is new or
 * in use again receives the open alerts.
 */
export function syncChannels(
  state: State,
  configured: readonly ConfiguredChannel[],
  now: number,
  canOpen: (row: ChannelRow) => boolean = () => false,
): void {
  state.transaction(() => {
    const known = state.db.select().from(channels).all()
    const others = known.filter(
      row => row.origin !== 'settings' && !configured.some(channel => channel.id === row.id) && canOpen(row),
    )
    const wanted = [...configured, ...others.map(({ id, name }) => ({ id, name }))]
    const isAnyAdded = wanted.filter(channel => saveChannel(state, known, channel, now)).length > 0
    for (const row of known) {
      const isRemoved = row.removedAt === null && !wanted.some(channel => channel.id === row.id)
      if (isRemoved) state.db.update(channels).set({ removedAt: now }).where(eq(channels.id, row.id)).run()
    }
    if (isAnyAdded) rerouteOpenAlerts(state)
    clearDelivered(state, now)
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

/**
 * The channel in use with this id or name (with or without its `#` or the words before it), or the only channel of this
 * platform. Throws `not_found` or `conflict`.
 */
export function findChannel(state: State, text: string): ChannelRow {
  const all = listChannels(state).filter(row => row.origin !== 'person')
  const wanted = text.trim().toLowerCase()
  const namesOf = (row: ChannelRow) => [row.id, row.name, row.name.split(' ').at(-1)!].map(name => name.toLowerCase())
  const exact = all.filter(row => row.id.toLowerCase() === wanted)
  const named =
    exact.length > 0 ? exact : all.filter(row => namesOf(row).some(name => name === wanted || name === `#${wanted}`))
  const found = named.length > 0 ? named : all.filter(row => row.id.split(':')[0] === wanted)
  if (found.length === 1) return found[0]!
  const names = (found.length > 1 ? found : all).map(row => `${row.name} (${row.id})`).join(', ')
  if (found.length > 1)
    throw new Problem('conflict', `"${text}" is ambiguous: ${names}. Use the id.`, { fields: { to: 'is not clear' } })
  throw new Problem(
    'not_found',
    `There is no channel "${text}". ${names === '' ? 'There are no channels yet' : `The channels are ${names}`}.`,
    {
      fields: { to: 'no such channel' },
    },
  )
}

/** Adds a channel by command; it receives open alerts by the routes. Throws `conflict` when it exists, or the name is taken. */
export function addChannel(
  state: State,
  row: { id: string; name: string; address?: string; secretSealed?: Buffer },
  now: number,
): ChannelRow {
  return state.transaction(() => {
    const known = state.db.select().from(channels).where(eq(channels.id, row.id)).get()
    if (known && known.removedAt === null && known.origin !== 'person')
      throw new Problem('conflict', `The channel ${known.name} (${known.id}) already exists.`, {
        fields: { channel: 'already exists' },
      })
    const isNameTaken = listChannels(state).some(
      channel => channel.name.toLowerCase() === row.name.toLowerCase() && channel.id !== row.id,
    )
    if (isNameTaken)
      throw new Problem('conflict', `A channel named "${row.name}" already exists.`, {
        fields: { name: 'is taken' },
      })
    const values = { ...row, origin: 'command' as const, addedAt: now, removedAt: null }
    const added = state.db
      .insert(channels)
      .values(values)
      .onConflictDoUpdate({ target: channels.id, set: values })
      .returning()
      .get()
    if (known) skipMissedMentions(state, row.id)
    rerouteOpenAlerts(state)
    state.emit('channels')
    return added
  })
}

/** Removes a channel that a command added; throws `conflict` when it is one of the settings, or in use. */
export function removeChannel(state: State, row: ChannelRow, now: number): void {
  state.transaction(() => {
    if (row.origin === 'settings')
      throw new Problem('conflict', `${row.name} is a channel of the settings. Remove it there and restart Vakt.`)
    const references = referencesTo(state, word => word === row.id)
    if (references.length > 0)
      throw new Problem('conflict', `${row.name} is used by ${references.join(', ')}. Change that first.`)
    closeChannels(state, [row.id], now)
  })
}

/** Removes the channels that reach only this person; of `ids` only, where these are set. */
export function removePersonChannels(state: State, person: string, now: number, ids?: readonly string[]): void {
  state.transaction(() => {
    const theirs = listChannels(state).filter(({ origin, name }) => origin === 'person' && name === person)
    const removed = theirs.map(({ id }) => id).filter(id => ids?.includes(id) ?? true)
    if (removed.length > 0) closeChannels(state, removed, now)
  })
}

function closeChannels(state: State, ids: readonly string[], now: number): void {
  // The rows and their notifications stay. With this origin a channel is not opened again by itself.
  const removed = { origin: 'settings' as const, removedAt: now, address: null, secretSealed: null }
  for (const id of ids) state.db.update(channels).set(removed).where(eq(channels.id, id)).run()
  rerouteOpenAlerts(state)
  clearDelivered(state, now)
  state.emit('channels')
}

/** Adds the channel that reaches one person, unless it exists. */
export function savePersonChannel(state: State, id: string, name: string, now: number): void {
  const known = state.db.select().from(channels).where(eq(channels.id, id)).get()
  if (known && known.removedAt === null) return
  const values = { id, name, origin: 'person' as const, addedAt: now, removedAt: null }
  state.db.insert(channels).values(values).onConflictDoUpdate({ target: channels.id, set: values }).run()
  state.emit('channels')
}

/** Takes alerts out of the outbox that only removed channels lacked. */
function clearDelivered(state: State, now: number): void {
  const undelivered = state.db.select({ id: alerts.id }).from(alerts).where(sql`undelivered = 1`).all()
  for (const { id } of undelivered) clearIfDelivered(state, id, now)
}

/** Stores a channel; returns whether it is new or in use again. */
function saveChannel(
  state: State,
  known: readonly ChannelRow[],
  { id, name }: ConfiguredChannel,
  now: number,
): boolean {
  const old = known.find(row => row.id === id)
  if (!old) state.db.insert(channels).values({ id, name, addedAt: now }).run()
  else if (old.removedAt !== null) reopenChannel(state, id, name, now)
  else if (old.name !== name) state.db.update(channels).set({ name }).where(eq(channels.id, id)).run()
  return !old || old.removedAt !== null
}

/** A channel in use again shows outdated cards: they are edited, without mentions for the time in between. */
function reopenChannel(state: State, id: string, name: string, now: number): void {
  state.db.update(channels).set({ name, addedAt: now, removedAt: null }).where(eq(channels.id, id)).run()
  skipMissedMentions(state, id)
  const stale = sql`${alerts.id} in (select alert_id from notifications n where n.channel_id = ${id}
    and n.ref is not null and n.shown_version < ${alerts.version})`
  state.db.update(alerts).set({ undelivered: true }).where(stale).run()
}

function skipMissedMentions(state: State, id: string): void {
  const mentionCount = sql`(select mention_count from alerts where alerts.id = alert_id)`
  state.db
    .update(notifications)
    .set({ mentionedCount: mentionCount })
    .where(and(eq(notifications.channelId, id)))
    .run()
}
