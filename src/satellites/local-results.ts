// On a satellite: keeps what a probe from there found for the main, and how the check looks from there.
import type { Check } from '../checks/check.ts'
import { updateCheck } from '../checks/checks.ts'
import type { ProbeResult } from '../probes/probe.ts'
import type { ProbedCheck } from '../probes/probes.ts'
import type { State } from '../state/database.ts'
import type { Spool } from './spools.ts'

const NO_BODY = Buffer.alloc(0)

/** Adds a result to the spool, in the running transaction. A failure is looked at again soon, as the main does. */
export function keepResult(
  state: State,
  spool: Spool,
  { check, probe }: ProbedCheck,
  result: ProbeResult,
  now: number,
): void {
  const misses = result.ok ? 0 : check.misses + 1
  const status: Check['status'] = misses >= check.after ? 'down' : 'up'
  updateCheck(state, check.id, { misses, status, lastBeatAt: now })
  // A result that finds no room is worth nothing later.
  if (!spool.hasRoom('result', JSON.stringify(result).length)) return
  spool.add({ kind: 'result', at: now, check: check.id, changedAt: probe.changedAt, result }, NO_BODY)
}
