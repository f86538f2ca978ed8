// Wraps the log writer that everybody uses: whether lines can be stored is recorded, whoever sends them.
import type { Clock } from '../clock.ts'
import type { LogWriter } from '../logs/store.ts'
import type { StorageHealth } from '../state/storage-health.ts'

/** `writer`, with each batch that is stored, or that storage refuses, recorded in `storage`. */
export function withStorageHealth(writer: LogWriter, storage: StorageHealth, clock: Clock): LogWriter {
  return {
    async append(batch) {
      try {
        const result = await writer.append(batch)
        // A repeated batch was stored earlier, and one without lines was not stored at all.
        if (result.accepted > 0 && !result.repeated) storage.recordStored('log lines', clock)
        return result
      } catch (error) {
        storage.recordRefusal('log lines', error, clock.now())
        throw error
      }
    },
  }
}
