// The log engine against a real cluster, in parts: `--part contract` (with `--tests <pattern>`), `kills` (`--kinds`, `--rounds`
// of each, `--lines` of each round, `--seconds`, `--seed`), `outage` (`--outage` seconds at `--rate` lines a second), `red` (a lost
// index). Default: all.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Cluster, startCluster } from './engine/cluster.ts'
import { KILLS, type Kill, playKills, playOutage } from './engine/kills.ts'
import { playRed } from './engine/red.ts'

type Options = Readonly<Record<string, string>>

const NODES = 3
const PORT = 9240
const VITEST = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs')

const PARTS: { [name: string]: (cluster: Cluster, options: Options) => Promise<boolean> } = {
  contract: (cluster, { tests = '' }) => runContract(cluster, tests),
  kills: (cluster, options) =>
    playKills(cluster, {
      kinds: options.kinds === undefined ? KILLS : (options.kinds.split(',') as Kill[]),
      rounds: Number(options.rounds ?? 2),
      lines: Number(options.lines ?? 10_000),
      seconds: Number(options.seconds ?? Number.POSITIVE_INFINITY),
      seed: Number(options.seed ?? 7),
    }),
  outage: (cluster, { outage = '20', rate = '1000' }) => playOutage(cluster, Number(outage), Number(rate)),
  red: playRed,
}

export async function engine(options: Options): Promise<boolean> {
  const names = options.part === undefined ? Object.keys(PARTS) : options.part.split(',')
  const unknown = names.find(name => !Object.hasOwn(PARTS, name))
  if (unknown !== undefined) {
    console.error(`There is no part "${unknown}". Parts: ${Object.keys(PARTS).join(', ')}`)
    return false
  }
  const cluster = await startCluster(NODES, Number(options.port ?? PORT), true)
  if (!cluster) return true
  try {
    for (const name of names) if (!(await PARTS[name]!(cluster, options))) return false
    return true
  } finally {
    await cluster.stop()
  }
}

/** The contract of log stores, in a test runner of its own; `tests` narrows it to the names that match. */
async function runContract({ urls }: Cluster, tests: string): Promise<boolean> {
  const env = { ...process.env, REAL_PARTS: '1', VAKT_ENGINE_URLS: urls.join(',') }
  const only = tests === '' ? [] : ['-t', tests]
  const words = ['run', 'src/logs/engine/opensearch', '--maxWorkers=1', '--reporter=verbose', ...only]
  const runner = spawn(process.execPath, [VITEST, ...words], { env, stdio: 'inherit' })
  process.once('exit', () => runner.kill())
  const [code] = await once(runner, 'exit')
  return code === 0
}
