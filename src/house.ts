// The house: state, commands, scheduler, delivery and intake put together; main and the tests open the same one.

import { completions } from '../commands/completions.ts'
import { commands } from '../commands/index.ts'
import { countAlerts } from './alerts/alert-lists.ts'
import { judgeHosts } from './alerts/host-alerts.ts'
import type { CommandDesk, GivenChannel, Platform, PlatformStatus } from './chat/channel.ts'
import { createTails } from './chat/tails.ts'
import { countByShownStatus } from './checks/checks.ts'
import type { Config } from './config.ts'
import { createProber } from './connectivity/probe.ts'
import type { Target } from './connectivity/targets.ts'
import { createDesk } from './desk.ts'
import { addFirstRules } from './detectors/rules.ts'
import { createFleet } from './hosts/fleet.ts'
import { createIntake, type Readiness, type Receiver } from './intake/app.ts'
import { countedStore } from './intake/counted-store.ts'
import type { Log } from './log.ts'
import { createRecentNames } from './logs/recent-names.ts'
import { outlived } from './logs/retention.ts'
import type { LogStore } from './logs/store.ts'
import { listChannels, syncChannels } from './notifications/channels.ts'
import { createDelivery } from './notifications/deliver.ts'
import { createGivenChannels } from './notifications/given-channels.ts'
import { addProject, FIRST_PROJECT, listProjects, readProject, retentionOf } from './projects/projects.ts'
import { createRates } from './projects/rates.ts'
import { createVault } from './projects/vault.ts'
import { createScheduler } from './scheduler.ts'
import type { State } from './state/database.ts'
import { createGroupCommit } from './state/group-commit.ts'
import { type Clock, HOUR, MINUTE } from './time.ts'

export type HouseOptions = {
  state: State
  config: Config
  clock: Clock
  log: Log
  adminKey: string
  vaultKey: Buffer
  version: string
  /** Where clients reach the intake; known only once the port is. */
  publicUrl: () => string
  /** Where log lines live; without one the log routes and commands are not there. */
  store?: LogStore
  /** How a connectivity target is tried; only tests change it. */
  reach?: (target: Target) => Promise<void>
  /** Makes the platforms, which need the desk to hand command lines to; `receive` is Slack's in HTTP mode. */
  platforms(desk: CommandDesk): { all: readonly Platform[]; receive?: Receiver }
}

/** Opens the house over a state. Nothing runs before `start`. */
export function openHouse(options: HouseOptions) {
  const { state, config, clock, log } = options
  const startedAt = clock.now()
  const commit = createGroupCommit(state)
  const store = options.store ? countedStore(options.store, state, commit) : null
  const vault = createVault(options.vaultKey)
  if (!readProject(state, FIRST_PROJECT)) addProject(state, FIRST_PROJECT, startedAt)
  addFirstRules(state, startedAt)

  // A platform that is connected and refuses the cards is as lost as one that is not.
  const statuses = () =>
    platforms.map(platform => {
      const { name, status } = platform
      const refusal = [...platform.channels, ...given.of(platform)]
        .map(channel => delivery.refusal(channel.id))
        .find(one => one !== null)
      const connected = status()
      if (!refusal || connected.state !== 'online') return { name, status: connected }
      return { name, status: { state: 'refused' as const, since: refusal.since, message: refusal.message } }
    })
  const parts = {
    startedAt,
    version: options.version,
    scheduler: () => scheduler.health(),
    platforms: statuses,
    connectivity: () => prober.now(),
    channelOf: (platform: string) => platforms.find(one => one.name === platform)?.channels[0],
    openChannel: (channel: GivenChannel) => given.open(channel),
  }
  const names = store ? createRecentNames(store, log) : null
  const tails = createTails(clock, log)
  const online = () => prober.now().state !== 'offline'
  const fleet = createFleet({ ...options, vault, online, judge: now => judgeHosts(state, now) })
  const desk = createDesk({
    state,
    clock,
    log,
    commands,
    context: (by, now, interactive) => ({
      state,
      vault,
      store,
      tails,
      fleet,
      config,
      now,
      by,
      interactive,
      publicUrl: options.publicUrl(),
      parts,
    }),
    completions: (list, typed) => completions(state, list, typed, names),
  })
  const { all: platforms, receive } = options.platforms(desk)
  const channels = platforms.flatMap(platform => platform.channels)
  const given = createGivenChannels(state, () => platforms, vault)
  const opens = (id: string) => given.opens({ id })
  const prober = createProber(config.connectivityTargets, clock, log, () => scheduler.wake(), options.reach)
  const scheduler = createScheduler(state, clock, log, { platforms: statuses, connectivity: prober.now, opens })
  const delivery = createDelivery(state, channels, clock, log)
  const rates = createRates(state, clock)
  const shared = {
    state,
    vault,
    adminKey: options.adminKey,
    desk,
    rates,
    clock,
    trustedProxies: config.trustedProxies,
    timeZone: config.timeZone,
    retentionMs: config.retentionMs,
  }
  const intake = createIntake({
    state,
    commit,
    clock,
    log,
    desk,
    adminKey: options.adminKey,
    vault,
    version: options.version,
    publicUrl: options.publicUrl,
    ...(store ? { logs: { ...shared, store } } : {}),
    trustedProxies: config.trustedProxies,
    timeZone: config.timeZone,
    readiness: () => readiness(scheduler.health(), statuses()),
    metrics: () => metrics(state, clock.now(), scheduler.health(), statuses(), clock.now() - startedAt),
    ...(receive ? { slack: receive } : {}),
  })

  let cancelMaintenance = () => {}
  const maintainLogs = () => {
    cancelMaintenance = clock.at(clock.now() + MINUTE, () => {
      keepLogs()
        .catch(error => log.error('the log store could not be maintained', { error }))
        .finally(maintainLogs)
    })
  }
  let nextOutlived = 0
  const keepLogs = async () => {
    const now = clock.now()
    if (!store) return
    for (const { sentence } of (await store.maintain(now)).removed) log.warn(sentence)
    await names?.refresh()
    if (now < nextOutlived) return
    nextOutlived = now + HOUR
    for (const project of listProjects(state)) {
      for (const query of outlived(retentionOf(project, config.retentionMs), now)) await store.purge(query)
    }
  }

  let nudged = false
  const nudge = () => {
    if (nudged) return
    nudged = true
    setImmediate(() => {
      nudged = false
      delivery.nudge()
    })
  }

  return {
    state,
    desk,
    intake,
    scheduler,
    platforms,
    start() {
      syncChannels(state, channels, clock.now(), given.opens)
      delivery.setChannels([...channels, ...given.all()])
      state.onCommit(touched => {
        if (touched.has('channels')) setImmediate(() => delivery.setChannels([...channels, ...given.all()]))
        if (touched.has('alerts')) nudge()
      })
      for (const platform of platforms) platform.start()
      prober.start()
      if (store) maintainLogs()
      fleet.start()
      scheduler.start()
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
      cancelMaintenance()
      await tails.stopAll()
      fleet.stop()
      rates.save()
      await delivery.stop()
      await Promise.allSettled(platforms.map(platform => platform.stop()))
    },
    channels: () => listChannels(state),
  }
}

function readiness(
  scheduler: ReturnType<ReturnType<typeof createScheduler>['health']>,
  platforms: readonly { name: string; status: PlatformStatus }[],
): Readiness {
  const chats = platforms.map(
    ({ name, status }) => [name, { ok: status.state === 'online', message: status.message ?? null }] as const,
  )
  // A chat that is down is told, and waited for; it does not make the intake unready.
  return {
    ready: scheduler.healthy,
    parts: { scheduler: { ok: scheduler.healthy, message: scheduler.error }, ...Object.fromEntries(chats) },
  }
}

function metrics(
  state: State,
  now: number,
  scheduler: { healthy: boolean },
  platforms: readonly { name: string; status: PlatformStatus }[],
  uptime: number,
): string {
  const rows: string[] = []
  const gauge = (name: string, help: string, values: Record<string, number>) => {
    rows.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`)
    for (const [labels, value] of Object.entries(values)) rows.push(`${name}${labels} ${value}`)
  }
  const checks = Object.entries(countByShownStatus(state, now)).map(
    ([status, count]) => [`{status="${status}"}`, count] as const,
  )
  gauge('vakt_uptime_seconds', 'Time since the start of the process.', { '': uptime / 1000 })
  gauge('vakt_checks', 'Checks by status.', Object.fromEntries(checks))
  gauge('vakt_open_alerts', 'Alerts that are not resolved.', { '': countAlerts(state, { open: true }) })
  gauge('vakt_scheduler_healthy', 'Whether the scheduler runs.', { '': scheduler.healthy ? 1 : 0 })
  const chats = platforms.map(one => [`{platform="${one.name}"}`, one.status.state === 'online' ? 1 : 0] as const)
  gauge('vakt_chat_online', 'Whether a chat platform is connected.', Object.fromEntries(chats))
  gauge('vakt_memory_bytes', 'Resident memory.', { '': process.memoryUsage.rss() })
  return `${rows.join('\n')}\n`
}
