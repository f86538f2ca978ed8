// The port to the chats: channels for cards, people with command lines, and how a delivery can fail.
import type { Card } from '../card.ts'
import type { Argument } from '../command/argument.ts'
import type { Command, LineStream, Role } from '../command/command.ts'
import type { Problem } from '../problem.ts'

/** Why a message was not delivered. */
export type DeliveryErrorCode =
  /** The platform asks to wait `retryAfterMs`; `scope` is what it limits: one message, one kind of step, or everything. */
  | 'limited'
  /** It was not accepted (refused connection, no session, 5xx before acceptance): send it again later. */
  | 'unreachable'
  /** It may have been accepted (time-out or reset after sending): look for it with `find` before sending it again. */
  | 'unsure'
  /** The message can no longer be edited (deleted, too old, archived): post a new one. */
  | 'gone'
  /** Its form is not accepted (too long, invalid parts): a plainer form of it may be. */
  | 'invalid_form'
  /** It is not accepted (no access, unknown channel): alert people, and retry after people may have changed something. */
  | 'refused'

export type DeliveryErrorScope = 'message' | 'post' | 'edit' | 'all'

/** A delivery that failed; `message` is one sentence for a person, without secrets. */
export class DeliveryError extends Error {
  readonly code: DeliveryErrorCode
  readonly retryAfterMs: number | undefined
  readonly scope: DeliveryErrorScope
  /** With `gone`: the message is there and shows an old state. */
  readonly isStillShown: boolean

  constructor(
    code: DeliveryErrorCode,
    message: string,
    details: { retryAfterMs?: number; scope?: DeliveryErrorScope; isStillShown?: boolean } = {},
  ) {
    super(message)
    this.name = 'DeliveryError'
    this.code = code
    this.retryAfterMs = details.retryAfterMs
    this.scope = details.scope ?? 'all'
    this.isStillShown = details.isStillShown ?? false
  }
}

/** What a platform can do; the definition of each declares it. */
export type Capabilities = {
  /** A message can be changed in place; without it a change that matters is sent as a new message. */
  readonly edits: boolean
  /** Messages have threads, for the timeline of an alert and for questions about it. */
  readonly threads: boolean
  /** An edit can add a picture to a message; without edits, a message can come with one. */
  readonly pictures: boolean
  /** The background that most people have there (default: light). */
  readonly pictureTheme?: 'light' | 'dark'
  /** A message can mention accounts, so that people are notified; without it they are only named. */
  readonly mentions: boolean
  /** People press buttons and type commands there, each known by an account; so they may confirm an action. */
  readonly interactive: boolean
}

/** A place in a chat where cards are shown. Every method rejects only with `DeliveryError`, within about 10 s. */
export interface Channel {
  /** Stable and unique, such as `discord:1234`. */
  readonly id: string
  readonly capabilities: Capabilities
  /** The name for people, such as `Discord #ops`. */
  readonly name: string
  /** Posts a message that notifies people, and returns its reference. `nonce` (at most 25 characters) identifies repeats. */
  post(card: Card, nonce: string): Promise<string>
  /** Changes a message in place; notifies nobody. */
  edit(ref: string, card: Card): Promise<void>
  /** Replies under a message so that people are notified again, also where they do not read the thread. */
  reply(ref: string, card: Card, nonce: string): Promise<string>
  /**
   * Adds to the thread under a message and notifies as few people as possible. It may be lost or come twice when the
   * connection breaks; no alert depends on it.
   */
  thread?(ref: string, card: Card): Promise<void>
  /** Deletes a message of Vakt's own. */
  remove?(ref: string): Promise<void>
  /** Pins a message of Vakt's own, so that it is found above the others; absent where there are no pins. */
  pin?(ref: string): Promise<void>
  /** The channel that posts to a thread of this one; `threadId` makes its id, `channelAt` reads it. */
  inThread?(thread: string): Channel
  /** The reference of the message that was sent with `nonce` at or after `since` (epoch ms); null when there is none. */
  find(nonce: string, since: number): Promise<string | null>
  /**
   * The references of all messages that were sent with these nonces at or after `since`; absent where a nonce is never
   * accepted twice, or where messages cannot be found.
   */
  findAll?(nonces: readonly string[], since: number): Promise<Map<string, string[]>>
}

/** The channel with an id, or with the id of a thread; undefined when there is none. */
export function channelAt(channels: readonly Channel[], id: string): Channel | undefined {
  const exact = channels.find(channel => channel.id === id)
  if (exact) return exact
  const end = id.lastIndexOf('/')
  return end < 0 ? undefined : channels.find(channel => channel.id === id.slice(0, end))?.inThread?.(id.slice(end + 1))
}

/** The id of a thread of a channel. */
export function threadId(channelId: string, thread: string): string {
  return `${channelId}/${thread}`
}

/** The state of a platform's connection; `message` is a sentence for people when it is not online. */
export type PlatformStatus = { state: 'connecting' | 'online' | 'lost' | 'refused'; since: number; message?: string }

/** What follows the platform's prefix in the id of a channel, such as `123` in `discord:123`; null for another prefix. */
export function addressIn(id: string, prefix: string): string | null {
  return id.startsWith(`${prefix}:`) ? id.slice(prefix.length + 1) : null
}

/** A channel that a command added: its id, and for a webhook the URL (`address`) and the key of its signatures. */
export type AddedChannel = { id: string; name: string; address: string | null; secret: string | null }

/** A chat platform: its channels, and a connection that it supervises by itself. */
export interface Platform {
  /** As its definition names it, or `terminal`. */
  readonly name: string
  readonly channels: readonly Channel[]
  /** Opens a channel that a command added; null when it belongs to another platform. */
  open?(added: AddedChannel): Channel | null
  status(): PlatformStatus
  /** Answers a request that the platform sends to the intake; absent where it sends none. Never rejects. */
  receive?: Receive
  /** Called when what boards show may have changed; absent where the platform shows none of its own. */
  onBoardChange?(): void
  /** Starts to connect in the background, and retries until `stop`; never throws. */
  start(): void
  /** Takes no more commands, waits for those that run (a few seconds at most) and disconnects. */
  stop(): Promise<void>
}

/** An HTTP answer as the intake sends it. */
export type HttpAnswer = { status: number; body: string; headers: Record<string, string> }

/** Answers one POST; `rawBody` must be exactly the bytes received, and the names of `headers` in lower case. */
export type Receive = (
  rawBody: Uint8Array | string,
  headers: Readonly<Record<string, string | undefined>>,
) => Promise<HttpAnswer>

/** A person or program that runs commands, as the platform knows them; the dispatcher looks up the role. */
export type Requester = {
  /** The name of the platform, or `terminal`, or `api` for the holder of a key. */
  platform: string
  id: string
  name: string
  /** The platform's own administrators (Manage Server, workspace admin, the terminal, the admin key). */
  admin: boolean
  /** Ids of the platform's roles or groups that the person has. */
  groups: readonly string[]
  /** The address that a request over HTTP came from. */
  address?: string
  /** The role and the project that a key is limited to. */
  key?: { role: Role; project: string }
  /** The role that the door itself vouches for: whoever has the secret of a link may do what it says. */
  ownRole?: Role
  /** Whether there is a person who can confirm with a button. */
  interactive: boolean
  /** Whether everybody in the chat reads the replies, because the platform has no private ones. */
  isPublic?: boolean
  /** The message under which the reply is posted for everybody. */
  place?: AnswerPlace
  /** The id of the channel where it happens, such as `discord:123`. */
  channel?: string
}

export type AnswerPlace = { channel: string; ref: string }

/** A message that mentions Vakt. */
export type Mention = {
  /** The channels that it may be in: one, or for a thread all that the thread may belong to. */
  channels: readonly string[]
  /** References of the messages that it replies to, nearest first. */
  under: readonly string[]
  /** Its text without the mention. */
  text: string
  /** The thread that it is in, and the message to reply to; null outside of threads. */
  thread: { id: string; ref: string } | null
}

/** A command to run: a line as typed, words as a shell splits them, or a name with arguments by name. */
export type Request =
  | { line: string }
  | { words: readonly string[] }
  | { command: string; args: Record<string, unknown> }

/** What to show. `private`: only to the requester. `quiet` (a pressed button needs no reply) and `stream`: see `Answer`. */
export type Reply =
  | { ok: true; card: Card; result: unknown; private: boolean; quiet: boolean; stream?: LineStream }
  | { ok: false; problem: Problem; card: Card; private: true }

export type Choice = { name: string; value: string }

/**
 * Where a button was pressed: the id of the Vakt that made it (null: made before buttons had one), the ids that the channel
 * may have, and the messages that the button may belong to: its own and the one above it.
 */
export type PressOrigin = { instance: string | null; channels: readonly string[]; refs: readonly string[] }

/** Runs the commands of all platforms. */
export interface CommandDispatcher {
  readonly commands: readonly Command<never>[]
  /** Runs a command; never rejects: refusals are replies. */
  run(request: Request, requester: Requester): Promise<Reply>
  /** Answers a message that mentions Vakt: a question about the alert whose card it replies to. Never rejects. */
  answerMention(mention: Mention, requester: Requester): Promise<Reply>
  /** Whether only the requester sees the reply; needed before a reply is deferred. */
  isPrivate(request: Request): boolean
  /** Up to 25 choices for an argument with a `complete` list, for the text typed so far. */
  complete(argument: Argument, typed: string, requester: Requester): readonly Choice[]
  /** The refusal of a line that the requester may not run, before a form is opened for it; null when they may. */
  refusalFor(line: string, requester: Requester): Reply | null
  /** The refusal of a press on a card of another or an earlier Vakt, whose numbers mean other alerts; null for own ones. */
  pressRefusal?(line: string, origin: PressOrigin): Reply | null
  /** The command of a line and the arguments that a button asks for, for a form; null when there is no such command. */
  form(line: string, ask: readonly string[]): { command: Command<never>; arguments: readonly Argument[] } | null
  /** The line with the entries of a form (by argument name) added, quoted as needed. */
  fillForm(line: string, values: Record<string, string>): string
}
