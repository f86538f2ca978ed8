// What the simulated Discord holds: people, channels, recorded requests and open interactions. Types only.

import type { APIApplicationCommand, APIMessage } from 'discord-api-types/v10'
import type { Json } from './message-rules.ts'

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
  /** An ordered fault: the answer never comes. */
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

export interface Exchange {
  id: string
  token: string
  kind: 'slash' | 'press' | 'type' | 'submit'
  /** What the person did, in words, for messages of failure. */
  did: string
  by: Person
  place: Place
  startedAt: number
  /** The message whose button was pressed, or that the modal came from; a stored object, not a copy. */
  source?: APIMessage
  /** Discord's callback type once acknowledged: 4 reply, 5 deferred reply, 6 deferred update, 7 update, 8 choices, 9 modal. */
  acknowledged?: number
  acknowledgedAt?: number
  /** Only the person sees the answer; fixed by the acknowledgement. */
  private: boolean
  /** The answer (`@original`): for 6 and 7 the source message itself. */
  original?: APIMessage
  followUps: APIMessage[]
  modal?: Json
  choices?: { name: string; value: string | number }[]
}
