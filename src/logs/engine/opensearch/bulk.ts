// Puts lines into indexes: each once, however often it is sent, and none in the way of the others.
import { Problem } from '../../../problem.ts'
import type { LogLine } from '../../line.ts'
import type { PutResult } from '../driver.ts'
import type { OpenSearchClient } from './client.ts'
import { documentOf, type LineDocument, plainDocumentOf } from './document.ts'

const TIMEOUT_MS = 60_000
/** How long the engine waits for a shard that is not there. */
const SHARD_TIMEOUT_S = 10
/** Created now, or there already. */
const STORED = new Set([200, 201, 409])
/** The engine refuses the document itself. */
const REFUSED = 400

export type BulkItem = { index: string; line: LogLine; position: number }

type Answered = { create?: { status: number; error?: { type?: string; reason?: string } } }
type Answer = { errors: boolean; items: Answered[] }

/**
 * Resolves once every line is stored durably, with how many were refused and are stored with their text only; or with why
 * some may not be stored (`delayed`): then all are sent again. Rejects with `busy` when the engine does not answer.
 */
export async function putLines(client: OpenSearchClient, items: readonly BulkItem[]): Promise<PutResult> {
  const first = await send(client, items, documentOf)
  if (first.delayed !== null || first.refused.length === 0) return { refused: 0, delayed: first.delayed }
  const second = await send(client, first.refused, plainDocumentOf)
  const [again] = second.refused
  if (again) throw new Problem('internal', `The log engine refuses the line ${again.line.id}.`)
  return { refused: first.refused.length, delayed: second.delayed }
}

/** Sends documents; resolves with those that were refused, or with why some were not stored. */
async function send(
  client: OpenSearchClient,
  items: readonly BulkItem[],
  documentFor: (line: LogLine, position: number) => LineDocument,
): Promise<{ refused: BulkItem[]; delayed: string | null }> {
  const body = items
    .map(({ index, line, position }) => {
      const action = { create: { _index: index, _id: line.id } }
      return `${JSON.stringify(action)}\n${JSON.stringify(documentFor(line, position))}\n`
    })
    .join('')
  const path = `_bulk?timeout=${SHARD_TIMEOUT_S}s&filter_path=errors,items.create.status,items.create.error`
  const { errors, items: answers } = await client.get<Answer>('POST', path, body, TIMEOUT_MS)
  if (answers.length !== items.length) return delayed(`it answered for ${answers.length} of ${items.length} lines`)
  if (!errors) return { refused: [], delayed: null }
  const refused: BulkItem[] = []
  for (const [i, { create }] of answers.entries()) {
    const status = create?.status ?? 0
    if (STORED.has(status)) continue
    if (status !== REFUSED) return delayed(create?.error?.reason ?? `status ${status}`)
    refused.push(items[i]!)
  }
  return { refused, delayed: null }
}

function delayed(reason: string) {
  return { refused: [], delayed: `The log engine did not store some lines: ${reason.slice(0, 300)}.` }
}
