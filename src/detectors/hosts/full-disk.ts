// Detects disks that are nearly full, or will be full within a day at the current rate.
import { formatBytes } from '../../bytes.ts'
import type { Host } from '../../hosts/host.ts'
import { listSeriesNames, readSamples, type Sample } from '../../hosts/metrics/samples.ts'
import type { State } from '../../state/database.ts'
import { aboutDuration, DAY, HOUR, MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'
import { hostFinding } from './host-finding.ts'

/** Used shares from which a disk is nearly full, and from which that is critical. */
const FULL_SHARE = 0.9
const CRITICAL_SHARE = 0.97
/** How soon a disk must be full to be reported, and how soon that is critical. */
const FULL_WITHIN_MS = DAY
const CRITICAL_WITHIN_MS = FULL_WITHIN_MS / 6
/** The period that the rate is measured over, how much of it must be known, and the recent part with the same rate. */
const RATE_WINDOW_MS = 6 * HOUR
const MIN_KNOWN_MS = HOUR
const RECENT_MS = 90 * MINUTE
const MAX_NAMED_TIME_LEFT_MS = 30 * DAY

/** The disks of a host that need attention, by its latest samples, however old they are. */
export function detectFullDisks(state: State, host: Host, now: number): Finding[] {
  const at = host.lastSeenAt ?? now
  return listSeriesNames(state, host.id, 'disk', at - HOUR).flatMap(mount => {
    // One row more than six hours makes them rows of five minutes: a few dozen give a rate as well as hundreds.
    const rows = readSamples(state, host.id, 'disk', mount, { from: at - RATE_WINDOW_MS - MINUTE, until: at, now })
    const last = rows.at(-1)
    if (!last?.size || last.used === null) return []
    const share = last.used / last.size
    const left = timeLeft(rows)
    const isSoon = left !== null && left.ms < FULL_WITHIN_MS
    if (share < FULL_SHARE && !isSoon) return []
    const percent = `${Math.floor(share * 100)} % of ${formatBytes(last.size)}`
    const rate = left === null ? 'It is not filling up at the moment.' : rateSentence(left)
    return [
      hostFinding(state, host, {
        key: `host:${host.id}:disk:${mount}`,
        detector: 'full-disk',
        severity: share >= CRITICAL_SHARE || (isSoon && left.ms < CRITICAL_WITHIN_MS) ? 'critical' : 'warning',
        title:
          share >= FULL_SHARE ? `${mount} on ${host.name} is nearly full` : `${mount} on ${host.name} is filling up`,
        since:
          rows.find(row => row.used !== null && row.used / row.size! >= Math.min(FULL_SHARE, share))?.at ?? last.at,
        isSinceEstimated: true,
        lines: [`${percent} is used.`, rate],
      }),
    ]
  })
}

/** How long until a disk is full, and how fast it fills (bytes per ms); null when it does not fill, or is not known for long enough. */
export function timeLeft(rows: readonly Sample[]): { ms: number; perMs: number } | null {
  const known = rows.filter(row => row.used !== null && row.size !== null)
  const [first, last] = [known[0], known.at(-1)]
  if (!first || !last || last.at - first.at < MIN_KNOWN_MS) return null
  // The lower of both rates: a copy that has ended fills the disk no further, and one that has just begun proves little.
  const perMs = Math.min(slope(known), slope(known.filter(row => row.at >= last.at - RECENT_MS)))
  if (perMs <= 0) return null
  return { perMs, ms: Math.max(0, last.size! - last.used!) / perMs }
}

function rateSentence({ ms, perMs }: { ms: number; perMs: number }): string {
  const rate = `At the current rate (${formatBytes(perMs * HOUR)} an hour)`
  return ms > MAX_NAMED_TIME_LEFT_MS
    ? `${rate} it is full in more than a month.`
    : `${rate} it is full in ${aboutDuration(ms)}.`
}

/** The rate of rows by least squares, bytes per ms. */
function slope(rows: readonly Sample[]): number {
  const n = rows.length
  if (n < 2) return 0
  const at = rows.reduce((sum, row) => sum + row.at, 0) / n
  const used = rows.reduce((sum, row) => sum + row.used!, 0) / n
  const spread = rows.reduce((sum, row) => sum + (row.at - at) ** 2, 0)
  return spread === 0 ? 0 : rows.reduce((sum, row) => sum + (row.at - at) * (row.used! - used), 0) / spread
}
