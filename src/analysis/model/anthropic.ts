// Models of Anthropic through their SDK, which is loaded with the first question.
import type Anthropic from '@anthropic-ai/sdk'
import { failureOf, type Model, ModelError, type ModelReply, type ModelRequest, type Turn } from './model.ts'

type Message = Anthropic.Message
type MessageParam = Anthropic.MessageParam

const TIMEOUT = 120_000
/** What reading and writing the provider's prompt cache costs, in ordinary input tokens. */
const CACHE_READ = 0.1
const CACHE_WRITE = 1.25

/** Models at `baseUrl`, which is given without `/v1`. */
export function createAnthropic(apiKey: string, baseUrl: string): Model {
  let client: Promise<Anthropic> | null = null
  const connect = async () => {
    const { default: Sdk } = await import('@anthropic-ai/sdk')
    const baseURL = baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')
    // Retries are the analysis's own, for it has a deadline and a budget.
    return new Sdk({ apiKey, authToken: null, baseURL, maxRetries: 0, timeout: TIMEOUT, logLevel: 'off' })
  }
  return {
    async ask(request) {
      client ??= connect()
      const sdk = await client
      try {
        const stream = sdk.messages.stream(bodyOf(request), { signal: request.signal })
        let characters = 0
        stream.on('text', text => {
          characters += text.length
          request.onProgress(characters)
        })
        return replyOf(await stream.finalMessage())
      } catch (error) {
        throw asFailure(error, request.signal)
      }
    },
  }
}

function bodyOf(request: ModelRequest): Anthropic.MessageStreamParams {
  return {
    model: request.model,
    max_tokens: request.maxTokens,
    system: request.system,
    messages: request.turns.map(messageOf),
    // The evidence is the same in every turn.
    cache_control: { type: 'ephemeral' },
    output_config: { format: { type: 'json_schema', schema: request.schema as { [key: string]: unknown } } },
    ...(request.tools.length > 0
      ? {
          tools: request.tools.map(({ name, description, schema }) => ({
            ...{ name, description, input_schema: schema as Anthropic.Tool.InputSchema },
          })),
          tool_choice: { type: request.mayCall ? 'auto' : 'none' } as Anthropic.ToolChoice,
        }
      : {}),
  }
}

function messageOf(turn: Turn): MessageParam {
  if (turn.role === 'person') return { role: 'user', content: turn.text }
  if (turn.role === 'model') return { role: 'assistant', content: turn.raw as Anthropic.ContentBlockParam[] }
  const results = turn.results.map(({ id, text }) => ({
    ...{ type: 'tool_result' as const, tool_use_id: id, content: text },
  }))
  return { role: 'user', content: [...results, ...(turn.text ? [{ type: 'text' as const, text: turn.text }] : [])] }
}

function replyOf(message: Message): ModelReply {
  const { usage } = message
  const calls = message.content.flatMap(block =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
  )
  const cached =
    CACHE_READ * (usage.cache_read_input_tokens ?? 0) + CACHE_WRITE * (usage.cache_creation_input_tokens ?? 0)
  return {
    text: message.content.map(block => (block.type === 'text' ? block.text : '')).join(''),
    calls,
    raw: message.content,
    stop: STOPS[message.stop_reason ?? ''] ?? (calls.length > 0 ? 'calls' : 'done'),
    usage: { input: Math.ceil(usage.input_tokens + cached), output: usage.output_tokens },
  }
}

const STOPS: Record<string, ModelReply['stop']> = {
  tool_use: 'calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'refused',
}

type Failed = { status?: number; headers?: Headers; message?: string; name?: string; type?: string }

function asFailure(error: unknown, signal: AbortSignal): ModelError {
  if (signal.aborted) return new ModelError('stopped', 'It was stopped.', { charged: true })
  const { status, headers, message, name, type } = error as Failed
  if (status !== undefined) return failureOf(status, headers?.get('retry-after') ?? null, message ?? '')
  if (name === 'APIConnectionError' || name === 'APIConnectionTimeoutError')
    return new ModelError('unreachable', message ?? '', { charged: name === 'APIConnectionTimeoutError' })
  // An error in the middle of a stream has no status; by then tokens were spent.
  return new ModelError(type === 'overloaded_error' ? 'overloaded' : 'cut', message ?? '', { charged: true })
}
