// A dead man's switch for the main, on a satellite: when the main is silent people are told there, and again when it is back.
import { backOff } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { State } from '../../state/database.ts'
import { deleteValue, readValue, writeValue } from '../../state/key-value.ts'
import { errorMessage, plural } from '../../text.ts'
import { aboutDuration, isoTime, MINUTE, SECOND } from '../../time.ts'

export type MainWatchOptions = {
  state: State
  clock: Clock
  logger: Logger
  /** The addresses of webhooks; without one nobody is told. */
  notify: readonly string[]
  /** How long the main may be silent, ms. */
  notifyAfterMs: number
  /** The address of the main, and a name for this satellite. */
  main: string
  place: string
  /** Whether this satellite is online itself: otherwise it knows nothing of the main. */
  isOnline(): boolean
  waiting(): { records: number }
  send(url: string, init: RequestInit): Promise<Response>
}

/** A notice that is stored until it was delivered. */
type Silence = { since: number; isReported: boolean }

const TIMEOUT_MS = 10 * SECOND
const RETRY = { baseMs: 2 * SECOND, maxMs: 5 * MINUTE }

/** The watch over the main. `onAttempt` takes every attempt to reach it. */
export function createMainWatch(options: MainWatchOptions) {
  const { state, clock, logger, notify, notifyAfterMs, main, place } = options
  let silence = JSON.parse(readValue(state, 'main silent') ?? 'null') as Silence | null
  let lastSuccessAt: number | null = null
  let isSending = false
  let failures = 0
  let retryAt = 0

  const save = (next: Silence | null) => {
    silence = next
    if (next === null) deleteValue(state, 'main silent')
    else writeValue(state, 'main silent', JSON.stringify(next))
  }

  /** Whether any address took the notice: sent again, it would come twice to those that did. */
  const deliver = async (notice: Notice): Promise<boolean> => {
    const results = await Promise.allSettled(notify.map(url => post(url, notice)))
    const failed = results.filter(result => result.status === 'rejected')
    for (const { reason } of failed)
      logger.warn('the notice about the main was not delivered', { reason: errorMessage(reason) })
    return failed.length < results.length
  }

  const post = async (url: string, notice: Notice) => {
    const { body, headers } = payload(url, notice)
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await options.send(url, { method: 'POST', headers, body, signal })
    await response.body?.cancel()
    // The address is a secret.
    if (!response.ok) throw new Error(`the webhook answered with status ${response.status}`)
  }

  const report = async (notice: Notice, next: Silence | null) => {
    if (notify.length === 0) return save(next)
    // A longer wait is of a clock that went back since.
    const waitMs = retryAt - clock.now()
    if (isSending || (waitMs > 0 && waitMs <= RETRY.maxMs)) return
    isSending = true
    try {
      if (await deliver(notice)) {
        failures = 0
        save(next)
      } else retryAt = clock.now() + backOff(++failures, RETRY)
    } finally {
      isSending = false
    }
  }

  return {
    onAttempt(failure: string | null, now: number): void {
      if (failure === null) {
        lastSuccessAt = now
        if (silence?.isReported) void report(backNotice(options, silence, now), null)
        else if (silence !== null) save(null)
        return
      }
      if (!options.isOnline()) return
      // After the clock went back, a silence counts from now at the latest.
      if (silence === null) save({ since: Math.min(lastSuccessAt ?? now, now), isReported: false })
      else if (silence.since > now) save({ ...silence, since: now })
      const { since, isReported } = silence!
      if (isReported || now - since < notifyAfterMs) return
      logger.error('the main is silent', { main, since: isoTime(since), reason: failure })
      void report(silentNotice({ main, place }, since, failure, options.waiting().records, now), {
        since,
        isReported: true,
      })
    },
    silentSince: () => (silence?.isReported ? silence.since : null),
  }
}

type Notice = { state: 'down' | 'up'; title: string; text: string; since: string }

function silentNotice(
  { main, place }: Pick<MainWatchOptions, 'main' | 'place'>,
  since: number,
  failure: string,
  waiting: number,
  now: number,
): Notice {
  return {
    state: 'down',
    title: `Vakt at ${main} is silent`,
    text: `It has not answered the satellite ${place} for ${aboutDuration(now - since)}: ${failure}. Nobody is alerted of anything else meanwhile. ${plural(waiting, 'request')} ${waiting === 1 ? 'waits' : 'wait'} here and will be sent once it is back.`,
    since: isoTime(since),
  }
}

function backNotice(
  { main, place, waiting }: Pick<MainWatchOptions, 'main' | 'place' | 'waiting'>,
  { since }: Silence,
  now: number,
): Notice {
  const { records } = waiting()
  return {
    state: 'up',
    title: `Vakt at ${main} is back`,
    text: `It answers the satellite ${place} again, after ${aboutDuration(now - since)}. ${records === 0 ? 'Everything that waited here was sent.' : `${plural(records, 'request')} ${records === 1 ? 'is' : 'are'} being sent.`}`,
    since: isoTime(since),
  }
}

/** A notice as its receiver reads it: webhooks of Discord and Slack, ntfy (as text), and JSON for every other. */
function payload(url: string, notice: Notice): { body: string; headers: Record<string, string> } {
  const { hostname, pathname } = new URL(url)
  const whole = `${notice.state === 'down' ? '🔴' : '🟢'} ${notice.title}\n${notice.text}`
  const json = { 'content-type': 'application/json' }
  if (/\/api\/webhooks\/\d+\//.test(pathname))
    return { headers: json, body: JSON.stringify({ content: whole, allowed_mentions: { parse: [] } }) }
  if (hostname === 'hooks.slack.com') return { headers: json, body: JSON.stringify({ text: whole }) }
  if (/(^|\.)ntfy\./.test(hostname))
    return {
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        title: notice.title.replaceAll(/[^\x20-\x7e]/g, '?'),
        priority: notice.state === 'down' ? 'urgent' : 'default',
      },
      body: notice.text,
    }
  return { headers: json, body: JSON.stringify({ ...notice, content: whole }) }
}
