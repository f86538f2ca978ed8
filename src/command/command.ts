// Defines commands, and reads and validates their arguments; every door derives what it needs from the definition.
import { z } from 'zod'
import type { Card } from '../card.ts'
import { Problem } from '../problem.ts'
import { dropInvisible, hasControls } from '../text.ts'
import { type Argument, type ArgumentKind, argumentNamed } from './argument.ts'
import { argumentError, argumentErrorSentence, NO_MESSAGE } from './argument-errors.ts'

export const ROLES = ['viewer', 'responder', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** The person or program that runs a command, as shown on cards and in the audit. */
export type Actor = {
  platform: string
  id: string
  name: string
  role: Role
  /** The address of a request over HTTP. */
  address?: string
  /** The id of the key that asks. */
  keyId?: string
  /** The project that this key is limited to. */
  project?: string
  /** The id of the channel that the command was typed or pressed in, such as `discord:123`; it may be one that gets no alerts. */
  channel?: string
  /** Everybody in the chat reads the answer, so it must hold no secret. */
  isPublic?: boolean
}

/**
 * The answer of a command: a card for people and `result` for scripts (snake case, times RFC 3339, durations ms).
 * `asked`: nothing was done yet, because a person is asked to confirm. `quiet`: the card of the alert already shows the
 * outcome, so a press of its button needs no answer of its own. `audit` is what the audit shows beside the command: how many
 * rows or lines were removed, and the id of a key that was created or revoked.
 */
export type Answer = {
  card: Card
  result?: unknown
  quiet?: boolean
  asked?: boolean
  stream?: LineStream
  audit?: { count?: number; keyId?: string }
}

/** Lines that follow an answer, at the doors that can send them. It begins to follow, and returns how to stop. */
export type LineStream = (sink: LineSink<unknown>) => () => void

/**
 * Takes new lines (JSON values), with how many were left out before them (default: 0), and sentences about why no lines
 * come.
 */
export type LineSink<L> = { lines(lines: readonly L[], leftOut?: number): void; problem(message: string): void }

type Shape = Record<string, z.ZodType>

/** A command as the doors see it. `C` is the context that `run` gets beside the arguments. */
export type Command<C> = {
  name: string
  /** Former names, which still work and are not shown. */
  aliases: readonly string[]
  summary: string
  details?: string
  examples: readonly string[]
  role: Role
  changes: boolean
  arguments: readonly Argument[]
  /** Validates raw values by argument name and returns them typed; throws one `Problem` with every wrong field. */
  parse(raw: Record<string, unknown>): Record<string, unknown>
  run(args: never, context: C): Answer | Promise<Answer>
}

/** Makes an argument positional: it is written without its name, in declared order; the last one takes the rest. */
export function positional<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), positional: true }) as T
}

/** Sets the list that autocomplete offers for an argument. */
export function completes<T extends z.ZodType>(schema: T, list: string): T {
  return schema.meta({ ...schema.meta(), complete: list }) as T
}

/** Gives an argument former names (kebab case), which still work and are not shown. */
export function aliased<T extends z.ZodType>(schema: T, ...aliases: readonly string[]): T {
  return schema.meta({ ...schema.meta(), aliases }) as T
}

/** Keeps the value of an argument out of the audit and the log. */
export function secret<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), secret: true }) as T
}

/** Lets an argument be written several times (a list in JSON); `run` gets the values as the lines of one text. */
export function repeated<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), repeated: true }) as T
}

/**
 * The function that defines commands over a context `C`. Argument names are camel case in code and kebab case for people;
 * their `.describe()` is the help text. `changes` (default: true for roles above viewer) puts the command in the audit.
 */
export function commandsFor<C>() {
  return function command<S extends Shape>(definition: {
    name: string
    aliases?: readonly string[]
    summary: string
    details?: string
    examples?: readonly string[]
    role: Role
    changes?: boolean
    args: S
    run(args: z.output<z.ZodObject<S>>, context: C): Answer | Promise<Answer>
  }): Command<C> {
    const { aliases = [], examples = [], changes = definition.role !== 'viewer', ...rest } = definition
    const args = { ...definition.args, ...(changes ? {} : { share: SHARE }) }
    // Described on first use: hundreds of arguments would slow down every start.
    const describe = once(() => Object.entries(args).map(([key, type]) => describeArgument(key, type)))
    const schema = once(() => z.strictObject(args))
    return {
      ...rest,
      aliases,
      examples,
      changes,
      get arguments() {
        return describe()
      },
      parse: raw => parseArguments(schema(), describe(), raw),
    }
  }
}

// Answers go to the person who asked; the answer of a command that changes nothing may be shown to everybody.
const SHARE = z.boolean().optional().describe('Show the answer to everybody in the channel')

/** `maxRuntime` or `max_runtime` as people write it: `max-runtime`. */
export function kebab(key: string): string {
  return key.replaceAll('_', '-').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** The usage line of a command: `snooze <alert> [note] --for DURATION [--share]`. */
export function usage(command: Pick<Command<never>, 'name' | 'arguments'>): string {
  const words = command.arguments.map(argument => {
    const value = argument.choices ? argument.choices.join('|') : argument.name.toUpperCase()
    const word = argument.positional
      ? `<${argument.name}>`
      : `--${argument.name}${argument.kind === 'flag' ? '' : ` ${value}`}`
    return argument.required ? word : `[${argument.positional ? argument.name : word}]`
  })
  return [command.name, ...words].join(' ')
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function describeArgument(key: string, type: z.ZodType): Argument {
  const meta = metaOf(type)
  const json = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' }) as JsonType
  const inner = json.anyOf?.find(option => option.type !== 'null') ?? json
  return {
    key,
    name: kebab(key),
    summary: meta.description ?? '',
    kind: argumentKind(inner),
    required: !type.safeParse(undefined).success,
    positional: meta.positional === true,
    ...(inner.enum ? { choices: inner.enum } : {}),
    ...bounds(inner),
    ...(inner.maxLength === undefined ? {} : { maxLength: inner.maxLength }),
    ...(meta.complete === undefined ? {} : { complete: meta.complete }),
    ...(meta.aliases === undefined ? {} : { aliases: meta.aliases }),
    ...(meta.secret ? { secret: true } : {}),
    ...(meta.repeated ? { repeated: true } : {}),
  }
}

// The limits of safe integers in JavaScript are not worth showing.
function bounds({ minimum, exclusiveMinimum, maximum }: JsonType): { min?: number; max?: number } {
  const min = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1
  return {
    ...(min === undefined || !Number.isSafeInteger(min - 1) ? {} : { min }),
    ...(maximum === undefined || !Number.isSafeInteger(maximum + 1) ? {} : { max: maximum }),
  }
}

type Meta = {
  description?: string
  positional?: boolean
  complete?: string
  aliases?: readonly string[]
  secret?: boolean
  repeated?: boolean
}

// Metadata of the type inside `.optional()` counts too; the outer one comes first.
function metaOf(type: z.ZodType): Meta {
  const inner = type instanceof z.ZodOptional ? metaOf(type.unwrap() as z.ZodType) : {}
  return { ...inner, ...type.meta() }
}

type JsonType = {
  type?: string
  enum?: string[]
  anyOf?: JsonType[]
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  maxLength?: number
}

function argumentKind(json: JsonType): ArgumentKind {
  if (json.enum) return 'choice'
  if (json.type === 'integer') return 'whole number'
  if (json.type === 'number') return 'number'
  if (json.type === 'boolean') return 'flag'
  return 'text'
}

/** Arguments that name things: a name of several lines could pass for several rows of a list or of the audit. */
const NAMES = new Set(['name', 'rename', 'owner', 'title', 'person', 'who', 'project', 'host', 'reason', 'dependsOn'])

function parseArguments(schema: z.ZodObject, list: readonly Argument[], raw: Record<string, unknown>) {
  const values: Record<string, unknown> = {}
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries(raw)) {
    const argument = argumentNamed(list, kebab(name))
    if (!argument) fields[kebab(name)] = `There is no argument --${kebab(name)}`
    else if (value !== null) values[argument.key] = fromText(argument, value)
    if (argument && NAMES.has(argument.key) && typeof value === 'string') values[argument.key] = dropInvisible(value)
    if (argument && NAMES.has(argument.key) && typeof value === 'string' && hasControls(value.trim()))
      fields[argument.name] = 'must be one line, without control characters'
  }
  const parsed = schema.safeParse(values, { error: () => NO_MESSAGE })
  for (const issue of parsed.error?.issues ?? []) {
    const argument = list.find(candidate => candidate.key === issue.path[0])!
    fields[argument.name] ??= argumentError(argument, issue, values[argument.key])
  }
  const errors = Object.entries(fields)
  if (parsed.success && errors.length === 0) return parsed.data
  const sentences = errors.map(([name, error]) => argumentErrorSentence(name, error))
  throw new Problem('invalid', sentences.join(' '), { fields })
}

/** Command lines and forms send text: text of the argument's type is converted, the schema rejects the rest. */
function fromText(argument: Argument, value: unknown): unknown {
  if (argument.repeated && Array.isArray(value) && value.every(item => typeof item === 'string'))
    return value.join('\n')
  if (typeof value !== 'string') return value
  const numeric = argument.kind === 'whole number' || argument.kind === 'number'
  if (numeric && /^#?-?\d+(\.\d+)?$/.test(value)) return Number(value.replace('#', ''))
  if (argument.kind === 'flag' && /^(true|yes|on|1)$/i.test(value)) return true
  if (argument.kind === 'flag' && /^(false|no|off|0)$/i.test(value)) return false
  return value
}
