// Runs a script with a client from npm in a process of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Assignment } from './client.ts'

/** Sends the lines at a pace that leaves time to kill Vakt in the middle; `send(number, level)` may wait. */
const PACED = `
const lines = Number(process.env.LINES), ports = JSON.parse(process.env.PORTS), url = process.env.VAKT_URL, key = process.env.VAKT_KEY
const wait = ms => new Promise(done => setTimeout(done, ms))
const sendAll = async send => {
  for (let i = 0; i < lines; i++) {
    await send((process.env.MARK ?? 'proof line') + ' ' + i, i % 10 === 0 ? 'error' : 'info', i)
    if (i % 100 === 99) await wait(Number(process.env.PAUSE ?? 60))
  }
}
process.on('uncaughtException', error => console.error(String(error)))
process.on('unhandledRejection', error => console.error(String(error)))
`

/** Installs packages once into a temporary folder, without their scripts; the folder. */
export function installPackages(packages: readonly string[]): string {
  const folder = join(tmpdir(), 'vakt-proof-clients', packages.join('+').replace(/[^\w.+-]/g, '_'))
  if (existsSync(join(folder, 'node_modules'))) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
    cwd: folder,
    stdio: 'ignore',
  })
  return folder
}

/** Starts a module, with \`sendAll\`, \`lines\`, \`ports\`, \`url\`, \`key\` and \`wait\` in its scope. */
export function startScript(script: string, packages: readonly string[], assignment: Assignment): ChildProcess {
  const modules = join(assignment.folder, 'node_modules')
  if (!existsSync(modules)) symlinkSync(join(installPackages(packages), 'node_modules'), modules)
  const file = join(assignment.folder, 'client.mjs')
  // Imports must stand first.
  const imports = script.match(/^import .*$/gm)?.join('\n') ?? ''
  writeFileSync(file, `${imports}\n${PACED}\n${script.replace(/^import .*$/gm, '')}`)
  const { url, key, ports, lines, mark = 'proof line' } = assignment
  return spawn(process.execPath, [file], {
    env: {
      ...process.env,
      VAKT_URL: url,
      VAKT_KEY: key,
      PORTS: JSON.stringify(ports),
      LINES: String(lines),
      MARK: mark,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}
