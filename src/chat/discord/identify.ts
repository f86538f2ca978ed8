// When the next IDENTIFY is allowed, so that an outage is met with patience and Discord's budget of a day is kept.

const LONGEST = 300_000
const DAY = 86_400_000

/**
 * The instant from which the next IDENTIFY is allowed, given the earlier ones (ascending). Discord wants 5 s between two
 * and resets the token after 1000 in a day, so the spacing grows: at this pace a day cannot hold more than about 630.
 */
export function nextIdentify(earlier: readonly number[], now: number): number {
  const today = earlier.filter(at => now - at < DAY).length
  const last = earlier.at(-1)
  if (last === undefined) return now
  const spacing = today < 100 ? 5_000 : today < 400 ? 60_000 : LONGEST
  return Math.max(now, last + spacing)
}
