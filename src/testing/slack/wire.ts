// The shapes that travel between Slack and an app, as far as the simulator needs to know them.

/** Any JSON object. */
export type Obj = Record<string, unknown>

/** One Block Kit block as stored; Slack gives every block an id. */
export interface Block extends Obj {
  type: string
  block_id: string
}

/** A person or a bot of the simulated workspace. */
export interface Person {
  id: string
  name: string
  real_name: string
  is_admin: boolean
  is_owner: boolean
  is_bot: boolean
  deleted: boolean
  tz: string
  /** Another workspace, for people in channels shared by Slack Connect. */
  team_id?: string
}

/** A conversation of the simulated workspace. */
export interface Conversation {
  id: string
  name: string
  botIsMember: boolean
  is_archived: boolean
  is_private: boolean
  /** People who are not in it. */
  absent?: string[]
}

/** A message as stored: what a reader of the channel sees. */
export interface Message {
  ts: string
  channel: string
  user: string
  text: string
  blocks: Block[]
  attachments: Obj[]
  files: StoredFile[]
  metadata?: Obj
  thread_ts?: string
  /** True when a reply was also sent to the channel. */
  broadcast: boolean
  edits: number
  isPinned?: boolean
  /** Set when only this person sees the message. */
  to?: string
  /** Who is notified by markup in this message, such as `<!channel>` or `<@U1>`. */
  mentions: string[]
}

/** An uploaded file. */
export interface StoredFile {
  id: string
  name: string
  title: string
  length: number
  content: Buffer
  uploaded: boolean
  /** The channel it was shared in, once the upload was completed. */
  channel?: string
}

/** A modal as stored. */
export interface View extends Obj {
  id: string
  hash: string
  callback_id: string
  private_metadata: string
  title: Obj
  blocks: Block[]
  root_view_id: string
  previous_view_id: string | null
  external_id: string
}

/** An error that Slack answers as `{"ok":false,"error":code}`. */
export class SlackRefusal extends Error {
  readonly code: string
  readonly messages: string[]
  /** It is about what the workspace has, not about an error of the app. */
  readonly isOfWorkspace: boolean
  constructor(code: string, messages: string[] = [], isOfWorkspace = false) {
    super(code)
    this.code = code
    this.messages = messages
    this.isOfWorkspace = isOfWorkspace
  }
}

/** The value as an object, or undefined when it is something else. */
export function asObject(value: unknown): Obj | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Obj) : undefined
}

/** The value as a list; anything else is an empty list. */
export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value as a string; anything else is the empty string. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
