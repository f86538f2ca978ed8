// How Vakt itself is doing: its parts, and what was delivered where.
import { z } from 'zod'
import { stateWord } from '../../src/alerts/alert-card.ts'
import { countAlerts, listAlerts } from '../../src/alerts/alert-lists.ts'
import type { Text } from '../../src/card.ts'
import { countByShownStatus } from '../../src/checks/checks.ts'
import { listDowntimes } from '../../src/checks/downtimes.ts'
import { positional } from '../../src/command/command.ts'
import { availabilityText } from '../../src/connectivity/availability.ts'
import { listHosts } from '../../src/hosts/hosts.ts'
import { type DeliveryRow, listDeliveries } from '../../src/notifications/delivery/outbox.ts'
import { aboutDuration, DAY, isoTime } from '../../src/time.ts'
import { type Context, command, counted } from '../context.ts'
import { availabilityOfDay } from './connectivity.ts'

/** Alerts that the status tells by name, the worst ones. */
const NAMED = 3

const status = command({
  name: 'status',
  summary: 'Show how everything is doing, Vakt itself included',
  role: 'viewer',
  args: {},
  run(_, context) {
    const { state, now, parts, config } = context
    const checks = countByShownStatus(state, now)
    const open = countAlerts(state, { open: true })
    const scheduler = parts.scheduler()
    const platforms = parts.platforms()
    const connectivity = parts.connectivity()
    const hosts = listHosts(state).filter(host => host.enabled)
    const hostsDown = hosts.filter(host => host.status === 'down').length
    const waiting = listDeliveries(state, 200, now, undefined, true).filter(
      one => deliveryState(one) === 'waiting' || deliveryState(one) === 'failed',
    )
    const ill =
      !scheduler.healthy || platforms.some(one => one.status.state === 'lost' || one.status.state === 'refused')
    const absence = listDowntimes(state, 1)[0]
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
        : `Scheduler: unhealthy, ${scheduler.error ?? 'its last tick is too long ago'}.`,
      ...platforms.map(
        (one): Text => `${one.name}: ${one.status.state}${one.status.message ? `. ${one.status.message}` : ''}`,
      ),
      ...(waiting.length > 0
        ? [
            `${counted(waiting.length, 'message')} waiting or failed; "deliveries" shows ${waiting.length === 1 ? 'it' : 'them'}.`,
          ]
        : []),
      ...connected,
      ...(absence
        ? [
            [
              `Last away (${absence.kind}) for ${aboutDuration(absence.to - absence.from)}, until `,
              { time: absence.to, style: 'moment' as const },
              '.',
            ],
          ]
        : []),
    ]
    return {
      card: {
        title: ill ? 'Something needs attention' : open > 0 ? counted(open, 'open alert') : 'All is well',
        tone: ill ? 'warning' : open > 0 ? 'info' : 'good',
        lines,
        buttons: open > 0 ? [{ label: 'Alerts', line: 'alerts list' }] : [],
        footer: `Vakt ${parts.version}, up for ${aboutDuration(now - parts.startedAt)}`,
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
        chats: Object.fromEntries(
          platforms.map(one => [
            one.name,
            { state: one.status.state, since: isoTime(one.status.since), message: one.status.message ?? null },
          ]),
        ),
        deliveries: { waiting: waiting.length },
        absence: absence ? { kind: absence.kind, from: isoTime(absence.from), to: isoTime(absence.to) } : null,
        connectivity: {
          state: connectivity.state,
          since: isoTime(connectivity.since),
          configured: config.connectivityTargets.length > 0,
          availability_24h: availability.share,
        },
        deadman: { configured: config.deadmanUrl !== null },
      },
    }
  },
})

function alertLines({ state }: Context, open: number): Text[] {
  if (open === 0) return ['No open alerts.']
  const worst = listAlerts(state, { open: true, limit: NAMED }).map(
    (alert): Text => [{ bold: `${alert.id}` }, ` · ${stateWord(alert)} · ${alert.title}`],
  )
  return [...worst, ...(open > NAMED ? [`… ${open - NAMED} more`] : [])]
}

const deliveries = command({
  name: 'deliveries',
  summary: 'Show what was delivered where, and what was not and why',
  examples: ['deliveries', 'deliveries 42'],
  role: 'viewer',
  args: {
    alert: positional(z.number({ error: 'must be an alert number such as 42' }).int().positive().optional()).describe(
      'Only of this alert',
    ),
    failed: z.boolean().optional().describe('Only what waits or failed'),
    limit: z.number().int().min(1).max(500).optional().describe('Of how many alerts, 10 unless said'),
  },
  run({ alert, failed, limit = 10 }, { state, now }) {
    const all = listDeliveries(state, limit, now, alert, failed)
    const found = failed ? all.filter(one => ['waiting', 'failed'].includes(deliveryState(one))) : all
    return {
      card: {
        title: found.length === 0 ? 'Nothing to deliver' : 'Deliveries, newest alert first',
        tone: found.some(one => deliveryState(one) === 'failed') ? 'warning' : 'plain',
        lines: found.slice(0, 30).map(deliveryLine),
      },
      result: {
        deliveries: found.map(one => ({
          alert: one.alert.id,
          channel: one.channelId,
          state: deliveryState(one),
          reason: one.step.why,
          attempts: one.notification?.attempts ?? 0,
          shown_version: one.notification?.shownVersion ?? 0,
          version: one.alert.version,
          next_attempt_at: isoTime(one.notification?.nextAttemptAt ?? null),
          error: one.notification?.error ?? null,
        })),
      },
    }
  },
})

export const statusCommands = [status, deliveries]

/** A delivery in one word: held (back by a silence or the like), shown, pending, sending, waiting (after a failure), failed (refused for good) or skipped. */
function deliveryState({ notification, step }: DeliveryRow): string {
  if (step.why === 'refused for good') return 'failed'
  if (step.why === 'waiting to try again') return 'waiting'
  if (step.why === 'ended before the channel was added') return 'skipped'
  if (step.why === 'held back') return 'held'
  if (step.do === 'skip') return 'shown'
  return notification?.sending ? 'sending' : 'pending'
}

function deliveryLine(one: DeliveryRow): Text {
  const state = deliveryState(one)
  const icon = { shown: '✅', failed: '❌', waiting: '⏳' }[state] ?? '▫️'
  const why = one.notification?.error ? `: ${one.notification.error}` : ''
  return [`${icon} `, { bold: `${one.alert.id}` }, ` to ${one.channel}: ${state}${why}`]
}
