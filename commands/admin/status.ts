// The commands about Vakt itself: its status, and the deliveries to each channel.
import { z } from 'zod'
import { stateWord } from '../../src/alerts/alert-card.ts'
import { countAlerts, countOpenAlerts, listAlerts } from '../../src/alerts/alerts.ts'
import type { Text } from '../../src/card.ts'
import { countByShownStatus, readEarlyChecks } from '../../src/checks/checks.ts'
import { type Downtime, listDowntimes } from '../../src/checks/downtimes.ts'
import { positional } from '../../src/command/command.ts'
import { availabilityText } from '../../src/connectivity/availability.ts'
import { listHosts } from '../../src/hosts/hosts.ts'
import { type DeliveryRow, listDeliveries } from '../../src/notifications/delivery/outbox.ts'
import type { StorageStatus } from '../../src/state/storage-health.ts'
import { plural } from '../../src/text.ts'
import { aboutDuration, DAY, isoTime } from '../../src/time.ts'
import { type Context, command } from '../context.ts'
import { availabilityOfDay } from './connectivity.ts'

/** How many of the most severe alerts the status names. */
const MAX_NAMED_ALERTS = 3
/** The release of the time zone database that this Node carries; the one of the system is not read. */
const TZ_DATA = process.versions.tz ?? 'unknown'
/** How many lines a card of deliveries shows. */
const MAX_DELIVERY_LINES = 30

const status = command({
  name: 'status',
  summary: 'Show the status of everything, including Vakt itself',
  role: 'viewer',
  args: {},
  run(_, context) {
    const { state, now, parts, config } = context
    const checks = countByShownStatus(state, now)
    const open = countOpenAlerts(state).reduce((sum, { count }) => sum + count, 0)
    const scheduler = parts.scheduler()
    const platforms = parts.platforms()
    const connectivity = parts.connectivity()
    const storage = parts.storage()
    const hosts = listHosts(state).filter(host => host.enabled)
    const hostsDown = hosts.filter(host => host.status === 'down').length
    const waiting = listDeliveries(state, 200, now, undefined, true).filter(delivery =>
      ['waiting', 'failed'].includes(deliveryState(delivery)),
    )
    const isUnhealthy =
      !scheduler.healthy ||
      !storage.ok ||
      platforms.some(({ status }) => status.state === 'lost' || status.state === 'refused')
    const early = readEarlyChecks(state)
    const downtime = listDowntimes(state, 1)[0]
    const availability = availabilityOfDay(state, now)
    const connected =
      config.connectivityTargets.length === 0
        ? []
        : [`Connectivity: ${connectivity.state}, available ${availabilityText(availability, DAY)} in the last 24h.`]
    const lines: Text[] = [
      ...alertLines(context, open),
      `Checks: ${checks.up} up, ${checks.late} late, ${checks.down} down, ${checks.new} new, ${checks.paused} paused.`,
      ...(hosts.length > 0 ? [`Hosts: ${hosts.length - hostsDown} up or new, ${hostsDown} down.`] : []),
      scheduler.healthy
        ? 'Scheduler: healthy.'
        : `Scheduler: unhealthy (${scheduler.error ?? 'its last tick is too long ago'}).`,
      ...storageLines(storage),
      ...platforms.map(
        ({ name, status }): Text => `${name}: ${status.state}${status.message ? `. ${status.message}` : ''}`,
      ),
      ...(waiting.length > 0
        ? [
            `Deliveries: ${waiting.length} waiting or failed; "deliveries --failed" shows ${waiting.length === 1 ? 'it' : 'them'}.`,
          ]
        : []),
      ...connected,
      ...clockLines(early),
      ...(downtime
        ? [
            [
              `Last downtime of Vakt (${downtime.kind}): ${aboutDuration(downtime.to - downtime.from)}, until `,
              { time: downtime.to, style: 'moment' as const },
              '.',
            ],
          ]
        : []),
    ]
    return {
      card: {
        title: isUnhealthy
          ? 'Vakt needs attention'
          : open > 0
            ? plural(open, 'open alert')
            : waitingTitle(waiting.length),
        tone: isUnhealthy || (open === 0 && waiting.length > 0) ? 'warning' : open > 0 ? 'info' : 'good',
        lines,
        buttons: open > 0 ? [{ label: 'Alerts', line: 'alerts list' }] : [],
        footer: `Vakt ${parts.version}, up for ${aboutDuration(now - parts.startedAt)} · time zone data ${TZ_DATA}`,
      },
      result: {
        version: parts.version,
        started_at: isoTime(parts.startedAt),
        uptime_ms: now - parts.startedAt,
        checks,
        alerts: { open },
        hosts: { total: hosts.length, down: hostsDown },
        scheduler: {
          healthy: scheduler.healthy,
          last_tick_at: isoTime(scheduler.lastTickAt),
          last_turn_at: isoTime(scheduler.lastTickAt),
          error: scheduler.error,
        },
        storage: {
          ok: storage.ok,
          message: storage.message,
          damage: storage.damage,
          outages: storage.outages.map(({ thing, since, message }) => ({ thing, since: isoTime(since), message })),
        },
        chats: Object.fromEntries(
          platforms.map(({ name, status }) => [
            name,
            { state: status.state, since: isoTime(status.since), message: status.message ?? null },
          ]),
        ),
        deliveries: { waiting: waiting.length },
        ...downtimeResult(downtime),
        connectivity: {
          state: connectivity.state,
          since: isoTime(connectivity.since),
          configured: config.connectivityTargets.length > 0,
          availability_24h: availability.share,
        },
        clocks: { early_checks: early.count, least_early_ms: early.least, most_early_ms: early.most },
        time_zone_data: TZ_DATA,
        deadman: { configured: config.deadmanUrl !== null },
      },
    }
  },
})

/** Several jobs that are early point at the clock that they share: Vakt's own. */
function clockLines({ count, least, most }: ReturnType<typeof readEarlyChecks>): string[] {
  if (count === 0) return []
  const span =
    aboutDuration(least) === aboutDuration(most)
      ? aboutDuration(least)
      : `${aboutDuration(least)} to ${aboutDuration(most)}`
  const why =
    count === 1
      ? "The clock of the job's machine is ahead, or Vakt's is behind."
      : 'If they run on several machines, the clock of this one is behind: check its time synchronization.'
  return [`Clocks: the beats of ${plural(count, 'check')} keep coming ${span} before they are due. ${why}`]
}

function waitingTitle(waiting: number): string {
  return waiting === 0
    ? 'All clear'
    : `No open alerts, but ${plural(waiting, 'delivery', 'deliveries')} waiting or failed`
}

/** What storage refuses, since when and why; nothing while all is well. */
function storageLines({ outages, damage }: StorageStatus): Text[] {
  return [
    ...outages.map(
      ({ thing, since, message }): Text => [
        `Storage: Vakt has been unable to store ${thing} since `,
        { time: since, style: 'moment' },
        `. ${message}`,
      ],
    ),
    ...(damage === null ? [] : [`Storage: the state database is damaged (${damage}). Restore vakt.db from a backup.`]),
  ]
}

/** The last downtime; `absence` is its former name. */
function downtimeResult(downtime: Downtime | undefined) {
  const result = downtime ? { kind: downtime.kind, from: isoTime(downtime.from), to: isoTime(downtime.to) } : null
  return { downtime: result, absence: result }
}

function alertLines({ state }: Context, open: number): Text[] {
  if (open === 0) return ['No open alerts.']
  // A group is one line; its alerts are behind it.
  const cards = countAlerts(state, { open: true, ungrouped: true })
  const worst = listAlerts(state, { open: true, ungrouped: true, limit: MAX_NAMED_ALERTS }).map(
    (alert): Text => [{ bold: `${alert.id}` }, ` · ${stateWord(alert)} · ${alert.title}`],
  )
  return [...worst, ...(cards > MAX_NAMED_ALERTS ? [`… ${cards - MAX_NAMED_ALERTS} more`] : [])]
}

const deliveries = command({
  name: 'deliveries',
  summary: 'Show the deliveries to each channel, and why any failed',
  examples: ['deliveries', 'deliveries 42'],
  role: 'viewer',
  args: {
    alert: positional(z.number({ error: 'must be an alert number such as 42' }).int().positive().optional()).describe(
      'Only deliveries of this alert',
    ),
    failed: z.boolean().optional().describe('Only deliveries that failed or wait for a retry'),
    limit: z.number().int().min(1).max(500).optional().describe('Number of alerts (default: 10)'),
  },
  run({ alert, failed, limit = 10 }, { state, now }) {
    const all = listDeliveries(state, limit, now, alert, failed)
    const found = failed ? all.filter(delivery => ['waiting', 'failed'].includes(deliveryState(delivery))) : all
    return {
      card: {
        title: found.length === 0 ? 'No deliveries' : 'Deliveries, newest alert first',
        tone: found.some(delivery => deliveryState(delivery) === 'failed') ? 'warning' : 'plain',
        lines: found.slice(0, MAX_DELIVERY_LINES).map(deliveryLine),
      },
      result: {
        deliveries: found.map(delivery => ({
          alert: delivery.alert.id,
          channel: delivery.channelId,
          state: deliveryState(delivery),
          reason: REASONS_IN_RESULTS[delivery.step.why] ?? delivery.step.why,
          attempts: delivery.notification?.attempts ?? 0,
          shown_version: delivery.notification?.shownVersion ?? 0,
          version: delivery.alert.version,
          next_attempt_at: isoTime(delivery.notification?.nextAttemptAt ?? null),
          error: delivery.notification?.error ?? null,
        })),
      },
    }
  },
})

/** Results keep the former words of some reasons, because scripts compare them. */
const REASONS_IN_RESULTS: Partial<Record<DeliveryRow['step']['why'], string>> = {
  'resolved before it was sent': 'ended before it was told',
  'card deleted': 'the card was gone',
  'resolved before the channel was added': 'ended before the channel was added',
  suppressed: 'held back',
  'waiting to retry': 'waiting to try again',
  refused: 'refused for good',
  'snooze ended': 'fired again',
  'acknowledgement expired': 'given back',
}

export const statusCommands = [status, deliveries]

/** A delivery in one word: held (the alert is suppressed), shown, pending, sending, waiting (for a retry), failed or skipped. */
function deliveryState({ notification, step }: DeliveryRow): string {
  if (step.why === 'refused') return 'failed'
  if (step.why === 'waiting to retry') return 'waiting'
  if (step.why === 'resolved before the channel was added') return 'skipped'
  if (step.why === 'suppressed') return 'held'
  if (step.do === 'skip') return 'shown'
  return notification?.sending ? 'sending' : 'pending'
}

function deliveryLine(delivery: DeliveryRow): Text {
  const state = deliveryState(delivery)
  const icon = { shown: '✅', failed: '❌', waiting: '⏳' }[state] ?? '▫️'
  const error = delivery.notification?.error ? `: ${delivery.notification.error}` : ''
  return [
    `${icon} `,
    { bold: `${delivery.alert.id}` },
    ` to ${delivery.channel}: ${state === 'held' ? 'suppressed' : state}${error}`,
  ]
}
