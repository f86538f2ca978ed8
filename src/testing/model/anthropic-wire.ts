// The Messages API on the wire: plain and as server-sent events, with the errors of the real one.
import type { ServerResponse } from 'node:http'
import { type Behaviour, DEFAULT_USAGE } from './behaviour.ts'
import type { RecordedRequest } from './model-server.ts'

type Block = { type: string; [name: string]: unknown }
type Message = { role: string; content: string | Block[] }
type AnswerBlocks = { content: Block[]; stop: string; input: number; output: number; cached: number }

/** The 400 or 401 of the real API for an invalid request; null for a valid one. */
export function refuseAnthropic({ headers, json }: RecordedRequest, key: string): Behaviour | null {
  const sentKey = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '')
  if (sentKey !== key) return { kind: 'fails', status: 401, message: 'invalid x-api-key' }
  const fault = findFault(json, headers['anthropic-version'] as string | undefined)
  return fault === null ? null : { kind: 'fails', status: 400, message: fault }
}

/** Answers one request, as a stream on request. */
export function answerAnthropic(
  response: ServerResponse,
  { json }: RecordedRequest,
  behaviour: Exclude<Behaviour, { kind: 'hangs' }>,
): void {
  if (behaviour.kind === 'fails') {
    failWith(response, behaviour.status, behaviour.retryAfter, behaviour.message)
    return
  }
  if (behaviour.kind === 'babbles') {
    response.writeHead(200, { 'content-type': json.stream ? 'text/event-stream' : 'application/json' })
    return void response.end(json.stream ? 'event: message_start\ndata: {"type":"message_st\n\n' : '{"type":"mess')
  }
  const answered = toBlocks(behaviour)
  const head = { id: 'msg_simulated', type: 'message', role: 'assistant', model: json.model, stop_sequence: null }
  const usage = { input_tokens: answered.input, output_tokens: answered.output, ...caching(answered) }
  if (json.stream !== true) {
    if (behaviour.kind === 'is cut' || behaviour.kind === 'breaks') return void response.destroy()
    response.writeHead(200, { 'content-type': 'application/json' })
    return void response.end(JSON.stringify({ ...head, content: answered.content, stop_reason: answered.stop, usage }))
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_simulated' })
  const send = (type: string, rest: object) =>
    void response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`)
  send('message_start', {
    message: { ...head, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
  })
  send('ping', {})
  for (const [index, block] of answered.content.entries()) {
    send('content_block_start', { index, content_block: emptyBlock(block) })
    for (const delta of splitDeltas(block)) send('content_block_delta', { index, delta })
    if (behaviour.kind === 'is cut') {
      cut(response, behaviour.how)
      return
    }
    if (behaviour.kind === 'breaks') {
      send('error', { error: { type: 'overloaded_error', message: 'Overloaded' } })
      return void response.end()
    }
    send('content_block_stop', { index })
  }
  send('message_delta', {
    delta: { stop_reason: answered.stop, stop_sequence: null },
    usage: { output_tokens: answered.output },
  })
  send('message_stop', {})
  response.end()
}

function cut(response: ServerResponse, how: 'reset' | 'clean'): void {
  if (how === 'clean') response.end()
  // The written part must arrive before the connection breaks.
  else setImmediate(() => response.destroy())
}

function toBlocks(behaviour: Exclude<Behaviour, { kind: 'hangs' | 'fails' | 'babbles' }>): AnswerBlocks {
  const { input, output, cached = 0 } = ('usage' in behaviour && behaviour.usage) || DEFAULT_USAGE
  const counted = { input, output, cached }
  switch (behaviour.kind) {
    case 'refuses':
      return { content: [], stop: 'refusal', ...counted, output: 0 }
    case 'runs out':
      return { content: [{ type: 'text', text: behaviour.text }], stop: 'max_tokens', ...counted }
    case 'calls': {
      const calls = behaviour.calls.map(({ name, input }, i) => ({
        ...{ type: 'tool_use', id: `toolu_${Date.now()}_${i}`, name, input, caller: { type: 'direct' } },
      }))
      // A thinking block with its signature comes first, and must be sent back unchanged.
      const thinking = { type: 'thinking', thinking: 'Let me look.', signature: 'signed' }
      return { content: [thinking, ...calls], stop: 'tool_use', ...counted }
    }
    case 'is cut':
      return { content: [{ type: 'text', text: half(behaviour.text) }], stop: 'end_turn', ...counted }
    default:
      return { content: [{ type: 'text', text: behaviour.text }], stop: 'end_turn', ...counted }
  }
}

const half = (text: string) => text.slice(0, Math.ceil(text.length / 2))
const caching = ({ cached }: AnswerBlocks) => ({ cache_read_input_tokens: cached, cache_creation_input_tokens: 0 })

function emptyBlock(block: Block): Block {
  if (block.type === 'text') return { ...block, text: '' }
  if (block.type === 'thinking') return { ...block, thinking: '', signature: '' }
  return { ...block, input: {} }
}

/** Splits a block into small pieces across words and JSON, as the real stream does. */
function splitDeltas(block: Block): object[] {
  if (block.type === 'thinking')
    return [
      { type: 'thinking_delta', thinking: block.thinking },
      { type: 'signature_delta', signature: block.signature },
    ]
  const text = block.type === 'text' ? String(block.text) : JSON.stringify(block.input)
  const pieces = text.match(/[\s\S]{1,97}/g) ?? []
  return pieces.map(piece =>
    block.type === 'text' ? { type: 'text_delta', text: piece } : { type: 'input_json_delta', partial_json: piece },
  )
}

const ERROR_TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

function failWith(
  response: ServerResponse,
  status: number,
  retryAfter?: number,
  message = 'The request failed.',
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  })
  response.end(JSON.stringify({ type: 'error', error: { type: ERROR_TYPES[status] ?? 'api_error', message } }))
}

function findFault(json: Record<string, unknown>, version: string | undefined): string | null {
  const messages = json.messages as Message[] | undefined
  if (!version) return 'anthropic-version: header is required'
  if (typeof json.model !== 'string' || typeof json.max_tokens !== 'number') return 'model and max_tokens are required'
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: at least one message is required'
  for (const name of ['temperature', 'top_p', 'top_k']) if (name in json) return `${name}: not supported`
  const choice = (json.tool_choice as { type?: string } | undefined)?.type
  if (choice === 'any' || choice === 'tool') return 'tool_choice: forcing a tool is not supported by this model'
  if (messages[0]!.role !== 'user' || messages.at(-1)!.role !== 'user') return 'messages: must begin and end with user'
  return findToolFault(messages, json)
}

/** Checks that each tool call has its result in the next message, and its thinking before it. */
function findToolFault(messages: readonly Message[], json: Record<string, unknown>): string | null {
  for (const [at, { role, content }] of messages.entries()) {
    const blocks = typeof content === 'string' ? [] : content
    const calls = blocks.filter(block => block.type === 'tool_use').map(block => block.id)
    if (calls.length > 0 && !Array.isArray(json.tools)) return 'tools: must be given where there are tool calls'
    if (calls.length > 0 && !blocks.some(block => block.type === 'thinking' && block.signature === 'signed'))
      return 'messages: the thinking before a tool call must be passed back unchanged'
    const next = messages[at + 1]?.content
    const results = Array.isArray(next) ? next.filter(block => block.type === 'tool_result') : []
    if (role === 'assistant' && calls.some(id => !results.some(result => result.tool_use_id === id)))
      return 'messages: tool_use without its tool_result in the next message'
  }
  return null
}
