// Healthchecks' API through a client library that others wrote: py-healthchecks.io, installed from PyPI into a temporary folder.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newFolder, startVakt } from '../src/testing/running.ts'

const PACKAGE = 'healthchecks-io==0.4.4'

/** Resolves with whether the library does all that it can against Vakt, and a read-only key shows no secret. */
export async function healthchecksApi(): Promise<boolean> {
  const modules = join(tmpdir(), 'vakt-proof-clients', 'py-healthchecks')
  try {
    if (!existsSync(join(modules, 'healthchecks_io')))
      execFileSync('python3', ['-m', 'pip', 'install', '-q', '--target', modules, PACKAGE], { stdio: 'ignore' })
  } catch {
    console.log('healthchecks-api: skipped, because python3 or its package is not there')
    return true
  }
  const folder = newFolder()
  const vakt = await startVakt(folder.path)
  try {
    const keyOf = async (role: string) =>
      (await vakt.command<{ key: { secret: string } }>(`keys create default --role ${role}`)).key.secret
    const { project } = await vakt.command<{ project: { ping_key: string } }>('projects show')
    const env = {
      ...process.env,
      PYTHONPATH: modules,
      VAKT_URL: vakt.url,
      RW_KEY: await keyOf('responder'),
      RO_KEY: await keyOf('viewer'),
      PING_KEY: project.ping_key,
    }
    const { status } = spawnSync('python3', [join(import.meta.dirname, 'healthchecks_api.py')], {
      env,
      stdio: 'inherit',
    })
    return status === 0
  } finally {
    await vakt.kill()
    folder.remove()
  }
}
