// Fuzzes the framers of syslog, GELF and Fluent forward much longer than the tests do.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** `--runs` is how many streams of each kind are tried (default: 200,000). Resolves with whether all of them were read right. */
export async function streams(options: Readonly<Record<string, string>>): Promise<boolean> {
  const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs')
  const FC_RUNS = String(Math.ceil(Number(options.runs ?? 200_000) / 2))
  const child = spawn(
    process.execPath,
    [vitest, 'run', 'src/intake/sockets/framers.test.ts', '--testTimeout=3600000'],
    {
      env: { ...process.env, FC_RUNS },
      stdio: 'inherit',
    },
  )
  return new Promise(resolve => child.once('exit', code => resolve(code === 0)))
}
