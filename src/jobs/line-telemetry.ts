// Counts the lines that are stored and rejected, whoever sends them.

import type { LogWriter } from '../logs/store.ts'
import type { Telemetry } from '../telemetry.ts'

/** `writer` with its lines counted. A repeated batch was counted the first time. */
export function withLineCounts(writer: LogWriter, telemetry: Telemetry): LogWriter {
  const { linesAccepted, linesRejected, rejections } = telemetry
  return {
    async append(batch) {
      const result = await writer.append(batch)
      if (result.repeated) return result
      if (result.accepted > 0) linesAccepted.add(result.accepted, batch.project)
      if (result.rejected > 0) {
        const { project, sender = '', defaults, receivedAt } = batch
        const { source = '', host = '' } = defaults
        const message = result.errors[0]?.message ?? ''
        linesRejected.add(result.rejected, project, 'unreadable')
        rejections.record(
          { project, sender, source, host, reason: 'unreadable', message, lines: result.rejected, requests: 0 },
          receivedAt,
        )
      }
      return result
    },
  }
}
