// How probes are shown: what they ask, the last result, response times and availability.
import type { Field, Text } from '../../src/card.ts'
import { sparkline } from '../../src/charts/sparkline.ts'
import type { Check } from '../../src/checks/check.ts'
import { expectation, writeMilliseconds } from '../../src/detectors/probe-failure.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { percentile, responseTimes, upShare } from '../../src/probes/availability.ts'
import { readResults, readUpTime } from '../../src/probes/measurements.ts'
import { daysUntil, nextProbe, type Probe } from '../../src/probes/probe.ts'
import { readProbe } from '../../src/probes/probes.ts'
import { listViews } from '../../src/satellites/views.ts'
import { percent, plural } from '../../src/text.ts'
import { aboutDuration, DAY, HOUR, isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

export const AVAILABILITY_SPANS_MS = { '24h': DAY, '7d': 7 * DAY, '30d': 30 * DAY, '90d': 90 * DAY } as const
/** Fits on the screen of a phone. */
const SPARKLINE_LENGTH = 24
/** Less known time than this share of a span is shown beside the percentage. */
const MIN_KNOWN_SHARE = 0.9

/** A probe in the machine-readable form of lists; null for a check that waits for beats. */
export function probeResult(context: Context, check: Check) {
  const probe = check.probed ? readProbe(context.state, check.id) : undefined
  if (!probe) return null
  return {
    kind: probe.kind,
    target: probe.kind === 'command' ? null : shownTarget(probe, context),
    on: probe.kind === 'command' ? probe.target : null,
    run: probe.kind === 'command' ? probe.command : null,
    expect: probe.expect === '' ? [] : probe.expect.split('\n'),
    expect_status: probe.expectStatus,
    method: probe.method,
    /** Their values are secrets. */
    headers: probe.headerNames === '' ? [] : probe.headerNames.split('\n'),
    timeout_ms: probe.timeout,
    insecure: probe.insecure,
    cert_days: probe.certDays,
    reach: probe.reach,
    via: probe.via?.split('\n') ?? [],
    quorum: probe.quorum,
    views: viewResults(context, probe),
    next_at: check.status === 'paused' ? null : isoTime(nextProbe(check, check.lastBeatAt ?? context.now)),
    last:
      probe.lastAt === null
        ? null
        : {
            at: isoTime(probe.lastAt),
            ok: probe.lastOk,
            message: redact(probe.lastMessage ?? ''),
            duration_ms: check.lastDuration,
            address: probe.lastAddress,
          },
    certificate:
      probe.certificateEndsAt === null
        ? null
        : { ends_at: isoTime(probe.certificateEndsAt), days: daysUntil(probe.certificateEndsAt, context.now) },
  }
}

/** The same with response times and availability, which cost more to read. */
export function fullProbeResult(context: Context, check: Check) {
  const probe = probeResult(context, check)
  if (probe === null) return null
  return { ...probe, response_ms: responseResult(context, check), ...availabilityResult(context, check) }
}

/** The response times of the last 24 hours, ms. */
export function responseResult({ state, now }: Context, check: Check) {
  const { p50, p95, maximum } = responseTimes(readResults(state, check.id, now - DAY, now + 1))
  return { p50, p95, max: maximum }
}

/** The share of time up by span, and how much of it is known, ms. */
export function availabilityResult(context: Context, check: Check) {
  const times = readAvailabilities(context, check)
  return {
    availability: Object.fromEntries(times.map(({ name, share }) => [name, share])),
    known_ms: Object.fromEntries(times.map(({ name, knownMs }) => [name, knownMs])),
  }
}

/** What a card says about a probe, in place of beats and deadlines. */
export function probeLines(check: Check, probe: Probe, context: Context): Text[] {
  const { now } = context
  const next = check.status === 'paused' ? null : nextProbe(check, Math.max(check.lastBeatAt ?? now, now - HOUR))
  const came: Text =
    probe.lastAt === null
      ? // After a change the next probe is at its time.
        check.lastBeatAt === null
        ? 'Not probed yet; the first result comes within seconds.'
        : 'Not probed since its settings changed.'
      : [
          probe.lastOk ? 'Last probe: ' : 'Last probe failed: ',
          { bold: redact(probe.lastMessage ?? '') },
          check.lastDuration === null ? '' : ` in ${writeMilliseconds(check.lastDuration)}`,
          ', ',
          { time: probe.lastAt, style: 'relative' },
          '.',
        ]
  return [
    came,
    expectation({ ...probe, target: shownTarget(probe, context) }),
    ...viewpointLines(probe),
    ...viewLines(probe, context),
    ...(next === null || next <= now ? [] : [['Next probe ', { time: next, style: 'relative' }, '.'] as Text]),
    ...certificateLines(probe, now),
  ]
}

/** From where a probe is made, and how many places must find it down; nothing for one that only Vakt itself makes. */
export function viewpointLines({ via, quorum }: Probe): Text[] {
  if (via === null) return []
  const names = via.split('\n')
  const needed = quorum === null ? 'most of those that are up' : `${quorum} of them`
  return [`Probed from ${names.join(', ')}; it is down when ${needed} find it down.`]
}

/** What each place found last. */
function viewLines({ via, checkId }: Probe, { state, now }: Context): Text[] {
  if (via === null) return []
  return listViews(state, checkId).map(
    ({ viewpoint, ok, message, at }): Text => [
      `${ok ? '🟢' : '🔴'} ${viewpoint}: ${redact(message)}, `,
      { time: Math.min(at, now), style: 'relative' },
    ],
  )
}

function viewResults({ state }: Context, { via, checkId }: Probe) {
  if (via === null) return []
  return listViews(state, checkId).map(({ viewpoint, ok, message, durationMs, at }) => ({
    ...{ viewpoint, ok, message: redact(message), duration_ms: durationMs, at: isoTime(at) },
  }))
}

/** Response times and availability as fields; empty before the first result. */
export function probeFields(check: Check, context: Context): Field[] {
  const { state, now } = context
  const results = readResults(state, check.id, now - DAY, now + 1)
  const { p50, p95 } = responseTimes(results)
  // A longer time of which no more is known than of a shorter one says nothing new.
  const all = readAvailabilities(context, check)
  const known = all.filter(({ share, knownMs }, i) => share !== null && knownMs > (all[i - 1]?.knownMs ?? 0))
  const response: Field[] =
    p50 === null || p95 === null
      ? []
      : [
          {
            name: 'Response time, last 24h',
            value: [
              `p50 ${writeMilliseconds(p50)}, p95 ${writeMilliseconds(p95)} `,
              { code: sparkline(bucketMedians(results, now - DAY, now, SPARKLINE_LENGTH)) },
            ],
          },
        ]
  const lines = known.map(({ name, share, knownMs, ms }) => {
    const part = knownMs < ms * MIN_KNOWN_SHARE ? ` of the ${aboutDuration(knownMs)} known` : ''
    return `${name}: ${percent(share!)}${part}`
  })
  return lines.length === 0 ? response : [...response, { name: 'Availability', value: lines.join(' · ') }]
}

/** The median response time of the results in each of `count` equal parts of a time; null where there are none. */
export function bucketMedians(
  results: readonly { at: number; ok: boolean; durationMs: number | null }[],
  from: number,
  until: number,
  count: number,
  share = 0.5,
): (number | null)[] {
  const buckets = Array.from({ length: count }, (): number[] => [])
  for (const { at, ok, durationMs } of results)
    if (ok && durationMs !== null)
      buckets[Math.min(count - 1, Math.max(0, Math.floor(((at - from) / (until - from)) * count)))]!.push(durationMs)
  return buckets.map(values =>
    percentile(
      values.toSorted((a, b) => a - b),
      share,
    ),
  )
}

function readAvailabilities({ state, now }: Context, check: Check) {
  return Object.entries(AVAILABILITY_SPANS_MS).map(([name, ms]) => {
    const time = readUpTime(state, check.id, now - ms, now + 1)
    return { name, ms, share: upShare(time), knownMs: time.upMs + time.downMs }
  })
}

function certificateLines({ certificateEndsAt }: Probe, now: number): Text[] {
  if (certificateEndsAt === null) return []
  const days = daysUntil(certificateEndsAt, now)
  const left = days < 0 ? 'expired ' : `ends in ${plural(days, 'day')}, `
  return [['The certificate ', left, { time: certificateEndsAt, style: 'moment' }, '.']]
}

/** Targets may hold secrets in their query; those who may change the check see them whole. */
function shownTarget({ target }: Probe, { by }: Context): string {
  return by.role === 'viewer' || by.isPublic ? redact(target) : target
}
