// Remembers what Slack has delivered, because it delivers again whatever it believes was not received.
import type { Clock } from '../../clock.ts'
import { HOUR } from '../../time.ts'

const MOST = 5000

/** Answers true for a delivery that came before within the hour. */
export function createDeduplicator(clock: Clock) {
  const known = new Map<string, number>()
  return (body: object): boolean => {
    const key = keyOf(body)
    if (key === null) return false
    for (const [old, at] of known) {
      if (known.size < MOST && clock.now() - at < HOUR) break
      known.delete(old)
    }
    if (known.has(key)) return true
    known.set(key, clock.now())
    return false
  }
}

/** Events have an id of their own; everything a person does has a trigger of its own. */
function keyOf(body: object): string | null {
  const { event_id: event, trigger_id: trigger } = body as { event_id?: unknown; trigger_id?: unknown }
  if (typeof event === 'string') return `event ${event}`
  return typeof trigger === 'string' && trigger !== '' ? `trigger ${trigger}` : null
}
