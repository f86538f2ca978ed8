// Counts the lines that are stored and rejected, whoever sends them.

import type { LogWriter } from '../logs/store.ts'
import type { Telemetry } from '../telemetry.ts'

/** `writer` with its lines counted. A repeated batch was counted the first time. */
export function withLineCounts(writer: LogWriter, { linesAccepted, linesRejected }: Telemetry): LogWriter {
  return {
    async append(batch) {
      const result = await writer.append(batch)
      if (result.repeated) return result
      if (result.accepted > 0) linesAccepted.add(result.accepted, batch.project)
      if (result.rejected > 0) linesRejected.add(result.rejected, batch.project, 'unreadable')
      return result
    },
  }
}
