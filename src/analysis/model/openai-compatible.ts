// Models behind an OpenAI-compatible endpoint (Ollama, llama.cpp, vLLM, a gateway), over plain HTTP.
import { errorMessage, truncate } from '../../text.ts'
import { estimateTokens } from '../evidence/pack-text.ts'
import {
  type ConversationTurn,
  createHttpError,
  type Model,
  ModelError,
  type ModelReply,
  type ModelRequest,
} from './model.ts'

type Delta = {
  content?: string | null
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[]
}
type Chunk = {
  choices?: { delta?: Delta; message?: Delta; finish_reason?: string | null }[]
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null
  error?: { message?: string }
}

const MAX_ERROR_LENGTH = 2_000

/** Features that not every such server has: tools, answers with a JSON schema, and `max_tokens`. */
type MissingFeature = 'tools' | 'schema' | 'max_tokens'

/**
 * Creates the client for models at `baseUrl`, including `/v1`; a local model may need no key. When a server refuses an
 * optional part of the request, this and later requests leave it out.
 */
export function createOpenAiCompatible(apiKey: string | null, baseUrl: string): Model {
  const url = `${baseUrl.replace(/\/+$/, '')}/chat/completions`
  const headers = { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) }
  const missingByModel = new Map<string, Set<MissingFeature>>()
  return {
    async ask(request) {
      const missing = missingByModel.get(request.model) ?? new Set()
      missingByModel.set(request.model, missing)
      try {
        for (;;) {
          const body = JSON.stringify(toBody(request, missing))
          const response = await fetch(url, {
            method: 'POST',
            signal: request.signal,
            redirect: 'error',
            headers,
            body,
          })
          if (response.ok) return await readReply(response, request, estimateTokens(body))
          const message = (await response.text()).slice(0, MAX_ERROR_LENGTH)
          const feature = findMissingFeature(response.status, message)
          if (feature === null || missing.has(feature))
            throw createHttpError(response.status, response.headers.get('retry-after'), truncate(message, 300))
          missing.add(feature)
        }
      } catch (error) {
        if (error instanceof ModelError) throw error
        if (request.signal.aborted) throw new ModelError('stopped', 'The request was stopped.', { charged: true })
        throw new ModelError('unreachable', errorMessage(error))
      }
    },
  }
}

/** The part of the request that a server refuses; each server has its own messages. */
function findMissingFeature(status: number, message: string): MissingFeature | null {
  if (![400, 422, 500, 501].includes(status)) return null
  if (/max_completion_tokens/i.test(message)) return 'max_tokens'
  if (/\btools?\b|tool_choice|tool[_-]call|function call/i.test(message)) return 'tools'
  return /response_format|json_schema|structured output|grammar/i.test(message) ? 'schema' : null
}

function toBody(request: ModelRequest, missing: ReadonlySet<MissingFeature>) {
  const schemaText = `\n\nAnswer with one JSON object and nothing else. It follows this JSON schema:\n${JSON.stringify(request.schema)}`
  const system = missing.has('schema') ? `${request.system}${schemaText}` : request.system
  const format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: request.schema } }
  return {
    model: request.model,
    [missing.has('max_tokens') ? 'max_completion_tokens' : 'max_tokens']: request.maxTokens,
    messages: [{ role: 'system', content: system }, ...request.turns.flatMap(toMessages)],
    ...(missing.has('schema') ? {} : { response_format: format }),
    stream: true,
    stream_options: { include_usage: true },
    ...(request.tools.length > 0 && !missing.has('tools')
      ? {
          tools: request.tools.map(({ name, description, schema }) => ({
            ...{ type: 'function', function: { name, description, parameters: schema } },
          })),
          tool_choice: request.mayCall ? 'auto' : 'none',
        }
      : {}),
  }
}

function toMessages(turn: ConversationTurn): object[] {
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
  const calls: PartialCall[] = []
  for await (const chunk of readChunks(response)) {
    if (chunk.error)
      throw new ModelError('cut', chunk.error.message ?? 'The stream ended with an error.', { charged: true })
    usage = chunk.usage ?? usage
    const choice = chunk.choices?.[0]
    const delta = choice?.delta ?? choice?.message
    finish = choice?.finish_reason ?? finish
    text += delta?.content ?? ''
    addCalls(calls, delta?.tool_calls ?? [])
    request.onProgress(text.length)
  }
  if (finish === null) throw new ModelError('cut', 'The answer is incomplete.', { charged: true })
  return {
    text,
    calls: calls.map(({ id, name, json }) => ({ id, name, input: parseJson(json) })),
    raw: null,
    stop: calls.length > 0 ? 'calls' : (STOPS[finish] ?? 'done'),
    usage: { input: usage?.prompt_tokens ?? inputTokens, output: usage?.completion_tokens ?? estimateTokens(text) },
  }
}

type PartialCall = { index: number; id: string; name: string; json: string }

/** Adds the pieces of tool calls, each under its index: first the name, then the arguments. */
function addCalls(calls: PartialCall[], pieces: NonNullable<Delta['tool_calls']>): void {
  for (const [at, { index = at, id = '', function: calledFunction }] of pieces.entries()) {
    // Not every server counts them from 0.
    const known = calls.find(call => call.index === index)
    if (known) known.json += calledFunction?.arguments ?? ''
    else calls.push({ index, id, name: calledFunction?.name ?? '', json: calledFunction?.arguments ?? '' })
  }
}

const STOPS: Record<string, ModelReply['stop']> = { length: 'length', content_filter: 'refused' }

/** The chunks of a stream of server-sent events, or the single answer of a server without streaming. */
async function* readChunks(response: Response): AsyncGenerator<Chunk> {
  const isStream = response.headers.get('content-type')?.includes('event-stream')
  let rest = ''
  try {
    if (!isStream) {
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
    throw new ModelError('cut', `Reading the answer failed: ${errorMessage(error)}`, { charged: true })
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return {}
  }
}
