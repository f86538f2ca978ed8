// Runs the tests with planted bugs in a process of its own.
import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from './sample.ts'

const ROOT = join(import.meta.dirname, '../..')

/** Runs the tests until all are done or it is `until` (epoch ms); what is known then is in the progress file. */
export async function runTests(run: Run, until: number): Promise<void> {
  const file = `${run.progressFile}.run`
  writeFileSync(file, JSON.stringify(run))
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const words = [vitest, 'run', '--config', join(ROOT, 'proof/planted/vitest.config.ts')]
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PLANTED_SAMPLE: file, CI: '1' },
  })
  const timer = setTimeout(() => child.kill('SIGTERM'), until - Date.now())
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', () => resolve())
    })
  } finally {
    clearTimeout(timer)
    rmSync(file, { force: true })
  }
}
