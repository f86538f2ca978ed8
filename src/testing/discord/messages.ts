// Turns request bodies into stored messages and changes them, as Discord does: ids, attachments, embeds and who is pinged.

import type { APIMessage } from 'discord-api-types/v10'
import { everyComponent, type Json, objects } from './message-rules.ts'
import { iso, userShape } from './shapes.ts'
import type { Place, Recorded, World } from './world-types.ts'

export const EPHEMERAL = 1 << 6
export const LOADING = 1 << 7

type Files = Recorded['files']

/** A new message by the bot; `extra` adds what interactions add. It is not yet in any channel. */
export function makeMessage(world: World, place: Place, body: Json, files: Files, extra: Json = {}): APIMessage {
  const message = {
    id: world.nextId(),
    type: body.message_reference ? 19 : 0,
    channel_id: place.id,
    author: userShape(world, world.bot),
    content: '',
    timestamp: iso(world.now()),
    edited_timestamp: null,
    flags: Number(body.flags ?? 0),
    embeds: [],
    components: [],
    attachments: [],
    mentions: [],
    mention_roles: [],
    mention_everyone: false,
    pinned: false,
    tts: false,
    ...(body.nonce !== undefined && body.nonce !== null && { nonce: body.nonce }),
    ...extra,
  } as unknown as APIMessage
  fill(world, message, body, files)
  return message
}

/** Changes a message in place as an edit does: what the body does not name stays. */
export function editMessage(world: World, message: APIMessage, body: Json, files: Files): void {
  fill(world, message, body, files)
  message.edited_timestamp = iso(world.now())
  message.flags = (((message.flags ?? 0) & ~LOADING) | Number(body.flags ?? 0)) as NonNullable<APIMessage['flags']>
}

/** A copy of a message as it is now, so that a test can hold yesterday's card beside today's. */
export function snapshot(message: APIMessage): APIMessage {
  return structuredClone(message)
}

/** Everything a reader sees of a message, as plain text: content, embeds, fields and button labels. */
export function textOf(message: APIMessage): string {
  const embeds = message.embeds.flatMap(e => [
    e.author?.name,
    e.title,
    e.description,
    ...(e.fields ?? []).flatMap(f => [f.name, f.value]),
    e.footer?.text,
  ])
  const parts = everyComponent(message.components)
  const texts = parts.flatMap(part => (part.type === 10 ? [String(part.content)] : []))
  const labels = parts.flatMap(part => (part.type === 2 ? [`[${String(part.label ?? '')}]`] : []))
  const options = parts.flatMap(part => objects(part.options).map(option => `[${String(option.label)}]`))
  return [message.content, ...embeds, ...texts, [...labels, ...options].join(' ')].filter(Boolean).join('\n')
}

function fill(world: World, message: APIMessage, body: Json, files: Files): void {
  if (body.attachments !== undefined || files.length) message.attachments = attachments(world, message, body, files)
  if (body.content !== undefined) message.content = String(body.content ?? '').trim()
  if (body.embeds !== undefined)
    message.embeds = objects(body.embeds).map(e => embed(e, message)) as unknown as APIMessage['embeds']
  if (body.components !== undefined)
    message.components = numbered(message, body.components) as unknown as NonNullable<APIMessage['components']>
  if (body.content !== undefined)
    Object.assign(message, pings(message.content, body.allowed_mentions as Json | undefined))
}

function attachments(world: World, message: APIMessage, body: Json, files: Files): APIMessage['attachments'] {
  const named = objects(body.attachments)
  const kept = message.attachments.filter(old => body.attachments === undefined || named.some(a => a.id === old.id))
  const added = files.map(file => {
    const index = /^files\[(\d+)\]$/.exec(file.field)?.[1]
    const description = named.find(a => String(a.id) === index)
    const filename = String(description?.filename ?? file.name)
    const id = world.nextId()
    world.attachments.set(id, file.bytes)
    const url = `https://cdn.discordapp.com/attachments/${message.channel_id}/${id}/${encodeURIComponent(filename)}`
    return { id, filename, size: file.bytes.length, url, proxy_url: url }
  })
  return [...kept, ...added]
}

function embed(body: Json, message: APIMessage): Json {
  const image = (value: unknown) => {
    const name = /^attachment:\/\/(.+)$/.exec(String((value as Json | null)?.url ?? ''))?.[1]
    const attachment = message.attachments.find(a => a.filename === name)
    return value ? { ...(value as Json), ...(attachment && { url: attachment.url }) } : undefined
  }
  const fields = objects(body.fields).map(f => ({ name: f.name, value: f.value, inline: f.inline ?? false }))
  const shown = {
    ...body,
    type: 'rich',
    ...(fields.length && { fields }),
    image: image(body.image),
    thumbnail: image(body.thumbnail),
  }
  return withoutNulls(shown)
}

/** What Discord fills in of a component that says nothing about it. */
const DEFAULTS: Record<number, Json> = {
  3: { min_values: 1, max_values: 1, disabled: false },
  13: { spoiler: false },
  14: { divider: true, spacing: 1 },
  17: { spoiler: false },
}

/** The media of a message are answered with their addresses and sizes. */
function media(message: APIMessage, value: unknown): Json {
  const name = /^attachment:\/\/(.+)$/.exec(String((value as Json | undefined)?.url ?? ''))?.[1]
  const attachment = message.attachments.find(a => a.filename === name)
  const url = attachment?.url ?? String((value as Json | undefined)?.url ?? '')
  return {
    id: attachment?.id ?? '1',
    url,
    proxy_url: url,
    width: 1,
    height: 1,
    content_type: 'image/png',
    attachment_id: attachment?.id ?? '1',
  }
}

/** Discord numbers every component of a message. */
function numbered(message: APIMessage, components: unknown): Json[] {
  let id = 0
  const walk = (list: unknown): Json[] =>
    objects(list).map(part => {
      const accessory = part.accessory ? { accessory: walk([part.accessory])[0] } : {}
      const items = part.items
        ? {
            items: objects(part.items).map(item => ({
              description: null,
              spoiler: false,
              ...item,
              media: media(message, item.media),
            })),
          }
        : {}
      const file = part.type === 13 ? { file: media(message, part.file), name: 'file', size: 1 } : {}
      const own = { ...DEFAULTS[Number(part.type)], ...withoutNulls(part), ...accessory, ...items, ...file, id: ++id }
      return part.components ? { ...own, components: walk(part.components) } : own
    })
  return walk(components)
}

function withoutNulls(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined))
}

/** Whom the content would really notify under `allowed_mentions`; everything when that is absent. */
function pings(content: string, allowed: Json | undefined): Json {
  const parse = (allowed ? (allowed.parse ?? []) : ['everyone', 'users', 'roles']) as string[]
  const named = (kind: 'users' | 'roles') => (allowed?.[kind] ?? []) as string[]
  const found = [...content.matchAll(/<@&(\d+)>/g)].map(m => m[1]!)
  const roles = [...new Set(found)].filter(id => parse.includes('roles') || named('roles').includes(id))
  return { mention_everyone: parse.includes('everyone') && /@(everyone|here)\b/.test(content), mention_roles: roles }
}
