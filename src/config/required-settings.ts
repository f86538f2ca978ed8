// Settings that are useless without another: which is missing, and why it is needed.
import { REQUIRED_FOR_ENGINE } from './engine-settings.ts'
import { missingLeaseSettings } from './lease-settings.ts'
import { missingArchiveSettings } from './log-settings.ts'
import type { Environment, RequiredSetting } from './setting.ts'
import { doublePorts, REQUIRED_FOR_SOCKETS } from './socket-settings.ts'

const REQUIRED_FOR_OPENAI: readonly RequiredSetting[] = [
  {
    setting: 'AI_BASE_URL',
    isMissing: environment => environment.AI_PROVIDER === 'openai' && !environment.AI_BASE_URL,
    message: 'is required with AI_PROVIDER=openai: the address, such as http://localhost:11434/v1',
  },
  {
    setting: 'AI_MODEL',
    isMissing: environment => environment.AI_PROVIDER === 'openai' && !environment.AI_MODEL,
    message: 'is required with AI_PROVIDER=openai: the name of the model',
  },
]

/** The settings that are missing, by name; each message is read after the name. `others` are those of the platforms. */
export function missingSettings(environment: Environment, others: readonly RequiredSetting[]): Record<string, string> {
  const missing = {
    ...doublePorts(environment),
    ...missingArchiveSettings(environment),
    ...missingLeaseSettings(environment),
  }
  for (const { setting, isMissing, message } of [
    ...others,
    ...REQUIRED_FOR_OPENAI,
    ...REQUIRED_FOR_SOCKETS,
    ...REQUIRED_FOR_ENGINE,
  ])
    if (isMissing(environment)) missing[setting] = message
  return missing
}
