// Models of Anthropic through their SDK, which is loaded on first use.
import type Anthropic from '@anthropic-ai/sdk'
import {
  type ConversationTurn,
  createHttpError,
  type Model,
  ModelError,
  type ModelReply,
  type ModelRequest,
} from './model.ts'

type Message = Anthropic.Message
type MessageParam = Anthropic.MessageParam

const TIMEOUT_MS = 120_000
/** The cost of reading and writing the prompt cache of the provider, in ordinary input tokens. */
const CACHE_READ_FACTOR = 0.1
const CACHE_WRITE_FACTOR = 1.25

/** Creates the client for models at `baseUrl`, with or without `/v1`. */
export function createAnthropic(apiKey: string, baseUrl: string): Model {
  let client: Promise<Anthropic> | null = null
  const connect = async () => {
    const { default: Sdk } = await import('@anthropic-ai/sdk')
    const baseURL = baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')
    // The analysis retries itself, because it has a deadline and a budget.
    return new Sdk({ apiKey, authToken: null, baseURL, maxRetries: 0, timeout: TIMEOUT_MS, logLevel: 'off' })
  }
  return {
    async ask(request) {
      client ??= connect()
      const sdk = await client
      try {
        const stream = sdk.messages.stream(toBody(request), { signal: request.signal })
        let characters = 0
        stream.on('text', text => {
          characters += text.length
          request.onProgress(characters)
        })
        return toReply(await stream.finalMessage())
      } catch (error) {
        throw toModelError(error, request.signal)
      }
    },
  }
}

function toBody(request: ModelRequest): Anthropic.MessageStreamParams {
  return {
    model: request.model,
    max_tokens: request.maxTokens,
    system: request.system,
    messages: request.turns.map(toMessage),
    // All turns begin with the same evidence.
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

function toMessage(turn: ConversationTurn): MessageParam {
  if (turn.role === 'person') return { role: 'user', content: turn.text }
  if (turn.role === 'model') return { role: 'assistant', content: turn.raw as Anthropic.ContentBlockParam[] }
  const results = turn.results.map(({ id, text }) => ({
    ...{ type: 'tool_result' as const, tool_use_id: id, content: text },
  }))
  return { role: 'user', content: [...results, ...(turn.text ? [{ type: 'text' as const, text: turn.text }] : [])] }
}

function toReply(message: Message): ModelReply {
  const { usage } = message
  const calls = message.content.flatMap(block =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
  )
  const cached =
    CACHE_READ_FACTOR * (usage.cache_read_input_tokens ?? 0) +
    CACHE_WRITE_FACTOR * (usage.cache_creation_input_tokens ?? 0)
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

type SdkError = { status?: number; headers?: Headers; message?: string; name?: string; type?: string }

function toModelError(error: unknown, signal: AbortSignal): ModelError {
  if (signal.aborted) return new ModelError('stopped', 'The request was stopped.', { charged: true })
  const { status, headers, message, name, type } = error as SdkError
  if (status !== undefined) return createHttpError(status, headers?.get('retry-after') ?? null, message ?? '')
  if (name === 'APIConnectionError' || name === 'APIConnectionTimeoutError')
    return new ModelError('unreachable', message ?? '', { charged: name === 'APIConnectionTimeoutError' })
  // An error within the stream has no status, and tokens have been spent by then.
  return new ModelError(type === 'overloaded_error' ? 'overloaded' : 'cut', message ?? '', { charged: true })
}
