// Features that an OpenAI-compatible server does not have are left out after the first refusal; odd answers are read.
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { MODEL_KEY, type ModelServer, startModelServer } from '../../testing/model/model-server.ts'
import type { Model, ModelRequest } from './model.ts'
import { createOpenAiCompatible } from './openai-compatible.ts'

let server: ModelServer
beforeAll(async () => {
  server = await startModelServer()
})
afterAll(() => server.close())

const request: ModelRequest = {
  ...{ model: 'small', system: 'Be brief.', turns: [{ role: 'person', text: 'why?' }], mayCall: true },
  tools: [{ name: 'search_logs', description: 'Find', schema: { type: 'object' } }],
  ...{ schema: { type: 'object', title: 'answer' }, maxTokens: 100, signal: new AbortController().signal },
  onProgress() {},
}
const model = (): Model => createOpenAiCompatible(MODEL_KEY, `${server.url}/v1/`)
const refuses = (message: string, status = 400) => server.next({ kind: 'fails', status, message })
const ask = async (asked = model()) => {
  const before = server.requests.length
  await asked.ask(request)
  return server.requests.slice(before).map(({ json }) => json)
}

it.each([
  ['tools', 'registry.ollama.ai/library/gemma:2b does not support tools', ['tools', 'tool_choice']],
  ['tool choice', '"auto" tool choice requires --enable-auto-tool-choice', ['tools', 'tool_choice']],
  ['a schema', 'This response_format type is unavailable now', ['response_format']],
  ['max_tokens', "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", ['max_tokens']],
])('a server without %s is asked without it, then and later', async (_, message, omitted) => {
  const small = model()
  refuses(message)
  const [first, second] = await ask(small)
  for (const name of omitted) expect([name in first!, name in second!]).toEqual([true, false])
  const later = await ask(small)
  expect(later).toEqual([second])
})

it('a server without schemas gets the schema in the prompt, and max_completion_tokens', async () => {
  const small = model()
  refuses('json_schema is not supported')
  refuses("use 'max_completion_tokens'")
  const bodies = await ask(small)
  expect(JSON.stringify(bodies.at(-1)!.messages)).toContain('Answer with one JSON object')
  expect(bodies.at(-1)).toMatchObject({ max_completion_tokens: 100 })
})

it('a refusal of a required part is not retried', async () => {
  const before = server.requests.length
  refuses('context length exceeded')
  await expect(model().ask(request)).rejects.toMatchObject({ failure: 'invalid' })
  refuses('tools are bad')
  refuses('tools are bad')
  await expect(model().ask(request)).rejects.toMatchObject({ failure: 'invalid' })
  refuses('no tools for you', 401)
  await expect(model().ask(request)).rejects.toMatchObject({ failure: 'key' })
  expect(server.requests.length - before).toBe(4)
})

it('pieces of tool calls belong together by their index, wherever a server begins to count', async () => {
  const piece = (index: number, text: string, name?: string) => ({ index, function: { arguments: text, name } })
  const chunks = [
    [piece(1, '{"id"', 'host'), piece(2, '', 'metrics')],
    [piece(2, '{}'), piece(1, ':"L1"}')],
  ].map(pieces => ({ choices: [{ delta: { tool_calls: pieces }, finish_reason: 'tool_calls' }] }))
  const body = chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`).join('')
  const fetching = vi.spyOn(globalThis, 'fetch')
  fetching.mockResolvedValueOnce(new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
  const { calls } = await model().ask(request)
  fetching.mockRestore()
  expect(calls.map(({ name, input }) => [name, input])).toEqual([
    ['host', { id: 'L1' }],
    ['metrics', {}],
  ])
})
