// Opens a log store with an engine: the spool, the driver, and what ships from one to the other.
import type { Logger } from '../../logger.ts'
import type { EmbeddedLogStore } from '../embedded/embedded-log-store.ts'
import { type LogStoreOptions, openLogStore } from '../embedded/open-log-store.ts'
import { parseId } from '../embedded/partitions/line-key.ts'
import { type DriverSource, openDriver } from './driver.ts'
import { EngineHealth } from './engine-health.ts'
import { EngineLogStore } from './engine-log-store.ts'
import { EngineMaintenance } from './engine-maintenance.ts'
import type { OpenSearchOptions } from './opensearch/options.ts'
import { readShipped, type Shipped } from './shipped-file.ts'
import { Shipper } from './shipper.ts'

export type EngineStoreOptions = LogStoreOptions & {
  source: DriverSource
  /** What may wait here while the engine is away, bytes. */
  spoolBudgetBytes: number
  /** The clock for people, epoch ms. */
  now: () => number
  /** A partition of the engine takes no more lines after about this many (default: 30 million). */
  enginePartitionLines?: number
  /** How long shipped lines stay in the spool, ms (default: an hour). */
  keepMs?: number
  /** Whether lines are shipped (default: yes). */
  isShipping?: boolean
}

/** What the settings say of the engine. */
type Configured = OpenSearchOptions & { kind: 'opensearch'; spoolBudgetBytes: number }
/** The driver of each kind of engine. */
const DRIVERS = { opensearch: new URL('./opensearch/driver.ts', import.meta.url).href }

/** Opens the store with the engine of the settings. */
export function openConfiguredEngine(
  own: LogStoreOptions,
  { kind, spoolBudgetBytes, ...options }: Configured,
): Promise<EngineLogStore> {
  return openEngineLogStore({ ...own, source: { module: DRIVERS[kind], options }, spoolBudgetBytes, now: Date.now })
}

const PARTITION_LINES = 30_000_000

/** Opens the store, whether or not the engine answers. Rejects with a `Problem` when the folder cannot be used. */
export async function openEngineLogStore(options: EngineStoreOptions): Promise<EngineLogStore> {
  const { folder, source, logger, now, spoolBudgetBytes, diskBudgetBytes = null, keepMs } = options
  const known = await readShipped(folder)
  const lastPosition = known?.shippedTo ?? 0
  // The budget of the disk is that of the engine; what only waits here is never dropped for it.
  const spool = await openLogStore({ ...options, diskBudgetBytes: null, lastPosition })
  const driver = await openDriver(source)
  const health = new EngineHealth(now, problem => reportHealth(logger, problem?.message ?? null))
  const shipper = new Shipper({
    ...{ folder, source, driver, spool, health, logger, now, isKnown: known !== null },
    shipped: known ?? (await firstShipped(spool)),
    partitionLines: options.enginePartitionLines ?? PARTITION_LINES,
  })
  const maintenance = new EngineMaintenance({
    ...{ spool, driver, shipper, health, logger, folder, diskBudgetBytes, spoolBudgetBytes },
    ...(keepMs === undefined ? {} : { keepMs }),
  })
  if (options.isShipping ?? true) shipper.start()
  return new EngineLogStore({ spool, driver, shipper, health, maintenance })
}

/** What is assumed of an engine of which nothing is known: it has every line that is not here. */
async function firstShipped(spool: EmbeddedLogStore): Promise<Shipped> {
  const { lines, committedTo } = await spool.linesAfter(0, { lines: 1, bytes: 1 })
  const shippedTo = lines.length > 0 ? parseId(lines[0]!.id)!.position - 1 : committedTo
  return { engine: '', shippedTo, released: { position: shippedTo, until: 0 }, starts: {}, refused: 0 }
}

function reportHealth(logger: Logger, problem: string | null): void {
  if (problem === null) logger.info('the log engine answers again')
  else logger.warn('the log engine does not answer; log lines wait here', { problem })
}
