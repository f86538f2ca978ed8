// Runs the texts of `connect` as they stand, where their programs are here, against a real Vakt, and looks for their lines and beats.
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { type Running, startVakt, until } from '../src/testing/running.ts'
import { SECOND } from '../src/time.ts'
import { installPackages } from './clients/node-client.ts'

const EXAMPLES = join(import.meta.dirname, '../examples')
const TIMEOUT_MS = 60 * SECOND
const run = promisify(execFile)

type Trial = {
  name: string
  /** The program that must be here. */
  needs: string
  packages?: readonly string[]
  /** Runs the text in a folder of its own. */
  run(snippet: string, folder: string, env: Record<string, string | undefined>): Promise<unknown>
  /** A search that finds its lines; none: a check of this name has a beat. */
  query?: string
  check?: string
}

const script =
  (file: string, program: string): Trial['run'] =>
  (snippet, folder, env) => {
    writeFileSync(join(folder, file), snippet)
    return run(program, [join(folder, file)], { cwd: folder, env: env as never, timeout: TIMEOUT_MS })
  }
const shell: Trial['run'] = (snippet, folder, env) => {
  writeFileSync(join(folder, 'app.log'), '2026-11-29T10:00:01Z ERROR a line of a file\n')
  writeFileSync(join(folder, 'program'), '#!/bin/sh\necho "ERROR hello from the shell"\n', { mode: 0o755 })
  return run('sh', ['-c', snippet], { cwd: folder, env: env as never, timeout: TIMEOUT_MS })
}

const TRIALS: readonly Trial[] = [
  { name: 'curl', needs: 'curl', run: shell, query: '"hello from curl" OR "a line of a file"' },
  { name: 'shell', needs: 'curl', run: shell, query: '"hello from the shell" source:program' },
  {
    name: 'pino',
    needs: 'node',
    packages: ['pino@10', 'pino-loki@3'],
    run: script('a.mjs', process.execPath),
    query: '"payment refused" source:shop order:7341',
  },
  {
    name: 'winston',
    needs: 'node',
    packages: ['winston@3'],
    run: script('a.mjs', process.execPath),
    query: '"payment refused" source:shop order:7341',
  },
  {
    name: 'python',
    needs: 'python3',
    run: script('a.py', 'python3'),
    query: '"payment refused" source:shop order:7341',
  },
  {
    name: 'structlog',
    needs: 'python3',
    run: async (snippet, folder, env) => {
      await run('python3', ['-m', 'pip', 'install', '-q', '--target', folder, 'structlog'], { timeout: TIMEOUT_MS })
      return script('a.py', 'python3')(snippet, folder, env)
    },
    query: '"payment refused" source:shop order:7341',
  },
  {
    name: 'cron',
    needs: 'curl',
    check: 'backup',
    run: (snippet, folder, env) => {
      // The line of the crontab without its times, with a job that is here.
      const vakt = /^VAKT=.*$/m.exec(snippet)![0]
      const command = /^0 2 \* \* \* +(.*)$/m.exec(snippet)![1]!.replace('/usr/local/bin/backup', 'true')
      return run('sh', ['-c', `export ${vakt}; ${command}`], { cwd: folder, env: env as never, timeout: TIMEOUT_MS })
    },
  },
  {
    name: 'syslog',
    needs: 'logger',
    run: (snippet, folder, env) =>
      run('sh', ['-c', snippet.split('\n').find(line => line.startsWith('logger'))!], {
        cwd: folder,
        env: env as never,
      }),
    query: '"hello from logger" source:test',
  },
]

/** Tries each text, or `--only NAME`. Resolves with whether all that could be tried worked. */
export async function connect(options: Readonly<Record<string, string>>): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'vakt-connect-'))
  const [data, programs] = [join(root, 'data'), join(root, 'bin')]
  for (const folder of [data, programs]) mkdirSync(folder)
  for (const file of ['vakt-beat', 'clients/vakt-log.sh'])
    copyFileSync(join(EXAMPLES, file), join(programs, file.split('/').at(-1)!))
  const port = await freePort()
  const vakt = await startVakt(data, { SYSLOG_UDP_PORT: String(port), LOG_LEVEL: 'error' })
  const env = { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH}`, PYTHONPATH: EXAMPLES_PYTHON }
  let holds = true
  try {
    for (const trial of TRIALS.filter(({ name }) => options.only === undefined || options.only === name)) {
      const outcome = await tryText(trial, vakt, join(root, trial.name), env)
      if (!outcome.ok) holds = false
      console.log(`connect ${trial.name}: ${outcome.text}`)
    }
  } finally {
    await vakt.kill()
    rmSync(root, { recursive: true, force: true })
  }
  return holds
}

const EXAMPLES_PYTHON = join(EXAMPLES, 'clients')

async function tryText(
  trial: Trial,
  vakt: Running,
  folder: string,
  env: Record<string, string | undefined>,
): Promise<{ ok: boolean; text: string }> {
  if (!isHere(trial.needs)) return { ok: true, text: `skipped, because ${trial.needs} is not installed` }
  mkdirSync(folder)
  const { connect } = await vakt.command<{ connect: { snippet: string } }>(`connect ${trial.name}`)
  try {
    if (trial.packages) symlinkSync(join(installPackages(trial.packages), 'node_modules'), join(folder, 'node_modules'))
    await trial.run(connect.snippet, folder, env)
    await until(async () => await hasArrived(trial, vakt), `what "connect ${trial.name}" sends`)
    return { ok: true, text: 'works' }
  } catch (error) {
    return { ok: false, text: `FAULT: ${String(error).slice(0, 500)}` }
  }
}

async function hasArrived({ query, check }: Trial, vakt: Running): Promise<boolean> {
  if (check !== undefined)
    return vakt.command<{ beats: { kind: string }[] }>(`checks beats ${check}`).then(
      ({ beats }) => beats.some(({ kind }) => kind === 'success'),
      () => false,
    )
  const { total } = await vakt.command<{ total: number }>(`logs search --last 365d --query '${query}'`)
  return total > 0
}

function isHere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
