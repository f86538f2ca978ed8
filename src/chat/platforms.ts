// The list of all chat platforms, one line each; the terminal is not among them, because the process owns its streams.
import { discord } from './discord/definition.ts'
import { email } from './email/definition.ts'
import { gotify } from './gotify/definition.ts'
import { ntfy } from './ntfy/definition.ts'
import type { PlatformDefinition, PlatformFactory } from './platform-definition.ts'
import { pushover } from './pushover/definition.ts'
import { slack } from './slack/definition.ts'
import { telegram } from './telegram/definition.ts'
import { webhook } from './webhook/definition.ts'

export const PLATFORMS: readonly PlatformDefinition[] = [
  discord,
  slack,
  telegram,
  email,
  webhook,
  ntfy,
  pushover,
  gotify,
]

/**
 * Loads the platforms that `settings` (by their names) configure, in the order of the list. An SDK is loaded only here,
 * so one that is not configured costs neither time nor memory.
 */
export async function loadPlatforms(
  settings: Readonly<Record<string, unknown>>,
  definitions: readonly PlatformDefinition[] = PLATFORMS,
): Promise<PlatformFactory[]> {
  const configured = definitions.filter(({ name }) => name in settings)
  return Promise.all(configured.map(definition => definition.load(settings[definition.name])))
}
