// Why a login or a session ended, as one plain sentence with what to do, and how soon another try makes sense.

import { RateLimitError } from 'discord.js'
import { sentence } from './errors.ts'

export interface Failure {
  /** `refused` needs a person; `lost` may mend itself. Both are tried again. */
  state: 'lost' | 'refused'
  message: string
  /** The least time until the next try. */
  waitMs: number
}

const LONG = 300_000

const BAD_TOKEN =
  'Discord does not accept DISCORD_TOKEN; make a new one in the developer portal (Bot, Reset Token), set it and restart Vakt.'

const CLOSES: Record<number, string> = {
  4004: BAD_TOKEN,
  4010: 'Discord refuses the connection (invalid shard).',
  4011: 'The bot is in too many servers for one connection.',
  4012: 'Discord no longer speaks this version of its gateway; update Vakt.',
  4013: 'Discord refuses the intents of the bot; update Vakt.',
  4014: 'Discord refuses the intents of the bot; check under Bot in the developer portal that the application is not restricted.',
}

/** For a close code after which the SDK does not come back. */
export function explainClose(code: number): Failure {
  return { state: 'refused', message: CLOSES[code] ?? `Discord ended the connection (code ${code}).`, waitMs: 0 }
}

/** For whatever `login` rejects with. */
export function explainError(error: unknown): Failure {
  const { code, message = '' } = error as { code?: unknown; message?: string }
  if (code === 'TokenInvalid') return explainClose(4004)
  const spent = /Not enough sessions remaining.*?resets at (\S+)/s.exec(message)
  if (spent)
    return {
      state: 'lost',
      message: `Discord allows the bot no more logins until ${spent[1]}; Vakt waits.`,
      waitMs: LONG,
    }
  const waitMs = error instanceof RateLimitError ? error.retryAfter : 0
  return { state: 'lost', message: `Discord cannot be joined: ${sentence(error)}`, waitMs }
}
