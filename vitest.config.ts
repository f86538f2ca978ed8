import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'

const results = process.env.TEST_RESULTS
/** Tests against real parts, which .ci/real-hosts installs and starts; npm test needs none of them. */
const real = process.env.REAL_PARTS === '1'

export default defineConfig({
  test: {
    include: real ? ['src/**/*.real.test.ts'] : ['src/**/*.test.ts', 'commands/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(real ? [] : ['**/*.real.test.ts'])],
    // Against hanging only: what is slow on a busy machine is not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The house has no state outside of what it is given, so that files may share it; they often wait for other processes.
    isolate: false,
    maxWorkers: availableParallelism() + 1,
    reporters: results ? ['default', ['json', { outputFile: results }]] : ['default'],
  },
})
