// The one port to the chats: where cards go, where command lines come from, and how either can fail.
import type { Card } from '../card.ts'
import type { Argument } from '../command/argument.ts'
import type { Command, Role } from '../command/command.ts'
import type { Problem } from '../problem.ts'

/** Why a message was not delivered, as delivery needs to know it. */
export type DeliveryErrorCode =
  /** The platform asked to wait `retryAfterMs`; `scope` says what is limited: one kind of step, or everything. */
  | 'limited'
  /** Certainly not accepted (refused connection, no session, 5xx before acceptance): send again later. */
  | 'unreachable'
  /** It may have been accepted (time-out or reset after sending): look with `find` before sending again. */
  | 'unsure'
  /** The message to be edited cannot be edited any more (deleted, too old, archived): post anew. */
  | 'gone'
  /** It will never be accepted (no access, unknown channel, invalid): tell people, stop trying. */
  | 'refused'

/** A delivery that failed; `message` is one sentence for a person, without secrets. */
export class DeliveryError extends Error {
  readonly code: DeliveryErrorCode
  readonly retryAfterMs: number | undefined
  readonly scope: 'post' | 'edit' | 'all'

  constructor(
    refusal: DeliveryErrorCode,
    message: string,
    details: { retryAfterMs?: number; scope?: 'post' | 'edit' | 'all' } = {},
  ) {
    super(message)
    this.name = 'DeliveryError'
    this.code = refusal
    this.retryAfterMs = details.retryAfterMs
    this.scope = details.scope ?? 'all'
  }
}

/** What a platform can do; the definition of each declares it. */
export type Capabilities = {
  /** A message can be changed in place; without it a change that matters is sent as a new message. */
  readonly edits: boolean
  /** Messages have threads, for the timeline of an alert and for questions about it. */
  readonly threads: boolean
  /** An edit can add a picture to a message. */
  readonly pictures: boolean
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
  /** How people call it: `Discord #ops`. */
  readonly name: string
  /** Posts a new message that notifies. `nonce` (at most 25 characters) makes a repeated post recognisable. Returns its reference. */
  post(card: Card, nonce: string): Promise<string>
  /** Changes a message in place; notifies nobody. */
  edit(ref: string, card: Card): Promise<void>
  /** Answers under a message so that people are notified again (thread reply that is also shown in the channel). */
  reply(ref: string, card: Card, nonce: string): Promise<string>
  /**
   * Adds to the thread under a message, where the platform has threads, so that as few as possible are notified. May be
   * lost or come twice when the connection breaks; no alert depends on it.
   */
  thread?(ref: string, card: Card): Promise<void>
  /** The same channel, speaking within a thread of it; its id is the channel's and the thread's, as `channelAt` reads them. */
  inThread?(thread: string): Channel
  /** The reference of the message once sent with `nonce` at or after `since` (epoch ms), or null. */
  find(nonce: string, since: number): Promise<string | null>
}

/** The channel of an id, or the thread of one of them that `threadId` named; undefined when there is none. */
export function channelAt(channels: readonly Channel[], id: string): Channel | undefined {
  const exact = channels.find(one => one.id === id)
  if (exact) return exact
  const end = id.lastIndexOf('/')
  return end < 0 ? undefined : channels.find(one => one.id === id.slice(0, end))?.inThread?.(id.slice(end + 1))
}

/** The id of a thread of a channel. */
export function threadId(channelId: string, thread: string): string {
  return `${channelId}/${thread}`
}

/** How a platform's connection is doing; `message` is a sentence for people when it is not online. */
export type PlatformStatus = { state: 'connecting' | 'online' | 'lost' | 'refused'; since: number; message?: string }

/** What follows the platform's prefix in the id of a channel, such as `123` in `discord:123`; null for another prefix. */
export function addressIn(id: string, prefix: string): string | null {
  return id.startsWith(`${prefix}:`) ? id.slice(prefix.length + 1) : null
}

/** A channel beside those of the settings: its id, and for webhooks where it goes and what it is signed with. */
export type AddedChannel = { id: string; name: string; address: string | null; secret: string | null }

/** A chat platform: its connection, supervised by itself, and the channels it offers. */
export interface Platform {
  /** As its definition names it, or `terminal`. */
  readonly name: string
  readonly channels: readonly Channel[]
  /** Opens one more of its channels; null when that is none of this platform's. */
  open?(added: AddedChannel): Channel | null
  status(): PlatformStatus
  /** Answers a request that the platform sends to the intake; absent where it sends none. Never rejects. */
  receive?: Receive
  /** Starts connecting in the background and keeps at it; never throws, never rejects. */
  start(): void
  /** Stops taking commands, waits for those in flight (a few seconds at most) and closes. */
  stop(): Promise<void>
}

/** An HTTP answer as the intake sends it. */
export type HttpAnswer = { status: number; body: string; headers: Record<string, string> }

/** Answers one POST; `rawBody` must be exactly the bytes received, and the names of `headers` in lower case. */
export type Receive = (
  rawBody: Uint8Array | string,
  headers: Readonly<Record<string, string | undefined>>,
) => Promise<HttpAnswer>

/** Who speaks, as a platform knows them; roles are settled behind `CommandDispatcher`. */
export type Requester = {
  /** The name of the platform, or `terminal`, or `api` for the holder of a key. */
  platform: string
  id: string
  name: string
  /** The platform's own administrators (Manage Server, workspace admin, the terminal, the admin key). */
  admin: boolean
  /** Ids of the platform's roles or groups that the speaker has. */
  groups: readonly string[]
  /** The role and the project that a key of a project is limited to; its holder reaches nothing outside. */
  key?: { role: Role; project: string }
  /** Whether a person can be asked to confirm with a button. */
  interactive: boolean
  /** The message of a channel (or of a thread of one) that the answer belongs under, for everybody. */
  place?: AnswerPlace
}

export type AnswerPlace = { channel: string; ref: string }

/** A message that calls Vakt by its name. */
export type Mention = {
  /** The channels that it may be in: its own, or for a thread all that the thread may belong to. */
  channels: readonly string[]
  /** References of the messages that it hangs from, nearest first. */
  under: readonly string[]
  /** What it says beside the name. */
  text: string
  /** The thread that it is in, and the message in it that is answered; null outside of threads. */
  thread: { id: string; ref: string } | null
}

/** A command to run: a line as typed, words as a shell split them, or a name with arguments by name. */
export type Request =
  | { line: string }
  | { words: readonly string[] }
  | { command: string; args: Record<string, unknown> }

/** What to show. `private` means to the speaker only; `quiet` that a button press needs no answer (see `Answer`). */
export type Reply =
  | { ok: true; card: Card; result: unknown; private: boolean; quiet: boolean }
  | { ok: false; problem: Problem; card: Card; private: true }

export type Choice = { name: string; value: string }

/** What a platform hands command lines to. */
export interface CommandDispatcher {
  readonly commands: readonly Command<never>[]
  /** Runs a command; never rejects: refusals are replies. */
  run(request: Request, speaker: Requester): Promise<Reply>
  /** Answers a message that calls Vakt by its name: a question about the alert whose card it hangs from. Never rejects. */
  answerMention(mention: Mention, speaker: Requester): Promise<Reply>
  /** Whether the reply to this request is for the speaker only; needed before a reply is deferred. */
  isPrivate(request: Request): boolean
  /** Up to 25 choices for an argument that `complete`s, by what has been typed so far. */
  complete(argument: Argument, typed: string, speaker: Requester): readonly Choice[]
  /** Why the speaker may not run this line, to be said before a form is opened for it; null when they may. */
  refusalFor(line: string, speaker: Requester): Reply | null
  /** The command a line names and its arguments that a button's `ask` names, in that order, for a form. */
  form(line: string, ask: readonly string[]): { command: Command<never>; arguments: readonly Argument[] } | null
  /** The line with values (by argument name) from a form added, quoted as needed. */
  fillForm(line: string, values: Record<string, string>): string
}
