// Vakt itself: settings, state, chats, intake and the shutdown, top to bottom.
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import packageJson from '../package.json' with { type: 'json' }
import { createApp } from './app.ts'
import type { CommandDispatcher } from './chat/channel.ts'
import { createTerminal } from './chat/terminal/platform.ts'
import { createWebhooks } from './chat/webhook/platform.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Config, readConfig, readEnvironment } from './config/config.ts'
import { createDeadMansSwitch } from './jobs/dead-mans-switch.ts'
import { createLogger, type Logger } from './logger.ts'
import { lazyStore } from './logs/lazy-store.ts'
import { Problem } from './problem.ts'
import { createKey } from './projects/keys.ts'
import { findProject, randomWord } from './projects/projects.ts'
import { createVault, privacyKey } from './projects/vault.ts'
import { openState } from './state/database.ts'
import { readValue, writeValue } from './state/key-value.ts'
import { SECOND } from './time.ts'

/** Requests under way get so long to finish, then everything else so long to be put down, ms. */
const REQUESTS_FINISH = 3 * SECOND
const SHUTDOWN_LIMIT = 9 * SECOND

// What Vakt keeps is nobody else's to read.
process.umask(0o077)
// Whoever read the output may go away; Vakt stays.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})

try {
  await start(readConfig(readEnvironment()))
} catch (error) {
  if (!(error instanceof Problem)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function start(config: Config): Promise<void> {
  const clock = systemClock
  const state = openState(config.dataDir)
  const adminKey = config.adminKey ?? keepSecret(config.dataDir, 'admin.key', () => `vakt_admin_${randomWord(40)}`)
  const vaultKey = keepVaultKey(config.dataDir)

  const terminal = createTerminal({
    clock,
    timeZone: config.timeZone,
    input: process.stdin,
    output: process.stdout,
    onExit: () => stop('the terminal was closed'),
  })
  const secrets = [...config.secrets, adminKey]
  // Lines of the log never run into the line somebody is typing.
  const logger = process.stdin.isTTY
    ? createLogger(config.logLevel, secrets, terminal.print)
    : createLogger(config.logLevel, secrets)
  process.on('unhandledRejection', error => logger.error('something was left unhandled', { error }))

  let publicUrl = config.publicUrl
  const store = openLogs(config, logger, privacyKey(vaultKey))
  const openChats = await loadChats(config, clock, logger, () => app)
  const app = createApp({
    state,
    config,
    clock,
    logger,
    adminKey,
    vaultKey,
    store,
    version: packageJson.version,
    publicUrl: () => publicUrl ?? '',
    platforms: dispatcher => {
      const { discord, slack, telegram, email, webhooks } = openChats(dispatcher)
      const receive = config.slack?.appToken === null && slack ? slack.receive : undefined
      return {
        all: [discord, slack, telegram, email, webhooks, terminal].filter(one => one !== undefined),
        ...(receive ? { receive } : {}),
      }
    },
  })

  const server = serve({ fetch: app.intake.fetch, hostname: config.host, port: config.port })
  const port = await listening(server, config)
  publicUrl ??= `http://${config.shownHost}:${port}`
  writeFileSync(join(config.dataDir, 'vakt.url'), `http://${config.shownHost}:${port}\n`)
  app.start()
  const deadman = createDeadMansSwitch(config.deadmanUrl, clock, logger, () => app.scheduler.health().healthy)
  deadman.start()
  terminal.print(greeting())
  terminal.serve(app.dispatcher)
  logger.info('Vakt is ready', { url: publicUrl, ms: Math.round(process.uptime() * 1000) })

  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal))

  async function stop(why: string): Promise<void> {
    if (stopping) return
    stopping = true
    logger.info('Vakt stops', { why })
    setTimeout(finish, SHUTDOWN_LIMIT)
    deadman.stop()
    await closeServer()
    await app.stop().catch(error => logger.error('the app did not stop cleanly', { error }))
    await store.close().catch(error => logger.error('the log store did not close cleanly', { error }))
    finish()
  }

  /** Lets requests under way finish for a while; one that hangs is cut off. */
  async function closeServer(): Promise<void> {
    const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), REQUESTS_FINISH)
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
        'The first project is "default". These are shown once:',
        `  its key for logs   ${secret}   (id ${key.id})`,
        `  its ping key       ${project.pingKey}`,
        config.adminKey === null
          ? `  the admin key      ${adminKey}   (kept in ${join(config.dataDir, 'admin.key')})`
          : '  the admin key      as set in ADMIN_KEY',
      )
      writeValue(state, 'greeted', new Date(clock.now()).toISOString())
    }
    lines.push('', 'Try it: send one beat, then wait half a minute for the alert.', `  ${curl}`, '')
    lines.push(process.stdin.isTTY ? 'Type "help" for the commands, "exit" to stop.' : 'Talk to it with: npx vakt help')
    return lines.join('\n')
  }
}

/** The log store in the data folder; its workers start with the first line or question. */
function openLogs(config: Config, logger: Logger, privacyKey: Buffer) {
  const folder = join(config.dataDir, 'logs')
  const open = async () =>
    (await import('./logs/embedded/open-log-store.ts')).openLogStore({
      folder,
      logger,
      privacyKey,
      diskBudgetBytes: config.logs.diskBudgetBytes,
    })
  return lazyStore(open, () => existsSync(folder))
}

/** The chats that are configured; each SDK is loaded only when its platform is. */
async function loadChats(config: Config, clock: Clock, logger: Logger, app: () => ReturnType<typeof createApp>) {
  const isBack = (name: string) => app().platformIsBack(name)
  const discord = config.discord && (await import('./chat/discord/platform.ts'))
  const slack = config.slack && (await import('./chat/slack/platform.ts'))
  const telegram = config.telegram && (await import('./chat/telegram/platform.ts'))
  const email = config.email && (await import('./chat/email/platform.ts'))
  const { timeZone } = config
  return (dispatcher: CommandDispatcher) => ({
    telegram: telegram?.createTelegram({
      settings: config.telegram!,
      dispatcher,
      listens: id =>
        app()
          .channels()
          .some(one => one.id === id),
      logger,
      clock,
      timeZone,
      onOnline: () => isBack('telegram'),
    }),
    email: email?.createEmail({ settings: config.email!, timeZone, clock, logger }),
    webhooks: createWebhooks({ clock, timeZone, version: packageJson.version }),
    discord: discord?.createDiscord({
      config: config.discord!,
      dispatcher,
      logger,
      clock,
      onOnline: () => isBack('discord'),
    }),
    slack: slack?.slackPlatform({
      settings: config.slack!,
      dispatcher,
      logger,
      clock,
      timeZone: config.timeZone,
      onOnline: () => isBack('slack'),
    }),
  })
}

/** The 32-byte key that seals what must be read back. */
function keepVaultKey(folder: string): Buffer {
  const key = Buffer.from(
    keepSecret(folder, 'vault.key', () => randomBytes(32).toString('base64')),
    'base64',
  )
  if (key.length === 32) return key
  throw new Problem(
    'internal',
    `The file ${join(folder, 'vault.key')} is not a key of 32 bytes in base64. Put the one from your backup there; sealed secrets need it.`,
  )
}

/** A secret kept in a file that only its owner may read; made when absent. */
function keepSecret(folder: string, name: string, make: () => string): string {
  const file = join(folder, name)
  try {
    const kept = readFileSync(file, 'utf8').trim()
    if (kept !== '') return kept
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new Problem(
        'internal',
        `The file ${file} cannot be read (${(error as Error).message}). Make it readable for Vakt.`,
      )
    }
  }
  const secret = make()
  writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
  return secret
}

function listening(server: ReturnType<typeof serve>, config: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy =
        error.code === 'EADDRINUSE' ? 'it is in use already; stop the other program or set PORT' : error.message
      reject(new Problem('conflict', `Vakt cannot listen on ${config.host} port ${config.port}: ${busy}.`))
    })
    server.once('listening', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : config.port)
    })
  })
}
