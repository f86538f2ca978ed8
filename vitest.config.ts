import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// The tests need Temporal: one sentence instead of fifty failures.
if (!('Temporal' in globalThis))
  throw new Error(`The tests need Node 26 or newer, and this is ${process.version}. Run "npm ci" and then "npm test".`)

// Workers and processes that tests start compile the same files again and again; with a cache a log store opens in half
// the time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compile')

const results = process.env.TEST_RESULTS
/** Tests against real parts, which .ci/real-hosts installs and starts; npm test needs none of them. */
const real = process.env.REAL_PARTS === '1'

/** The files that take longest, which begin first: at the end of the run one of them would be waited for alone. */
const SLOWEST = [
  'src/logs/embedded/contract.test.ts',
  'src/notifications/delivery/crash.test.ts',
  'src/detectors/scenarios.story.test.ts',
  'src/checks/heartbeat.story.test.ts',
  'src/upgrade.story.test.ts',
  'src/chat/any-card.test.ts',
  'src/testing/client-examples.test.ts',
  'src/simulation/simulate.test.ts',
  'src/hosts/remote-logs/remote-logs.story.test.ts',
  'src/start-failure.test.ts',
  'src/cli.test.ts',
]

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      SLOWEST.findIndex(name => moduleId.endsWith(name)) + 1 || SLOWEST.length + 1
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: real ? ['src/**/*.real.test.ts'] : ['src/**/*.test.ts', 'commands/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(real ? [] : ['**/*.real.test.ts'])],
    setupFiles: ['src/testing/property-runs.ts'],
    // Against hanging only: what is slow on a busy machine is not wrong.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The code has no global state, so files may share a process; they often wait for other processes.
    isolate: false,
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: SlowestFirst },
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
  },
})
