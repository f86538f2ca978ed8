// What clients of Elasticsearch are answered: the items of a bulk request, and errors in their form. Pure.
import type { LineError } from '../../../logs/store.ts'
import type { Problem, ProblemCode } from '../../../problem.ts'
import { problemAnswer } from '../../problems.ts'
import type { Reply } from '../protocol.ts'
import type { BulkItem, ItemError } from './bulk-body.ts'
import { filterPaths } from './filter-path.ts'

/** Clients refuse every answer without this header. */
export const PRODUCT_HEADERS = { 'x-elastic-product': 'Elasticsearch' } as const

/** The exceptions of Elasticsearch by the codes of problems. */
const TYPES = {
  invalid: 'illegal_argument_exception',
  unauthorized: 'security_exception',
  forbidden: 'security_exception',
  not_found: 'resource_not_found_exception',
  conflict: 'version_conflict_engine_exception',
  too_large: 'content_too_long_exception',
  unsupported: 'media_type_header_exception',
  not_a_log: 'document_parsing_exception',
  limited: 'es_rejected_execution_exception',
  internal: 'exception',
  busy: 'es_rejected_execution_exception',
} as const satisfies Record<ProblemCode, string>

/** The answer of a refused request, with Vakt's own code and message beside. */
export function errorReply(problem: Problem, status: number = problemAnswer(problem).status): Reply {
  const { code, message } = problem
  const cause = { type: TYPES[code], reason: message }
  return {
    status,
    body: { ok: false, error: { root_cause: [cause], ...cause, code, message }, status },
    headers: PRODUCT_HEADERS,
  }
}

/** The answer to a bulk request whose documents were stored, but for those with an error. */
export function bulkReply(
  items: readonly BulkItem[],
  errors: readonly LineError[],
  filterPath: string | null,
  randomId: string,
): Reply {
  const reasons = new Map(errors.map(({ index, message }) => [index, message]))
  const answers = items.map((item, place) => {
    const reason = item.line === null ? undefined : reasons.get(item.line)
    const error = item.error ?? (reason === undefined ? null : { type: 'document_parsing_exception', reason })
    return error === null ? storedItem(item, `${randomId}${place.toString(36)}`) : failedItem(item, 400, error)
  })
  const hasErrors = reasons.size > 0 || items.some(({ error }) => error !== null)
  return toReply({ took: 0, errors: hasErrors, items: answers }, filterPath)
}

/** The answer to a bulk request that was refused as a whole, item by item. */
export function refusedBulkReply(items: readonly BulkItem[], problem: Problem, filterPath: string | null): Reply {
  const status = problem.code === 'limited' || problem.code === 'busy' ? 429 : 400
  const refusal = { type: TYPES[status === 429 ? 'limited' : problem.code], reason: problem.message }
  const answers = items.map(item => failedItem(item, item.error === null ? status : 400, item.error ?? refusal))
  return toReply({ took: 0, errors: true, items: answers }, filterPath)
}

/** The answer to a single document that is stored. */
export function documentReply(index: string, id: string): Reply {
  return { status: 201, body: { _index: index, _id: id, ...CREATED }, headers: PRODUCT_HEADERS }
}

const CREATED = {
  _version: 1,
  result: 'created',
  _shards: { total: 1, successful: 1, failed: 0 },
  _seq_no: 0,
  _primary_term: 1,
} as const

function storedItem({ action, index, id }: BulkItem, madeId: string) {
  return { [action]: { _index: index, _id: id ?? madeId, ...CREATED, status: 201 } }
}

function failedItem({ action, index, id }: BulkItem, status: number, error: ItemError) {
  return { [action]: { _index: index, ...(id === null ? {} : { _id: id }), status, error } }
}

function toReply(body: object, filterPath: string | null): Reply {
  return { status: 200, body: filterPath === null ? body : filterPaths(body, filterPath), headers: PRODUCT_HEADERS }
}
