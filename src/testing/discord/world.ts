// The state of the simulated Discord: one guild with its people, channels, messages, commands and open interactions.

import type { APIApplicationCommand, APIMessage } from 'discord-api-types/v10'
import type { Exchange } from './exchanges.ts'
import { snowflakes } from './snowflakes.ts'

export interface Person {
  id: string
  name: string
  /** Manage Server, what Vakt takes for an admin. */
  manageServer: boolean
  roles: string[]
}

export interface Place {
  id: string
  name: string
  kind: 'text' | 'thread'
  parentId?: string
  archived: boolean
  /** What the bot may do here: `hidden` answers 50001, `readonly` 50013 on posting. */
  access: 'full' | 'hidden' | 'readonly'
  messages: Map<string, APIMessage>
}

export interface Recorded {
  method: string
  /** Below `/api/v10`, without the query. */
  path: string
  /** As in Discord's description, or the path itself when unknown. */
  template: string
  body: unknown
  files: { field: string; name: string; bytes: Buffer }[]
  at: number
  /** Ordered trouble: the answer will never come. */
  hung?: boolean
  /** The answer's status; absent while none was sent. */
  status?: number
}

export interface World {
  now: () => number
  nextId: () => string
  token: string
  applicationId: string
  bot: Person
  guild: { id: string; name: string }
  people: Map<string, Person>
  places: Map<string, Place>
  guildCommands: APIApplicationCommand[]
  globalCommands: APIApplicationCommand[]
  /** Names of commands ever created, for the daily limit. */
  creations: number[]
  exchanges: Map<string, Exchange>
  /** Bytes of attachments by attachment id. */
  attachments: Map<string, Buffer>
  nonces: Map<string, { messageId: string; at: number }>
  /** Edits of messages older than an hour that are still allowed in this hour. */
  oldEditsLeft: number
  requests: Recorded[]
  violations: string[]
  /** Call after every change that somebody may wait for. */
  changed: () => void
  onChange: Set<() => void>
}

export interface WorldOptions {
  now: () => number
  token: string
  oldEdits: number
}

/** An empty guild with the bot in it. */
export function makeWorld({ now, token, oldEdits }: WorldOptions): World {
  const nextId = snowflakes(now)
  const onChange = new Set<() => void>()
  const id = nextId()
  const bot: Person = { id, name: 'vakt', manageServer: false, roles: [] }
  return {
    now,
    nextId,
    token,
    applicationId: id,
    bot,
    guild: { id: nextId(), name: 'The team' },
    people: new Map([[bot.id, bot]]),
    places: new Map(),
    guildCommands: [],
    globalCommands: [],
    creations: [],
    exchanges: new Map(),
    attachments: new Map(),
    nonces: new Map(),
    oldEditsLeft: oldEdits,
    requests: [],
    violations: [],
    onChange,
    changed: () => {
      for (const look of [...onChange]) look()
    },
  }
}

/** Adds a channel (or a thread when `parentId` is given). */
export function addPlace(world: World, name: string, parentId?: string, id = world.nextId()): Place {
  const kind = parentId ? 'thread' : 'text'
  const place: Place = {
    id,
    name,
    kind,
    archived: false,
    access: 'full',
    messages: new Map(),
    ...(parentId && { parentId }),
  }
  world.places.set(place.id, place)
  return place
}
