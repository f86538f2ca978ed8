// What Vakt must know of a chat platform before (and without) loading it: settings, ids, capabilities, and how to load it.
import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { RequiredSetting } from '../config/setting.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { Logger } from '../logger.ts'
import type { AddedChannel, Capabilities, CommandDispatcher, Platform } from './channel.ts'

/**
 * A chat platform as its folder declares it; `platforms.ts` lists them all. Everything else is derived from the list:
 * the configuration, `channels add`, the accounts of people, roles, mentions, and what is loaded at the start.
 */
export type PlatformDefinition<Settings = unknown, Shape extends z.ZodRawShape = z.ZodRawShape> = {
  /** Its name in ids, flags and results, such as `discord`. */
  name: string
  /** Its name in sentences, such as `Discord`. */
  label: string
  capabilities: Capabilities
  /** Its environment variables, each with its zod schema, in the order of `.env.example`. */
  settings: Shape
  /** Those of them that are useless without another. */
  required: readonly RequiredSetting[]
  /** The values that the log must never show. */
  secrets(environment: z.output<z.ZodObject<Shape>>): readonly (string | undefined)[]
  /** The settings as the platform takes them; null when it is not configured. */
  readSettings(environment: z.output<z.ZodObject<Shape>>): Settings | null
  /** Loads the platform with its SDK. Called only when it is configured. */
  load(settings: Settings): Promise<PlatformFactory>
  /** Asks the platform whether its tokens, rights and channel work; rejects when it cannot be reached. For `doctor`. */
  diagnose?(settings: Settings, signal: AbortSignal): Promise<Diagnosis[]>
  channels: ChannelSyntax
  /** How the accounts of people are written; absent where Vakt knows nobody. */
  accounts?: AccountSyntax
  /** Whom a role can be given to; absent where nobody types commands. */
  roles?: RoleSyntax
  /** What a chat makes of a mention, so that people can pick somebody from its list. */
  mentions?: readonly MentionSyntax[]
  /** The path of the intake at which the platform sends its requests: how they are known, and why there may be nothing. */
  requests?: { path: string; description: string; notConfigured: string }
}

/** Makes the platform; the app calls it once, at its start. */
export type PlatformFactory = (parts: PlatformParts) => Platform

/** What the app gives every platform. */
export type PlatformParts = {
  dispatcher: CommandDispatcher
  clock: Clock
  logger: Logger
  /** For readers whose own time zone the platform cannot show. */
  timeZone: string
  /** The version of Vakt. */
  version: string
  /** The id of this Vakt, which every button carries. */
  instance: string
  /** Whether alerts can go to the channel of this id now. */
  isChannel(id: string): boolean
  /** What the platform remembers across restarts, such as what a workspace refuses. */
  memory: PlatformMemory
  links: PressLinks
  /** To be called at every new connection: delivery sends what waited. */
  onOnline(): void
}

/**
 * Links that run one command line, once, for who opens them on a telephone. GET shows a page and never acts; POST acts.
 * `create` gives null where Vakt has no public URL.
 */
export type PressLinks = { create(line: string, channel: string): string | null }

/** Short texts by name, stored in the state. */
export type PlatformMemory = { read(name: string): string | null; write(name: string, text: string): void }

/** How `channels add` takes a channel of the platform. */
export type ChannelSyntax = {
  /** For help and errors: `discord:<channel id>`. */
  written: string
  pattern: RegExp
  /** A whole command line. */
  example: string
  /** One more sentence for the help. */
  note?: string
  /** The setting that configures the platform; null when it needs none. */
  setting: string | null
  /** `given`: the secret of a channel is what people typed, which is not shown again. */
  secret?: 'given'
  /** Reads what `pattern` matches; without it that is the id. Throws `invalid`. */
  read?(where: string, name: string | undefined): AddedChannel
}

/** The accounts of people, for `oncall member add --<platform>`. */
export type AccountSyntax = {
  /** Reads an account as it is typed (an id, or what the chat makes of a mention) into its id. */
  schema: z.ZodType<string, string>
  /** The id of the channel that reaches only this account; absent where messages to one person are not supported. */
  directChannel?(account: string): string
}

/** Those who can be given a role with `roles set`. */
export type RoleSyntax = {
  /** The id of a person or a group. */
  subject: RegExp
  /** An id or a mention that no other platform has; without one, the platform must be named. */
  unmistakable?: RegExp
  /** Who is an admin without being given the role, such as `Slack admins`. */
  admins: string
  /** How somebody is picked from a list, such as `on Slack write @ and pick the person`. */
  picking?: string
  example?: string
}

/** A mention that a person can type or pick; it is stored as `<platform>-<kind>:<id>`. */
export type MentionSyntax = {
  kind: 'user' | 'role' | 'group'
  /** What the chat sends for it; the first group is the id. */
  typed: RegExp
  id: RegExp
}

/** Checks a definition against its own settings; the types of the settings follow from the schemas. */
export function definePlatform<Settings, Shape extends z.ZodRawShape>(
  definition: PlatformDefinition<Settings, Shape>,
): PlatformDefinition<Settings, Shape> {
  return definition
}

/** The settings of one platform among those of all, by their names; null when it is not configured. */
export function settingsOf<Settings>(
  definition: Pick<PlatformDefinition<Settings>, 'name' | 'readSettings'>,
  all: Readonly<Record<string, unknown>>,
): Settings | null {
  return (all[definition.name] as Settings | undefined) ?? null
}
