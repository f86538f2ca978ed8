// Models behind an OpenAI-compatible endpoint (Ollama, llama.cpp, vLLM, a gateway), over plain HTTP.

import { tokensOf } from '../evidence/pack-text.ts'
import { failureOf, type Model, ModelError, type ModelReply, type ModelRequest, type Turn } from './model.ts'

type Delta = {
  content?: string | null
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[]
}
type Chunk = {
  choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[]
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null
  error?: { message?: string }
}

/** What not every such model knows: tools, an answer bound to a schema, and the older name of the limit. */
type Lack = 'tools' | 'form' | 'limit'

/**
 * Models at `baseUrl`, which is given with its `/v1`; a local one may need no key. Where one refuses a part of what is asked
 * that it can do without, it is asked without it, then and later.
 */
export function createOpenAiCompatible(apiKey: string | null, baseUrl: string): Model {
  const url = `${baseUrl.replace(/\/+$/, '')}/chat/completions`
  const headers = { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) }
  const lacking = new Map<string, Set<Lack>>()
  return {
    async ask(request) {
      const lacks = lacking.get(request.model) ?? new Set()
      lacking.set(request.model, lacks)
      try {
        for (;;) {
          const body = JSON.stringify(bodyOf(request, lacks))
          const response = await fetch(url, {
            method: 'POST',
            signal: request.signal,
            redirect: 'error',
            headers,
            body,
          })
          if (response.ok) return await readReply(response, request, tokensOf(body))
          const said = (await response.text()).slice(0, 2_000)
          const lack = lackOf(response.status, said)
          if (lack === null || lacks.has(lack))
            throw failureOf(response.status, response.headers.get('retry-after'), said.slice(0, 300))
          lacks.add(lack)
        }
      } catch (error) {
        if (error instanceof ModelError) throw error
        if (request.signal.aborted) throw new ModelError('stopped', 'It was stopped.', { charged: true })
        throw new ModelError('unreachable', (error as Error).message)
      }
    },
  }
}

/** Which part of the request a refusal is about; servers say so in words of their own. */
function lackOf(status: number, said: string): Lack | null {
  if (![400, 422, 500, 501].includes(status)) return null
  if (/max_completion_tokens/i.test(said)) return 'limit'
  if (/\btools?\b|tool_choice|tool[_-]call|function call/i.test(said)) return 'tools'
  return /response_format|json_schema|structured output|grammar/i.test(said) ? 'form' : null
}

function bodyOf(request: ModelRequest, lacks: ReadonlySet<Lack>) {
  const form = `\n\nAnswer with one JSON object and nothing else. It follows this JSON schema:\n${JSON.stringify(request.schema)}`
  const system = lacks.has('form') ? `${request.system}${form}` : request.system
  const bound = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: request.schema } }
  return {
    model: request.model,
    [lacks.has('limit') ? 'max_completion_tokens' : 'max_tokens']: request.maxTokens,
    messages: [{ role: 'system', content: system }, ...request.turns.flatMap(messagesOf)],
    ...(lacks.has('form') ? {} : { response_format: bound }),
    stream: true,
    stream_options: { include_usage: true },
    ...(request.tools.length > 0 && !lacks.has('tools')
      ? {
          tools: request.tools.map(({ name, description, schema }) => ({
            ...{ type: 'function', function: { name, description, parameters: schema } },
          })),
          tool_choice: request.mayCall ? 'auto' : 'none',
        }
      : {}),
  }
}

function messagesOf(turn: Turn): object[] {
  if (turn.role === 'person') return [{ role: 'user', content: turn.text }]
  if (turn.role === 'model') {
    const calls = turn.calls.map(({ id, name, input }) => ({
      ...{ id, type: 'function', function: { name, arguments: JSON.stringify(input) } },
    }))
    return [{ role: 'assistant', content: turn.text, ...(calls.length > 0 ? { tool_calls: calls } : {}) }]
  }
  const results = turn.results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text }))
  return [...results, ...(turn.text ? [{ role: 'user', content: turn.text }] : [])]
}

async function readReply(response: Response, request: ModelRequest, inputTokens: number): Promise<ModelReply> {
  let text = ''
  let finish: string | null = null
  let usage: Chunk['usage'] = null
  const calls: Call[] = []
  for await (const chunk of chunksOf(response)) {
    if (chunk.error) throw new ModelError('cut', chunk.error.message ?? 'The stream broke.', { charged: true })
    usage = chunk.usage ?? usage
    const choice = chunk.choices?.[0]
    const delta = choice?.delta ?? choice?.message
    finish = choice?.finish_reason ?? finish
    text += delta?.content ?? ''
    addCalls(calls, delta?.tool_calls ?? [])
    request.onProgress(text.length)
  }
  if (finish === null) throw new ModelError('cut', 'The answer ended in the middle.', { charged: true })
  return {
    text,
    calls: calls.map(({ id, name, json }) => ({ id, name, input: parsed(json) })),
    raw: null,
    stop: calls.length > 0 ? 'calls' : (STOPS[finish] ?? 'done'),
    usage: { input: usage?.prompt_tokens ?? inputTokens, output: usage?.completion_tokens ?? tokensOf(text) },
  }
}

type Call = { id: string; name: string; json: string }

/** A call comes in pieces under its index: first its name, then more and more of its arguments. */
function addCalls(calls: Call[], pieces: NonNullable<Delta['tool_calls']>): void {
  for (const [at, { index = at, id = '', function: called }] of pieces.entries()) {
    const known = calls[index]
    if (known) known.json += called?.arguments ?? ''
    else calls.push({ id, name: called?.name ?? '', json: called?.arguments ?? '' })
  }
}

const STOPS: Record<string, ModelReply['stop']> = { length: 'length', content_filter: 'refused' }

/** The chunks of a stream of server-sent events; a server that does not stream gives its one answer. */
async function* chunksOf(response: Response): AsyncGenerator<Chunk> {
  const streaming = response.headers.get('content-type')?.includes('event-stream')
  let rest = ''
  try {
    if (!streaming) {
      yield JSON.parse(await response.text()) as Chunk
      return
    }
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      rest += decoder.decode(bytes, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const value = line.startsWith('data:') ? line.slice(5).trim() : ''
        if (value !== '' && value !== '[DONE]') yield JSON.parse(value) as Chunk
      }
    }
  } catch (error) {
    if (error instanceof ModelError || (error as Error).name === 'AbortError') throw error
    throw new ModelError('cut', `The answer could not be read: ${(error as Error).message}`, { charged: true })
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
