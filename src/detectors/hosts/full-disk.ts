// Finds disks that are nearly full, or will be within a day if they go on filling as they do.

import { writeSize } from '../../bytes.ts'
import type { Host } from '../../hosts/host.ts'
import { readSamples, type Sample, seriesNames } from '../../hosts/metrics/samples.ts'
import type { State } from '../../state/database.ts'
import { aboutDuration, DAY, HOUR, MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'
import { hostFinding } from './host-finding.ts'

const FULL = 0.9
const ALMOST_NOTHING_LEFT = 0.97
const SOON = DAY
/** How far back the rate is taken from, how much of that must be known, and how lately it must still hold. */
const WINDOW = 6 * HOUR
const LEAST_KNOWN = HOUR
const LATELY = 90 * MINUTE

/** The disks of a host that want attention; a host that was not seen lately keeps what was last known. */
export function findFullDisks(state: State, host: Host, now: number): Finding[] {
  const at = host.lastSeenAt ?? now
  return seriesNames(state, host.id, 'disk', at - HOUR).flatMap(mount => {
    // Beyond six hours the rows are of five minutes: a few dozen tell a rate as well as hundreds.
    const rows = readSamples(state, host.id, 'disk', mount, { from: at - WINDOW - MINUTE, until: at, now })
    const last = rows.at(-1)
    if (!last?.size || last.used === null) return []
    const share = last.used / last.size
    const left = timeLeft(rows)
    const soon = left !== null && left.ms < SOON
    if (share < FULL && !soon) return []
    const percent = `${Math.floor(share * 100)} % of ${writeSize(last.size)}`
    const rate = left === null ? 'It is not filling at the moment.' : rateSentence(left)
    return [
      hostFinding(state, host, {
        key: `host:${host.id}:disk:${mount}`,
        detector: 'full-disk',
        severity: share >= ALMOST_NOTHING_LEFT || (soon && left.ms < SOON / 6) ? 'critical' : 'warning',
        title: share >= FULL ? `${mount} on ${host.name} is nearly full` : `${mount} on ${host.name} is filling up`,
        since: rows.find(row => row.used !== null && row.used / row.size! >= Math.min(FULL, share))?.at ?? last.at,
        isSinceEstimated: true,
        lines: [`${percent} is used.`, rate],
      }),
    ]
  })
}

/** How fast a disk fills (bytes per ms) and how long until it is full; null when it does not, or nobody can tell yet. */
export function timeLeft(rows: readonly Sample[]): { ms: number; perMs: number } | null {
  const known = rows.filter(row => row.used !== null && row.size !== null)
  const [first, last] = [known[0], known.at(-1)]
  if (!first || !last || last.at - first.at < LEAST_KNOWN) return null
  // Both over hours and lately: a copy that has ended fills nothing any more, and one that just began says little.
  const perMs = Math.min(slope(known), slope(known.filter(row => row.at >= last.at - LATELY)))
  if (perMs <= 0) return null
  return { perMs, ms: Math.max(0, last.size! - last.used!) / perMs }
}

function rateSentence({ ms, perMs }: { ms: number; perMs: number }): string {
  const rate = `At the current rate (${writeSize(perMs * HOUR)} an hour)`
  return ms > 30 * DAY ? `${rate} it lasts for more than a month.` : `${rate} it is full in ${aboutDuration(ms)}.`
}

/** By least squares, bytes per ms. */
function slope(rows: readonly Sample[]): number {
  const n = rows.length
  if (n < 2) return 0
  const at = rows.reduce((sum, row) => sum + row.at, 0) / n
  const used = rows.reduce((sum, row) => sum + row.used!, 0) / n
  const spread = rows.reduce((sum, row) => sum + (row.at - at) ** 2, 0)
  return spread === 0 ? 0 : rows.reduce((sum, row) => sum + (row.at - at) * (row.used! - used), 0) / spread
}
