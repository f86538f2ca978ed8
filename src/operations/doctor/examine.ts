// Everything that "doctor" examines, in one list.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { PlatformDefinition } from '../../chat/platform-definition.ts'
import type { Config } from '../../config/config.ts'
import type { Environment } from '../../config/setting.ts'
import { type Diagnosis, fails, isWell, skips } from '../../diagnosis.ts'
import { Problem } from '../../problem.ts'
import { lockFolder } from '../../state/folder-lock.ts'
import { errorMessage } from '../../text.ts'
import { SECOND } from '../../time.ts'
import { examineLease } from './examine-lease.ts'
import { examineLogEngine } from './examine-log-engine.ts'
import { examineClock, examinePort, examineVersions } from './examine-machine.ts'
import type { FolderOptions } from './folder-options.ts'

export type ExamineOptions = {
  config: Config
  platforms: readonly PlatformDefinition[]
  version: string
  now(): number
  /** Where the keys of a bucket are (default: none). */
  environment?: Environment
  /** Whether this process is the server itself, which holds the lock. */
  isServer: boolean
  /** How the data folder is examined (default: in a worker). */
  examineFolder?(options: FolderOptions): Promise<Diagnosis[]>
}

const PLATFORM_TIMEOUT_MS = 10 * SECOND

/** Examines everything; resolves with the parts in their order, and never rejects. */
export async function examine(options: ExamineOptions): Promise<Diagnosis[]> {
  const { config, platforms, version, now, isServer, environment = {} } = options
  const { dataDir, vaultKey, adminKey, timeZone } = config
  // A platform that needs no setting, such as webhooks or ntfy's public server, is always there; it is examined once it has one.
  const configured = platforms.filter(
    ({ name, settings, diagnose }) =>
      config.platforms[name] !== undefined && (diagnose || Object.keys(settings).some(key => environment[key])),
  )
  const folder = await (options.examineFolder ?? examineFolderAside)({ dataDir, vaultKey, adminKey, now: now() })
  const hasState = folder.every(({ part, state }) => part !== 'data folder' || state !== 'failed')
  const isRunning = isServer || (hasState && isLocked(dataDir))
  const asked = await Promise.all([
    examinePort(config, isRunning, readUrl(dataDir)),
    examineClock(clockUrls(config, configured), now),
    examineLease(config.lease, environment, now()),
    examineLogEngine(config.logEngine),
    ...configured.map(platform => examinePlatform(platform, config.platforms[platform.name])),
  ])
  const chats =
    configured.length === 0 ? [skips('chats', 'No chat is configured: alerts are printed in the terminal only.')] : []
  return [
    isWell('settings', 'All settings are valid.'),
    ...examineVersions(version, timeZone, now()),
    ...folder,
    ...asked.flat(),
    ...chats,
  ]
}

/** Examines the folder in a worker, because the server itself must go on meanwhile. Never rejects. */
function examineFolderAside(options: FolderOptions): Promise<Diagnosis[]> {
  return new Promise(resolve => {
    const failed = (reason: string) =>
      resolve([fails('data folder', `It cannot be examined (${reason}).`, 'Run "vakt doctor" on the server.')])
    const worker = new Worker(new URL('./folder-worker.ts', import.meta.url), { workerData: options })
    worker.once('message', resolve)
    worker.once('error', error => failed(errorMessage(error)))
    worker.once('exit', () => failed('the examination ended without a result'))
  })
}

/** The diagnosis of settings that cannot be read. */
export function examineSettings(error: unknown): Diagnosis {
  return fails('settings', errorMessage(error), 'Correct them in .env or in the environment of Vakt.')
}

function isLocked(dataDir: string): boolean {
  try {
    lockFolder(dataDir)()
    return false
  } catch (error) {
    return error instanceof Problem && error.code === 'conflict'
  }
}

function readUrl(dataDir: string): string | null {
  try {
    return readFileSync(join(dataDir, 'vakt.url'), 'utf8').trim() || null
  } catch {
    return null
  }
}

/** What has a clock of its own: targets over HTTP, and the servers of the chats. */
function clockUrls(config: Config, configured: readonly PlatformDefinition[]): string[] {
  const targets = config.connectivityTargets.flatMap(target => (target.kind === 'http' ? [target.url] : []))
  const chats = configured.flatMap(({ name }) => {
    const { apiUrl } = (config.platforms[name] ?? {}) as { apiUrl?: unknown }
    return typeof apiUrl === 'string' ? [apiUrl] : []
  })
  return [...targets, ...chats]
}

async function examinePlatform(platform: PlatformDefinition, settings: unknown): Promise<Diagnosis[]> {
  if (!platform.diagnose)
    return [skips(platform.label, 'Its settings are there; only a message shows whether they work: "alerts test".')]
  try {
    return await platform.diagnose(settings, AbortSignal.timeout(PLATFORM_TIMEOUT_MS))
  } catch (error) {
    const reason = errorMessage((error as Error).cause ?? error)
    return [
      fails(
        platform.label,
        `${platform.label} cannot be reached (${reason}).`,
        'Check the connection of this machine, proxies and firewalls.',
      ),
    ]
  }
}
