// Stores evaluation cases in a log store, each as a project, and gathers their evidence.
import { type AnalysisSubject, gatherPack } from '../src/analysis/evidence/gather.ts'
import type { Pack } from '../src/analysis/evidence/pack.ts'
import type { LogStore } from '../src/logs/store.ts'
import type { State } from '../src/state/database.ts'
import { DAY } from '../src/time.ts'
import type { CaseLine, EvaluationCase } from './evaluation-case.ts'

/** Stores the lines of a case in the project `project`. */
export async function storeCase(store: LogStore, evaluationCase: EvaluationCase, project: string): Promise<void> {
  await appendJson(store, evaluationCase.lines, project, evaluationCase.until, 30 * DAY)
}

/** Appends lines to a project as JSON received at `receivedAt`; throws when not all are accepted. */
export async function appendJson(
  store: LogStore,
  lines: readonly CaseLine[],
  project: string,
  receivedAt: number,
  retentionMs: number,
): Promise<void> {
  const encoded = new TextEncoder().encode(JSON.stringify(lines))
  const stored = await store.append({
    body: encoded.buffer.slice(encoded.byteOffset, encoded.byteOffset + encoded.byteLength) as ArrayBuffer,
    ...{ format: 'json', project, defaults: {}, receivedAt, limits: { lines: 1e6, messageBytes: 65_536 } },
    ...{ retentionMs, privacy: {}, idempotencyKey: null },
  })
  if (stored.accepted !== lines.length)
    throw new Error(`only ${stored.accepted} of ${lines.length} lines of ${project} were stored`)
}

/** The subject of the question about a case. */
export function caseSubject(evaluationCase: EvaluationCase, project: string): AnalysisSubject {
  const where = { kind: 'field' as const, field: 'project' as const, value: project }
  return { title: 'the logs', where, from: evaluationCase.from, until: evaluationCase.until, projectId: null }
}

/** Gathers the evidence pack for the window of a case. */
export function gatherCasePack(
  state: State,
  store: LogStore,
  evaluationCase: EvaluationCase,
  project: string,
): Promise<Pack> {
  return gatherPack({ state, store }, caseSubject(evaluationCase, project))
}

/** Whether a line of the pack contains the true cause. */
export function containsCause(pack: Pack, evaluationCase: EvaluationCase): boolean {
  if (evaluationCase.cause === null) return true
  return pack.lines.some(line => line.message.includes(evaluationCase.cause!))
}
