// VictoriaLogs as one of the compared log stores: the binary that `go install` builds, with its own defaults.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DAY } from '../../src/time.ts'
import { countLines, type Engine, textOf, untilReady } from './engine.ts'
import { PAGE_SIZE, type Question } from './questions.ts'

const VERSION = 'v1.52.2'
const MODULE = `github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@${VERSION}`
const RANGE_MS = 2 * DAY
const BUCKETS = 60

/** The path of the binary, built on first use; null, with a reason printed, where that cannot be done. */
export function installVictoriaLogs(): string | null {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vakt-bench', VERSION)
  const binary = join(folder, 'victoria-logs')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  console.log(`Building ${MODULE} (once, some minutes) …`)
  const { error, status, stderr } = spawnSync('go', ['install', MODULE], {
    env: { ...process.env, GOBIN: folder },
    encoding: 'utf8',
  })
  if (!error && status === 0) return binary
  const reason = error ? 'Go is not installed' : `go install failed: ${stderr.trim().split('\n').at(-1)}`
  console.log(`VictoriaLogs is skipped: ${reason}. Vakt is measured alone.`)
  return null
}

/** Starts it on a free port. Lines are streams by source and host, as its documentation recommends. */
export async function startVictoriaLogs(binary: string, folder: string): Promise<Engine> {
  const start = async () => {
    const port = 20_000 + Math.floor(Math.random() * 20_000)
    const flags = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${folder}`, '-retentionPeriod=30d']
    const child = spawn(binary, [...flags, '-loggerLevel=ERROR'], { stdio: ['ignore', 'inherit', 'inherit'] })
    const url = `http://127.0.0.1:${port}`
    await untilReady(`${url}/health`)
    return { child, url }
  }
  let { child, url } = await start()
  const query = async (path: string, parameters: Record<string, string>) =>
    textOf(await fetch(`${url}/select/logsql/${path}?${new URLSearchParams(parameters)}`))
  const count = async (logsql: string) =>
    Number((JSON.parse(await query('query', { query: logsql })) as { n: string }).n)
  return {
    name: `VictoriaLogs ${VERSION.slice(1)}`,
    folder,
    pid: () => child.pid!,
    async send(body) {
      const fields = '_stream_fields=source,host&_msg_field=message&_time_field=timestamp'
      await textOf(await fetch(`${url}/insert/jsonline?${fields}`, { method: 'POST', body }))
    },
    async ask({ kind, logsql }: Question) {
      if (kind === 'count') return count(logsql)
      if (kind === 'top') return countLines(await query('query', { query: logsql }))
      if (kind === 'search') return countLines(await query('query', { query: logsql, limit: String(PAGE_SIZE) }))
      const now = Date.now()
      const step = `${Math.ceil(RANGE_MS / BUCKETS / 1_000)}s`
      const range = { start: String((now - RANGE_MS) / 1_000), end: String(now / 1_000), step, field: 'level' }
      const { hits } = JSON.parse(await query('hits', { query: logsql, ...range })) as { hits: unknown[] }
      return hits.length
    },
    lines: () => count('* | stats count() n'),
    isSealed: async () => true,
    async restart() {
      await stop(child)
      const begunAt = performance.now()
      ;({ child, url } = await start())
      return performance.now() - begunAt
    },
    stop: () => stop(child),
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
