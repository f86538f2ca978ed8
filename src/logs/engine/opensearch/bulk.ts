// Puts lines into indexes: each once, however often it is sent, and none in the way of the others.
import { Problem } from '../../../problem.ts'
import type { LogLine } from '../../line.ts'
import type { OpenSearchClient } from './client.ts'
import { documentOf, type LineDocument, plainDocumentOf } from './document.ts'

const TIMEOUT_MS = 60_000
const RETRY_AFTER_MS = 1_000
/** Created now, or there already. */
const STORED = new Set([200, 201, 409])
/** The engine refuses the document itself. */
const REFUSED = 400

export type BulkItem = { index: string; line: LogLine; position: number }

type Answered = { create?: { status: number; error?: { type?: string; reason?: string } } }
type Answer = { errors: boolean; items: Answered[] }

/**
 * Resolves once every line is stored durably, with how many were refused and are stored with their text only. Rejects with
 * `busy` when some may not be: then all are sent again.
 */
export async function putLines(client: OpenSearchClient, items: readonly BulkItem[]): Promise<{ refused: number }> {
  const refused = await send(client, items, documentOf)
  if (refused.length === 0) return { refused: 0 }
  const [again] = await send(client, refused, plainDocumentOf)
  if (again) throw new Problem('internal', `The log engine refuses the line ${again.line.id}.`)
  return { refused: refused.length }
}

/** Sends documents; resolves with those that were refused. */
async function send(
  client: OpenSearchClient,
  items: readonly BulkItem[],
  documentFor: (line: LogLine, position: number) => LineDocument,
): Promise<BulkItem[]> {
  const body = items
    .map(({ index, line, position }) => {
      const action = { create: { _index: index, _id: line.id } }
      return `${JSON.stringify(action)}\n${JSON.stringify(documentFor(line, position))}\n`
    })
    .join('')
  const path = '_bulk?filter_path=errors,items.create.status,items.create.error'
  const { errors, items: answers } = await client.get<Answer>('POST', path, body, TIMEOUT_MS)
  if (answers.length !== items.length) throw busy(`it answered for ${answers.length} of ${items.length} lines`)
  if (!errors) return []
  const refused: BulkItem[] = []
  for (const [i, { create }] of answers.entries()) {
    const status = create?.status ?? 0
    if (STORED.has(status)) continue
    if (status !== REFUSED) throw busy(create?.error?.reason ?? `status ${status}`)
    refused.push(items[i]!)
  }
  return refused
}

function busy(reason: string): Problem {
  return new Problem('busy', `The log engine did not store some lines: ${reason.slice(0, 300)}.`, {
    retryAfterMs: RETRY_AFTER_MS,
  })
}
