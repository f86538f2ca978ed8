// The process of a satellite: `vakt satellite --to <url> --key <key>`, from its settings to its shutdown.
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { serve } from '@hono/node-server'
import packageJson from '../../package.json' with { type: 'json' }
import { systemClock } from '../clock.ts'
import { readConfig, readEnvironment } from '../config/config.ts'
import type { Environment } from '../config/setting.ts'
import { limitConnections, SERVER_OPTIONS } from '../intake/connection-limits.ts'
import { createLogger } from '../logger.ts'
import { Problem } from '../problem.ts'
import { openState } from '../state/database.ts'
import { folderIdentity } from '../state/folder-identity.ts'
import { probeState } from '../state/storage-probe.ts'
import { SECOND } from '../time.ts'
import { createSatellite } from './satellite-app.ts'

const REQUEST_TIMEOUT_MS = 3 * SECOND
const SHUTDOWN_TIMEOUT_MS = 9 * SECOND
/** Beside the files of a main that may use the same folder. */
const FOLDER = 'satellite'

const HELP = `Usage: vakt satellite --to <url of the main> --key <key of the satellite>

Takes beats and log lines here, keeps them on this disk, and sends them to the main, in order and once.
"satellites add <name>" on the main makes the key.

--to <url>       address of the main (or SATELLITE_TO)
--key <key>      key of this satellite; rather in SATELLITE_KEY, where "ps" does not show it
--port <port>    port to listen on (or PORT, default: 8080)
--host <address> address to listen on (or HOST, default: 127.0.0.1)
--data <folder>  where it keeps what waits (or DATA_DIR, default: ./data)

Other settings are those of Vakt: SYSLOG_UDP_PORT, CONNECTIVITY_TARGETS, SATELLITE_NOTIFY …; see .env.example.`

/** Runs a satellite until a signal ends it; resolves once it listens. Throws a `Problem` for settings that do not fit. */
export async function runSatellite(argv: readonly string[], print: (text: string) => void): Promise<void> {
  const flags = readFlags(argv)
  if (flags.help) return print(HELP)
  process.umask(0o077)
  const config = readConfig(environmentOf(flags))
  const { to: main, key } = config.satellite
  if (main === null || key === null)
    throw new Problem(
      'invalid',
      `Say ${main === null ? 'where the main is: --to https://vakt.example.org' : 'the key of this satellite: SATELLITE_KEY or --key'}. "satellites add <name>" on the main shows the whole line.`,
    )
  const folder = join(config.dataDir, FOLDER)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const state = openState(folder)
  probeState(state)
  const logger = createLogger(config.logLevel, config.secrets)
  process.on('unhandledRejection', error => logger.error('unhandled promise rejection', { error }))
  let publicUrl = config.publicUrl
  const { version } = packageJson
  const satellite = createSatellite({
    ...{ state, config, clock: systemClock, logger, version, main, key, place: folderIdentity(folder) },
    publicUrl: () => publicUrl ?? '',
  })
  const server = serve({
    fetch: satellite.intake.fetch,
    hostname: config.host,
    port: config.port,
    serverOptions: SERVER_OPTIONS,
  })
  limitConnections(server as Server, config.trustedProxies)
  const port = await listening(server, config.host, config.port)
  publicUrl ??= `http://${config.shownHost}:${port}`
  satellite.start()
  print(`Vakt ${version} is a satellite of ${main} and listens at ${publicUrl}`)

  let isStopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))

  async function stop(why: string): Promise<void> {
    if (isStopping) return
    isStopping = true
    logger.info('the satellite is stopping', { why })
    setTimeout(finish, SHUTDOWN_TIMEOUT_MS)
    const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), REQUEST_TIMEOUT_MS)
    await new Promise<void>(done => {
      server.close(() => done())
      if ('closeIdleConnections' in server) server.closeIdleConnections()
    })
    clearTimeout(cut)
    await satellite.stop()
    finish()
  }

  function finish(): void {
    state.close()
    process.exit(0)
  }
}

function readFlags(argv: readonly string[]) {
  const text = { type: 'string' as const }
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { to: text, key: text, port: text, host: text, data: text, help: { type: 'boolean', short: 'h' } },
    })
    return values
  } catch (error) {
    throw new Problem('invalid', `${(error as Error).message.split('. ')[0]}. "vakt satellite --help" shows the flags.`)
  }
}

function environmentOf({ to, key, port, host, data }: ReturnType<typeof readFlags>): Environment {
  const given = { SATELLITE_TO: to, SATELLITE_KEY: key, PORT: port, HOST: host, DATA_DIR: data }
  const set = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...readEnvironment(), ...Object.fromEntries(set) }
}

function listening(server: ReturnType<typeof serve>, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy =
        error.code === 'EADDRINUSE' ? 'another program uses it; stop that program or set PORT' : error.message
      reject(new Problem('conflict', `The satellite cannot listen on ${host} port ${port}: ${busy}.`))
    })
    server.once('listening', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}
