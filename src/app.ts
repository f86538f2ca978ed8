// The app: state, commands, scheduler, delivery and intake put together; main and the tests open the same one.

import { join } from 'node:path'
import { completions } from '../commands/completions.ts'
import { commands } from '../commands/index.ts'
import { updateHostAlerts } from './alerts/host-alerts.ts'
import { openAnalysis } from './analysis/analysis.ts'
import { readMention } from './analysis/mentions.ts'
import { drawChart } from './charts/draw.ts'
import type { TimeChart } from './charts/time-chart.ts'
import { type AddedChannel, type CommandDispatcher, channelAt, type Platform } from './chat/channel.ts'
import { createTails } from './chat/tails.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config/config.ts'
import { createProber } from './connectivity/probe.ts'
import type { Target } from './connectivity/targets.ts'
import { addFirstRules } from './detectors/rules/rules.ts'
import { createDispatcher } from './dispatcher.ts'
import { createFollowJob } from './hosts/containers/follow-job.ts'
import { createHostRuntime } from './hosts/host-runtime.ts'
import { createLogFetcher } from './hosts/remote-logs/fetcher.ts'
import { createIntake, type Receiver } from './intake/app.ts'
import { metrics, readiness } from './intake/health.ts'
import { createActionRunner } from './jobs/action-runner.ts'
import { withDetection } from './jobs/log-detection.ts'
import { createLogMaintenance } from './jobs/log-maintenance.ts'
import { createScheduler } from './jobs/scheduler.ts'
import { createSearchRules } from './jobs/search-rules.ts'
import type { Logger } from './logger.ts'
import { createArchiver } from './logs/archive/archiver.ts'
import { openPlace } from './logs/archive/open-place.ts'
import { createNameCache } from './logs/name-cache.ts'
import type { LogStore } from './logs/store.ts'
import { createChartRenderer } from './notifications/delivery/alert-chart.ts'
import { createDelivery } from './notifications/delivery/delivery-loop.ts'
import { platformStatuses } from './notifications/delivery/platform-status.ts'
import { createReportJob } from './notifications/reports/report-job.ts'
import { createAddedChannels } from './notifications/routing/added-channels.ts'
import { listChannels, syncChannels } from './notifications/routing/channels.ts'
import { addProject, FIRST_PROJECT, readProject } from './projects/projects.ts'
import { createRates } from './projects/rates.ts'
import { createVault } from './projects/vault.ts'
import type { State } from './state/database.ts'
import { createGroupCommit } from './state/group-commit.ts'

export type AppOptions = {
  state: State
  config: Config
  clock: Clock
  logger: Logger
  adminKey: string
  vaultKey: Buffer
  version: string
  /** Where clients reach the intake; known only once the port is. */
  publicUrl: () => string
  /** Where log lines live; without one the log routes and commands are not there. */
  store?: LogStore
  /** How a connectivity target is tried; only tests change it. */
  reach?: (target: Target) => Promise<void>
  /** How charts are drawn; only tests change it. */
  draw?: (chart: TimeChart) => Promise<Uint8Array>
  /** Makes the platforms, which need the dispatcher to hand command lines to; `receive` is Slack's in HTTP mode. */
  platforms(dispatcher: CommandDispatcher): { all: readonly Platform[]; receive?: Receiver }
}

/** Opens the app over a state. Nothing runs before `start`. */
export function createApp(options: AppOptions) {
  const { state, config, clock, logger } = options
  const startedAt = clock.now()
  const commit = createGroupCommit(state)
  const store = options.store ?? null
  // Whoever stores lines does it here, so that detection sees all of them.
  const logWriter = store && withDetection(store, state, commit, logger)
  const vault = createVault(options.vaultKey)
  if (!readProject(state, FIRST_PROJECT)) addProject(state, FIRST_PROJECT, startedAt)
  addFirstRules(state, startedAt)

  const statuses = () => platformStatuses(platforms, given, delivery)
  const parts = {
    startedAt,
    version: options.version,
    scheduler: () => scheduler.health(),
    platforms: statuses,
    connectivity: () => prober.now(),
    channelOf: (platform: string) => platforms.find(one => one.name === platform)?.channels[0],
    channel: (id: string) => channelAt(everyChannel(), id),
    openChannel: (channel: AddedChannel) => given.open(channel),
  }
  const names = store ? createNameCache(store, logger) : null
  const tails = createTails(clock, logger)
  const online = () => prober.now().state !== 'offline'
  const fleet = createHostRuntime({
    ...options,
    vault,
    online,
    judge: (host, now) => updateHostAlerts(state, host.id, now),
    folder: config.dataDir,
  })
  const following = logWriter && createFollowJob({ ...config, state, logWriter, fleet, clock, logger })
  const logFetcher = logWriter && createLogFetcher({ ...config, state, logWriter, fleet, clock, logger })
  const everyChannel = () => [...channels, ...given.all()]
  const searches = store && createSearchRules(state, store, clock, logger, config.timeZone)
  const analysis = openAnalysis({ state, store, clock, logger, config, channels: everyChannel })
  const actions = createActionRunner({ state, fleet, clock, logger, channels: everyChannel })
  const dispatcher = createDispatcher({
    state,
    clock,
    logger,
    commands,
    context: (by, now, interactive, place) => ({
      state,
      vault,
      store,
      analyst: analysis.analyst,
      ...{ threads: analysis.threads, compare: analysis.compare },
      tails,
      ...{ fleet, actions, logFetcher },
      following,
      clock,
      archiver,
      config,
      ...{ now, by, interactive, place },
      publicUrl: options.publicUrl(),
      parts,
    }),
    readMention: mention => readMention(state, mention),
    completions: (list, typed) => completions(state, list, typed, names),
  })
  const { all: platforms, receive } = options.platforms(dispatcher)
  const channels = platforms.flatMap(platform => platform.channels)
  const given = createAddedChannels(state, () => platforms, vault)
  const opens = (id: string) => given.opens({ id })
  const prober = createProber(config.connectivityTargets, clock, logger, () => scheduler.wake(), options.reach)
  const scheduler = createScheduler(state, clock, logger, {
    platforms: statuses,
    connectivity: prober.now,
    probes: config.connectivityTargets.length > 0,
    opens,
    setBack: ms => delivery.setBack(ms),
  })
  const draw = options.draw ?? drawChart
  const delivery = createDelivery(state, channels, clock, logger, createChartRenderer(draw, config.timeZone))
  const reporter = createReportJob({
    ...{ state, clock, logger, draw, compare: analysis.compare },
    channel: id => everyChannel().find(one => one.id === id),
  })
  const rates = createRates(state, clock)
  const shared = {
    state,
    vault,
    adminKey: options.adminKey,
    dispatcher,
    rates,
    clock,
    trustedProxies: config.trustedProxies,
    timeZone: config.timeZone,
    retentionMs: config.retentionMs,
  }
  const intake = createIntake({
    ...shared,
    ...{ commit, logger, version: options.version, publicUrl: options.publicUrl },
    alerts: shared,
    ...(store && logWriter ? { logs: { ...shared, store, logWriter } } : {}),
    readiness: () => readiness(scheduler.health(), statuses()),
    metrics: () => metrics(state, clock.now(), scheduler.health(), statuses(), clock.now() - startedAt),
    ...(receive ? { slack: receive } : {}),
  })

  const logFolder = join(config.dataDir, 'logs')
  const archiver =
    store && config.logs.archive
      ? createArchiver({
          state,
          store,
          place: openPlace(config.logs.archive),
          folder: join(logFolder, 'archiving'),
          clock,
          logger,
        })
      : null
  const logKeeping = store
    ? createLogMaintenance({ state, store, archiver, names, config, folder: logFolder, clock, logger })
    : null

  const changeChannels = () => {
    given.refresh()
    delivery.setChannels(everyChannel())
    delivery.nudge()
  }
  let nudged = false
  const nudge = () => {
    if (nudged) return
    nudged = true
    setImmediate(() => {
      nudged = false
      delivery.nudge()
      analysis.look()
      actions.look()
    })
  }

  return {
    state,
    dispatcher,
    intake,
    scheduler,
    platforms,
    start() {
      syncChannels(state, channels, clock.now(), given.opens)
      given.refresh()
      delivery.setChannels(everyChannel())
      state.onCommit(touched => {
        if (touched.has('channels')) setImmediate(changeChannels)
        if (touched.has('reports')) setImmediate(reporter.wake)
        if (touched.has('alerts')) nudge()
      })
      for (const platform of platforms) platform.start()
      prober.start()
      logKeeping?.start()
      fleet.start()
      actions.start()
      logFetcher?.start()
      following?.start()
      scheduler.start()
      searches?.start()
      reporter.wake()
      nudge()
    },
    /** Tells delivery that a platform is connected again. */
    platformIsBack(name: string) {
      for (const platform of platforms.filter(one => one.name === name))
        for (const channel of [...platform.channels, ...given.of(platform)]) delivery.platformIsBack(channel.id)
    },
    /** Stops in the order that loses nothing; the state is left open for the caller. */
    async stop() {
      scheduler.stop()
      prober.stop()
      await searches?.stop()
      await logKeeping?.stop()
      await tails.stopAll()
      following?.stop()
      actions.stop()
      logFetcher?.stop()
      fleet.stop()
      rates.save()
      await Promise.all([analysis.stop(), delivery.stop()])
      await reporter.stop()
      await Promise.allSettled(platforms.map(platform => platform.stop()))
    },
    channels: () => listChannels(state),
  }
}
