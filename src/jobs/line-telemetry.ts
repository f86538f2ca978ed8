// Counts the lines that are stored and rejected, whoever sends them.
import { type Batch, EMITTER_FIELD, type LineError, type LogWriter } from '../logs/store.ts'
import type { Telemetry } from '../telemetry.ts'

/** `writer` with its lines counted. A repeated batch was counted the first time. */
export function withLineCounts(writer: LogWriter, telemetry: Telemetry): LogWriter {
  const { linesAccepted, linesRejected, rejections } = telemetry
  return {
    async append(batch) {
      const result = await writer.append(batch)
      if (result.repeated) return result
      if (result.accepted > 0) linesAccepted.add(result.accepted, batch.project)
      const limited = result.errors.filter(({ field }) => field === EMITTER_FIELD)
      record(batch, 'limited', limited.length, limited[0])
      const unreadable = result.errors.find(({ field }) => field !== EMITTER_FIELD)
      record(batch, 'unreadable', result.rejected - limited.length, unreadable)
      return result
    },
  }

  function record(batch: Batch, reason: string, lines: number, error: LineError | undefined): void {
    if (lines === 0) return
    const { project, sender = '', defaults, receivedAt } = batch
    const { source = '', host = '' } = defaults
    linesRejected.add(lines, project, reason)
    const message = error?.message ?? ''
    rejections.record({ project, sender, source, host, reason, message, lines, requests: 0 }, receivedAt)
  }
}
