// Vakt as a real process, started as a user starts it, talked to over HTTP and killed without warning.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The admin key of such a Vakt. */
export const ADMIN_KEY = 'admin-key-for-process-tests'
/** Against hanging only; a busy machine may be slow. */
const PATIENCE = 60_000

export type Running = Awaited<ReturnType<typeof startVakt>>

/** A fresh data folder, removed by `remove`. */
export function newFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'vakt-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Starts Vakt on a free port over `folder` and waits until it is on duty. */
export async function startVakt(folder: string, environment: Record<string, string | undefined> = {}) {
  const env = {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    // With it a process does not start twice, which takes time.
    MALLOC_ARENA_MAX: '2',
    HOME: folder,
    TZ: 'UTC',
    PORT: '0',
    DATA_DIR: folder,
    ADMIN_KEY,
    LOG_LEVEL: 'warn',
    ...environment,
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts')], {
    env,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  let logged = ''
  child.stdout!.on('data', chunk => {
    printed += chunk
  })
  child.stderr!.on('data', chunk => {
    logged += chunk
  })
  const url = await until(() => {
    if (child.exitCode !== null) throw new Error(`Vakt ended with ${child.exitCode}: ${logged}`)
    return /on duty at (http:\S+)/.exec(printed)?.[1]
  }, 'Vakt to be on duty').catch(error => {
    // It would run on after the test.
    child.kill('SIGKILL')
    throw new Error(`${(error as Error).message}; it printed: ${printed.slice(-500)}${logged.slice(-500)}`)
  })

  return {
    url,
    pid: child.pid!,
    printed: () => printed,
    logged: () => logged,
    /** Runs a command line with the admin key and gives its result. */
    async command<T = Record<string, never>>(line: string): Promise<T> {
      const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }
      const response = await fetch(`${url}/api/commands`, { method: 'POST', headers, body: JSON.stringify({ line }) })
      const answer = (await response.json()) as { ok: boolean; result: T; error?: { message: string } }
      if (!answer.ok) throw new Error(answer.error?.message)
      return answer.result
    },
    ping: (path: string, init?: RequestInit) => fetch(`${url}/ping/${path}`, init),
    /** kill -9, at once. */
    kill: () => ended(child, 'SIGKILL'),
    /** A polite stop; resolves with the exit code. */
    stop: () => ended(child, 'SIGTERM'),
  }
}

/** Waits for a condition of the outside world; rejects after a minute, naming what was awaited. */
export async function until<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  const deadline = Date.now() + PATIENCE
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

function ended(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise(resolve => {
    child.once('exit', code => resolve(code))
    child.kill(signal)
  })
}
