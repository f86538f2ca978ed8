// A protocol is a file and a line in the list: toy protocols that exist only here send lines through the whole app.
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRoute } from '@hono/zod-openapi'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { silentLogger } from '../../logger.ts'
import { openLogStore } from '../../logs/embedded/open-log-store.ts'
import type { LogStore } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { startApp } from '../../testing/app.ts'
import { until } from '../../testing/running.ts'
import { errors, text } from '../openapi/responses.ts'
import { withKey } from '../openapi/security.ts'
import type { LogProtocol } from './protocol.ts'

let folder: string
let store: LogStore

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-protocols-'))
  store = await openLogStore({ folder, logger: silentLogger })
})

afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

/** `LEVEL|SOURCE|MESSAGE` a line; the answer is `stored <count>`. */
const toy: LogProtocol = {
  kind: 'logs',
  name: 'toy',
  routes: [
    createRoute({
      method: 'post',
      path: '/toy/{stream}',
      operationId: 'sendToyLines',
      summary: 'Store toy lines',
      ...withKey,
      request: {
        params: z.object({ stream: z.string() }),
        body: { content: { 'text/plain': { schema: z.string() } } },
      },
      responses: {
        201: { description: 'AppendResult.', content: { 'text/plain': { schema: z.string().regex(/^stored \d+$/) } } },
        ...errors(400, 401),
      },
    }),
  ],
  parse({ body }) {
    const records = body
      .toString('utf8')
      .trim()
      .split('\n')
      .map(line => {
        const [level, source, message] = line.split('|')
        if (message === undefined) throw new Problem('invalid', `"${line}" is not a toy line.`)
        return { level, source, message }
      })
    return { body: Buffer.from(JSON.stringify(records)), format: 'json', defaults: { group: 'toys' } }
  },
  answer: ({ accepted }) => ({ status: 201, body: `stored ${accepted}` }),
}

it('a protocol in the list has its route, its document, and its lines in the log', async () => {
  const app = await startApp({ store, protocols: [toy] })
  const { key } = await app.result<{ key: { secret: string } }>('keys create default')
  const send = (body: string, headers: Record<string, string> = { 'x-api-key': key.secret }) =>
    app.request('/toy/a', { method: 'POST', body, headers })

  const answer = await send('error|robot|lost a wheel\ninfo|robot|found it')
  expect([answer.status, await answer.text()]).toEqual([201, 'stored 2'])
  expect(await app.result('logs search level:error')).toMatchObject({
    total: 1,
    logs: [{ message: 'lost a wheel', source: 'robot', group: 'toys', project: 'default' }],
  })
  expect((await send('nothing')).status).toBe(400)
  expect((await send('error|robot|x', {})).status).toBe(401)
  const document = (await (await app.request('/openapi.json')).json()) as { paths: Record<string, unknown> }
  expect(document.paths['/toy/{stream}']).toMatchObject({ post: { operationId: 'sendToyLines' } })
  await app.stop()
})

it('a protocol answers each request, and a refused one, in its own words', async () => {
  const wordy: LogProtocol = {
    ...toy,
    name: 'toy that answers by path',
    routes: [
      createRoute({
        method: 'post',
        path: '/toy/{stream}',
        operationId: 'sendWordyLines',
        summary: 'Store toy lines',
        ...withKey,
        request: { params: z.object({ stream: z.string() }) },
        responses: Object.fromEntries(
          [202, 418, 503].map(status => [status, text('In its own words.', z.string().regex(/toy/))]),
        ),
      }),
    ],
    parse: received => ({
      ...toy.parse(received),
      answer: ({ accepted }) => ({ status: 202, body: `<${received.path} ${accepted}>`, headers: { 'x-toy': '1' } }),
    }),
    refuse: (problem, { path }) => ({ status: problem.code === 'unauthorized' ? 503 : 418, body: `no ${path}` }),
  }
  const app = await startApp({ store, protocols: [wordy] })
  const { key } = await app.result<{ key: { secret: string } }>('keys create default')
  const send = async (body: string, headers: Record<string, string> = { 'x-api-key': key.secret }) => {
    const answer = await app.request('/toy/a?b=c', { method: 'POST', body, headers })
    return [answer.status, await answer.text(), answer.headers.get('x-toy'), answer.headers.get('retry-after')]
  }
  expect(await send('error|robot|lost a wheel')).toEqual([202, '</toy/a 1>', '1', null])
  expect(await send('nothing')).toEqual([418, 'no /toy/a', null, null])
  expect(await send('nothing', {})).toEqual([503, 'no /toy/a', null, '5'])
  await app.stop()
})

it('a protocol with a listener receives lines as long as Vakt runs', async () => {
  const server = createServer()
  const sockets = new Set<Socket>()
  const listening: LogProtocol = {
    ...toy,
    name: 'toy over TCP',
    routes: [],
    listener: {
      open: receive =>
        new Promise(resolve => {
          server.on('connection', socket => {
            sockets.add(socket)
            socket.on('data', async (body: Buffer) => {
              const reply = await receive({ body, address: socket.remoteAddress! })
              socket.end(`${reply.body}`)
            })
          })
          const close = async () => {
            for (const socket of sockets) socket.destroy()
            server.close()
          }
          server.listen(0, '127.0.0.1', () => resolve({ close }))
        }),
    },
  }
  const app = await startApp({ store, protocols: [listening] })
  await until(() => server.listening, 'the listener to open')
  const { port } = server.address() as AddressInfo
  const answered = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('warn|robot|battery low'))
    socket.on('data', data => resolve(data.toString())).on('error', reject)
  })
  expect(answered).toBe('stored 1')
  expect(await app.result('logs search battery')).toMatchObject({ total: 1 })
  await app.stop()
  expect(server.listening).toBe(false)
})
