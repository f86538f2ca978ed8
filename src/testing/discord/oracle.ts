// Asks Discord's own OpenAPI description whether a request, or one of the simulator's answers, is well formed.

import { readFileSync } from 'node:fs'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { FieldError } from './refusal.ts'

interface Operation {
  parameters?: { name: string; in: string }[]
  requestBody?: { content: Record<string, unknown> }
  responses: Record<string, { content?: Record<string, unknown> }>
}

interface Description {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

interface Schema {
  properties?: Record<string, { type?: unknown; enum?: unknown }>
  required?: string[]
}

interface Branch {
  $ref?: string
}

export interface DescribedRoute {
  /** As in the description: `/channels/{channel_id}/messages`. */
  template: string
  params: Record<string, string>
  methods: string[]
}

/** The route of the description that a path (below `/api/v10`) belongs to, the most literal one first. */
export function describedRoute(path: string): DescribedRoute | undefined {
  const steps = path.split('/').slice(1)
  const match = templates().find(t => t.steps.length === steps.length && t.steps.every((s, i) => fits(s, steps[i]!)))
  if (!match) return undefined
  const params: Record<string, string> = {}
  for (const [i, step] of match.steps.entries()) if (step.startsWith('{')) params[step.slice(1, -1)] = steps[i]!
  return { template: match.template, params, methods: match.methods }
}

/** What is wrong with a JSON body (empty = nothing); a body where none is described counts as wrong. */
export function requestErrors(method: string, template: string, body: unknown): FieldError[] {
  const operation = description().paths[template]?.[method.toLowerCase()]
  const described = operation?.requestBody?.content['application/json']
  if (!described) return body === undefined ? [] : [wrong([], 'BODY_UNEXPECTED', 'This route takes no body')]
  const check = compiled(pointer('paths', template, method.toLowerCase(), 'requestBody', 'content', 'application/json'))
  return check(body ?? {}) ? [] : fieldErrors(check.errors ?? [])
}

/** Names of query parameters the description does not know. */
export function unknownQuery(method: string, template: string, query: URLSearchParams): string[] {
  const known = description().paths[template]?.[method.toLowerCase()]?.parameters ?? []
  return [...query.keys()].filter(name => !known.some(p => p.name === name))
}

/** What is wrong with an answer of the simulator itself, in words (empty = nothing). */
export function responseErrors(method: string, template: string, status: number, body: unknown): string[] {
  const responses = description().paths[template]?.[method.toLowerCase()]?.responses ?? {}
  const key = String(status) in responses ? String(status) : status >= 400 ? '4XX' : undefined
  if (!key || status >= 400) return key || status >= 500 ? [] : [`status ${status} is not described`]
  if (!responses[key]?.content?.['application/json'])
    return body === undefined ? [] : ['an answer where none is described']
  const check = compiled(
    pointer('paths', template, method.toLowerCase(), 'responses', key, 'content', 'application/json'),
  )
  return check(body) ? [] : fieldErrors(check.errors ?? []).map(e => `${e.path.join('.')}: ${e.message}`)
}

let parsed: Description | undefined
function description(): Description {
  if (parsed) return parsed
  parsed = JSON.parse(readFileSync(new URL('./openapi.json', import.meta.url), 'utf8')) as Description
  // In the description it is an integer; in the API, its documentation and every client it is a string of digits.
  for (const schema of Object.values(parsed.components.schemas)) {
    const field = schema.properties?.default_member_permissions
    if (field) field.type = ['integer', 'string', 'null']
  }
  tagUnions(parsed, parsed.components.schemas)
  return parsed
}

/** Unions that `type` distinguishes become conditions, so that errors are about the intended branch only. */
function tagUnions(node: unknown, schemas: Description['components']['schemas']): void {
  if (typeof node !== 'object' || node === null) return
  const union = node as Record<string, unknown>
  const branches = union.oneOf ?? union.anyOf
  const tags = Array.isArray(branches) && branches.length > 1 ? tagsOf(branches as Branch[], schemas) : undefined
  if (tags) {
    delete union.oneOf
    delete union.anyOf
    union.type = 'object'
    union.required = ['type']
    union.properties = { type: { enum: tags.flat() } }
    union.allOf = (branches as Branch[]).map((then, i) => ({ if: { properties: { type: { enum: tags[i] } } }, then }))
    return
  }
  for (const child of Object.values(node)) tagUnions(child, schemas)
}

/** The values of `type` by branch, when each value belongs to exactly one. */
function tagsOf(branches: Branch[], schemas: Description['components']['schemas']): unknown[][] | undefined {
  const tags = branches.map(branch => {
    const schema = schemas[branch.$ref?.split('/').at(-1) ?? '']
    const values = schema?.required?.includes('type') ? schema.properties?.type?.enum : undefined
    return Array.isArray(values) ? (values as unknown[]) : []
  })
  const isDistinct = tags.every(values => values.length > 0) && new Set(tags.flat()).size === tags.flat().length
  return isDistinct ? tags : undefined
}

let list: { template: string; steps: string[]; methods: string[] }[] | undefined
function templates() {
  list ??= Object.entries(description().paths)
    .map(([template, operations]) => ({
      template,
      steps: template.split('/').slice(1),
      methods: Object.keys(operations)
        .filter(m => m !== 'parameters')
        .map(m => m.toUpperCase()),
    }))
    .sort((a, b) => count(a.template) - count(b.template))
  return list
}

const count = (template: string) => template.split('{').length
const fits = (step: string, actual: string) => (step.startsWith('{') ? actual !== '' : step === actual)

let ajv: Ajv2020 | undefined
const checks = new Map<string, ValidateFunction>()
function compiled(ref: string): ValidateFunction {
  const known = checks.get(ref)
  if (known) return known
  if (!ajv) {
    ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false })
    addFormats.default(ajv)
    ajv.addFormat('snowflake', /^(0|[1-9]\d*)$/)
    ajv.addFormat('nonce', true)
    ajv.addSchema(description(), 'discord')
  }
  const check = ajv.compile({ $ref: ref })
  checks.set(ref, check)
  return check
}

function pointer(...steps: string[]): string {
  const path = [...steps, 'schema'].map(s => encodeURIComponent(s.replaceAll('~', '~0').replaceAll('/', '~1')))
  return `discord#/${path.join('/')}`
}

function fieldErrors(errors: ErrorObject[]): FieldError[] {
  const direct = errors.filter(e => !['oneOf', 'anyOf', 'if'].includes(e.keyword))
  return (direct.length ? direct : errors).map(fieldError)
}

function fieldError(error: ErrorObject): FieldError {
  const path = error.instancePath.split('/').slice(1)
  const limit = (error.params as { limit?: number }).limit
  if (error.keyword === 'maxLength') return wrong(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${limit} or fewer in length.`)
  if (error.keyword === 'minLength') return wrong(path, 'BASE_TYPE_MIN_LENGTH', `Must be ${limit} or more in length.`)
  if (error.keyword === 'maxItems') return wrong(path, 'BASE_TYPE_BAD_LENGTH', `Must be ${limit} or fewer in length.`)
  if (error.keyword === 'required') {
    const missing = (error.params as { missingProperty: string }).missingProperty
    return wrong([...path, missing], 'BASE_TYPE_REQUIRED', 'This field is required')
  }
  return wrong(path, `BASE_TYPE_${error.keyword.toUpperCase()}`, error.message ?? 'is not valid')
}

const wrong = (path: (string | number)[], code: string, message: string): FieldError => ({ path, code, message })
