// Notices sources whose times are of another zone: their lines lie the same whole quarter hours off their receipt, again and again.
import { BoundedMap } from '../../bounded-map.ts'
import { aboutDuration, MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'

/** So many requests with the same shift over so long a time are no chance. */
const MIN_REQUESTS = 5
const MIN_SPAN_MS = 5 * MINUTE
const MAX_SOURCES = 10_000
const DETECTOR = 'time-zone'

type Seen = { shift: number; requests: number; firstAt: number; lastAt: number; isReported: boolean }

/** The key of the alert about a source. */
export function zoneKey(projectId: number, source: string): string {
  return `${DETECTOR}:${projectId}:${source}`
}

/** Remembers shifts by source; a restart begins again. */
export class ZoneWatch {
  readonly #seen = new BoundedMap<string, Seen>(MAX_SOURCES)

  /** Adds lines of a source whose zone is wrong by `shift` ms; returns the finding once it is certain. */
  add(projectId: number, project: string, source: string, shift: number, at: number): Finding | null {
    const key = zoneKey(projectId, source)
    const before = this.#seen.get(key)
    const seen: Seen =
      before?.shift === shift
        ? { ...before, requests: before.requests + (at > before.lastAt ? 1 : 0), lastAt: at }
        : { shift, requests: 1, firstAt: at, lastAt: at, isReported: false }
    const isCertain = seen.requests >= MIN_REQUESTS && at - seen.firstAt >= MIN_SPAN_MS
    this.#seen.set(key, { ...seen, isReported: seen.isReported || isCertain })
    return isCertain && !seen.isReported ? zoneFinding(projectId, project, source, seen) : null
  }
}

function zoneFinding(projectId: number, project: string, source: string, { shift, firstAt }: Seen): Finding {
  const name = source === '' ? 'Lines without a source' : source
  const side = shift > 0 ? 'behind' : 'ahead of'
  return {
    key: zoneKey(projectId, source),
    detector: DETECTOR,
    projectId,
    severity: 'info',
    title: `${name}: the times of its lines are of another zone`,
    since: firstAt,
    owner: null,
    remindEvery: 0,
    occurrences: 0,
    labels: { source },
    observation: {
      lines: [
        `Its times name no zone, and they are ${aboutDuration(Math.abs(shift))} ${side} the clock each time its lines arrive. Searches find them at the wrong hour.`,
        'Set the zone that its clock shows; a name such as America/New_York follows the changes of its clocks.',
      ],
      buttons:
        source === ''
          ? []
          : [
              {
                label: `Correct by ${aboutDuration(Math.abs(shift))}`,
                line: `logs zone ${JSON.stringify(source)} --correct ${Math.round(shift / MINUTE)} --project ${project}`,
              },
            ],
    },
  }
}
