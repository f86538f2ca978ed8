// The state of the simulated Discord: one guild with its people, channels, messages, commands and open interactions.

import { snowflakes } from './snowflakes.ts'
import type { Person, Place, World } from './world-types.ts'

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
