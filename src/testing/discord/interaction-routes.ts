// REST routes that answer interactions: the callback, the original answer and follow-ups.

import type { APIMessage } from 'discord-api-types/v10'
import { modalErrors } from './command-rules.ts'
import { acknowledge, followUp, isPrivate, TOKEN_LIFETIME_MS } from './exchanges.ts'
import { isEmptyMessage, type Json } from './message-rules.ts'
import { editMessage } from './messages.ts'
import { invalidForm, refusals } from './refusal.ts'
import { type RouteRequest, type Routes, requireValidMessage } from './routing.ts'
import type { Exchange, World } from './world-types.ts'

const ORIGINAL = '/webhooks/{webhook_id}/{webhook_token}/messages/@original'
const BY_ID = '/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}'

export const interactionRoutes: Routes = {
  'POST /interactions/{interaction_id}/{interaction_token}/callback': callback,
  'POST /webhooks/{webhook_id}/{webhook_token}': (world, { params, body, files }) => {
    const exchange = open(world, params)
    requireValidMessage(world, body, files)
    return { status: 200, body: followUp(world, exchange, body, files) }
  },
  [`GET ${ORIGINAL}`]: (world, { params }) => ({ status: 200, body: original(open(world, params)) }),
  [`PATCH ${ORIGINAL}`]: (world, asked) => change(world, original(open(world, asked.params)), asked),
  [`DELETE ${ORIGINAL}`]: (world, { params }) => remove(open(world, params), original(open(world, params))),
  [`GET ${BY_ID}`]: (world, { params }) => ({ status: 200, body: named(open(world, params), params) }),
  [`PATCH ${BY_ID}`]: (world, asked) => change(world, named(open(world, asked.params), asked.params), asked),
  [`DELETE ${BY_ID}`]: (world, { params }) => remove(open(world, params), named(open(world, params), params)),
}

function callback(world: World, { params, query, body, files }: RouteRequest) {
  const exchange = world.exchanges.get(params.interaction_token ?? '')
  if (exchange?.id !== params.interaction_id || !exchange) throw refusals.unknownInteraction()
  const data = (body.data ?? {}) as Json
  if (body.type === 4 || body.type === 7) requireValidMessage(world, data, files, body.type === 7)
  if (body.type === 9) demandGoodModal(data)
  acknowledge(world, exchange, body, files)
  if (query.get('with_response') !== 'true') return { status: 204 }
  return {
    status: 200,
    body: { interaction: interactionShape(world, exchange), ...resource(exchange, Number(body.type)) },
  }
}

function demandGoodModal(modal: Json): void {
  const errors = modalErrors(modal)
  if (errors.length) throw invalidForm(errors)
}

function interactionShape(world: World, exchange: Exchange) {
  const type = { slash: 2, press: 3, type: 4, submit: 5 }[exchange.kind]
  const message = exchange.original
  const shown = message && {
    response_message_id: message.id,
    response_message_loading: exchange.acknowledged === 5,
    response_message_ephemeral: isPrivate(message),
  }
  return { id: exchange.id, type, channel_id: exchange.place.id, guild_id: world.guild.id, ...shown }
}

/** Deferred replies are described as type 4 with the "thinking" message; deferred updates name no resource. */
function resource(exchange: Exchange, type: number) {
  if (type === 4 || type === 5) return { resource: { type: 4, message: exchange.original } }
  return type === 7 ? { resource: { type: 7, message: exchange.original } } : {}
}

/** The exchange of a token that was acknowledged and is at most 15 minutes old. */
function open(world: World, params: Record<string, string>): Exchange {
  const exchange = world.exchanges.get(params.webhook_token ?? '')
  if (!exchange || params.webhook_id !== world.applicationId || exchange.acknowledged === undefined)
    throw refusals.unknownWebhook()
  if (world.now() - exchange.startedAt > TOKEN_LIFETIME_MS) throw refusals.webhookTokenExpired()
  return exchange
}

function original(exchange: Exchange): APIMessage {
  if (!exchange.original) throw refusals.unknownMessage()
  return exchange.original
}

function named(exchange: Exchange, params: Record<string, string>): APIMessage {
  const all = [exchange.original, ...exchange.followUps]
  const found = all.find(message => message?.id === params.message_id)
  if (!found) throw refusals.unknownMessage()
  return found
}

function change(world: World, message: APIMessage, { body, files }: RouteRequest) {
  requireValidMessage(world, body, files, true)
  if (isEmptyMessage({ ...message, ...body } as Json, files.length + message.attachments.length))
    throw refusals.emptyMessage()
  editMessage(world, message, body, files)
  return { status: 200, body: message }
}

function remove(exchange: Exchange, message: APIMessage) {
  exchange.place.messages.delete(message.id)
  exchange.followUps = exchange.followUps.filter(m => m !== message)
  if (exchange.original === message) exchange.original = undefined
  return { status: 204 }
}
