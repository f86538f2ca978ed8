// REST routes of channels, their messages and threads.

import type { APIMessage } from 'discord-api-types/v10'
import { COMPONENTS_V2, isEmptyMessage, type Json, messageErrors } from './message-rules.ts'
import { editMessage, makeMessage } from './messages.ts'
import { invalidForm, refusals } from './refusal.ts'
import { type RouteRequest, type Routes, requireValidMessage } from './routing.ts'
import { placeShape } from './shapes.ts'
import { addPlace } from './world.ts'
import type { Place, World } from './world-types.ts'

const HOUR = 3_600_000
const NONCE_LASTS = 5 * 60_000
const OLD_EDIT_RETRY_AFTER = 20

export const messageRoutes: Routes = {
  'GET /channels/{channel_id}': (world, { params }) => ({
    status: 200,
    body: placeShape(world, visible(world, params)),
  }),
  'PATCH /channels/{channel_id}': (world, { params, body }) => {
    const place = visible(world, params)
    if (typeof body.archived === 'boolean') place.archived = body.archived
    if (typeof body.name === 'string') place.name = body.name
    return { status: 200, body: placeShape(world, place) }
  },
  'GET /channels/{channel_id}/messages': (world, { params, query }) => ({
    status: 200,
    body: page(visible(world, params), query),
  }),
  'POST /channels/{channel_id}/messages': create,
  'GET /channels/{channel_id}/messages/{message_id}': (world, { params }) => ({
    status: 200,
    body: read(stored(visible(world, params), params)),
  }),
  'PATCH /channels/{channel_id}/messages/{message_id}': edit,
  'DELETE /channels/{channel_id}/messages/{message_id}': (world, { params }) => {
    const place = writable(world, params)
    place.messages.delete(stored(place, params).id)
    return { status: 204 }
  },
  'PUT /channels/{channel_id}/messages/pins/{message_id}': (world, { params }) => {
    const message = stored(writable(world, params), params)
    message.pinned = true
    return { status: 204 }
  },
  'POST /channels/{channel_id}/messages/{message_id}/threads': (world, { params, body }) => {
    const message = stored(writable(world, params), params)
    if (world.places.has(message.id)) throw refusals.threadExists()
    return { status: 201, body: placeShape(world, addPlace(world, String(body.name), params.channel_id!, message.id)) }
  },
  'POST /channels/{channel_id}/threads': (world, { params, body }) => {
    writable(world, params)
    const thread = addPlace(world, String(body.name), params.channel_id!)
    return { status: 201, body: placeShape(world, thread) }
  },
}

function create(world: World, { params, body, files }: RouteRequest) {
  const place = writable(world, params)
  requireValidMessage(world, body, files)
  const key = `${place.id}:${String(body.nonce)}`
  const original = body.enforce_nonce && body.nonce ? world.nonces.get(key) : undefined
  const same = original && world.now() - original.at < NONCE_LASTS ? place.messages.get(original.messageId) : undefined
  if (same) return { status: 200, body: same }
  const message = makeMessage(world, place, body, files, reference(world, place, body))
  place.messages.set(message.id, message)
  if (body.nonce) world.nonces.set(key, { messageId: message.id, at: world.now() })
  return { status: 200, body: message }
}

function edit(world: World, { params, body, files }: RouteRequest) {
  const place = writable(world, params)
  const message = stored(place, params)
  if (message.author.id !== world.bot.id) throw refusals.notTheAuthor()
  requireValidMessage(world, body, files, true)
  // The flag of components stays for good, and with it what the message may have.
  if (((message.flags ?? 0) & COMPONENTS_V2) !== 0) {
    const errors = messageErrors({ ...body, flags: COMPONENTS_V2 })
    if (errors.length > 0) throw invalidForm(errors)
  }
  if (isEmptyMessage({ ...message, ...body } as Json, files.length + message.attachments.length))
    throw refusals.emptyMessage()
  if (world.now() - Date.parse(message.timestamp) > HOUR) {
    if (world.oldEditsLeft <= 0) throw refusals.tooManyOldEdits(OLD_EDIT_RETRY_AFTER)
    world.oldEditsLeft--
  }
  editMessage(world, message, body, files)
  return { status: 200, body: message }
}

/** The fields a reply carries; an unknown parent is refused unless the body allows it. */
function reference(world: World, place: Place, body: Json): Json {
  const asked = body.message_reference as Json | undefined | null
  if (!asked) return {}
  const parent = place.messages.get(String(asked.message_id))
  if (parent) {
    const message_reference = { type: 0, channel_id: place.id, message_id: parent.id, guild_id: world.guild.id }
    return { message_reference, referenced_message: { ...parent, referenced_message: undefined } }
  }
  if (asked.fail_if_not_exists === false) return { type: 0 }
  throw invalidForm([{ path: ['message_reference'], code: 'REPLIES_UNKNOWN_MESSAGE', message: 'Unknown message' }])
}

function page(place: Place, query: URLSearchParams): APIMessage[] {
  const limit = Number(query.get('limit') ?? 50)
  if (!(limit >= 1 && limit <= 100))
    throw invalidForm([{ path: ['limit'], code: 'NUMBER_TYPE_MAX', message: 'int value should be between 1 and 100.' }])
  const before = query.get('before')
  const after = query.get('after')
  const newestFirst = [...place.messages.values()].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1))
  const asked = newestFirst.filter(
    m => (!before || BigInt(m.id) < BigInt(before)) && (!after || BigInt(m.id) > BigInt(after)),
  )
  return (after ? asked.slice(-limit) : asked.slice(0, limit)).map(read)
}

/** Discord does not keep nonces: only the answer to the create carries it. */
function read({ nonce: _, ...message }: APIMessage): APIMessage {
  return message
}

function visible(world: World, params: Record<string, string>): Place {
  const place = world.places.get(params.channel_id ?? '')
  if (!place) throw refusals.unknownChannel()
  if (place.access === 'hidden') throw refusals.missingAccess()
  return place
}

function writable(world: World, params: Record<string, string>): Place {
  const place = visible(world, params)
  if (place.access === 'readonly') throw refusals.missingPermissions()
  if (place.archived) throw refusals.archivedThread()
  return place
}

function stored(place: Place, params: Record<string, string>): APIMessage {
  const message = place.messages.get(params.message_id ?? '')
  if (!message) throw refusals.unknownMessage()
  return message
}
