// Vakt's commands as slash commands: how they are declared and registered, and how a used one is read.
import {
  DiscordAPIError,
  type REST,
  Routes,
  type APIApplicationCommandInteractionDataOption as SentOption,
  type RESTPostAPIChatInputApplicationCommandsJSONBody as SlashCommand,
} from 'discord.js'
import { cutText } from '../../card.ts'
import type { Argument } from '../../command/argument.ts'
import type { Command } from '../../command/command.ts'
import { type CommandDispatcher, DeliveryError } from '../channel.ts'
import { size } from './markdown.ts'

/** https://discord.com/developers/docs/interactions/application-commands */
const MAX_OPTIONS = 25
const MAX_CHOICES = 25
const MAX_CHOICE_LENGTH = 100
const MAX_COMMAND_SIZE = 8_000
const MAX_TEXT_LENGTH = 6_000
/** Tried in this order until a command is small enough. */
const DESCRIPTION_LENGTHS = [100, 60, 30, 10]
const SUBCOMMAND = 1
const IN_GUILDS = 0
const TYPES = { text: 3, choice: 3, 'whole number': 4, flag: 5, number: 10 } as const

type Definition = Pick<Command<never>, 'name' | 'summary' | 'arguments'>
type Option = Record<string, unknown> & { name: string; options?: Option[] }

/**
 * One slash command for each first word; further words become a subcommand, joined by hyphens. A command that is only
 * the first word of others (`status` beside `status parts`) becomes the subcommand `show`. At most 25 subcommands each.
 */
export function slashCommands(commands: readonly Definition[]): SlashCommand[] {
  return [...groups(commands)].map(([word, members]) => {
    const candidates = DESCRIPTION_LENGTHS.map(length => slashCommand(word, members, length))
    return candidates.find(command => sizeOf(command as unknown as Option) <= MAX_COMMAND_SIZE) ?? candidates.at(-1)!
  })
}

/** The command that people used, with its arguments by name; null when there is none of that name. */
export function readSlash(commands: readonly Definition[], name: string, sent: readonly SentOption[] = []) {
  const sub = sent.find(option => option.type === SUBCOMMAND)
  const members = groups(commands).get(name) ?? []
  const command = members.find(member => subName(member, members) === sub?.name)
  if (!command) return null
  const options = sub && 'options' in sub ? (sub.options ?? []) : sent
  const filled = options.filter(option => 'value' in option)
  const args = Object.fromEntries(filled.map(option => [option.name, option.value]))
  const focused = filled.find(option => 'focused' in option && option.focused)
  const argument = command.arguments.find(({ name }) => name === focused?.name)
  return { command: command.name, args, focused: argument && { argument, typed: String(focused?.value ?? '') } }
}

/** Whether the registered commands differ from the wanted ones. Discord adds fields; only ours are compared. */
export function differs(registered: readonly unknown[], wanted: readonly SlashCommand[]): boolean {
  const sorted = (list: readonly unknown[]) =>
    list.map(command => essence(command as Option)).sort((a, b) => (a.name < b.name ? -1 : 1))
  return JSON.stringify(sorted(registered)) !== JSON.stringify(sorted(wanted))
}

function groups(commands: readonly Definition[]): Map<string, Definition[]> {
  return Map.groupBy(commands, command => command.name.split(' ')[0]!)
}

/** Undefined for the only command with its first word. */
function subName(command: Definition, members: readonly Definition[]): string | undefined {
  const rest = command.name.split(' ').slice(1).join('-')
  if (rest) return rest
  if (members.length === 1) return undefined
  return members.some(member => member.name === `${command.name} show`) ? 'overview' : 'show'
}

function slashCommand(word: string, members: readonly Definition[], maxLength: number): SlashCommand {
  const alone = members.length === 1 && subName(members[0]!, members) === undefined
  const subs = members.slice(0, MAX_OPTIONS).map(member => ({
    type: SUBCOMMAND,
    name: subName(member, members)!,
    description: description(member.summary, maxLength),
    options: options(member.arguments, maxLength),
  }))
  const subjects = members.map(member => member.name.split(' ').slice(1).join(' ') || 'show').join(', ')
  return {
    type: 1,
    name: word,
    description: description(alone ? members[0]!.summary : `${word}: ${subjects}`, maxLength),
    contexts: [IN_GUILDS],
    options: alone ? options(members[0]!.arguments, maxLength) : subs,
  } as SlashCommand
}

/** Required options first, as Discord demands; beyond 25 the last optional ones can only be typed. */
function options(args: readonly Argument[], maxLength: number): Option[] {
  const ordered = [...args.filter(({ required }) => required), ...args.filter(({ required }) => !required)]
  return ordered.slice(0, MAX_OPTIONS).map(argument => option(argument, maxLength))
}

function option(argument: Argument, maxLength: number): Option {
  // Suggestions are texts such as "#12 nightly is down", so an argument with suggestions is a text.
  const type = argument.complete ? TYPES.text : TYPES[argument.kind]
  const choices = argument.choices && argument.choices.length <= MAX_CHOICES ? argument.choices : undefined
  const numeric = type === TYPES.number || type === TYPES['whole number']
  return {
    type,
    name: argument.name,
    description: description(argument.summary || argument.name, maxLength),
    ...(argument.required && { required: true }),
    ...((argument.complete || argument.choices) && !choices && { autocomplete: true }),
    ...(choices && { choices: choices.map(choice => ({ name: cutText(choice, MAX_CHOICE_LENGTH), value: choice })) }),
    ...(numeric && isUsable(argument.min) && { min_value: argument.min }),
    ...(numeric && isUsable(argument.max) && { max_value: argument.max }),
    ...(type === TYPES.text &&
      argument.maxLength &&
      !choices && { max_length: Math.min(argument.maxLength, MAX_TEXT_LENGTH) }),
  }
}

const isUsable = (limit: number | undefined) => limit !== undefined && Math.abs(limit) <= Number.MAX_SAFE_INTEGER
const description = (text: string, maxLength: number) => cutText(text.trim() || '…', maxLength)

function sizeOf(node: Option): number {
  const texts = [node.name, node.description, node.value].filter(text => typeof text === 'string')
  const inner = [...(node.options ?? []), ...((node.choices as Option[] | undefined) ?? [])]
  return texts.reduce((sum, text) => sum + size(text), 0) + inner.reduce((sum, child) => sum + sizeOf(child), 0)
}

const COMPARED_FIELDS = ['type', 'description', 'required', 'autocomplete', 'min_value', 'max_value', 'max_length']

/** The compared fields in a fixed order; absent, false and empty are the same. */
function essence(node: Option): Record<string, unknown> & { name: string } {
  const fields = COMPARED_FIELDS.filter(key => node[key]).map(key => [key, node[key]])
  const choices = ((node.choices as { name: string; value: unknown }[] | undefined) ?? []).map(c => [c.name, c.value])
  return { name: node.name, ...Object.fromEntries(fields), choices, options: (node.options ?? []).map(essence) }
}

/**
 * Registers the commands of the server unless Discord has the same. Rejects with the SDK's error, or with a
 * `DeliveryError` that tells how to invite the bot. Discord refuses all of them when one exceeds a limit.
 */
export async function registerCommands(
  rest: REST,
  applicationId: string,
  guildId: string,
  commands: CommandDispatcher['commands'],
): Promise<'unchanged' | 'registered'> {
  const route = Routes.applicationGuildCommands(applicationId, guildId)
  const wanted = slashCommands(commands)
  try {
    const registered = (await rest.get(route)) as unknown[]
    if (!differs(registered, wanted)) return 'unchanged'
    await rest.put(route, { body: wanted })
    return 'registered'
  } catch (error) {
    if (error instanceof DiscordAPIError && error.status === 403) throw new DeliveryError('refused', NOT_INVITED)
    throw error
  }
}

const NOT_INVITED =
  'The bot may not register slash commands. Invite it again with the scopes bot and applications.commands.'
