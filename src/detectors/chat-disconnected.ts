// Finds chat platforms that have lost their connection, so that the other one can say so.
import type { PlatformStatus } from '../chat/channel.ts'
import { MINUTE } from '../time.ts'
import type { DetectionResult } from './finding.ts'

/** A short drop mends itself; only a lasting one is told. */
const HOLD_OFF = MINUTE

/** One outcome per platform: found when it has been lost or refused for a minute, gone when it is online. */
export function detectDisconnectedChats(
  platforms: readonly { name: string; status: PlatformStatus }[],
  now: number,
): DetectionResult[] {
  return platforms.flatMap(({ name, status }): DetectionResult[] => {
    const key = `platform:${name}`
    if (status.state === 'online') return [{ kind: 'gone', key }]
    if (status.state === 'connecting' || now - status.since < HOLD_OFF) return []
    const title = `${name[0]!.toUpperCase()}${name.slice(1)} cannot be reached`
    const said = status.message ?? 'The connection is lost.'
    const lines = [said, 'Alerts for it wait and are delivered, as they are then, when it is back.']
    const finding = {
      key,
      detector: 'lost-channel',
      projectId: null,
      severity: 'warning' as const,
      title,
      since: status.since,
    }
    return [
      {
        kind: 'found',
        finding: {
          ...finding,
          owner: null,
          remindEvery: 0,
          observation: { lines },
          occurrences: 0,
          labels: { platform: name },
        },
      },
    ]
  })
}

/** When a lost platform will be worth telling; null when none is lost. */
export function nextDisconnectedChat(
  platforms: readonly { name: string; status: PlatformStatus }[],
  now: number,
): number | null {
  const due = platforms
    .filter(one => one.status.state === 'lost' || one.status.state === 'refused')
    .map(one => one.status.since + HOLD_OFF)
  const later = due.filter(at => at > now)
  return later.length > 0 ? Math.min(...later) : null
}
