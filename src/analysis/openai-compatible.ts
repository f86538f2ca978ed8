// Models behind an OpenAI-compatible endpoint (Ollama, llama.cpp, vLLM, a gateway), over plain HTTP.
import { failureOf, type Model, ModelError, type ModelReply, type ModelRequest, type Turn } from './model.ts'
import { tokensOf } from './pack-text.ts'

type Delta = {
  content?: string | null
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[]
}
type Chunk = {
  choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[]
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null
  error?: { message?: string }
}

/** Models at `baseUrl`, which is given with its `/v1`; a local one may need no key. */
export function createOpenAiCompatible(apiKey: string | null, baseUrl: string): Model {
  const url = `${baseUrl.replace(/\/+$/, '')}/chat/completions`
  return {
    async ask(request) {
      const body = JSON.stringify(bodyOf(request))
      try {
        const response = await fetch(url, {
          method: 'POST',
          signal: request.signal,
          redirect: 'error',
          headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
          body,
        })
        if (!response.ok)
          throw failureOf(response.status, response.headers.get('retry-after'), (await response.text()).slice(0, 300))
        return await readReply(response, request, tokensOf(body))
      } catch (error) {
        if (error instanceof ModelError) throw error
        if (request.signal.aborted) throw new ModelError('stopped', 'It was stopped.', { charged: true })
        throw new ModelError('unreachable', (error as Error).message)
      }
    },
  }
}

function bodyOf(request: ModelRequest) {
  return {
    model: request.model,
    max_tokens: request.maxTokens,
    messages: [{ role: 'system', content: request.system }, ...request.turns.flatMap(messagesOf)],
    response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: request.schema } },
    stream: true,
    stream_options: { include_usage: true },
    ...(request.tools.length > 0
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
