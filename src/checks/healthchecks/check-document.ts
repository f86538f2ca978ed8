// A check, a ping and a flip as Healthchecks' API shows them: `to_dict` of hc/api/models.py. Pure.
import { hash } from 'node:crypto'
import { SECOND } from '../../time.ts'
import type { Beat } from '../beats.ts'
import { type Check, shownStatus } from '../check.ts'
import type { Flip } from '../flips.ts'
import { uniqueKey } from '../unique-key.ts'
import type { CheckDetails } from './check-details.ts'

/** Who asks: a read-only key sees no ping URL and no uuid; `version` is 1, 2 or 3. */
export type View = {
  version: number
  readOnly: boolean
  /** Where clients reach Vakt, without a slash at its end. */
  publicUrl: string
  /** The ids of the channels that `*` means. */
  channelIds: readonly string[]
  now: number
}

/** A check; fields that Healthchecks leaves out are left out. */
export function checkDocument(check: Check, details: CheckDetails, view: View) {
  const { version, readOnly, publicUrl, now } = view
  const { lastStartAt, lateAt, status } = check
  const isStarted = lastStartAt !== null
  const shown = shownStatus(check, now)
  const starts = [status === 'up' ? lateAt : null, status === 'down' ? null : lastStartAt].filter(at => at !== null)
  const url = `${publicUrl}/api/v${version}/checks/${check.uuid}`
  return {
    name: details.apiName,
    slug: check.slug,
    tags: details.tags,
    desc: details.description,
    grace: Math.floor(check.grace / SECOND),
    n_pings: check.beats,
    status: isStarted && version === 1 ? 'started' : shown === 'late' ? 'grace' : shown,
    started: isStarted,
    last_ping: isoSeconds(check.lastBeatAt),
    next_ping: starts.length === 0 ? null : isoSeconds(Math.min(...starts)),
    manual_resume: check.manualResume,
    methods: check.methods,
    subject: details.filterSubject ? details.successKeywords : '',
    subject_fail: details.filterSubject ? details.failureKeywords : '',
    start_kw: details.startKeywords,
    success_kw: details.successKeywords,
    failure_kw: details.failureKeywords,
    filter_subject: details.filterSubject,
    filter_body: details.filterBody,
    filter_http_body: details.filterHttpBody,
    filter_default_fail: details.filterDefaultFail,
    badge_url: `${publicUrl}/b/2/${badgeKey(check)}.svg`,
    ...(check.lastDuration === null ? {} : { last_duration: Math.floor(check.lastDuration / SECOND) }),
    ...(readOnly
      ? { unique_key: uniqueKey(check) }
      : {
          uuid: check.uuid,
          ping_url: `${publicUrl}/ping/${check.uuid}`,
          update_url: url,
          pause_url: `${url}/pause`,
          resume_url: `${url}/resume`,
          channels: channelsText(details.channels, view.channelIds),
        }),
    ...scheduleOf(check),
  }
}

/** A ping; `number` is its place among all pings of its check, from 1. */
export function pingDocument(beat: Beat, number: number, check: Check, { version, publicUrl }: View) {
  const hasBody = beat.body !== null && beat.body.length > 0
  return {
    type: beat.kind === 'ignored' ? 'ign' : beat.kind,
    date: isoInstant(beat.receivedAt),
    n: number,
    scheme: beat.scheme,
    remote_addr: beat.remoteAddress,
    method: beat.method,
    ua: beat.userAgent,
    rid: beat.rid,
    body_url: hasBody ? `${publicUrl}/api/v${version}/checks/${check.uuid}/pings/${number}/body` : null,
    ...(beat.duration === null ? {} : { duration: Math.round(beat.duration / 10) / 100 }),
  }
}

/** A change of status: 1 is up, 0 is any other. */
export function flipDocument({ at, newStatus }: Flip) {
  return { timestamp: isoSeconds(at), up: newStatus === 'up' ? 1 : 0 }
}

/** The key of the badge of a check: a uuid that shows nothing of its ping URL, and leads back to the check by its id. */
export function badgeKey(check: Pick<Check, 'id' | 'uuid'>): string {
  const id = check.id.toString(16).padStart(8, '0').slice(-8)
  const rest = hash('sha256', `badge ${check.uuid}`, 'hex')
  return `${id}-${rest.slice(0, 4)}-4${rest.slice(4, 7)}-8${rest.slice(7, 10)}-${rest.slice(10, 22)}`
}

/** The id of the check in the key of a badge; null for anything else. */
export function badgeCheckId(key: string): number | null {
  const [, id] = /^([0-9a-f]{8})-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/.exec(key) ?? []
  return id === undefined ? null : Number.parseInt(id, 16)
}

function scheduleOf(check: Check): { timeout: number } | { schedule: string; tz: string } {
  if (check.every !== null) return { timeout: Math.floor(check.every / SECOND) }
  const expressions = [check.cron, check.onCalendar].filter(text => text !== null)
  return { schedule: expressions.join('\n'), tz: check.timeZone }
}

function channelsText(chosen: readonly string[] | null, all: readonly string[]): string {
  const ids = chosen?.includes('*') ? all : (chosen ?? []).filter(id => all.includes(id))
  return [...ids].sort().join(',')
}

/** `2026-03-02T09:00:00+00:00`. */
export function isoSeconds(at: number | null): string | null {
  return at === null ? null : `${new Date(at).toISOString().slice(0, 19)}+00:00`
}

/** As Python writes an instant: with microseconds, unless they are 0. */
function isoInstant(at: number): string {
  const text = new Date(at).toISOString()
  return at % SECOND === 0 ? `${text.slice(0, 19)}+00:00` : `${text.slice(0, 23)}000+00:00`
}
