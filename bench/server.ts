// Starts a server as a separate process and measures its resources.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Server = {
  url: string
  dataDir: string
  process: ChildProcess
  /** Resident memory in MB. */
  memory(): number
  /** CPU time used so far, seconds. */
  cpu(): number
  command<T>(line: string): Promise<T>
  stop(): Promise<void>
}

/** The flags for node in `npm start`. */
const FLAGS = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { scripts: { start: string } }
).scripts.start
  .split(' ')
  .slice(1, -1)
/** The admin key of every started server. */
export const ADMIN_KEY = 'bench-admin-key-0123456789'

/** Starts `file` as `npm start` starts Vakt, on a free port, and waits until it answers. */
export async function startServer(file: string, environment: Record<string, string> = {}): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vakt-bench-'))
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const env = { ...process.env, PORT: String(port), DATA_DIR: dataDir, ADMIN_KEY, LOG_LEVEL: 'warn', ...environment }
  const child = spawn(process.execPath, [...FLAGS, file], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    child.stdout!.once('data', () => resolve())
    child.once('exit', code => reject(new Error(`${file} ended with ${code}`)))
  })
  child.stdout!.resume()
  const url = `http://127.0.0.1:${port}`
  const stat = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return {
    url,
    dataDir,
    process: child,
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
    cpu: () => (Number(stat()[11]) + Number(stat()[12])) / 100,
    async command<T>(line: string) {
      const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }
      const response = await fetch(`${url}/api/commands`, { method: 'POST', headers, body: JSON.stringify({ line }) })
      const answer = (await response.json()) as { ok: boolean; result: T; error?: { message: string } }
      if (!answer.ok) throw new Error(answer.error?.message)
      return answer.result
    },
    async stop() {
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
