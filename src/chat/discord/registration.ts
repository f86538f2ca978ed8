// Keeps the slash commands of the server as Vakt's commands define them, asking first and writing only what changed.

import { DiscordAPIError, type REST, Routes } from 'discord.js'
import { type CommandDispatcher, DeliveryError } from '../channel.ts'
import { differs, slashCommands } from './options.ts'

/**
 * Registers the commands when Discord has others; says what it did. Rejects with the SDK's error, or a
 * `DeliveryError` that says how to invite the bot. A definition that
 * Discord would refuse is refused as a whole, so the limits are kept in `options.ts`.
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
