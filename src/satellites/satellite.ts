// The rules of satellites: when one is silent, and what the viewpoints of a probe say together. Pure.
import type { ProbeResult } from '../probes/probe.ts'
import { invalid } from '../problem.ts'
import type { probeViews, satellites } from '../state/schema/index.ts'
import { MINUTE, SECOND } from '../time.ts'

export type Satellite = typeof satellites.$inferSelect
export type ProbeView = typeof probeViews.$inferSelect

/** A satellite reports at least this often, also when it has nothing to send, ms. */
export const REPORT_INTERVAL_MS = 5 * SECOND
/** A satellite without a report for longer than this is silent, ms. */
export const SILENT_AFTER_MS = 30 * SECOND
/** Two runs under one key both report while each did within this time, ms. */
export const RIVAL_MS = MINUTE
/** A difference of clocks that people should know of, ms. */
export const CLOCK_TOLERANCE_MS = 5 * SECOND
/** The viewpoint of the main itself among the names of satellites. */
export const MAIN_VIEWPOINT = 'main'

/** Whether a satellite is silent at `now`; before its first report it is not. `listeningSince` is when the main began to listen. */
export function isSilent(satellite: Pick<Satellite, 'lastSeenAt'>, now: number, listeningSince = 0): boolean {
  return satellite.lastSeenAt !== null && now - Math.max(satellite.lastSeenAt, listeningSince) > SILENT_AFTER_MS
}

/** The viewpoints of a list such as `berlin,oslo,main`, in order, each once. Throws `invalid` on the field `via`. */
export function readViewpoints(text: string, known: readonly string[]): string[] {
  const names = [...new Set(text.split(/[\s,]+/).filter(Boolean))]
  for (const name of names) {
    if (name === MAIN_VIEWPOINT || known.includes(name)) continue
    const hint =
      known.length === 0
        ? 'There are none yet: "satellites add" makes one.'
        : `Satellites: ${known.join(', ')}; ${MAIN_VIEWPOINT} is Vakt itself.`
    throw invalid('via', `There is no satellite "${name}". ${hint}`)
  }
  if (names.length === 0) throw invalid('via', `Name satellites, or ${MAIN_VIEWPOINT} for Vakt itself.`)
  return names
}

/** What viewpoints that are up say about a target. */
export type Verdict = {
  isDown: boolean
  /** The views that say so, and those that do not. */
  down: readonly ProbeView[]
  up: readonly ProbeView[]
}

/**
 * The verdict of the views of those viewpoints that are up: down when at least `quorum` of them found it down, by default more
 * than half. While fewer are up than `quorum`, all of them must: a silent satellite makes no check blind. Null without a view:
 * nothing is known then.
 */
export function verdictOf(views: readonly ProbeView[], quorum: number | null): Verdict | null {
  if (views.length === 0) return null
  const [down, up] = [views.filter(({ ok }) => !ok), views.filter(({ ok }) => ok)]
  const needed = Math.min(quorum ?? Math.floor(views.length / 2) + 1, views.length)
  return { isDown: down.length >= needed, down, up }
}

/** How old a view may be and still count: two probes may be late, as a satellite may be, ms. */
export function viewRetentionMs(expectedGapMs: number, timeoutMs: number): number {
  return 2 * expectedGapMs + timeoutMs + MINUTE
}

/** A verdict as one result of the check; the card says from where. */
export function combinedResult({ isDown, down, up }: Verdict): ProbeResult {
  const deciding = isDown ? down : up.length > 0 ? up : down
  const certificates = [...down, ...up].flatMap(({ certificateEndsAt }) => certificateEndsAt ?? [])
  const [first] = deciding
  return {
    ok: !isDown,
    message: isDown ? reasons(down) : (first?.message ?? ''),
    durationMs: isDown ? null : median(up.flatMap(({ durationMs }) => durationMs ?? [])),
    address: first?.address ?? null,
    certificateEndsAt: certificates.length === 0 ? null : Math.min(...certificates),
    viewpoints: viewpointsText(down, up),
  }
}

/** `Down from berlin (no answer), oslo (status 503). Up from main.` */
export function viewpointsText(down: readonly ProbeView[], up: readonly ProbeView[]): string {
  const parts = [
    ...(down.length === 0 ? [] : [`Down from ${down.map(view => `${view.viewpoint} (${view.message})`).join(', ')}.`]),
    ...(up.length === 0 ? [] : [`Up from ${up.map(({ viewpoint }) => viewpoint).join(', ')}.`]),
  ]
  return parts.join(' ')
}

/** One reason as it is, several with where each was found. */
function reasons(down: readonly ProbeView[]): string {
  const byMessage = Map.groupBy(down, ({ message }) => message)
  if (byMessage.size === 1) return `${down[0]!.message} from ${down.map(({ viewpoint }) => viewpoint).join(', ')}`
  return [...byMessage]
    .map(([message, views]) => `${message} from ${views.map(({ viewpoint }) => viewpoint).join(', ')}`)
    .join('; ')
}

function median(values: number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}
