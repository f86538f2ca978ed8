// The metrics that Prometheus reads. prom-client is loaded by the first scrape, so that nobody else pays for it.
import { type StatsFs, statfsSync } from 'node:fs'
import type { Registry } from 'prom-client'
import { countOpenAlerts } from '../../alerts/alerts.ts'
import type { PlatformStatus } from '../../chat/channel.ts'
import { countByShownStatus } from '../../checks/checks.ts'
import type { Forward } from '../../forwards/forward.ts'
import { listForwards } from '../../forwards/forwards.ts'
import type { StoreStatus } from '../../logs/store.ts'
import { countPending } from '../../notifications/delivery/outbox.ts'
import { type BackupRecord, readBackupRecord } from '../../operations/backup/backup-record.ts'
import type { State } from '../../state/database.ts'
import type { Counter as Counted, Telemetry } from '../../telemetry.ts'
import { SECOND } from '../../time.ts'
import { readCheckMetrics } from './check-metrics.ts'
import { counter, type Family, gauge, histogram, one, type Value } from './family.ts'
import { logStoreFamilies } from './log-store-metrics.ts'

export type MetricsOptions = {
  state: State
  telemetry: Telemetry
  version: string
  /** The folder whose disk is measured. */
  dataDir: string
  now(): number
  startedAt: number
  scheduler(): { healthy: boolean }
  platforms(): readonly { name: string; status: PlatformStatus }[]
  /** How many probes are under way. */
  probesRunning(): number
  /** Whether each check has metrics of its own. */
  hasCheckMetrics: boolean
  /** How the log store is; null where there is none or nobody has used it yet. */
  logStore(): Promise<StoreStatus | null>
}

/** Reads the metrics in the text format of Prometheus. */
export function createMetrics(options: MetricsOptions): () => Promise<string> {
  let registry: Promise<Registry> | null = null
  return async () => {
    registry ??= openRegistry(options)
    const ownAndProcess = await (await registry).metrics()
    return options.hasCheckMetrics ? `${ownAndProcess}\n${await readCheckMetrics(options.state)}` : ownAndProcess
  }
}

async function openRegistry(options: MetricsOptions): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = await import('prom-client')
  const registry = new Registry()
  // The process itself: CPU, memory, event loop lag, garbage collection, open files.
  collectDefaultMetrics({ register: registry })
  for (const { name, help, type, read } of families(options)) {
    const get = async () => ({ name, help, type, values: await read(), aggregator: 'sum' })
    registry.registerMetric({ name, help, type, get, reset() {} } as never)
  }
  return registry
}

function families(options: MetricsOptions): Family[] {
  return [
    ...vaktFamilies(options),
    ...eventFamilies(options),
    ...probeFamilies(options),
    ...logStoreFamilies(options.logStore),
    ...forwardFamilies(options),
    ...operationFamilies(options),
  ]
}

function vaktFamilies({ state, version, now, startedAt, scheduler, platforms }: MetricsOptions): Family[] {
  return [
    gauge('vakt_build_info', 'The version that runs; always 1.', () => [{ labels: { version }, value: 1 }]),
    gauge('vakt_uptime_seconds', 'Time since the start of the process.', () => one((now() - startedAt) / SECOND)),
    gauge('vakt_memory_bytes', 'Resident memory; the same as process_resident_memory_bytes.', () =>
      one(process.memoryUsage.rss()),
    ),
    gauge('vakt_scheduler_healthy', 'Whether the scheduler works.', () => one(scheduler().healthy ? 1 : 0)),
    gauge('vakt_chat_online', 'Whether a chat platform is connected.', () =>
      platforms().map(({ name, status }) => ({ labels: { platform: name }, value: status.state === 'online' ? 1 : 0 })),
    ),
    gauge('vakt_checks', 'Checks by status.', () =>
      Object.entries(countByShownStatus(state, now())).map(([status, count]) => ({ labels: { status }, value: count })),
    ),
    gauge('vakt_open_alerts', 'Alerts that are not resolved.', () =>
      one(countOpenAlerts(state).reduce((sum, { count }) => sum + count, 0)),
    ),
    gauge('vakt_alerts', 'Alerts that are not resolved, by severity and state.', () =>
      countOpenAlerts(state).map(({ severity, state, count }) => ({ labels: { severity, state }, value: count })),
    ),
    gauge('vakt_deliveries_pending', 'Messages that a channel lacks, those that wait for a retry included.', () =>
      countPending(state).map(({ channelId, count }) => ({ labels: { channel: publicName(channelId) }, value: count })),
    ),
  ]
}

function eventFamilies({ telemetry }: MetricsOptions): Family[] {
  const { requests } = telemetry
  return [
    counter('vakt_beats_total', 'Stored beats by kind.', () =>
      Object.entries(telemetry.beats).map(([kind, value]) => ({ labels: { kind }, value })),
    ),
    counted('vakt_log_lines_accepted_total', 'Stored log lines, from all sources.', telemetry.linesAccepted),
    counted(
      'vakt_log_lines_rejected_total',
      'Log lines that were not stored: unreadable, or over a limit of lines a minute.',
      telemetry.linesRejected,
    ),
    counter(
      'vakt_lines_rejected_total',
      'Log lines that were not stored, by reason, and by source and host where they are known.',
      () => rejectionValues(telemetry, 'lines'),
    ),
    counter(
      'vakt_requests_rejected_total',
      'Requests of log lines that were refused as a whole, by reason, and by source and host where they are known.',
      () => rejectionValues(telemetry, 'requests'),
    ),
    counted(
      'vakt_refused_batches_total',
      'Requests of log lines and alerts that were refused as a whole, by the code of the error.',
      telemetry.refusedBatches,
    ),
    counted('vakt_commands_total', 'Commands by outcome: done, or the code of the error.', telemetry.commands),
    counted('vakt_scenario_lines_total', 'Log lines that scenarios sent and Vakt stored.', telemetry.scenarioLines),
    counted('vakt_scenario_beats_total', 'Beats that scenarios sent.', telemetry.scenarioBeats),
    counted(
      'vakt_scenario_requests_total',
      'Requests of scenarios by outcome: sent, retried or lost.',
      telemetry.scenarioRequests,
    ),
    counted('vakt_deliveries_total', 'Messages and edits that a channel has taken.', telemetry.deliveries),
    counted('vakt_delivery_failures_total', 'Messages and edits that failed.', telemetry.deliveryFailures),
    counter('vakt_http_requests_total', 'Requests by route and status.', () =>
      [...requests].flatMap(([key, { statuses }]) =>
        [...statuses].map(([status, value]) => ({ labels: { ...routeOf(key), status }, value })),
      ),
    ),
    histogram('vakt_http_request_duration_seconds', 'How long requests take until their answer begins.', () =>
      [...requests].map(([key, tally]) => ({ labels: routeOf(key), tally })),
    ),
    histogram(
      'vakt_commit_duration_seconds',
      'How long the shared transactions of beats take, from the first beat in them until they are on disk.',
      () => [{ labels: {}, tally: telemetry.commits }],
    ),
    histogram(
      'vakt_log_append_duration_seconds',
      'How long batches of log lines take from their receipt until they are on disk.',
      () => [{ labels: {}, tally: telemetry.appends }],
    ),
  ]
}

function probeFamilies({ telemetry, probesRunning }: MetricsOptions): Family[] {
  return [
    counted('vakt_probe_results_total', 'Probes by kind and outcome: up, down or unknown.', telemetry.probeResults),
    histogram('vakt_probe_duration_seconds', 'How long probes take until the whole answer or their failure.', () =>
      [...telemetry.probeDurations].map(([kind, tally]) => ({ labels: { kind }, tally })),
    ),
    gauge('vakt_probes_running', 'Probes that are under way.', () => one(probesRunning())),
  ]
}

/** How forwards get on; their addresses are not shown. */
function forwardFamilies({ state, now }: MetricsOptions): Family[] {
  const values = (of: (forward: Forward) => number | null) => () =>
    listForwards(state).flatMap(forward => {
      const value = of(forward)
      return value === null ? [] : [{ labels: { forward: forward.name, kind: forward.kind }, value }]
    })
  return [
    counter(
      'vakt_forward_sent_total',
      'Log lines and alerts that a forward has delivered.',
      values(({ sent }) => sent),
    ),
    counter(
      'vakt_forward_refused_total',
      'Log lines that a receiver refused for what they are, and that were left out.',
      values(({ refused }) => refused),
    ),
    gauge(
      'vakt_forward_failures',
      'Failures in a row; 0 while a forward works.',
      values(({ failures }) => failures),
    ),
    gauge(
      'vakt_forward_failing_seconds',
      'For how long a forward has delivered nothing because it fails; 0 while it works.',
      values(({ failingSince }) => (failingSince === null ? 0 : (now() - failingSince) / SECOND)),
    ),
    gauge(
      'vakt_forward_last_sent_timestamp_seconds',
      'When a forward delivered something last; absent before the first time.',
      values(({ lastSentAt }) => (lastSentAt === null ? null : lastSentAt / SECOND)),
    ),
  ]
}

/** Disk and backups: what runs out, and what would be missed. */
function operationFamilies({ state, dataDir }: MetricsOptions): Family[] {
  const disk = (value: (disk: StatsFs) => number) => () => {
    try {
      return one(value(statfsSync(dataDir)))
    } catch {
      return []
    }
  }
  const backup = (value: (record: BackupRecord) => number | null) => () => {
    const record = readBackupRecord(state)
    const number = record && value(record)
    return number === null ? [] : one(number)
  }
  return [
    gauge(
      'vakt_disk_free_bytes',
      'What is free on the disk of the data folder.',
      disk(({ bavail, bsize }) => bavail * bsize),
    ),
    gauge(
      'vakt_disk_size_bytes',
      'The size of the disk of the data folder.',
      disk(({ blocks, bsize }) => blocks * bsize),
    ),
    gauge(
      'vakt_backup_last_timestamp_seconds',
      'When the last scheduled backup was made; absent before the first.',
      backup(({ lastAt }) => (lastAt === null ? null : lastAt / SECOND)),
    ),
    gauge(
      'vakt_backup_bytes',
      'The size of the last scheduled backup.',
      backup(({ bytes }) => bytes),
    ),
    gauge(
      'vakt_backup_failing',
      'Whether scheduled backups fail: 1 or 0; absent when none are scheduled.',
      backup(({ failingSince }) => (failingSince === null ? 0 : 1)),
    ),
  ]
}

/** The rejections by their labels; keys are not shown. */
function rejectionValues({ rejections }: Telemetry, amount: 'lines' | 'requests'): Value[] {
  const values = new Map<string, Value>()
  for (const kind of rejections.list()) {
    if (kind[amount] === 0) continue
    const { project, reason, source, host } = kind
    const key = JSON.stringify([project, reason, source, host])
    const known = values.get(key)
    if (known) known.value += kind[amount]
    else values.set(key, { labels: { project, reason, source, host }, value: kind[amount] })
  }
  return [...values.values()]
}

function counted(name: string, help: string, counts: Counted): Family {
  return counter(name, help, () =>
    [...counts.entries()].map(({ labels, value }) => ({
      labels: labels.channel === undefined ? labels : { ...labels, channel: publicName(labels.channel) },
      value,
    })),
  )
}

function routeOf(key: string): { method: string; route: string } {
  const end = key.indexOf(' ')
  return { method: key.slice(0, end), route: key.slice(end + 1) }
}

/** A channel for everybody who may read /metrics: of an e-mail address only its domain. */
function publicName(channelId: string): string {
  return channelId.replace(/^(mailto:).*@/, '$1*@')
}
