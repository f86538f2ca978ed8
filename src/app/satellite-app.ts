// The app of a satellite: the intake, the spool, the loop that sends it to the main, and the watch over the main.
import { hostname } from 'node:os'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { createProber } from '../connectivity/probe.ts'
import type { Target } from '../connectivity/targets.ts'
import { PROTOCOLS } from '../intake/protocols/index.ts'
import { createListeners } from '../intake/receive/listeners.ts'
import { createKeepPing } from '../intake/satellites/keep-ping.ts'
import { createSatelliteIntake } from '../intake/satellites/satellite-intake.ts'
import { type CheckProberOptions, createCheckProber } from '../jobs/probes/check-prober.ts'
import { createAlive } from '../jobs/satellites/alive.ts'
import type { SendToMain } from '../jobs/satellites/main-client.ts'
import { createMainWatch } from '../jobs/satellites/main-watch.ts'
import { createReportLoop } from '../jobs/satellites/report-loop.ts'
import { createSpoolWriter } from '../jobs/satellites/spool-writer.ts'
import type { Logger } from '../logger.ts'
import { Problem } from '../problem.ts'
import { EmitterLimits } from '../projects/emitter-limit.ts'
import { FIRST_PROJECT, randomWord, readProject } from '../projects/projects.ts'
import { createRates } from '../projects/rates.ts'
import { RefusedWork } from '../projects/refused-work.ts'
import { createVault } from '../projects/vault.ts'
import { keepResult } from '../satellites/local-results.ts'
import { deriveKey, openSpool } from '../satellites/spools.ts'
import { createServices, type Service } from '../services.ts'
import type { State } from '../state/database.ts'
import { createGroupCommit, type GroupCommit } from '../state/group-commit.ts'
import { StorageHealth } from '../state/storage-health.ts'
import { createTelemetry } from '../telemetry.ts'
import { SECOND } from '../time.ts'

export type SatelliteOptions = {
  state: State
  config: Config
  clock: Clock
  logger: Logger
  version: string
  /** The address of the main, without a final slash, and the key of this satellite. */
  main: string
  key: string
  /** The data folder and the boot of this machine; null when it cannot be told. */
  place: string | null
  publicUrl(): string
  /** Sends a request to the main; only tests change it. */
  send?: SendToMain
  /** Posts a notice about the main; only tests change it. */
  post?: (url: string, init: RequestInit) => Promise<Response>
  /** How the target of a check is asked; only tests change it. */
  probe?: CheckProberOptions['ask']
  /** How a connectivity target is probed; only tests change it. */
  reach?: (target: Target) => Promise<void>
}

const KEY_REVOKED =
  'The main does not know the key of this satellite, or the satellite was removed there. "satellites add" there makes a new key.'
const NO_LIST = 'This satellite has not reached its main yet, so it knows no key and no check. Send it again later.'

/** Builds a satellite over a state of its own. Nothing runs before `start`; `stop` loses nothing and leaves the state open. */
export function createSatellite(options: SatelliteOptions) {
  const { state, config, clock, logger, version, main, key, place, publicUrl } = options
  const { timeZone } = config
  const vault = createVault(deriveKey(key, 'vault'))
  const telemetry = createTelemetry()
  const storage = new StorageHealth(state)
  const commit = createGroupCommit(state, ms => telemetry.commits.record(ms / SECOND))
  const spool = openSpool(state, key, config.satellite.diskBudgetBytes, records =>
    logger.error('what waits here is damaged, so a part of it is lost; check the disk', { records }),
  )
  const prober = createProber(config.connectivityTargets, clock, logger, options.reach)
  const rates = createRates(state, clock)
  const watch = createMainWatch({
    ...{ state, clock, logger, ...config.satellite, main, place: hostname() },
    isOnline: () => prober.current().state !== 'offline' && prober.current().failedRounds === 0,
    waiting: spool.waiting,
    send: options.post ?? fetch,
  })
  const loop = createReportLoop({
    ...{ state, vault, spool, rates, clock, logger, version, place, key },
    send: options.send ?? ((path, init) => fetch(main + path, { ...init, redirect: 'error' })),
    onReport: () => pings.recordRefusedTime(),
    onAttempt: watch.onAttempt,
  })
  const onStored = loop.wake
  const pings = createKeepPing({ state, spool, clock, timeZone, onStored })
  const logWriter = createSpoolWriter({ state, commit, spool, clock, onStored })
  const checkProber = createCheckProber({
    ...{ state, vault, clock, logger, telemetry, commit, connectivity: prober, allowed: config.probeAllow },
    ...(options.probe ? { ask: options.probe } : {}),
    onResult(probed, result, now) {
      keepResult(state, spool, probed, result, now)
      setImmediate(onStored)
    },
  })
  const alive = createAlive({ state, clock, logger, onDowntime: pings.recordDowntime })

  const refusal = () => {
    if (loop.status().isRemoved) return KEY_REVOKED
    return readProject(state, FIRST_PROJECT) ? null : NO_LIST
  }
  const status = () => {
    const { failure, failures, lastSuccessAt, mainVersion } = loop.status()
    const waiting = spool.waiting()
    const isFull = spool.isFull()
    const limit = isFull ? 'The disk limit is reached (SATELLITE_DISK_BUDGET).' : null
    const message = refusal() ?? alive.fault() ?? limit
    return {
      ready: message === null,
      parts: {
        spool: { ok: message === null, message },
        // A main that is away makes no satellite unready: it is what a satellite is for.
        main: { ok: failures === 0 && lastSuccessAt !== null, message: failure },
      },
      version,
      main_version: mainVersion,
      waiting: { requests: waiting.records, bytes: waiting.bytes, limit_bytes: spool.limitBytes },
    }
  }

  // Jobs are not to blame for beats that a full disk refused.
  const commitReceived: GroupCommit = work =>
    commit(work).catch(error => {
      if (error instanceof Problem && error.isStorage) pings.noteRefusal()
      throw error
    })
  const receiving = {
    ...{ state, vault, rates, clock, logger, publicUrl, telemetry, storage, timeZone, logWriter },
    commit: commitReceived,
    // Nobody knows it: the admin key belongs to the main.
    adminKey: randomWord(40),
    trustedProxies: config.trustedProxies,
    pingBodyLimit: config.pingBodyLimit,
    retentionMs: config.retentionMs,
    refusedWork: new RefusedWork(),
    emitterLimits: new EmitterLimits(),
    keepPing: pings.keepPing,
  }
  const intake = createSatelliteIntake({
    ...receiving,
    names: { publicUrl, host: config.host, allowedHosts: config.allowedHosts },
    corsOrigins: config.corsOrigins,
    protocols: PROTOCOLS,
    main,
    isUpToDate: loop.isUpToDate,
    refusal,
    status,
    metrics: () => metricsText(spool.waiting(), spool.limitBytes, spool.refused(), loop.status().failures === 0),
  })
  const listeners = createListeners(PROTOCOLS, receiving, { ...config, logger, clock })
  const list: Service[] = [
    { name: 'rate limits', stop: rates.save },
    { name: 'reports', start: loop.start, stop: loop.stop },
    { name: 'sign of life', start: alive.start, stop: alive.stop },
    { name: 'connectivity probes', start: () => prober.start(() => {}), stop: prober.stop },
    { name: 'probes of checks', start: checkProber.start, stop: checkProber.stop },
    { name: 'listeners', start: listeners.start, stop: listeners.stop },
  ]
  const services = createServices(list, logger)
  return {
    state,
    intake,
    status,
    start(): void {
      alive.recordDowntime()
      services.start()
    },
    stop: services.stop,
  }
}

/** The metrics of a satellite in the text format of Prometheus. */
function metricsText(
  { records, bytes, since }: { records: number; bytes: number; since: number | null },
  limitBytes: number,
  refused: number,
  isConnected: boolean,
): string {
  const families: [name: string, type: string, help: string, value: number][] = [
    ['vakt_satellite_connected', 'gauge', 'Whether the main took the last report.', isConnected ? 1 : 0],
    ['vakt_satellite_waiting_requests', 'gauge', 'Requests that the main does not have yet.', records],
    ['vakt_satellite_waiting_bytes', 'gauge', 'Their size on disk.', bytes],
    [
      'vakt_satellite_waiting_since_seconds',
      'gauge',
      'When the oldest of them came; 0 without one.',
      (since ?? 0) / SECOND,
    ],
    ['vakt_satellite_limit_bytes', 'gauge', 'How much may wait.', limitBytes],
    ['vakt_satellite_refused_total', 'counter', 'Requests that were refused because the limit was reached.', refused],
  ]
  return families
    .map(([name, type, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`)
    .join('')
}
