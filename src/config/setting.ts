// The kinds of settings that several parts of the configuration share, and what makes a setting required.
import { z } from 'zod'

/** Environment variables by name, as text. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A setting that is required because of others; `message` is read after its name. */
export type RequiredSetting = { setting: string; isMissing(environment: Environment): boolean; message: string }

/** A URL over HTTP or HTTPS; `example` is shown when it is none. */
export const urlSetting = (example: string) =>
  z.string().refine(text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), `must be a URL such as ${example}`)

/** Any text; an empty setting counts as not set. */
export const textSetting = () => z.string().min(1)

/**
 * A setting that is required as soon as one of `others` is set, unless one of `instead` is. `what` describes its value:
 * `the channel for alerts`.
 */
export function requiredWith(
  setting: string,
  others: readonly string[],
  what: string,
  instead: readonly string[] = [],
): RequiredSetting {
  return {
    setting,
    isMissing(environment) {
      const isSet = (name: string) => Boolean(environment[name])
      return !isSet(setting) && others.some(isSet) && !instead.some(isSet)
    },
    message: `is required with ${others.join(' or ')}: ${what}`,
  }
}
