// The simulated workspace: its people, channels, messages, files and open modals, without any wire.
import { randomBytes } from 'node:crypto'
import { type Draft, findMentions } from './message-rules.ts'
import {
  asList,
  asObject,
  type Block,
  type Conversation,
  type Message,
  type Obj,
  type Person,
  SlackRefusal,
  type StoredFile,
  type View,
} from './wire.ts'

/** An open modal and who is looking at it. */
export interface Modal {
  view: View
  user: string
  /** False once it was submitted or closed. */
  open: boolean
  /** Errors shown beside its fields, by block id. */
  errors: Record<string, string>
}

export type Workspace = ReturnType<typeof createWorkspace>

export const TEAM = { id: 'T0VAKT', domain: 'example' }
export const APP_ID = 'A0VAKT'
export const BOT = { id: 'B0VAKT', user: 'U0VAKT', name: 'vakt' }

/** An empty workspace with a channel, a member, an admin and the bot. `now` is its clock, in ms. */
export function createWorkspace(now: () => number) {
  const people = new Map<string, Person>()
  const channels = new Map<string, Conversation>()
  const messages: Message[] = []
  const files = new Map<string, StoredFile>()
  const modals: Modal[] = []
  let counter = 0

  const workspace = {
    now,
    /** The Home tab of the app, by person. */
    homes: new Map<string, Obj>(),
    /** Kinds of blocks that this workspace does not have yet. */
    refusedKinds: new Set<string>(),
    /** How many more messages find their picture not ready. */
    picturesNotReady: 0,
    people,
    channels,
    messages,
    files,
    modals,

    /** A fresh identifier with Slack's kind of prefix. */
    id: (prefix: string): string => `${prefix}${(++counter).toString().padStart(4, '0')}${randomHex(3)}`,

    /** A fresh message timestamp; later ones sort after earlier ones. */
    ts: (): string => `${Math.floor(now() / 1000)}.${(++counter % 1_000_000).toString().padStart(6, '0')}`,

    addPerson(person: Partial<Person> & { id: string }): Person {
      const full = { name: person.id.toLowerCase(), real_name: person.id, is_admin: false, is_owner: false }
      const added = { ...full, is_bot: false, deleted: false, tz: 'Europe/Oslo', ...person }
      people.set(added.id, added)
      return added
    },

    addChannel(channel: Partial<Conversation> & { id: string }): Conversation {
      const full = { name: channel.id.toLowerCase(), botIsMember: true, is_archived: false, is_private: false }
      const added = { ...full, ...channel }
      channels.set(added.id, added)
      return added
    },

    /** A person by id. Throws `user_not_found`. */
    person(id: unknown): Person {
      const person = people.get(String(id))
      if (person === undefined) throw new SlackRefusal('user_not_found')
      return person
    },

    /** A channel the bot may see. Throws `channel_not_found`; a private one it is not in looks the same as none. */
    channel(id: unknown): Conversation {
      const channel = channels.get(String(id))
      if (channel === undefined || (channel.is_private && !channel.botIsMember))
        throw new SlackRefusal('channel_not_found')
      return channel
    },

    /** The message with this timestamp. Throws `message_not_found`. */
    message(channel: string, ts: unknown): Message {
      const found = messages.find(
        message => message.channel === channel && message.ts === ts && message.to === undefined,
      )
      if (found === undefined) throw new SlackRefusal('message_not_found')
      return found
    },

    /** Stores a message as Slack would show it. A reply to a deleted parent silently becomes a message of its own. */
    post(channel: string, draft: Draft, more: Partial<Message> = {}): Message {
      const parent = messages.find(item => item.channel === channel && item.ts === more.thread_ts)
      const message: Message = {
        ts: workspace.ts(),
        channel,
        user: BOT.user,
        files: [],
        broadcast: false,
        edits: 0,
        ...more,
        ...contentOf(draft),
      }
      delete message.thread_ts
      if (parent !== undefined) message.thread_ts = parent.thread_ts ?? parent.ts
      messages.push(message)
      return message
    },

    /** Replaces the content of a message; metadata stays unless new metadata is given, as on Slack. */
    edit(message: Message, draft: Draft): Message {
      return Object.assign(message, contentOf(draft), { edits: message.edits + 1 })
    },

    /** Opens, pushes or replaces a modal for a person. */
    show(view: Obj, user: string, place: { over?: Modal; instead?: Modal } = {}): Modal {
      const id = place.instead?.view.id ?? workspace.id('V')
      const stored = {
        callback_id: '',
        private_metadata: '',
        external_id: '',
        close: null,
        submit: null,
        ...view,
        id,
        hash: `${Math.floor(now() / 1000)}.${randomHex(4)}`,
        team_id: TEAM.id,
        app_id: APP_ID,
        bot_id: BOT.id,
        state: { values: {} },
        root_view_id: place.instead?.view.root_view_id ?? place.over?.view.root_view_id ?? id,
        previous_view_id: place.instead?.view.previous_view_id ?? place.over?.view.id ?? null,
        blocks: withIds(asList(view.blocks)),
      } as unknown as View
      if (place.instead !== undefined) return Object.assign(place.instead, { view: stored, errors: {} })
      const modal = { view: stored, user, open: true, errors: {} }
      modals.push(modal)
      return modal
    },
  }
  return workspace
}

function contentOf(draft: Draft) {
  const blocks = withIds(draft.blocks)
  const attachments = draft.attachments.map((attachment, index) => ({
    ...attachment,
    id: index + 1,
    ...(attachment.blocks !== undefined && { blocks: withIds(asList(attachment.blocks)) }),
  }))
  const mentions = findMentions(draft.text, [...blocks, ...attachments])
  return { text: draft.text, blocks, attachments, mentions, ...(draft.metadata && { metadata: draft.metadata }) }
}

/** Slack gives an id to every block and every interactive element that came without one. */
function withIds(blocks: unknown[]): Block[] {
  return blocks.map(item => {
    const block = structuredClone(asObject(item) ?? {})
    for (const element of [...asList(block.elements), block.accessory, block.element]) {
      const object = asObject(element)
      if (object !== undefined && !['mrkdwn', 'plain_text', 'image'].includes(String(object.type)))
        object.action_id ??= randomHex(3)
    }
    return { block_id: randomHex(3), ...block } as Block
  })
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex').toUpperCase()
}
