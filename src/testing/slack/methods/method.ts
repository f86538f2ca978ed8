// What one method of the simulated Web API is, and what it is given to work with.
import type { Tier } from '../rate-limits.ts'
import type { Message, Obj } from '../wire.ts'
import type { Modal, Workspace } from '../workspace.ts'

/** Everything a method may use. */
export interface Call {
  args: Obj
  workspace: Workspace
  /** Where this simulator listens, such as `http://127.0.0.1:4000`. */
  base: string
  /** Trades a trigger id for the person it belongs to. Throws the trigger errors. */
  useTrigger(id: unknown): string
  /** A fresh socket ticket. */
  ticket(): string
  /** Reports an error that Slack lets pass. */
  violate(text: string): void
}

/** A Web API method: its rate tier, the scopes of which it needs one, and what it does. */
export interface Method {
  tier: Tier
  /** Any one of these is enough; an empty list means any valid token. */
  scopes: readonly string[]
  /** True when the app-level token is wanted instead of the bot's. */
  appLevel?: boolean
  run(call: Call): Obj
}

/** A message as the Web API shows it. */
export function showMessage(message: Message, withMetadata = false): Obj {
  return {
    type: 'message',
    user: message.user,
    ts: message.ts,
    text: message.text,
    ...(message.user.startsWith('U0VAKT') && { bot_id: 'B0VAKT', app_id: 'A0VAKT' }),
    ...(message.blocks.length > 0 && { blocks: message.blocks }),
    ...(message.attachments.length > 0 && { attachments: message.attachments }),
    ...(message.files.length > 0 && { files: message.files.map(file => ({ id: file.id, name: file.name })) }),
    ...(message.thread_ts !== undefined && { thread_ts: message.thread_ts }),
    ...(message.broadcast && { subtype: 'thread_broadcast' }),
    ...(message.edits > 0 && { edited: { user: message.user, ts: message.ts } }),
    ...(withMetadata && message.metadata !== undefined && { metadata: message.metadata }),
  }
}

/** A modal as the Web API shows it. */
export function showModal(modal: Modal): Obj {
  return { view: modal.view }
}
