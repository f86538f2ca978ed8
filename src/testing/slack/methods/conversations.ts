// conversations.history, replies, info, members and open.
import { asText, type Conversation, type Message, type Obj, SlackRefusal } from '../wire.ts'
import type { Workspace } from '../workspace.ts'
import { type Call, type Method, showMessage } from './method.ts'

const HISTORY = ['channels:history', 'groups:history']
const READ = ['channels:read', 'groups:read']

export const conversationMethods: Record<string, Method> = {
  'conversations.history': { tier: 3, scopes: HISTORY, run: history },
  'conversations.replies': { tier: 3, scopes: HISTORY, run: replies },
  'conversations.info': { tier: 3, scopes: READ, run: info },
  'conversations.members': { tier: 4, scopes: READ, run: members },
  'conversations.open': { tier: 3, scopes: ['im:write', 'mpim:write'], run: open },
}

function history({ args, workspace }: Call): Obj {
  const channel = readable(workspace, args.channel)
  const found = workspace.messages
    .filter(message => message.channel === channel.id && message.to === undefined)
    .filter(message => message.thread_ts === undefined || message.broadcast)
  return page(within(found, args).reverse(), args)
}

function replies({ args, workspace }: Call): Obj {
  const channel = readable(workspace, args.channel)
  const found = workspace.messages.filter(
    message =>
      message.channel === channel.id &&
      message.to === undefined &&
      (message.ts === args.ts || message.thread_ts === args.ts),
  )
  if (found.length === 0) throw new SlackRefusal('thread_not_found')
  return page(within(found, args), args)
}

function info({ args, workspace }: Call): Obj {
  const channel = workspace.channel(args.channel)
  return {
    channel: {
      id: channel.id,
      name: channel.name,
      is_channel: true,
      is_private: channel.is_private,
      is_archived: channel.is_archived,
      is_member: channel.botIsMember,
    },
  }
}

function members({ args, workspace }: Call): Obj {
  const channel = workspace.channel(args.channel)
  const all = [...workspace.people.values()].map(({ id }) => id)
  return { members: all.filter(id => !channel.absent?.includes(id)), response_metadata: { next_cursor: '' } }
}

function open({ args, workspace }: Call): Obj {
  const person = workspace.person(asText(args.users))
  const id = `D${person.id.slice(1)}`
  if (!workspace.channels.has(id)) workspace.addChannel({ id, name: person.name, is_private: true })
  return { channel: { id } }
}

function readable(workspace: Workspace, id: unknown): Conversation {
  const channel = workspace.channel(id)
  if (!channel.botIsMember) throw new SlackRefusal('not_in_channel')
  return channel
}

/** `oldest` and `latest` are exclusive unless `inclusive`. */
function within(messages: Message[], args: Obj): Message[] {
  const inclusive = String(args.inclusive) === 'true'
  const oldest = Number(asText(args.oldest) || 0)
  const latest = Number(asText(args.latest) || Number.POSITIVE_INFINITY)
  return messages.filter(({ ts }) => {
    const at = Number(ts)
    return (at > oldest || (inclusive && at === oldest)) && (at < latest || (inclusive && at === latest))
  })
}

function page(messages: Message[], args: Obj): Obj {
  const limit = Math.min(Number(args.limit ?? 100) || 100, 999)
  const start = Number(Buffer.from(asText(args.cursor), 'base64').toString()) || 0
  const more = messages.length > start + limit
  const withMetadata = String(args.include_all_metadata) === 'true'
  return {
    messages: messages.slice(start, start + limit).map(message => showMessage(message, withMetadata)),
    has_more: more,
    response_metadata: { next_cursor: more ? Buffer.from(String(start + limit)).toString('base64') : '' },
  }
}
