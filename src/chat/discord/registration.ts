// Keeps the slash commands of the server as Vakt's commands define them, asking first and writing only what changed.

import { type REST, Routes } from 'discord.js'
import type { CommandDesk } from '../channel.ts'
import { differs, slashCommands } from './options.ts'

/**
 * Registers the commands when Discord has others; says what it did. Rejects with the SDK's error. A definition that
 * Discord would refuse is refused as a whole, so the limits are kept in `options.ts`.
 */
export async function registerCommands(
  rest: REST,
  applicationId: string,
  guildId: string,
  commands: CommandDesk['commands'],
): Promise<'unchanged' | 'registered'> {
  const route = Routes.applicationGuildCommands(applicationId, guildId)
  const wanted = slashCommands(commands)
  const registered = (await rest.get(route)) as unknown[]
  if (!differs(registered, wanted)) return 'unchanged'
  await rest.put(route, { body: wanted })
  return 'registered'
}
