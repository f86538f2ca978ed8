// A server that answers 101 to a request that asked for no other protocol: every client of Vakt ends it with a reason.
import { type AddressInfo, BlockList, createServer } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sendPush } from '../chat/phones/request.ts'
import { postJson } from '../chat/webhook/client.ts'
import { post } from '../forwards/http.ts'
import { OpenSearchClient } from '../logs/engine/opensearch/client.ts'
import { readTarget } from '../probes/probe-kinds.ts'

const server = createServer(socket => {
  socket.on('error', () => {})
  socket.once('data', () =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n'),
  )
})
let base: string

beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const push = { method: 'POST', timeoutMs: 5_000, service: 'ntfy', reasonIn: () => undefined } as const

async function probe() {
  const { kind, target } = readTarget(base)
  return kind.run({
    ...{ target, command: null, expectations: [], acceptsStatus: null, headers: [], method: 'GET', timeoutMs: 5_000 },
    ...{ insecure: false, certDays: 14, rules: { reach: 'any', allowed: new BlockList() }, hosts: null as never },
    signal: new AbortController().signal,
  })
}

function askEngine() {
  const client = new OpenSearchClient({ urls: [base], user: null, password: null, apiKey: null, ca: null } as never)
  return client.ask(new URL(base), 'GET', '_cluster/health').finally(() => client.close())
}

it.each<[string, () => Promise<unknown>, string]>([
  ['a forward', () => post(new URL(base), 'x', 'text/plain', {}), 'The receiver answered with status 101.'],
  ['a webhook', () => postJson(base, '{}', {}, 5_000), '{"status":101}'],
  ['a push service', () => sendPush({ ...push, url: base }), 'ntfy refuses the message (status 101).'],
  ['a probe', probe, 'status 101'],
  ['the log engine', askEngine, 'answered with status 101'],
])(
  '%s',
  async (_, ask, expected) => {
    const said = await ask().then(
      answer => JSON.stringify(answer),
      (error: Error) => error.message,
    )
    expect(said).toContain(expected)
  },
  2_000,
)
