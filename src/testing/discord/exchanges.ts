// One interaction from the person's act to the bot's last word: what was asked, how it was acknowledged, what came back.

import type { APIMessage } from 'discord-api-types/v10'
import { type Json, objects } from './message-rules.ts'
import { EPHEMERAL, editMessage, LOADING, makeMessage } from './messages.ts'
import { Refusal, refusals } from './refusal.ts'
import { userShape } from './shapes.ts'
import type { Exchange, Recorded, World } from './world-types.ts'

export const ACKNOWLEDGE_TIMEOUT_MS = 3_000
export const TOKEN_LIFETIME_MS = 15 * 60_000

/** Which callback types each act accepts. */
const ACCEPTED: Record<Exchange['kind'], number[]> = {
  slash: [4, 5, 9],
  press: [4, 5, 6, 7, 9],
  type: [8],
  submit: [4, 5, 6, 7],
}

/** Applies the first answer (the callback); throws 10062, 40060 or 50035 as Discord does. */
export function acknowledge(world: World, exchange: Exchange, body: Json, files: Recorded['files']): void {
  if (exchange.acknowledged !== undefined) throw refusals.alreadyAcknowledged()
  if (world.now() - exchange.startedAt > ACKNOWLEDGE_TIMEOUT_MS) throw refusals.unknownInteraction()
  const type = Number(body.type)
  const fits = ACCEPTED[exchange.kind].includes(type) && (exchange.source || (type !== 6 && type !== 7))
  if (!fits)
    throw new Refusal(400, 50035, 'Invalid Form Body', {
      errors: {
        type: {
          _errors: [
            { code: 'INTERACTION_RESPONSE_TYPE_INVALID', message: `type ${type} does not answer a ${exchange.kind}` },
          ],
        },
      },
    })
  exchange.acknowledged = type
  exchange.acknowledgedAt = world.now()
  const data = (body.data ?? {}) as Json
  if (type === 4 || type === 5) reply(world, exchange, data, files, type === 5)
  if (type === 6 || type === 7) exchange.original = exchange.source!
  if (type === 7) editMessage(world, exchange.source!, data, files)
  if (type === 8) exchange.choices = objects(data.choices) as unknown as NonNullable<Exchange['choices']>
  if (type === 9) exchange.modal = data
}

/** A further message; the first one after a deferred reply becomes that reply, as on Discord. */
export function followUp(world: World, exchange: Exchange, body: Json, files: Recorded['files']): APIMessage {
  const { original } = exchange
  if (original && isLoading(original)) {
    editMessage(world, original, { ...body, flags: exchange.private ? EPHEMERAL : 0 }, files)
    return original
  }
  const message = makeMessage(world, exchange.place, body, files, provenance(world, exchange))
  exchange.followUps.push(message)
  if (!isPrivate(message)) exchange.place.messages.set(message.id, message)
  return message
}

/** Whether the person has been given something to look at. */
export function isAnswered(exchange: Exchange): boolean {
  if (exchange.acknowledged === undefined) return false
  return !(exchange.original && isLoading(exchange.original))
}

/** A deferred answer that still shows "is thinking…". */
export function isLoading(message: APIMessage): boolean {
  return (Number(message.flags ?? 0) & LOADING) !== 0
}

export function isPrivate(message: APIMessage): boolean {
  return (Number(message.flags ?? 0) & EPHEMERAL) !== 0
}

function reply(world: World, exchange: Exchange, data: Json, files: Recorded['files'], deferred: boolean): void {
  exchange.private = (Number(data.flags ?? 0) & EPHEMERAL) !== 0
  const body = deferred ? { flags: Number(data.flags ?? 0) | LOADING } : data
  exchange.original = makeMessage(world, exchange.place, body, files, provenance(world, exchange))
  if (!exchange.private) exchange.place.messages.set(exchange.original.id, exchange.original)
}

function provenance(world: World, exchange: Exchange): Json {
  const type = { slash: 2, press: 3, type: 4, submit: 5 }[exchange.kind]
  const shared = {
    id: exchange.id,
    type,
    user: userShape(world, exchange.by),
    authorizing_integration_owners: { '0': world.guild.id },
  }
  const metadata = {
    slash: shared,
    type: shared,
    press: { ...shared, interacted_message_id: exchange.source?.id ?? exchange.id },
    submit: { ...shared, triggering_interaction_metadata: { ...shared, type: 2 } },
  }[exchange.kind]
  return {
    application_id: world.applicationId,
    webhook_id: world.applicationId,
    type: exchange.kind === 'slash' ? 20 : 0,
    interaction_metadata: metadata,
  }
}
