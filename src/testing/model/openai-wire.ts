// The chat completions protocol of OpenAI-compatible servers (Ollama, llama.cpp, vLLM).
import type { ServerResponse } from 'node:http'
import { type Behaviour, DEFAULT_USAGE } from './behaviour.ts'
import type { RecordedRequest } from './model-server.ts'

type Message = { role: string; content?: string | null; tool_calls?: { id: string }[]; tool_call_id?: string }

/** The error of such a server for an invalid request; null for a valid one. */
export function refuseOpenAi({ headers, json }: RecordedRequest, key: string): Behaviour | null {
  if (headers.authorization !== `Bearer ${key}`) return { kind: 'fails', status: 401, message: 'Incorrect API key' }
  const messages = json.messages as Message[] | undefined
  if (typeof json.model !== 'string' || !Array.isArray(messages))
    return { kind: 'fails', status: 400, message: 'model and messages are required' }
  const called = messages.flatMap(message => message.tool_calls?.map(call => call.id) ?? [])
  const answered = messages.map(message => message.tool_call_id)
  if (called.some(id => !answered.includes(id)))
    return { kind: 'fails', status: 400, message: 'every tool call must be answered' }
  return null
}

/** Answers one request, as a stream on request. */
export function answerOpenAi(
  response: ServerResponse,
  { json }: RecordedRequest,
  behaviour: Exclude<Behaviour, { kind: 'hangs' }>,
): void {
  if (behaviour.kind === 'fails') {
    const headers = behaviour.retryAfter === undefined ? {} : { 'retry-after': String(behaviour.retryAfter) }
    response.writeHead(behaviour.status, { 'content-type': 'application/json', ...headers })
    return void response.end(JSON.stringify({ error: { message: behaviour.message ?? 'The request failed.' } }))
  }
  const { input, output } = ('usage' in behaviour && behaviour.usage) || DEFAULT_USAGE
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
  const calls =
    behaviour.kind === 'calls'
      ? behaviour.calls.map(({ name, input }, index) => ({
          ...{ index, id: `call_${Date.now()}_${index}`, type: 'function' },
          function: { name, arguments: JSON.stringify(input) },
        }))
      : undefined
  const text = 'text' in behaviour ? behaviour.text : ''
  const reason = FINISH_REASONS[behaviour.kind] ?? 'stop'
  if (json.stream !== true || behaviour.kind === 'babbles') {
    response.writeHead(200, { 'content-type': 'application/json' })
    if (behaviour.kind === 'babbles') return void response.end('{"choices":[{"mess')
    const message = { role: 'assistant', content: text, ...(calls ? { tool_calls: calls } : {}) }
    return void response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: reason }], usage }))
  }
  stream(response, behaviour, { text, calls, reason, usage })
}

type StreamedCall = { index: number; function: { name: string; arguments: string } }
type StreamedAnswer = { text: string; calls: readonly StreamedCall[] | undefined; reason: string; usage: object }

function stream(response: ServerResponse, behaviour: Behaviour, { text, calls, reason, usage }: StreamedAnswer): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (delta: object, finish: string | null) =>
    void response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`)
  send({ role: 'assistant', content: '' }, null)
  const pieces = text.match(/[\s\S]{1,97}/g) ?? []
  const cut = behaviour.kind === 'is cut'
  for (const piece of cut ? pieces.slice(0, pieces.length / 2) : pieces) send({ content: piece }, null)
  if (cut) {
    if (behaviour.how === 'clean') return void response.end()
    return void setImmediate(() => response.destroy())
  }
  if (behaviour.kind === 'breaks')
    return void response.end(`data: ${JSON.stringify({ error: { message: 'out of memory' } })}\n\n`)
  // The arguments of a call come in pieces too, under the index of the call.
  for (const call of calls ?? []) {
    const { name, arguments: all } = call.function
    send({ tool_calls: [{ ...call, function: { name, arguments: all.slice(0, 9) } }] }, null)
    send({ tool_calls: [{ index: call.index, function: { arguments: all.slice(9) } }] }, null)
  }
  send({}, reason)
  response.write(`data: ${JSON.stringify({ choices: [], usage })}\n\n`)
  response.end('data: [DONE]\n\n')
}

const FINISH_REASONS: { [kind in Behaviour['kind']]?: string } = {
  calls: 'tool_calls',
  'runs out': 'length',
  refuses: 'content_filter',
}
