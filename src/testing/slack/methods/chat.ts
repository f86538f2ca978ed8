// chat.postMessage, chat.update, chat.delete, chat.postEphemeral and pins.add.
import { readDraft } from '../message-rules.ts'
import { asObject, asText, type Conversation, type Obj, SlackRefusal } from '../wire.ts'
import { BOT, type Workspace } from '../workspace.ts'
import { type Call, type Method, showMessage } from './method.ts'

const SCOPES = ['chat:write']

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': { tier: 'post', scopes: SCOPES, run: post },
  'chat.update': { tier: 3, scopes: SCOPES, run: update },
  'chat.delete': { tier: 3, scopes: SCOPES, run: remove },
  'pins.add': { tier: 2, scopes: ['pins:write'], run: pin },
  'chat.postEphemeral': { tier: 4, scopes: SCOPES, run: postEphemeral },
}

function post({ args, workspace, violate }: Call): Obj {
  const channel = writable(byIdOrName(workspace, args.channel))
  const draft = readDraft(args, 'post')
  for (const text of draft.violations) violate(text)
  refuseBlocks(workspace, draft)
  const thread_ts = asText(args.thread_ts)
  const message = workspace.post(channel.id, draft, {
    ...(thread_ts !== '' && { thread_ts }),
    broadcast: thread_ts !== '' && isTrue(args.reply_broadcast),
  })
  return { channel: channel.id, ts: message.ts, message: showMessage(message) }
}

function update({ args, workspace, violate }: Call): Obj {
  const channel = workspace.channel(args.channel)
  const message = workspace.message(channel.id, args.ts)
  if (message.user !== BOT.user) throw new SlackRefusal('cant_update_message')
  // What is not mentioned stays, but a text alone takes the blocks away.
  const keepsBlocks = args.blocks === undefined && asText(args.text) === ''
  const draft = readDraft(
    {
      ...args,
      ...(keepsBlocks && { blocks: message.blocks }),
      ...(args.attachments === undefined && { attachments: message.attachments.map(withoutId) }),
    },
    'edit',
  )
  for (const text of draft.violations) violate(text)
  refuseBlocks(workspace, draft)
  workspace.edit(message, draft)
  return { channel: channel.id, ts: message.ts, text: message.text, message: showMessage(message) }
}

/** Refuses kinds of blocks that this workspace does not have yet, and pictures that are not there or not ready. */
function refuseBlocks(workspace: Workspace, { blocks, attachments }: { blocks: Obj[]; attachments: Obj[] }): void {
  const all = [
    ...blocks.map((block, i) => ({ block, at: `/blocks/${i}` })),
    ...attachments.flatMap((attachment, a) =>
      ((attachment.blocks ?? []) as Obj[]).map((block, i) => ({ block, at: `/attachments/${a}/blocks/${i}` })),
    ),
  ]
  const complaints = all.flatMap(({ block, at }) => {
    if (workspace.refusedKinds.has(asText(block.type)))
      return [`[ERROR] unsupported type: ${asText(block.type)} [json-pointer:${at}/type]`]
    const file = asObject(block.slack_file)
    if (file === undefined) return []
    const isReady = workspace.files.get(asText(file.id))?.uploaded === true && workspace.picturesNotReady-- <= 0
    return isReady ? [] : [`[ERROR] invalid slack file [json-pointer:${at}/slack_file]`]
  })
  if (complaints.length > 0) throw new SlackRefusal('invalid_blocks', complaints, true)
}

function remove({ args, workspace }: Call): Obj {
  const channel = workspace.channel(args.channel)
  const message = workspace.message(channel.id, args.ts)
  if (message.user !== BOT.user) throw new SlackRefusal('cant_delete_message')
  workspace.messages.splice(workspace.messages.indexOf(message), 1)
  return { channel: channel.id, ts: message.ts }
}

function pin({ args, workspace }: Call): Obj {
  const message = workspace.message(workspace.channel(args.channel).id, args.timestamp)
  if (message.isPinned) throw new SlackRefusal('already_pinned')
  message.isPinned = true
  return {}
}

function postEphemeral({ args, workspace, violate }: Call): Obj {
  const channel = writable(workspace.channel(args.channel))
  if (!workspace.people.has(asText(args.user))) throw new SlackRefusal('user_not_in_channel')
  const draft = readDraft(args, 'post')
  for (const text of draft.violations) violate(text)
  const thread_ts = asText(args.thread_ts)
  const message = workspace.post(channel.id, draft, { to: asText(args.user), ...(thread_ts !== '' && { thread_ts }) })
  return { message_ts: message.ts }
}

function byIdOrName(workspace: Workspace, wanted: unknown): Conversation {
  const name = asText(wanted).replace(/^#/, '')
  const named = [...workspace.channels.values()].find(channel => channel.name === name && !channel.is_private)
  return named ?? workspace.channel(wanted)
}

function writable(channel: Conversation): Conversation {
  if (!channel.botIsMember) throw new SlackRefusal('not_in_channel')
  if (channel.is_archived) throw new SlackRefusal('is_archived')
  return channel
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1'
}

function withoutId(attachment: Obj): Obj {
  const { id: _id, ...rest } = asObject(attachment) ?? {}
  return rest
}
