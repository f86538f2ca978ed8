// A model provider on the loopback with the Anthropic Messages API and an OpenAI-compatible one; it records all requests.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerAnthropic, refuseAnthropic } from './anthropic-wire.ts'
import type { Behaviour } from './behaviour.ts'
import { answerOpenAi, refuseOpenAi } from './openai-wire.ts'

export type RecordedRequest = {
  path: string
  headers: IncomingMessage['headers']
  /** The body byte for byte, as text. */
  text: string
  json: Record<string, unknown>
}

export interface ModelServer {
  /** The value of ANTHROPIC_BASE_URL; `${url}/v1` is the OpenAI-compatible base. */
  readonly url: string
  readonly requests: RecordedRequest[]
  /** Sets the answers to the next requests, in order; after them `otherwise` applies. */
  next(...behaviours: readonly (Behaviour | ((request: RecordedRequest) => Behaviour))[]): void
  otherwise(behaviour: Behaviour | ((request: RecordedRequest) => Behaviour)): void
  /** Ends hanging requests. */
  release(): void
  close(): Promise<void>
}

export const MODEL_KEY = 'sk-test-the-only-key-that-opens'

/** Starts the provider; requests must carry `MODEL_KEY`. */
export async function startModelServer(): Promise<ModelServer> {
  const requests: RecordedRequest[] = []
  const queue: (Behaviour | ((request: RecordedRequest) => Behaviour))[] = []
  let fallback: Behaviour | ((request: RecordedRequest) => Behaviour) = { kind: 'says', text: 'I have nothing to say.' }
  const hanging = new Set<ServerResponse>()

  const server = createServer(async (request, response) => {
    const text = await readBody(request)
    const path = request.url ?? ''
    const recorded: RecordedRequest = { path, headers: request.headers, text, json: parseJson(text) }
    requests.push(recorded)
    const wire = WIRES[path.split('?')[0]!]
    if (!wire) return void response.writeHead(404).end()
    const refusal = wire.refuse(recorded, MODEL_KEY)
    const chosen = refusal ?? queue.shift() ?? fallback
    const behaviour = typeof chosen === 'function' ? chosen(recorded) : chosen
    if (behaviour.kind === 'hangs') {
      hanging.add(response)
      return
    }
    wire.answer(response, recorded, behaviour)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    next: (...behaviours) => void queue.push(...behaviours),
    otherwise: behaviour => {
      fallback = behaviour
    },
    release() {
      for (const response of hanging) response.destroy()
      hanging.clear()
    },
    close() {
      server.closeAllConnections()
      return new Promise(done => server.close(() => done()))
    },
  }
}

type Wire = {
  /** The error of the provider itself: a wrong key or an invalid request. */
  refuse(request: RecordedRequest, key: string): Behaviour | null
  answer(response: ServerResponse, request: RecordedRequest, behaviour: Exclude<Behaviour, { kind: 'hangs' }>): void
}

const WIRES: Record<string, Wire> = {
  '/v1/messages': { refuse: refuseAnthropic, answer: answerAnthropic },
  '/v1/chat/completions': { refuse: refuseOpenAi, answer: answerOpenAi },
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
