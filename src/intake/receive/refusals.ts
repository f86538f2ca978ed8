// Counts requests of log lines that are refused as a whole, for people: their senders often look at no answer.
import type { Problem, ProblemCode } from '../../problem.ts'
import type { Telemetry } from '../../telemetry.ts'

/** Refusals after which the sender sends the same again, because Vakt is the reason. */
const TEMPORARY: ReadonlySet<ProblemCode> = new Set(['busy', 'internal'])

/** A refused request: who sent it, its source and host where they are known, and its lines where they were counted. */
export type RefusedRequest = { project: string; sender: string; source?: string; host?: string; lines?: number }

/** Counts a request that `problem` refused at `now`. */
export function recordRefusedRequest(
  { refusedBatches, rejections }: Telemetry,
  { project, sender, source = '', host = '', lines = 0 }: RefusedRequest,
  { code, message }: Problem,
  now: number,
): void {
  refusedBatches.add(1, project, code)
  if (TEMPORARY.has(code)) return
  // The reasons of parsers quote the body, which may hold secrets.
  const shown = code === 'invalid' || code === 'not_a_log' ? message.replace(/: .*$/s, '.') : message
  rejections.record({ project, sender, source, host, reason: code, message: shown, lines, requests: 1 }, now)
}
