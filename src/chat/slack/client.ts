// The Slack clients: no retries, no pausing queues, ten seconds at most; and their talk goes into our log.
import { LogLevel, type Logger as SdkLogger, webApi } from '@slack/bolt'
import type { Logger } from '../../logger.ts'

/** How long one call may take, in ms. */
export const CALL_TIMEOUT_MS = 10_000

/**
 * Options for every client we make or have made. Each use gets an object of its own: the SDK writes into it. There
 * must be no `headers`, or the bot's token replaces the app's; and `retryConfig` must be given, or others' is used.
 */
export function clientOptions(apiUrl: string, logger: Logger, timeout = CALL_TIMEOUT_MS): webApi.WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    timeout,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: sdkLogger(logger),
  }
}

/** A client that speaks as the bot. */
export function createClient(token: string, options: webApi.WebClientOptions): webApi.WebClient {
  return new webApi.WebClient(token, options)
}

/** What the SDK says of itself is for those who look for a fault; what matters we say ourselves. */
export function sdkLogger(logger: Logger): SdkLogger {
  const write = (...parts: unknown[]) => {
    logger.debug(parts.map(part => (part instanceof Error ? part.message : String(part))).join(' '), {
      part: 'slack sdk',
    })
  }
  // At any lower level the SDK writes out whole requests.
  return {
    debug() {},
    info: write,
    warn: write,
    error: write,
    setLevel() {},
    getLevel: () => LogLevel.INFO,
    setName() {},
  }
}
