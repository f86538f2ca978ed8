// The log engine against a real cluster, in parts: `--part contract` (with `--tests <pattern>`), `kills` (`--kinds`, `--rounds`
// of each, `--lines` of each round, `--seconds`, `--seed`), `outage` (`--outage` seconds at `--rate` lines a second), `red` (a lost
// index), `trees` (`--spools`, `--trees`, `--lines`, `--seed`), `bench` (`--seconds`, `--rounds`, `--bench-lines`, `--runs`; it wants a quiet
// machine). Default: all but the bench.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Spool } from '../src/logs/engine/engine-made.testing.ts'
import { playBench } from './engine/bench.ts'
import { type Cluster, startCluster } from './engine/cluster.ts'
import { KILLS, type Kill, playKills, playOutage } from './engine/kills.ts'
import { playRed } from './engine/red.ts'
import { playTrees } from './engine/trees.ts'

type Options = Readonly<Record<string, string>>

const NODES = 3
const PORT = 9240
/** The machine may have much else to do. */
const TEST_TIMEOUT_MS = 600_000
const VITEST = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs')

/** They measure how fast the engine is. */
const TIMED = new Set(['bench', 'outage'])

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
  trees: (cluster, { spools = 'empty,half,full', trees = '100', lines = '600', seed = '7' }) =>
    playTrees(cluster, {
      spools: spools.split(',') as Spool[],
      ...{ trees: Number(trees), lines: Number(lines), seed: Number(seed) },
    }),
  bench: (cluster, { seconds = '20', rounds = '3', 'bench-lines': lines = '500000', runs = '40' }) =>
    playBench(cluster, {
      ...{ seconds: Number(seconds), rounds: Number(rounds), lines: Number(lines), runs: Number(runs) },
    }),
}

export async function engine(options: Options): Promise<boolean> {
  const names =
    options.part === undefined ? Object.keys(PARTS).filter(name => name !== 'bench') : options.part.split(',')
  const unknown = names.find(name => !Object.hasOwn(PARTS, name))
  if (unknown !== undefined) {
    console.error(`There is no part "${unknown}". Parts: ${Object.keys(PARTS).join(', ')}`)
    return false
  }
  const cluster = await startCluster(NODES, Number(options.port ?? PORT), {
    isQuick: !names.some(name => TIMED.has(name)),
    // In real life the engine has machines of its own.
    priority: names.includes('bench') ? 19 : 0,
  })
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
  const words = [
    'run',
    'src/logs/engine/opensearch',
    '--maxWorkers=1',
    '--reporter=verbose',
    `--testTimeout=${TEST_TIMEOUT_MS}`,
  ]
  const runner = spawn(process.execPath, [VITEST, ...words, ...only], { env, stdio: 'inherit' })
  process.once('exit', () => runner.kill())
  const [code] = await once(runner, 'exit')
  return code === 0
}
