// A program that receives webhooks on loopback, and answers as a test orders.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Received = { headers: IncomingHttpHeaders; raw: string; body: Record<string, unknown> }

/** Starts a receiver; `answers` are given in turn, then 204. A status of 0 is no answer at all. */
export async function startReceiver() {
  const received: Received[] = []
  const answers: { status: number; headers?: Record<string, string> }[] = []
  const server = createServer(async (request, response) => {
    let raw = ''
    for await (const chunk of request) raw += chunk
    received.push({ headers: request.headers, raw, body: JSON.parse(raw) })
    const { status, headers = {} } = answers.shift() ?? { status: 204 }
    if (status > 0) response.writeHead(status, headers).end()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answers: (...list: typeof answers) => void answers.push(...list),
    stop: () =>
      new Promise<void>(done => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}
