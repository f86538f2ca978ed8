// Reads the body of a bulk request: lines of actions, each with the document that follows it. Pure.
import { Problem } from '../../../problem.ts'

export type BulkAction = 'index' | 'create' | 'update' | 'delete'

/** Why one item of a bulk request is refused, as Elasticsearch writes it. */
export type ItemError = { type: string; reason: string }

/** One action: `line` is the place of its document among those to store; null where `error` says why there is none. */
export type BulkItem = {
  action: BulkAction
  index: string
  id: string | null
  line: number | null
  error: ItemError | null
}

/** The items in their order, and the documents to store as NDJSON. */
export type BulkBody = { items: BulkItem[]; documents: Buffer }

/** What documents go to that name no index. */
export const DEFAULT_INDEX = 'logs'
const ACTIONS: ReadonlySet<string> = new Set(['index', 'create', 'update', 'delete'])
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const SPACE = 32
const BRACE = 123
const MAX_QUOTED_LENGTH = 80

/** Documents become log lines, which do not change once they are stored; Elasticsearch answers alike for a data stream. */
const APPEND_ONLY: ItemError = {
  type: 'illegal_argument_exception',
  reason: 'Vakt stores documents as log lines and never changes them: use the action create or index.',
}
const NO_OBJECT: ItemError = {
  type: 'document_parsing_exception',
  reason: 'The document is no JSON object, and it is not stored.',
}

/**
 * The items of a bulk body; `pathIndex` is the index of actions that name none. Each document gets its index as `_index`.
 * Throws `invalid` when an action cannot be read: then nobody knows which line is a document, and nothing is stored.
 */
export function readBulk(body: Buffer, pathIndex: string | null): BulkBody {
  const items: BulkItem[] = []
  const documents = createDocuments(body)
  let previous: { start: number; end: number; read: ReadAction } | null = null
  let number = 0
  for (let at = 0; at < body.length; ) {
    number++
    const start = at
    const end = endOfLine(body, at)
    at = end + 1
    if (isBlank(body, start, end)) continue
    // Almost all actions of a body are the same.
    const isSame = previous !== null && body.compare(body, previous.start, previous.end, start, end) === 0
    const read: ReadAction = isSame ? previous!.read : readAction(body, start, end, number)
    if (!isSame) previous = { start, end, read }
    const { action, index = pathIndex ?? DEFAULT_INDEX, id } = read
    const item: BulkItem = { action, index, id, line: null, error: null }
    items.push(item)
    if (action === 'delete') {
      item.error = APPEND_ONLY
      continue
    }
    if (at >= body.length)
      throw malformed(`The body ends after the action on line ${number}: its document is missing. Nothing is stored.`)
    number++
    const documentStart = at
    const documentEnd = endOfLine(body, at)
    at = documentEnd + 1
    if (action === 'update') item.error = APPEND_ONLY
    else if (firstByte(body, documentStart, documentEnd) !== BRACE) item.error = NO_OBJECT
    else item.line = documents.add(documentStart, documentEnd, index)
  }
  if (items.length === 0)
    throw malformed('The body is empty. Send an action and a document, each on a line that ends in a line feed.')
  return { items, documents: documents.toNdjson() }
}

type ReadAction = { action: BulkAction; index?: string; id: string | null }

function readAction(body: Buffer, start: number, end: number, number: number): ReadAction {
  const text = body.toString('utf8', start, end)
  const [action, target, ...more] = entriesOf(text)
  if (action === undefined || more.length > 0 || !ACTIONS.has(action) || !isObject(target)) {
    const quoted = text.slice(0, MAX_QUOTED_LENGTH)
    throw malformed(
      `Malformed action/metadata line [${number}]: expected {"create":{}} or another action, found ${quoted}. Nothing is stored.`,
    )
  }
  const { _index: index, _id: id } = target
  return {
    action: action as BulkAction,
    ...(typeof index === 'string' && index !== '' ? { index } : {}),
    id: typeof id === 'string' ? id : typeof id === 'number' ? String(id) : null,
  }
}

/** The one name of an object and its value, and every further name. */
function entriesOf(text: string): [string?, unknown?, ...string[]] {
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) return []
    const [first, ...more] = Object.keys(value)
    return first === undefined ? [] : [first, value[first], ...more]
  } catch {
    return []
  }
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(message: string): Problem {
  return new Problem('invalid', message, { fields: { body: 'is no bulk request' } })
}

/** Collects documents by their places in the body, so that each is copied once. */
function createDocuments(body: Buffer) {
  const places: { start: number; end: number; head: Buffer }[] = []
  const heads = new Map<string, Buffer>()
  let size = 0
  const headOf = (index: string): Buffer => {
    const known = heads.get(index)
    if (known) return known
    const head = Buffer.from(`{"_index":${JSON.stringify(index)},`)
    heads.set(index, head)
    return head
  }
  return {
    /** Adds the document and returns its place among all. */
    add(start: number, end: number, index: string): number {
      const open = body.indexOf(BRACE, start) + 1
      // The index goes before the first name; an empty object has none.
      const head = firstByte(body, open, end) === QUOTE ? headOf(index) : OPEN
      places.push({ start: open, end, head })
      size += head.length + end - open + 1
      return places.length - 1
    },
    toNdjson(): Buffer {
      const ndjson = Buffer.allocUnsafe(size)
      let at = 0
      for (const { start, end, head } of places) {
        at += head.copy(ndjson, at)
        at += body.copy(ndjson, at, start, end)
        ndjson[at++] = LINE_FEED
      }
      return ndjson
    },
  }
}

const OPEN = Buffer.from('{')
const QUOTE = 34

/** The end of the line that begins at `start`, without its line feed. */
function endOfLine(body: Buffer, start: number): number {
  const end = body.indexOf(LINE_FEED, start)
  return end < 0 ? body.length : end
}

function isBlank(body: Buffer, start: number, end: number): boolean {
  return firstByte(body, start, end) === null
}

/** The first byte of a line that is no space; null in a line without any. */
function firstByte(body: Buffer, start: number, end: number): number | null {
  for (let at = start; at < end; at++) {
    const byte = body[at]!
    if (byte !== SPACE && byte !== CARRIAGE_RETURN && byte !== 9) return byte
  }
  return null
}
