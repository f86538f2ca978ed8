// What people do: type slash commands, press buttons, fill in modals; each act is one interaction sent over the gateway.

import type { APIMessage } from 'discord-api-types/v10'
import { isAnswered } from './exchanges.ts'
import type { Gateway } from './gateway.ts'
import { type Given, invoke } from './invocation.ts'
import { everyComponent, type Json, objects } from './message-rules.ts'
import { makeMessage } from './messages.ts'
import { memberShape, placeShape, userShape } from './shapes.ts'
import { until } from './waiting.ts'
import { addPlace } from './world.ts'
import type { Exchange, Person, Place, World } from './world-types.ts'

export interface Scene {
  world: World
  gateway: Gateway
  /** Real milliseconds a person waits for an answer. */
  timeoutMs: number
}

const TYPES = { slash: 2, press: 3, type: 4, submit: 5 } as const

/** Types a slash command and waits for the answer. */
export async function say(scene: Scene, line: string, given: Given, by: Person, place: Place): Promise<Exchange> {
  return act(
    scene,
    { kind: 'slash', did: `${line} ${JSON.stringify(given)}`, by, place },
    invoke(commands(scene.world), line, given) as unknown as Json,
  )
}

/** Types into one option and waits for the suggestions. */
export async function type(scene: Scene, line: string, given: Given, option: string, by: Person, place: Place) {
  const data = invoke(commands(scene.world), line, given, option) as unknown as Json
  const exchange = await act(scene, { kind: 'type', did: `typing ${option} of ${line}`, by, place }, data)
  return exchange.choices ?? []
}

/** Presses the button with this label on the message as the person sees it, which may be an older state of it. */
export async function press(scene: Scene, seen: APIMessage, label: string, by: Person): Promise<Exchange> {
  const parts = everyComponent(seen.components)
  const button = parts.find(c => c.type === 2 && c.label === label)
  const menu = parts.find(c => objects(c.options).some(option => option.label === label))
  if (!button && menu) {
    const { place, message } = standing(scene.world, seen)
    const values = objects(menu.options).flatMap(option => (option.label === label ? [option.value] : []))
    const data = { component_type: 3, custom_id: menu.custom_id, id: menu.id, values: values.slice(0, 1) }
    return act(scene, { kind: 'press', did: `choosing ${label}`, by, place, source: message }, data)
  }
  const labels = parts.flatMap(c => (c.type === 2 ? [c.label] : []))
  if (!button) throw new Error(`there is no button "${label}"; there are: ${labels.join(', ') || 'none'}`)
  if (button.disabled || !button.custom_id) throw new Error(`the button "${label}" cannot be pressed`)
  const { place, message } = standing(scene.world, seen)
  const data = { component_type: 2, custom_id: button.custom_id, id: button.id }
  return act(scene, { kind: 'press', did: `pressing ${label}`, by, place, source: message }, data)
}

/** Fills in the modal that an act opened, by the labels of its fields, and waits for the answer. */
export async function submit(
  scene: Scene,
  opened: Exchange,
  values: Record<string, string>,
  by = opened.by,
): Promise<Exchange> {
  const modal = opened.modal
  if (!modal) throw new Error(`${opened.did} opened no modal`)
  const left = new Set(Object.keys(values))
  const components = objects(modal.components).map(row => {
    const input = row.type === 18 ? objects([row.component])[0]! : objects(row.components)[0]!
    const label = String(row.label ?? input.label)
    const value = values[label] ?? String(input.value ?? '')
    left.delete(label)
    if (input.required !== false && value === '') throw new Error(`the modal wants "${label}"`)
    const filled = { type: 4, custom_id: input.custom_id, value, id: 2 }
    return row.type === 18 ? { type: 18, id: 1, component: filled } : { type: 1, id: 1, components: [filled] }
  })
  if (left.size) throw new Error(`the modal has no field ${[...left].map(l => `"${l}"`).join(', ')}`)
  const did = `submitting "${String(modal.title)}"`
  return act(
    scene,
    { kind: 'submit', did, by, place: opened.place, source: opened.source },
    { custom_id: modal.custom_id, components },
  )
}

/** Writes a message, as a reply where `to` is given, which notifies its author as Discord does, by default. */
export function write({ world, gateway }: Scene, text: string, by: Person, place: Place, to?: APIMessage): APIMessage {
  const named = [...text.matchAll(/<@!?(\d+)>/g)].map(match => match[1]!)
  const rung = [...new Set([...named, ...(to ? [to.author.id] : [])])].flatMap(id => world.people.get(id) ?? [])
  const { user: _user, permissions: _permissions, ...member } = memberShape(world, by)
  const reference = { type: 0, channel_id: place.id, message_id: to?.id, guild_id: world.guild.id }
  const message = {
    ...makeMessage(world, place, { content: text, ...(to && { message_reference: reference }) }, []),
    author: userShape(world, by),
    mentions: rung.map(person => userShape(world, person)),
    ...(to && { message_reference: reference, referenced_message: { ...to, referenced_message: undefined } }),
  } as APIMessage
  place.messages.set(message.id, message)
  gateway.dispatchMessage({ ...message, guild_id: world.guild.id, member } as APIMessage)
  world.changed()
  return message
}

/** Begins a thread at a message, which has the message's id. */
export function beginThread({ world, gateway }: Scene, at: APIMessage, name: string): Place {
  const thread = addPlace(world, name, at.channel_id, at.id)
  gateway.dispatch('THREAD_CREATE', { ...placeShape(world, thread), newly_created: true })
  return thread
}

type Act = Pick<Exchange, 'kind' | 'did' | 'by' | 'place' | 'source'>

function act({ world, gateway, timeoutMs }: Scene, asked: Act, data: Json): Promise<Exchange> {
  if (gateway.sessions === 0) return Promise.reject(new Error(`${asked.did}: the bot is offline`))
  const id = world.nextId()
  const exchange: Exchange = {
    ...asked,
    id,
    token: `token-${id}`,
    startedAt: world.now(),
    private: false,
    followUps: [],
  }
  world.exchanges.set(exchange.token, exchange)
  gateway.dispatch('INTERACTION_CREATE', interaction(world, exchange, data))
  return until(
    world,
    () => (isAnswered(exchange) ? exchange : undefined),
    timeoutMs,
    () =>
      exchange.acknowledged === undefined
        ? `${asked.did}: the application did not respond`
        : `${asked.did}: still thinking`,
  )
}

function interaction(world: World, exchange: Exchange, data: Json): Json {
  return {
    id: exchange.id,
    application_id: world.applicationId,
    type: TYPES[exchange.kind],
    token: exchange.token,
    version: 1,
    guild_id: world.guild.id,
    guild: { id: world.guild.id, locale: 'en-US', features: [] },
    channel_id: exchange.place.id,
    channel: { ...placeShape(world, exchange.place), permissions: '2147483647' },
    member: memberShape(world, exchange.by),
    locale: 'en-US',
    guild_locale: 'en-US',
    app_permissions: '2147483647',
    entitlements: [],
    authorizing_integration_owners: { '0': world.guild.id },
    context: 0,
    attachment_size_limit: 10 * 1024 * 1024,
    data,
    ...(exchange.source && { message: exchange.source }),
  }
}

const commands = (world: World) => [...world.guildCommands, ...world.globalCommands]

/** The stored message behind a copy: in its channel, or private in somebody's exchange. */
function standing(world: World, seen: APIMessage): { place: Place; message: APIMessage } {
  const place = world.places.get(seen.channel_id)!
  const privately = [...world.exchanges.values()]
    .flatMap(e => [e.original, ...e.followUps])
    .find(m => m?.id === seen.id)
  const message = place.messages.get(seen.id) ?? privately
  if (!message) throw new Error('the message is gone')
  return { place, message }
}
