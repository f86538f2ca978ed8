// Puts cases into a log store of their own, each as a project, and gathers the evidence for them.
import { gatherPack, type Subject } from '../src/analysis/evidence/gather.ts'
import type { Pack } from '../src/analysis/evidence/pack.ts'
import type { LogStore } from '../src/logs/store.ts'
import type { State } from '../src/state/database.ts'
import type { Story } from './story.ts'

const DAY = 86_400_000

/** Stores the lines of a case under the project `project`. */
export async function storeStory(store: LogStore, story: Story, project: string): Promise<void> {
  const encoded = new TextEncoder().encode(JSON.stringify(story.lines))
  const stored = await store.append({
    body: encoded.buffer.slice(encoded.byteOffset, encoded.byteOffset + encoded.byteLength) as ArrayBuffer,
    ...{ format: 'json', project, defaults: {}, receivedAt: story.until, limits: { lines: 1e6, messageBytes: 65_536 } },
    ...{ retentionMs: 30 * DAY, privacy: {}, idempotencyKey: null },
  })
  if (stored.accepted !== story.lines.length)
    throw new Error(`only ${stored.accepted} lines of ${story.kind} were stored`)
}

/** What is asked about a case. */
export function subjectOf(story: Story, project: string): Subject {
  const where = { kind: 'field' as const, field: 'project' as const, value: project }
  return { title: 'the logs', where, from: story.from, until: story.until, projectId: null }
}

/** The evidence pack that a question about the case's window gets. */
export function packOfStory(state: State, store: LogStore, story: Story, project: string): Promise<Pack> {
  return gatherPack({ state, store }, subjectOf(story, project))
}

/** Whether the line or pattern of the true cause is among what the pack shows. */
export function holdsCause(pack: Pack, story: Story): boolean {
  if (story.cause === null) return true
  return pack.lines.some(line => line.message.includes(story.cause!))
}
