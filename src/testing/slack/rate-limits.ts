// Slack's own rate limits: a number of calls a minute for each tier of methods, and about one message a second a channel.

/** Slack's published tiers, and the special rule for posting. */
export type Tier = 1 | 2 | 3 | 4 | 'post' | 'none'

const PER_MINUTE = { 2: 20, 3: 50, 4: 100 } as const
// Tier 1 is published as "1+ a minute"; in practice short bursts pass, and opening a socket needs them.
const TIER_1 = 10

/** Counts calls on the clock `now` (ms) and returns how many seconds a caller must wait, or undefined. */
export function createRateLimits(now: () => number) {
  const calls = new Map<string, number[]>()

  function count(key: string, most: number, windowMs: number): number | undefined {
    const recent = (calls.get(key) ?? []).filter(at => at > now() - windowMs)
    calls.set(key, recent)
    if (recent.length >= most) return Math.max(1, Math.ceil(((recent[0] ?? now()) + windowMs - now()) / 1000))
    recent.push(now())
    return undefined
  }

  return {
    /** Seconds to wait before this call is allowed; undefined when it is allowed, and then it counts. */
    check(method: string, tier: Tier, channel: unknown): number | undefined {
      if (tier === 'none') return undefined
      if (tier === 'post') return count(`${method} ${String(channel)}`, 1, 1000)
      return count(method, tier === 1 ? TIER_1 : PER_MINUTE[tier], 60_000)
    },
  }
}
