// A log store with an engine in a process of its own, for kill -9: a folder, and the options of the driver as JSON.
import { silentLogger } from '../../logger.ts'
import { serveStore } from '../store-process.testing.ts'
import { openEngineLogStore } from './open-engine-log-store.ts'

const [folder, driver] = process.argv.slice(2)

await serveStore(() =>
  openEngineLogStore({
    folder: folder!,
    logger: silentLogger,
    source: { module: new URL('./opensearch/driver.ts', import.meta.url).href, options: JSON.parse(driver!) },
    spoolBudgetBytes: 1e12,
    now: Date.now,
    keepMs: 0,
  }),
)
