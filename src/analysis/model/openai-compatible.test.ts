// What models behind OpenAI-compatible servers lack is left out, and found out once.
import { afterAll, beforeAll, expect, it } from 'vitest'
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
const refused = (message: string, status = 400) => server.next({ kind: 'fails', status, message })
const asked = async (by = model()) => {
  const before = server.requests.length
  await by.ask(request)
  return server.requests.slice(before).map(one => one.json)
}

it.each([
  ['tools', 'registry.ollama.ai/library/gemma:2b does not support tools', ['tools', 'tool_choice']],
  ['tool choice', '"auto" tool choice requires --enable-auto-tool-choice', ['tools', 'tool_choice']],
  ['a schema', 'This response_format type is unavailable now', ['response_format']],
  ['the older limit', "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", ['max_tokens']],
])('one without %s is asked without, then and later', async (_, says, left) => {
  const small = model()
  refused(says)
  const [first, second] = await asked(small)
  for (const name of left) expect([name in first!, name in second!]).toEqual([true, false])
  const later = await asked(small)
  expect(later).toEqual([second])
})

it('one that takes no schema is told of it in words, and of the limit by its newer name', async () => {
  const small = model()
  refused('json_schema is not supported')
  refused("use 'max_completion_tokens'")
  const bodies = await asked(small)
  expect(JSON.stringify(bodies.at(-1)!.messages)).toContain('Answer with one JSON object')
  expect(bodies.at(-1)).toMatchObject({ max_completion_tokens: 100 })
})

it('what it can not do without is no reason to go on asking', async () => {
  const before = server.requests.length
  refused('context length exceeded')
  await expect(model().ask(request)).rejects.toMatchObject({ failure: 'invalid' })
  refused('tools are bad')
  refused('tools are bad')
  await expect(model().ask(request)).rejects.toMatchObject({ failure: 'invalid' })
  refused('no tools for you', 401)
  await expect(model().ask(request)).rejects.toMatchObject({ failure: 'key' })
  expect(server.requests.length - before).toBe(4)
})
