// Puts lines into indexes: each once, however often it is sent, and none in the way of the others.
import { Problem } from '../../../problem.ts'
import type { LogLine } from '../../line.ts'
import type { PutResult } from '../driver.ts'
import { type OpenSearchClient, reasonOf } from './client.ts'
import { documentOf, type LineDocument, plainDocumentOf } from './document.ts'

const TIMEOUT_MS = 60_000
/** How long the engine waits for a shard that is not there. */
const SHARD_TIMEOUT_S = 10
/** Created now, or there already. */
const STORED = new Set([200, 201, 409])
/** The engine refuses the document itself. */
const REFUSED = 400
/** The engine, or a proxy before it, takes no request of this size. */
const TOO_LARGE = 413

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
  const reply = await client.send('POST', path, body, TIMEOUT_MS)
  if (reply.status === TOO_LARGE) return sendInHalves(client, items, documentFor)
  if (reply.status >= 300)
    throw new Problem('internal', `The log engine refuses lines (${reply.status}): ${reasonOf(reply.body)}`)
  const { errors, items: answers = [] } = (reply.body ?? {}) as Partial<Answer>
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

/** A line that is too large by itself is refused, so that it does not keep all others from being stored. */
async function sendInHalves(
  client: OpenSearchClient,
  items: readonly BulkItem[],
  documentFor: (line: LogLine, position: number) => LineDocument,
): Promise<{ refused: BulkItem[]; delayed: string | null }> {
  if (items.length === 1) return { refused: [...items], delayed: null }
  const middle = Math.ceil(items.length / 2)
  const first = await send(client, items.slice(0, middle), documentFor)
  if (first.delayed !== null) return first
  const second = await send(client, items.slice(middle), documentFor)
  return { refused: [...first.refused, ...second.refused], delayed: second.delayed }
}

function delayed(reason: string) {
  return { refused: [], delayed: `The log engine did not store some lines: ${reason.slice(0, 300)}.` }
}
