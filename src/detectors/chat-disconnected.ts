// Detects chat platforms that have lost their connection, so that another platform can report it.
import type { PlatformStatus } from '../chat/channel.ts'
import { MINUTE } from '../time.ts'
import type { DetectionResult } from './finding.ts'

/** A shorter interruption ends by itself and is not reported. */
const REPORT_AFTER_MS = MINUTE

type NamedStatus = { name: string; status: PlatformStatus }

/** One result per platform that is online, or that has been disconnected or refused for a minute. */
export function detectDisconnectedChats(platforms: readonly NamedStatus[], now: number): DetectionResult[] {
  return platforms.flatMap(({ name, status }): DetectionResult[] => {
    const key = `platform:${name}`
    if (status.state === 'online') return [{ kind: 'resolved', key }]
    if (status.state === 'connecting' || now - status.since < REPORT_AFTER_MS) return []
    const lines = [
      status.message ?? 'The connection is lost.',
      'Alerts for it are delivered, in their state at that time, when it is connected again.',
    ]
    return [
      {
        kind: 'firing',
        finding: {
          key,
          detector: 'lost-channel',
          projectId: null,
          severity: 'warning',
          title: `${name[0]!.toUpperCase()}${name.slice(1)} cannot be reached`,
          since: status.since,
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

/** When the next disconnected platform will be reported, epoch ms; null when there is none. */
export function nextDisconnectedChat(platforms: readonly NamedStatus[], now: number): number | null {
  const due = platforms
    .filter(({ status }) => status.state === 'lost' || status.state === 'refused')
    .map(({ status }) => status.since + REPORT_AFTER_MS)
    .filter(at => at > now)
  return due.length > 0 ? Math.min(...due) : null
}
