// The findings about a downtime of Vakt itself: from when to when it received nothing, and whose beats may be lost. Pure.
import type { Text } from '../card.ts'
import type { Check } from '../checks/check.ts'
import type { Downtime } from '../checks/downtimes.ts'
import { aboutDuration, HOUR, MINUTE, SECOND } from '../time.ts'
import type { Finding } from './finding.ts'
import { STORAGE_KEYS } from './storage.ts'

/** A shorter downtime, such as a restart for an update, is only reported when it delays a check by `LONG_DELAY_MS`. */
const MIN_REPORTED_MS = 5 * MINUTE
const LONG_DELAY_MS = HOUR
const MAX_NAMED_CHECKS = 10

/** The key of the alert that Vakt is offline. */
export const OFFLINE_KEY = 'connectivity'
const OFFLINE = { key: OFFLINE_KEY, detector: 'connectivity', labels: { role: 'offline' } }

/** The finding while Vakt has been offline since `since`, epoch ms. */
export function offlineFinding(since: number): Finding {
  return {
    ...OFFLINE,
    projectId: null,
    severity: 'warning',
    title: 'Vakt is offline',
    since,
    owner: null,
    remindEvery: 0,
    occurrences: 0,
    observation: {
      lines: [
        'Most connectivity targets do not answer. Everything that needs the internet is paused: its evaluation, its alerts and the chats.',
        'Checks with --lan are still evaluated.',
      ],
    },
  }
}

const WORDS: Record<Downtime['kind'], string> = {
  stopped: 'was not running',
  asleep: 'was asleep',
  offline: 'was offline',
  storage: 'could not store beats',
  'log-storage': 'could not store log lines',
  takeover: 'was not on duty',
}

/**
 * The finding about a downtime that has ended, or null when it is too short and was not `reported` while it lasted;
 * `affected` are the checks with a beat due in it.
 */
export function downtimeFinding(
  downtime: Omit<Downtime, 'id'>,
  affected: readonly Check[],
  wasReported = downtime.kind === 'offline',
): Finding | null {
  const delayed = affected.filter(check => (check.downAt ?? 0) - downtime.to > LONG_DELAY_MS)
  const ms = downtime.to - downtime.from
  if (!wasReported && ms < MIN_REPORTED_MS && delayed.length === 0) return null
  return {
    ...identityOf(downtime),
    projectId: null,
    severity: delayed.length > 0 || wasReported ? 'warning' : 'info',
    title: `Vakt ${WORDS[downtime.kind]} for ${aboutDuration(ms)}`,
    since: downtime.from,
    occurrences: 0,
    owner: null,
    remindEvery: 0,
    observation: { lines: [...downtimeLines(downtime), ...delayedLines(delayed)] },
  }
}

/** An alert that was open meanwhile is the one that ends. */
function identityOf({ kind, from }: Omit<Downtime, 'id'>): Pick<Finding, 'key' | 'detector' | 'labels'> {
  if (kind === 'offline') return OFFLINE
  if (kind === 'storage' || kind === 'log-storage')
    return {
      key: STORAGE_KEYS[kind === 'storage' ? 'beats' : 'log lines'],
      detector: 'storage',
      labels: { role: 'storage' },
    }
  return { key: `absence:${from}`, detector: 'absence', labels: {} }
}

const EFFECTS: Record<Downtime['kind'], string> = {
  stopped: ' no beat could arrive.',
  asleep: ' no beat could arrive.',
  // Offline is only noticed some time after the last successful probe: some beats may have arrived in between.
  offline: ' beats may not have arrived.',
  storage: ' beats were answered 503, because they could not be stored.',
  'log-storage': ' log lines were answered 503, because they could not be stored.',
  takeover: ' beats may be missing, also some that were answered 200.',
}

/**
 * The finding that this Vakt took over at `to` from the Vakt called `name`, with a state of `from` (epoch ms); `affected` are
 * the checks that now expect a later beat.
 */
export function takeoverFinding(
  { from, to, name }: { from: number; to: number; name: string },
  affected: readonly Check[],
): Finding {
  const delayed = affected.filter(check => (check.downAt ?? 0) - to > LONG_DELAY_MS)
  return {
    key: `takeover:${to}`,
    detector: 'absence',
    labels: { role: 'takeover' },
    projectId: null,
    severity: 'warning',
    title: `Taken over from ${name}; up to ${Math.ceil((to - from) / SECOND)} s of beats may be missing`,
    since: from,
    occurrences: 0,
    owner: null,
    remindEvery: 0,
    observation: { lines: [...downtimeLines({ from, to, kind: 'takeover' }), ...delayedLines(delayed)] },
  }
}

function downtimeLines({ from, to, kind }: Omit<Downtime, 'id'>): Text[] {
  const period: Text = ['From ', { time: from, style: 'moment' }, ' to ', { time: to, style: 'moment' }, EFFECTS[kind]]
  if (kind === 'log-storage') return [period, 'Rules over logs do not count that time.']
  return [period, 'The deadlines of the checks are extended by that time.']
}

function delayedLines(delayed: readonly Check[]): Text[] {
  if (delayed.length === 0) return []
  const more = delayed.length - MAX_NAMED_CHECKS
  return [
    'Beats that were due then may be lost; these checks are evaluated at their next due time:',
    ...delayed
      .slice(0, MAX_NAMED_CHECKS)
      .map((check): Text => [{ bold: check.name }, ', next due ', { time: check.lateAt!, style: 'moment' }]),
    ...(more > 0 ? [`… ${more} more`] : []),
  ]
}
