// Holds answers of the intake to its own OpenAPI document: status, headers, content type and body.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

type Schema = Record<string, unknown>
type Content = Record<string, { schema: Schema }>
type Answer = { content?: Content; headers?: Record<string, { required?: boolean; schema: Schema }> }
type Operation = {
  operationId: string
  parameters?: readonly { name: string; in: string; required: boolean; schema: Schema }[]
  requestBody?: { content: Content }
  responses: Record<string, Answer>
}
export type Document = { openapi: string; paths: Record<string, Record<string, Operation>> }

/** These come in pieces and may break off; tests of their own read them. */
const STREAMED = /^(text\/event-stream|application\/x-ndjson|text\/csv)$/

/** A check of requests and answers against a document. */
export function createDocumentCheck(document: Document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false })
  addFormats.default(ajv)
  ajv.addSchema(document, 'vakt')
  const compiled = new Map<string, ValidateFunction>()
  const errorsOf = (value: unknown, steps: readonly string[]): string[] => {
    const pointer = steps.map(step => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
    const ref = `vakt#/${pointer.join('/')}`
    const validate = compiled.get(ref) ?? ajv.compile({ $ref: ref })
    compiled.set(ref, validate)
    return validate(value) ? [] : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message}`)
  }
  const templates = Object.keys(document.paths)
    .map(template => ({ template, pattern: patternOf(template) }))
    .sort((a, b) => parameterCount(a.template) - parameterCount(b.template))

  const find = (method: string, path: string) => {
    const template = templates.find(({ pattern }) => pattern.test(path))?.template
    const operations = template === undefined ? {} : document.paths[template]!
    // HEAD works wherever GET does, and every method pings.
    const names = [method.toLowerCase(), ...(method === 'HEAD' ? ['get'] : []), ...(isPing(path) ? ['post'] : [])]
    const key = names.find(name => name in operations)
    return key === undefined ? null : { operation: operations[key]!, steps: ['paths', template!, key] }
  }

  const headerErrors = (answer: Answer, headers: Headers, steps: readonly string[]) =>
    Object.entries(answer.headers ?? {}).flatMap(([name, { required, schema }]) => {
      const text = headers.get(name)
      if (text === null) return required ? [`header ${name} is missing`] : []
      const value = schema.type === 'integer' ? Number(text) : text
      return errorsOf(value, [...steps, 'headers', name, 'schema'])
    })

  const bodyErrors = async (answer: Answer, response: Response, steps: readonly string[]) => {
    const type = (response.headers.get('content-type') ?? '').split(';')[0]!
    if (!answer.content) return []
    if (!answer.content[type]) return [`content type "${type}" is not documented`]
    if (STREAMED.test(type)) return []
    const text = await response.clone().text()
    const body = type === 'application/json' ? JSON.parse(text) : text
    return errorsOf(body, [...steps, 'content', type, 'schema'])
  }

  return {
    /** The operation that a request belongs to. */
    operationId: (method: string, path: string): string | undefined => find(method, path)?.operation.operationId,

    /** What is wrong with the JSON body of a request, in words; empty where nothing is. */
    requestErrors(method: string, path: string, body: unknown): string[] {
      const found = find(method, path)
      if (!found) return [`${method} ${path} is not documented`]
      return errorsOf(body, [...found.steps, 'requestBody', 'content', 'application/json', 'schema'])
    },

    /** What the document does not say of an answer, in words; empty where it says all. The answer can still be read. */
    async answerErrors(method: string, path: string, response: Response): Promise<string[]> {
      const found = find(method, path)
      const status = String(response.status)
      // The preflight of a browser belongs to no operation.
      if (method === 'OPTIONS' && status === '204') return []
      if (!found) return status === '404' || status === '405' ? [] : [`${method} ${path} is not documented`]
      const answer = found.operation.responses[status]
      if (!answer) return [`status ${status} is not documented`]
      const steps = [...found.steps, 'responses', status]
      const headers = headerErrors(answer, response.headers, steps)
      return method === 'HEAD' ? headers : [...headers, ...(await bodyErrors(answer, response, steps))]
    },
  }
}

/** A path may end in a slash where it is a ping. */
function patternOf(template: string): RegExp {
  const source = template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${source}${isPing(template) ? '/?' : ''}$`)
}

function isPing(path: string): boolean {
  return path.startsWith('/ping/')
}

function parameterCount(template: string): number {
  return template.split('{').length
}
