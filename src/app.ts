// The app: storage, notifications, jobs and doors, built from the bottom up; main and the tests build the same one.
import { join } from 'node:path'
import { completions } from '../commands/completions.ts'
import { createCommands } from '../commands/index.ts'
import { updateHostAlerts } from './alerts/host-alerts.ts'
import { createAnalysisService } from './analysis/analysis.ts'
import { readMention } from './analysis/mention.ts'
import type { AppOptions } from './app/app-options.ts'
import { buildStorage } from './app/storage.ts'
import { drawChart } from './charts/draw.ts'
import type { Platform } from './chat/channel.ts'
import { PLATFORMS } from './chat/platforms.ts'
import { createTails } from './chat/tails.ts'
import { createProber } from './connectivity/probe.ts'
import { createDispatcher } from './dispatcher.ts'
import { createFollowJob } from './hosts/containers/follow-job.ts'
import { createHostRuntime } from './hosts/host-runtime.ts'
import { createLogFetcher } from './hosts/remote-logs/fetcher.ts'
import { createIntake } from './intake/app.ts'
import { readiness } from './intake/health.ts'
import { createLinks } from './intake/links/press-links.ts'
import { createMetrics } from './intake/metrics/metrics.ts'
import { PROTOCOLS } from './intake/protocols/index.ts'
import { createListeners } from './intake/receive/listeners.ts'
import { createTailPlaces } from './intake/tail-places.ts'
import { createActionRunner } from './jobs/action-runner.ts'
import { followAlertChanges } from './jobs/alert-changes.ts'
import { createBackupJob } from './jobs/backups/backup-job.ts'
import { createDirectNotices } from './jobs/direct-notices.ts'
import { createCheckProber } from './jobs/probes/check-prober.ts'
import { createScenarioRunner } from './jobs/scenarios/scenario-runner.ts'
import { createScheduler } from './jobs/scheduler.ts'
import { createSearchRules } from './jobs/search-rules.ts'
import { readBy } from './logs/store.ts'
import { createAnalyzerJob } from './notifications/analyzers/analyzer-job.ts'
import { createBoardJob } from './notifications/boards/board-job.ts'
import { createChartRenderer } from './notifications/delivery/alert-chart.ts'
import { createDelivery } from './notifications/delivery/delivery-loop.ts'
import { platformStatuses } from './notifications/delivery/platform-status.ts'
import { takeOver } from './notifications/delivery/restored-state.ts'
import { createProposer } from './notifications/reports/proposals.ts'
import { createReportJob } from './notifications/reports/report-job.ts'
import { createChannelRegistry } from './notifications/routing/channel-registry.ts'
import { listChannels, syncChannels } from './notifications/routing/channels.ts'
import { directChannelsOf } from './notifications/routing/direct-channels.ts'
import { EmitterLimits } from './projects/emitter-limit.ts'
import { RefusedWork } from './projects/refused-work.ts'
import { createServices, type Service } from './services.ts'
import { readValue, writeValue } from './state/key-value.ts'
import { storageStatus } from './state/storage-health.ts'
import { probeFolder } from './state/storage-probe.ts'

/** Builds the app over a state. Nothing runs before `start`; `stop` loses nothing and leaves the state open. */
export function createApp(options: AppOptions) {
  const storage = buildStorage(options)
  const notifications = buildNotifications(options, storage)
  const jobs = buildJobs(options, storage, notifications)
  const doors = buildDoors(options, storage, notifications, jobs)
  const services = createServices(serviceList(storage, notifications, jobs, doors), options.logger)
  return {
    state: options.state,
    dispatcher: doors.dispatcher,
    intake: doors.intake,
    scheduler: jobs.scheduler,
    /** Whether everything that must be stored can be. */
    isStoring: () => storageStatus(storage.storage, options.clock.now()).ok,
    platforms: notifications.registry.platforms(),
    start: services.start,
    stop: services.stop,
  }
}

type Storage = ReturnType<typeof buildStorage>
type Notifications = ReturnType<typeof buildNotifications>
type Jobs = ReturnType<typeof buildJobs>
type Doors = ReturnType<typeof buildDoors>

/** Everything that runs, in the order in which it starts; it stops in reverse. */
function serviceList(storage: Storage, notifications: Notifications, jobs: Jobs, doors: Doors): Service[] {
  const list: (Service | null)[] = [
    { name: 'rate limits', stop: storage.rates.save },
    { name: 'channels', start: notifications.startChannels },
    { name: 'chat platforms', start: doors.startPlatforms, stop: doors.stopPlatforms },
    { name: 'analyzers', stop: notifications.analyzers.stop },
    { name: 'analyses', stop: notifications.analysis.stop },
    { name: 'delivery', stop: notifications.delivery.stop },
    { name: 'direct notices', stop: notifications.directNotices.stop },
    { name: 'live tails', stop: notifications.tails.stopAll },
    { name: 'boards', ...jobs.boards },
    { name: 'connectivity probes', start: () => jobs.prober.start(jobs.scheduler.wake), stop: jobs.prober.stop },
    storage.maintenance && { name: 'log maintenance', ...storage.maintenance },
    { name: 'hosts', start: jobs.hosts.start, stop: jobs.hosts.stop },
    { name: 'probes of checks', start: jobs.checkProber.start, stop: jobs.checkProber.stop },
    { name: 'actions', start: jobs.actions.start, stop: jobs.actions.stop },
    jobs.logFetcher && { name: 'logs of hosts', start: jobs.logFetcher.start, stop: jobs.logFetcher.stop },
    jobs.follows && { name: 'followed containers', start: jobs.follows.start, stop: jobs.follows.stop },
    { name: 'scheduler', start: jobs.scheduler.start, stop: jobs.scheduler.stop },
    jobs.searchRules && { name: 'search rules', start: jobs.searchRules.start, stop: jobs.searchRules.stop },
    { name: 'forwards', start: storage.forwards.start, stop: storage.forwards.stop },
    { name: 'reports', start: notifications.reports.wake, stop: notifications.reports.stop },
    { name: 'changes of alerts', start: jobs.startFollowingAlerts },
    jobs.backups && { name: 'backups', start: jobs.backups.start, stop: jobs.backups.stop },
    doors.listeners && { name: 'listeners', start: doors.listeners.start, stop: doors.listeners.stop },
    { name: 'scenarios', start: doors.scenarios.start, stop: doors.scenarios.stop },
  ]
  return list.filter(service => service !== null)
}

/** Channels, the delivery of cards, live tails, analyses under cards, and reports. */
function buildNotifications(options: AppOptions, { vault, store, instance, telemetry, ruleKinds }: Storage) {
  const { state, config, clock, logger, draw = drawChart, definitions = PLATFORMS } = options
  const registry = createChannelRegistry(state, vault, logger)
  const delivery = createDelivery(state, [], clock, logger, createChartRenderer(draw, config.timeZone), telemetry)
  const tails = createTails(clock, logger)
  const analysis = createAnalysisService({
    state,
    store: store && readBy(store, 'analyses'),
    clock,
    logger,
    config,
    channels: registry.all,
  })
  const { compare } = analysis
  const analyzers = createAnalyzerJob({
    ...{ state, clock, logger, threads: analysis.threads, channels: registry.all },
    store: store && readBy(store, 'analyzers'),
  })
  const propose = createProposer(state, ruleKinds)
  const channel = (id: string) => registry.all().find(candidate => candidate.id === id)
  const reports = createReportJob({ state, clock, logger, draw, compare, propose, channel })

  const useChannels = () => {
    registry.refresh()
    delivery.setChannels(registry.all())
  }
  const startChannels = () => {
    syncChannels(state, registry.configured(), clock.now(), registry.canOpen)
    useChannels()
    takeOver(state, instance, registry.all(), clock.now())
    state.onCommit(topics => {
      if (topics.has('reports')) setImmediate(reports.wake)
      if (!topics.has('channels')) return
      setImmediate(() => {
        useChannels()
        delivery.wake()
      })
    })
  }
  const directChannels = directChannelsOf(definitions, registry)
  const statuses = () => platformStatuses(registry, delivery)
  const directNotices = createDirectNotices(registry, clock, logger)
  const parts = {
    directNotices,
    registry,
    delivery,
    tails,
    analysis,
    analyzers,
    propose,
    reports,
    statuses,
    directChannels,
  }
  return { ...parts, startChannels }
}

/** What runs by itself: probes, hosts and their logs, actions, the scheduler, search rules. */
function buildJobs(
  { state, config, clock, logger, reach, probe, version, tickIntervalMs, takenOverFrom = null, ...rest }: AppOptions,
  { ruleKinds, commit, store, logWriter, vault, storage, mayDelete, telemetry }: Storage,
  { registry, delivery, analysis, analyzers, statuses, directChannels, directNotices }: Notifications,
) {
  const prober = createProber(config.connectivityTargets, clock, logger, reach)
  const hosts = createHostRuntime({
    state,
    vault,
    clock,
    logger,
    isOnline: () => prober.current().state !== 'offline',
    evaluate: (host, now) => updateHostAlerts(state, host.id, now),
    mayDelete,
    folder: config.dataDir,
  })
  const checkProber = createCheckProber({
    ...{ state, vault, clock, logger, commit, hostRuntime: hosts, connectivity: prober, allowed: config.probeAllow },
    telemetry,
    ...(probe ? { ask: probe } : {}),
  })
  const { rejections } = telemetry
  const reading = logWriter && { ...config, state, logWriter, hostRuntime: hosts, clock, logger, rejections }
  const follows = reading && createFollowJob(reading)
  const logFetcher = reading && createLogFetcher(reading)
  const actions = createActionRunner({ state, hostRuntime: hosts, clock, logger, channels: registry.all })
  const searchRules = store && createSearchRules(state, ruleKinds, store, clock, logger, config.timeZone)
  const scheduler = createScheduler({
    state,
    ruleKinds,
    clock,
    logger,
    platforms: statuses,
    connectivity: prober.current,
    isProbing: config.connectivityTargets.length > 0,
    directChannels,
    storage,
    rejections,
    notices: directNotices,
    probeLogs: () => store && probeFolder(join(config.dataDir, 'logs')),
    mayDelete,
    tickIntervalMs,
    takenOverFrom,
    replication: rest.replication ?? (() => null),
    onClockRollback(ms) {
      delivery.rewind(ms)
      checkProber.rewind()
    },
  })

  const hasLogs = store !== null
  const onBoardChange = () => {
    for (const platform of registry.platforms()) platform.onBoardChange?.()
  }
  const boards = createBoardJob({
    ...{ state, clock, logger, hasLogs },
    ...{ connectivity: prober.current, channel: registry.find, onChange: onBoardChange },
  })
  const backups = createBackupJob({ state, clock, logger, config, version })
  const startFollowingAlerts = followAlertChanges(state, () => {
    delivery.wake()
    analysis.onAlertsChanged()
    analyzers.schedule()
    actions.scheduleAutomatic()
  })
  const parts = { prober, hosts, follows, logFetcher, actions, checkProber, searchRules, scheduler, backups }
  return { ...parts, boards, startFollowingAlerts }
}

/** Where people and programs come in: the dispatcher of commands, the chat platforms, and the intake over HTTP. */
function buildDoors(options: AppOptions, storage: Storage, notifications: Notifications, jobs: Jobs) {
  const { state, config, clock, logger, version, publicUrl, definitions = PLATFORMS, protocols = PROTOCOLS } = options
  const { ruleKinds, commit, store, logWriter, names, archiver, rates, vault, startedAt, telemetry } = storage
  const storageHealth = storage.storage
  const { registry, delivery, tails, analysis, statuses } = notifications
  const { prober, hosts, follows, logFetcher, actions, checkProber, scheduler } = jobs

  const scenarios = createScenarioRunner({
    ...{ state, clock, logger, telemetry, folder: config.dataDir, adminKey: options.adminKey },
    answer: async (url, init) => intake.fetch(new Request(url, init)),
  })
  const dispatcher = createDispatcher({
    state,
    clock,
    logger,
    telemetry,
    defaultRole: config.defaultRole,
    commands: createCommands(definitions, ruleKinds),
    context: (by, now, interactive, place) => ({
      state,
      vault,
      store: store && readBy(store, `${by.platform} ${by.id}`),
      purgeRemoved: storage.purgeRemoved,
      analyst: analysis.analyst,
      threads: analysis.threads,
      analyzers: notifications.analyzers,
      compare: analysis.compare,
      propose: notifications.propose,
      tails,
      boards: jobs.boards,
      scenarios,
      hostRuntime: hosts,
      actions,
      checkProber,
      logFetcher,
      followJob: follows,
      clock,
      archiver,
      maintainLogs: storage.maintenance?.runNow ?? null,
      config,
      platforms: definitions,
      now,
      by,
      interactive,
      place,
      publicUrl: publicUrl(),
      parts: {
        startedAt,
        version,
        scheduler: scheduler.health,
        platforms: statuses,
        connectivity: prober.current,
        storage: () => storageStatus(storageHealth, clock.now()),
        rejections: telemetry.rejections,
        channelOf: platform => registry.platforms().find(({ name }) => name === platform)?.channels[0],
        channel: registry.find,
        openChannel: registry.open,
      },
    }),
    readMention: mention => readMention(state, mention),
    completions: (list, typed) => completions(state, list, typed, names, scenarios.names),
  })

  const platforms = options.platforms.map(create => {
    const platform: Platform = create({
      dispatcher,
      clock,
      logger,
      timeZone: config.timeZone,
      version,
      instance: storage.instance,
      memory: {
        read: name => readValue(state, `chat ${name}`),
        write: (name, text) => writeValue(state, `chat ${name}`, text),
      },
      links: createLinks(state, clock, publicUrl),
      isChannel: id => listChannels(state).some(channel => channel.id === id),
      onOnline() {
        for (const channel of registry.of(platform)) delivery.retryChannel(channel.id)
      },
    })
    return platform
  })
  registry.register(platforms)

  const shared = {
    state,
    vault,
    adminKey: options.adminKey,
    dispatcher,
    rates,
    clock,
    logger,
    publicUrl,
    trustedProxies: config.trustedProxies,
    timeZone: config.timeZone,
    pingBodyLimit: config.pingBodyLimit,
    retentionMs: config.retentionMs,
    telemetry,
    refusedWork: new RefusedWork(),
    emitterLimits: new EmitterLimits(),
    tailPlaces: createTailPlaces(state, config.tailLimits),
  }
  const listeners = logWriter && createListeners(protocols, { ...shared, logWriter }, { ...config, logger, clock })
  const intake = createIntake({
    ...shared,
    commit,
    names: { publicUrl, host: config.host, allowedHosts: config.allowedHosts },
    corsOrigins: config.corsOrigins,
    storage: storageHealth,
    version,
    protocols,
    ...(store && logWriter ? { logs: { ...shared, store, logWriter } } : {}),
    readiness: () => readiness(scheduler.health(), storageStatus(storageHealth, clock.now()), statuses()),
    metrics: createMetrics({
      state,
      telemetry,
      version,
      dataDir: config.dataDir,
      now: clock.now,
      startedAt,
      scheduler: scheduler.health,
      platforms: statuses,
      probesRunning: checkProber.running,
      hasCheckMetrics: config.checkMetrics,
      // A scrape opens no store.
      logStore: async () => (store && store.isOpen?.() !== false ? store.status() : null),
    }),
    receivers: definitions.flatMap(({ name, requests }) =>
      requests ? [{ name, ...requests, receive: platforms.find(platform => platform.name === name)?.receive }] : [],
    ),
  })

  return {
    dispatcher,
    intake,
    listeners,
    scenarios,
    startPlatforms() {
      for (const platform of platforms) platform.start()
    },
    async stopPlatforms() {
      await Promise.allSettled(platforms.map(platform => platform.stop()))
    },
  }
}
