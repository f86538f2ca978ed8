// How a command is defined, and how its arguments are read and checked; every door derives what it needs from here.
import { z } from 'zod'
import type { Card } from '../card.ts'
import { Problem } from '../problem.ts'
import { type Argument, type ArgumentKind, argumentNamed } from './argument.ts'
import { argumentError, argumentErrorSentence, NO_MESSAGE } from './argument-errors.ts'

export const ROLES = ['viewer', 'responder', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Who did something, as written on cards and in the audit. */
export type Actor = { platform: string; id: string; name: string; role: Role }

/**
 * What a command answers: a card for people and `result` for scripts (snake case, times RFC 3339, durations ms).
 * `asked` says that nothing was done yet, for a person is asked first.
 * `quiet` says that the alert's own card already shows the outcome, so a button press on it needs no answer of its own.
 */
export type Answer = { card: Card; result?: unknown; quiet?: boolean; asked?: boolean }

type Shape = Record<string, z.ZodType>

/** A command without its types: what the doors hold. `C` is what `run` is given beside the arguments. */
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
  /** Checks raw values by argument key and returns them typed; throws one `Problem` that names every wrong field. */
  parse(raw: Record<string, unknown>): Record<string, unknown>
  run(args: never, context: C): Answer | Promise<Answer>
}

/** Marks an argument as positional: it is written without its name, in declared order; the last takes the rest. */
export function positional<T extends z.ZodType>(schema: T): T {
  return schema.meta({ ...schema.meta(), positional: true }) as T
}

/** Names the list that autocomplete offers for an argument. */
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

/**
 * Makes the function that defines commands over a context `C`. Argument names are camel case here and kebab case where people write them; their
 * `.describe()` is the help text. `changes` (default true for roles above viewer) puts the command in the audit.
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
    // Described when first asked for: hundreds of arguments at every start would be felt.
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

// Answers are for the one who asked; what only looks things up may also be shown to everybody.
const SHARE = z.boolean().optional().describe('Show the answer to everybody in the channel')

/** `maxRuntime` or `max_runtime` as people write it: `max-runtime`. */
export function kebab(key: string): string {
  return key.replaceAll('_', '-').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** How a command is written, for help and error texts: `snooze <alert> [note] --for DURATION [--share]`. */
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
  }
}

// The bounds of every whole number in JavaScript are none that people need to know of.
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
}

// What was said of the type inside `.optional()` holds too; the outer words come first.
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

function parseArguments(schema: z.ZodObject, list: readonly Argument[], raw: Record<string, unknown>) {
  const values: Record<string, unknown> = {}
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries(raw)) {
    const argument = argumentNamed(list, kebab(name))
    if (!argument) fields[kebab(name)] = `There is no argument --${kebab(name)}`
    else if (value !== null) values[argument.key] = fromText(argument, value)
  }
  const parsed = schema.safeParse(values, { error: () => NO_MESSAGE })
  for (const issue of parsed.error?.issues ?? []) {
    const argument = list.find(one => one.key === issue.path[0])!
    fields[argument.name] ??= argumentError(argument, issue, values[argument.key])
  }
  const wrong = Object.entries(fields)
  if (parsed.success && wrong.length === 0) return parsed.data
  throw new Problem('invalid', wrong.map(([name, what]) => argumentErrorSentence(name, what)).join(' '), { fields })
}

/** Command lines and forms give text; what looks like the argument's own type becomes it, the rest is left for the schema. */
function fromText(argument: Argument, value: unknown): unknown {
  if (typeof value !== 'string') return value
  const numeric = argument.kind === 'whole number' || argument.kind === 'number'
  if (numeric && /^#?-?\d+(\.\d+)?$/.test(value)) return Number(value.replace('#', ''))
  if (argument.kind === 'flag' && /^(true|yes|on|1)$/i.test(value)) return true
  if (argument.kind === 'flag' && /^(false|no|off|0)$/i.test(value)) return false
  return value
}
