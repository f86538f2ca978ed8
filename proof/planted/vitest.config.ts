// Runs the tests with planted bugs in the code, in one process and one file after the other: `npm run proof -- planted-sample`.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import type { Run } from './sample.ts'
import { plant } from './switchboard.ts'

const ROOT = join(import.meta.dirname, '../..')
const { bugs, order } = JSON.parse(readFileSync(process.env.PLANTED_SAMPLE!, 'utf8')) as Run
const bugsOf = Map.groupBy(bugs, ({ file }) => file)

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const places = new Map(order.map((file, at) => [file, at]))
    const place = ({ moduleId }: TestSpecification) => places.get(relative(ROOT, moduleId)) ?? order.length
    return files.sort((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  root: ROOT,
  plugins: [
    {
      name: 'planted bugs',
      enforce: 'pre',
      transform(code, id) {
        const file = relative(ROOT, id)
        if (file === 'src/state/sqlite.ts')
          return code.replace('super.prepare(sql.', 'super.prepare(globalThis.__planted.query(sql).')
        // A query that is built once for all tests would have the bugs of its first test only.
        if (file === 'src/state/orm.ts')
          return code.replace('queries.get(name)', 'undefined as PreparedQuery | undefined')
        const planted = bugsOf.get(file)
        return planted ? plant(code, planted) : null
      },
    },
  ],
  test: {
    include: [...order],
    setupFiles: ['src/testing/property-runs.ts'],
    runner: join(import.meta.dirname, 'runner.ts'),
    testTimeout: 0,
    hookTimeout: 120_000,
    isolate: false,
    // A module that an earlier run has cached would have that run's bugs, or none.
    fsModuleCache: false,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    sequence: { sequencer: InOrder },
    reporters: ['dot'],
    silent: true,
  },
})
