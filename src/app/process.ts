// The process: settings, state, chats, the HTTP server, and the shutdown, top to bottom.
import { existsSync, writeFileSync, writeSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import packageJson from '../../package.json' with { type: 'json' }
import { createApp } from '../app.ts'
import { loadPlatforms } from '../chat/platforms.ts'
import { createTerminal } from '../chat/terminal/platform.ts'
import { systemClock } from '../clock.ts'
import { type Config, readConfig, readEnvironment } from '../config/config.ts'
import { readEngineCertificates } from '../config/engine-settings.ts'
import { loadOrCreateSecret, loadOrCreateVaultKey } from '../config/secret-files.ts'
import type { Environment } from '../config/setting.ts'
import { limitConnections, SERVER_OPTIONS } from '../intake/connection-limits.ts'
import { createDeadMansSwitch } from '../jobs/dead-mans-switch.ts'
import { createLogger, type Logger } from '../logger.ts'
import { lazyStore } from '../logs/lazy-store.ts'
import { Problem } from '../problem.ts'
import { createKey } from '../projects/keys.ts'
import { findProject, randomWord } from '../projects/projects.ts'
import { createVault, privacyKey } from '../projects/vault.ts'
import { systemLeaseTime, timeBase } from '../replication/lease/lease-time.ts'
import { openLeaseStore } from '../replication/lease/open-lease-store.ts'
import { renewOnThread } from '../replication/lease/renewal-thread.ts'
import { type Duty, goOnDuty, LOST_LEASE_EXIT_CODE } from '../replication/standby/duty.ts'
import { MIGRATIONS, openState } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { openLineage } from '../state/lineage.ts'
import { withLogDefaults } from '../state/log-defaults.ts'
import { diskProblem } from '../state/start-problem.ts'
import { probeState } from '../state/storage-probe.ts'
import { SECOND } from '../time.ts'

/** How long requests under way may take to finish, and the whole shutdown, ms. */
const REQUEST_TIMEOUT_MS = 3 * SECOND
const SHUTDOWN_TIMEOUT_MS = 9 * SECOND

// Only the user that runs Vakt may read its files.
process.umask(0o077)
// A reader of the output that goes away must not end Vakt.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})

const STANDBY_USAGE = `Usage: vakt standby

Waits until the main Vakt is lost, restores its state, and takes over: a Vakt with the same LEASE (s3://bucket/key or a file on
shared storage) and the same settings, on another machine. It takes over when the lease is not renewed for LEASE_TTL
(default: 20s). The state comes from RESTORE_COMMAND, such as "litestream restore", or from the newest backup of BACKUP_TO.`

/** \`vakt standby\` is this process, which waits for its turn first. */
const standsBy = process.argv[2] === 'standby'
if (standsBy && process.argv.length > 3) {
  const isHelp = ['--help', '-h'].includes(process.argv[3]!)
  ;(isHelp ? process.stdout : process.stderr).write(`${STANDBY_USAGE}\n`)
  process.exit(isHelp ? 0 : 2)
}

let config: Config | null = null
try {
  const environment = readEnvironment()
  config = readConfig(environment)
  await start(config, config.lease || standsBy ? await takeTurn(config, environment) : null)
} catch (error) {
  const problem = (config && diskProblem(error, config.dataDir)) ?? error
  process.stderr.write(`${problem instanceof Problem ? problem.message : (problem as Error).stack}\n`)
  // Timers and sockets of what has started already must not keep half a Vakt alive.
  process.exit(1)
}

/** Waits for the lease, and restores the state of a Vakt that was lost. */
async function takeTurn(config: Config, environment: Environment): Promise<Duty> {
  if (config.lease === null)
    throw new Problem(
      'invalid',
      'A stand-by needs LEASE, the same as the main Vakt. docs/high-availability.md shows how.',
    )
  const { lease } = config
  const ending = new AbortController()
  const base = timeBase()
  const stop = () => ending.abort()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)
  try {
    return await goOnDuty({
      ...{ config, environment, standsBy, signal: ending.signal, time: systemLeaseTime(base) },
      store: openLeaseStore(lease, environment),
      renew: renewOnThread({ lease, environment, base }),
      logger: createLogger(config.logLevel, config.secrets),
      print: text => process.stdout.write(`${text}\n`),
      onLost(sentence) {
        // Nothing is finished or closed: each of that could be a commit or a request.
        writeSync(process.stderr.fd, `${sentence}\n`)
        process.exit(LOST_LEASE_EXIT_CODE)
      },
    })
  } catch (error) {
    if (!ending.signal.aborted) throw error
    return process.exit(0)
  } finally {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, stop)
  }
}

async function start(settings: Config, duty: Duty | null): Promise<void> {
  const clock = systemClock
  const state = openState(settings.dataDir, MIGRATIONS, duty?.releaseFolder)
  duty?.begin(state)
  // A disk with hardly any room would take some of what a start writes, and nothing after it.
  probeState(state)
  const config = withLogDefaults(settings, state)
  const hadAdminKey = existsSync(join(config.dataDir, 'admin.key'))
  const adminKey =
    config.adminKey ?? loadOrCreateSecret(config.dataDir, 'admin.key', () => `vakt_admin_${randomWord(40)}`)
  const vaultKey = loadOrCreateVaultKey(config.dataDir, config.vaultKey)

  const terminal = createTerminal({
    clock,
    timeZone: config.timeZone,
    input: process.stdin,
    output: process.stdout,
    onExit: () => stop('terminal closed'),
  })
  const secrets = [...config.secrets, adminKey]
  // The log must not run into the line that somebody types.
  const logger = process.stdin.isTTY
    ? createLogger(config.logLevel, secrets, terminal.print)
    : createLogger(config.logLevel, secrets)
  process.on('unhandledRejection', error => logger.error('unhandled promise rejection', { error }))

  let publicUrl = config.publicUrl
  const store = openLogs(config, logger, privacyKey(vaultKey))
  const platforms = await loadPlatforms(config.platforms)
  const lineage = openLineage(config.dataDir, state, logger)
  const app = createApp({
    state,
    isStateCurrent: lineage.isCurrent,
    config,
    clock,
    logger,
    adminKey,
    vaultKey,
    store,
    version: packageJson.version,
    takenOverFrom: duty?.takenOverFrom ?? null,
    replication: () => duty?.replication() ?? null,
    publicUrl: () => publicUrl ?? '',
    platforms: [...platforms, () => terminal],
  })

  const server = serve({
    fetch: duty ? answeringOnDuty(app.intake.fetch, duty) : app.intake.fetch,
    hostname: config.host,
    port: config.port,
    serverOptions: SERVER_OPTIONS,
  })
  limitConnections(server as Server, config.trustedProxies)
  const port = await listening(server, config)
  publicUrl ??= `http://${config.shownHost}:${port}`
  writeFileSync(join(config.dataDir, 'vakt.url'), `http://${config.shownHost}:${port}\n`)
  try {
    app.start()
    lineage.follow()
    terminal.print(greeting())
  } catch (error) {
    setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS)
    server.close()
    await app.stop()
    await store.close()
    state.close()
    throw error
  }
  const isWell = () => app.scheduler.health().healthy && app.isStoring()
  const deadman = createDeadMansSwitch(config.deadmanUrl, clock, logger, isWell)
  deadman.start()
  terminal.serve(app.dispatcher)
  logger.info('Vakt is ready', { url: publicUrl, ms: Math.round(process.uptime() * 1000) })

  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal))

  async function stop(why: string): Promise<void> {
    if (stopping) return
    stopping = true
    logger.info('Vakt is stopping', { why })
    setTimeout(finish, SHUTDOWN_TIMEOUT_MS)
    deadman.stop()
    await closeServer()
    await app.stop().catch(error => logger.error('app did not stop cleanly', { error }))
    await store.close().catch(error => logger.error('log store did not close cleanly', { error }))
    await duty?.end()
    finish()
  }

  /** Waits for requests under way; one that takes too long is cut off. */
  async function closeServer(): Promise<void> {
    const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), REQUEST_TIMEOUT_MS)
    await new Promise<void>(done => {
      server.close(() => done())
      if ('closeIdleConnections' in server) server.closeIdleConnections()
    })
    clearTimeout(cut)
  }

  function finish(): void {
    state.close()
    process.exit(0)
  }

  function greeting(): string {
    const project = findProject(state)
    const curl = `curl "${publicUrl}/ping/${project.pingKey}/hello?create=1&period=20s&grace=10s"`
    const lines = [`Vakt ${packageJson.version} is on duty at ${publicUrl}`]
    if (readValue(state, 'greeted') === null) {
      const { key, secret } = createKey(
        state,
        createVault(vaultKey),
        project,
        { role: 'intake', signed: false },
        clock.now(),
      )
      lines.push(
        '',
        'The first project is "default". Its keys are shown once:',
        `  key for logs   ${secret}   (id ${key.id})`,
        `  ping key       ${project.pingKey}`,
        config.adminKey !== null
          ? '  admin key      the one in ADMIN_KEY'
          : hadAdminKey
            ? `  admin key      the one in ${join(config.dataDir, 'admin.key')}`
            : `  admin key      ${adminKey}   (stored in ${join(config.dataDir, 'admin.key')})`,
      )
      writeValue(state, 'greeted', new Date(clock.now()).toISOString())
    }
    lines.push('', 'Try it: send one beat, then wait 30 seconds for the alert.', `  ${curl}`, '')
    lines.push(
      process.stdin.isTTY ? 'Type "help" for the commands, "exit" to stop.' : 'Send commands with: npx vakt help',
    )
    return lines.join('\n')
  }
}

type Fetch = ReturnType<typeof createApp>['intake']['fetch']

/** Answers nothing after another Vakt may have begun: what is answered then would be missing there. */
function answeringOnDuty(answer: Fetch, duty: Duty): Fetch {
  return async (...request) => {
    const response = await answer(...request)
    duty.check()
    return response
  }
}

/** The log store in the data folder; its workers start with the first line or query. */
function openLogs(config: Config, logger: Logger, privacyKey: Buffer) {
  const folder = join(config.dataDir, 'logs')
  const own = { folder, logger, privacyKey, diskBudgetBytes: config.logs.diskBudgetBytes }
  const engine = config.logEngine
  const ca = engine && readEngineCertificates(engine)
  const open = async () =>
    engine
      ? (await import('../logs/engine/open-engine-log-store.ts')).openConfiguredEngine(own, { ...engine, ca })
      : (await import('../logs/embedded/open-log-store.ts')).openLogStore(own)
  return lazyStore(open, () => engine !== null || existsSync(folder))
}

function listening(server: ReturnType<typeof serve>, config: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy =
        error.code === 'EADDRINUSE' ? 'another program uses it; stop that program or set PORT' : error.message
      reject(new Problem('conflict', `Vakt cannot listen on ${config.host} port ${config.port}: ${busy}.`))
    })
    server.once('listening', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : config.port)
    })
  })
}
