import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { OpenSearchClient } from './client.ts'
import { optionsFor } from './cluster.testing.ts'

type Asked = { method: string; path: string; headers: IncomingHttpHeaders; body: string }

/** A node that notes what it is asked. */
async function aNode() {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    asked.push({ method: request.method!, path: request.url!, headers: request.headers, body })
    response.setHeader('content-type', 'application/json').end('{"ok":true}')
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const client = new OpenSearchClient(optionsFor([`http://127.0.0.1:${(server.address() as AddressInfo).port}/es/`]))
  onTestFinished(() => {
    client.close()
    server.close()
  })
  return { client, asked }
}

it('says what kind of body a request has, and nothing where it has none', async () => {
  const { client, asked } = await aNode()
  expect(await client.send('GET', '_cluster/health')).toEqual({ status: 200, body: { ok: true } })
  await client.send('POST', 'i/_search', { size: 1 })
  await client.send('POST', '_bulk', '{"a":1}\n{"b":2}\n')
  expect(asked.map(({ method, path, headers, body }) => [method, path, headers['content-type'], body])).toEqual([
    ['GET', '/es/_cluster/health', undefined, ''],
    ['POST', '/es/i/_search', 'application/json', '{"size":1}'],
    ['POST', '/es/_bulk', 'application/x-ndjson', '{"a":1}\n{"b":2}\n'],
  ])
})
