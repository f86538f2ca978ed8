// The payloads Slack sends when people type commands, press buttons and submit modals.
import type { Kind } from './delivery.ts'
import { asList, asObject, asText, type Conversation, type Message, type Obj, type Person, type View } from './wire.ts'
import { APP_ID, TEAM } from './workspace.ts'

/** A payload with the kind of delivery it belongs to. */
export interface Outgoing {
  kind: Kind
  payload: Obj
}

/** The two short-lived keys that come with everything a person does. */
export interface Keys {
  trigger_id: string
  response_url: string
}

const ENVELOPE = { token: 'legacy-token', api_app_id: APP_ID, team: TEAM, enterprise: null }

/** Somebody typed `/vakt checks list`. */
export function slashCommand(line: string, user: Person, channel: Conversation, keys: Keys): Outgoing {
  const [, command = '', text = ''] = /^(\/\S+)\s*([\s\S]*)$/.exec(line) ?? []
  const payload = {
    token: 'legacy-token',
    team_id: user.team_id ?? TEAM.id,
    team_domain: TEAM.domain,
    channel_id: channel.id,
    channel_name: channel.name,
    user_id: user.id,
    user_name: user.name,
    command,
    text,
    api_app_id: APP_ID,
    is_enterprise_install: 'false',
    ...keys,
  }
  return { kind: 'slash_commands', payload }
}

/** Somebody pressed a button or chose from a menu of a message. */
export function blockAction(
  action: Obj,
  message: Message,
  user: Person,
  channel: Conversation,
  keys: Keys,
  attachment?: unknown,
): Outgoing {
  const ephemeral = message.to !== undefined
  const payload = {
    type: 'block_actions',
    user: shortUser(user),
    ...ENVELOPE,
    is_enterprise_install: false,
    container: {
      ...(attachment === undefined ? { type: 'message' } : { type: 'message_attachment', attachment_id: attachment }),
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: ephemeral,
      ...(message.thread_ts !== undefined && { thread_ts: message.thread_ts }),
    },
    channel: { id: channel.id, name: channel.name },
    // The content of an ephemeral message does not come back.
    ...(!ephemeral && { message: shownIn(message) }),
    state: { values: {} },
    ...keys,
    actions: [{ ...action, action_ts: message.ts }],
  }
  return { kind: 'interactive', payload }
}

/** Somebody pressed a button in the Home tab: there is no message, no channel and no response URL. */
export function homeAction(action: Obj, user: Person, trigger: string): Outgoing {
  const container = { type: 'view', view_id: 'VHOME' }
  const view = { id: 'VHOME', type: 'home', private_metadata: '', callback_id: '' }
  const payload = { type: 'block_actions', user: shortUser(user), ...ENVELOPE, container, view, trigger_id: trigger }
  return { kind: 'interactive', payload: { ...payload, state: { values: {} }, actions: [action] } }
}

/** Somebody chose a shortcut at a message. */
export function messageAction(
  callbackId: string,
  message: Message,
  user: Person,
  channel: Conversation,
  keys: Keys,
): Outgoing {
  const payload = {
    type: 'message_action',
    callback_id: callbackId,
    user: shortUser(user),
    ...ENVELOPE,
    channel: { id: channel.id, name: channel.name },
    message_ts: message.ts,
    message: shownIn(message),
    action_ts: message.ts,
    ...keys,
  }
  return { kind: 'interactive', payload }
}

/** Somebody submitted a modal, or closed it. */
export function viewAction(
  type: 'view_submission' | 'view_closed',
  view: View,
  user: Person,
  trigger: string,
): Outgoing {
  const own = type === 'view_submission' ? { trigger_id: trigger, response_urls: [] } : { is_cleared: false }
  return {
    kind: 'interactive',
    payload: { type, user: shortUser(user), ...ENVELOPE, is_enterprise_install: false, view, ...own },
  }
}

/** Somebody typed into a menu whose options come from the app. */
export function suggestion(actionId: string, blockId: string, typed: string, view: View, user: Person): Outgoing {
  const asked = { action_id: actionId, block_id: blockId, value: typed }
  const container = { type: 'view', view_id: view.id }
  return {
    kind: 'interactive',
    payload: { type: 'block_suggestion', user: shortUser(user), ...ENVELOPE, container, ...asked, view },
  }
}

/** Something happened in the workspace. */
export function workspaceEvent(event: Obj, eventId: string, at: number): Outgoing {
  const authorizations = [{ enterprise_id: null, team_id: TEAM.id, user_id: 'U0VAKT', is_bot: true }]
  const { team: _team, enterprise: _enterprise, ...envelope } = ENVELOPE
  const seconds = Math.floor(at / 1000)
  return {
    kind: 'events_api',
    payload: {
      ...envelope,
      type: 'event_callback',
      team_id: TEAM.id,
      event,
      event_id: eventId,
      event_time: seconds,
      authorizations,
    },
  }
}

/** The interactive element of these blocks whose label or action id is `wanted`, with its block's id. */
export function findElement(blocks: readonly Obj[], wanted: string): { element: Obj; blockId: string } | undefined {
  for (const block of blocks) {
    for (const item of [...asList(block.elements), block.accessory, block.element]) {
      const element = asObject(item)
      if (element === undefined) continue
      if (element.action_id === wanted || asObject(element.text)?.text === wanted)
        return { element, blockId: asText(block.block_id) }
    }
  }
  return undefined
}

function shortUser(user: Person): Obj {
  return { id: user.id, username: user.name, name: user.name, team_id: user.team_id ?? TEAM.id }
}

function shownIn(message: Message): Obj {
  return {
    type: 'message',
    user: message.user,
    bot_id: 'B0VAKT',
    app_id: APP_ID,
    ts: message.ts,
    text: message.text,
    blocks: message.blocks,
    attachments: message.attachments,
    ...(message.thread_ts !== undefined && { thread_ts: message.thread_ts }),
  }
}
