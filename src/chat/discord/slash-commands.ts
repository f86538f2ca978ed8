// Vakt's commands as Discord slash commands, and a slash command as people sent it back as a command with arguments.
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

const OPTIONS = 25
const CHOICES = 25
const COMMAND_SIZE = 8_000
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
    // Long descriptions give way before a command grows past what Discord takes.
    const tries = [100, 60, 30, 10].map(longest => slashCommand(word, members, longest))
    return tries.find(command => total(command as unknown as Option) <= COMMAND_SIZE) ?? tries.at(-1)!
  })
}

/** The command and its arguments (by written name) of a slash command; null when no definition answers to it. */
export function readSlash(commands: readonly Definition[], name: string, sent: readonly SentOption[] = []) {
  const sub = sent.find(option => option.type === SUBCOMMAND)
  const members = groups(commands).get(name) ?? []
  const command = members.find(member => subName(member, members) === sub?.name)
  if (!command) return null
  const options = sub && 'options' in sub ? (sub.options ?? []) : sent
  const given = options.filter(option => 'value' in option)
  const args = Object.fromEntries(given.map(option => [option.name, option.value]))
  const focused = given.find(option => 'focused' in option && option.focused)
  const argument = command.arguments.find(one => one.name === focused?.name)
  return { command: command.name, args, focused: argument && { argument, typed: String(focused?.value ?? '') } }
}

/** Whether what Discord has registered differs from what should be there. Discord adds fields; only ours are compared. */
export function differs(registered: readonly unknown[], wanted: readonly SlashCommand[]): boolean {
  const sorted = (list: readonly unknown[]) =>
    list.map(one => essence(one as Option)).sort((a, b) => (a.name < b.name ? -1 : 1))
  return JSON.stringify(sorted(registered)) !== JSON.stringify(sorted(wanted))
}

function groups(commands: readonly Definition[]): Map<string, Definition[]> {
  return Map.groupBy(commands, command => command.name.split(' ')[0]!)
}

/** Undefined for a command that is alone with its first word. */
function subName(command: Definition, members: readonly Definition[]): string | undefined {
  const rest = command.name.split(' ').slice(1).join('-')
  if (rest) return rest
  if (members.length === 1) return undefined
  return members.some(member => member.name === `${command.name} show`) ? 'overview' : 'show'
}

function slashCommand(word: string, members: readonly Definition[], longest: number): SlashCommand {
  const alone = members.length === 1 && subName(members[0]!, members) === undefined
  const subs = members.slice(0, OPTIONS).map(member => ({
    type: SUBCOMMAND,
    name: subName(member, members)!,
    description: description(member.summary, longest),
    options: options(member.arguments, longest),
  }))
  const subjects = members.map(member => member.name.split(' ').slice(1).join(' ') || 'show').join(', ')
  return {
    type: 1,
    name: word,
    description: description(alone ? members[0]!.summary : `${word}: ${subjects}`, longest),
    contexts: [IN_GUILDS],
    options: alone ? options(members[0]!.arguments, longest) : subs,
  } as SlashCommand
}

/** Required options first, as Discord demands; beyond 25 the last optional ones are left to the command line. */
function options(args: readonly Argument[], longest: number): Option[] {
  const ordered = [...args.filter(one => one.required), ...args.filter(one => !one.required)]
  return ordered.slice(0, OPTIONS).map(argument => option(argument, longest))
}

function option(argument: Argument, longest: number): Option {
  // Suggestions carry words such as "#12 nightly is down", so what completes is text whatever its kind.
  const type = argument.complete ? TYPES.text : TYPES[argument.kind]
  const choices = argument.choices && argument.choices.length <= CHOICES ? argument.choices : undefined
  const numeric = type === TYPES.number || type === TYPES['whole number']
  return {
    type,
    name: argument.name,
    description: description(argument.summary || argument.name, longest),
    ...(argument.required && { required: true }),
    ...((argument.complete || argument.choices) && !choices && { autocomplete: true }),
    ...(choices && { choices: choices.map(choice => ({ name: cutText(choice, 100), value: choice })) }),
    ...(numeric && isUsable(argument.min) && { min_value: argument.min }),
    ...(numeric && isUsable(argument.max) && { max_value: argument.max }),
    ...(type === TYPES.text && argument.maxLength && !choices && { max_length: Math.min(argument.maxLength, 6_000) }),
  }
}

const isUsable = (limit: number | undefined) => limit !== undefined && Math.abs(limit) <= Number.MAX_SAFE_INTEGER
const description = (text: string, longest: number) => cutText(text.trim() || '…', longest)

function total(node: Option): number {
  const own = [node.name, node.description, node.value].filter(text => typeof text === 'string')
  const inner = [...(node.options ?? []), ...((node.choices as Option[] | undefined) ?? [])]
  return own.reduce((sum, text) => sum + size(text), 0) + inner.reduce((sum, child) => sum + total(child), 0)
}

const COMPARED = ['type', 'description', 'required', 'autocomplete', 'min_value', 'max_value', 'max_length']

/** What was asked for, in a fixed order, with absent, false and empty made the same. */
function essence(node: Option): Record<string, unknown> & { name: string } {
  const facts = COMPARED.filter(key => node[key]).map(key => [key, node[key]])
  const choices = ((node.choices as { name: string; value: unknown }[] | undefined) ?? []).map(c => [c.name, c.value])
  return { name: node.name, ...Object.fromEntries(facts), choices, options: (node.options ?? []).map(essence) }
}

/**
 * Registers the commands when Discord has others; says what it did. Rejects with the SDK's error, or a
 * `DeliveryError` that says how to invite the bot. A definition that
 * Discord would refuse is refused as a whole, so the limits are kept in `slash-commands.ts`.
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
  'Discord does not let the bot register its slash commands; invite it again with the scopes bot and applications.commands.'
