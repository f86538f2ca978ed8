// What a satellite makes of the answers of its main.
import { expect, it } from 'vitest'
import { createMainClient, describeFailure, RefusedByMain } from './main-client.ts'

const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ error: { code, message: 'There is no room.' } }), { status, headers })

async function ask(answer: Response | Error) {
  const asked: { path: string; init: RequestInit }[] = []
  const client = createMainClient('vakt_key', async (path, init) => {
    asked.push({ path, init })
    if (answer instanceof Error) throw answer
    return answer
  })
  const failure = await client
    .request('/api/satellite/report', { method: 'POST', headers: { 'x-a': 'b' } }, 5_000)
    .then(() => null)
    .catch((error: unknown) => error as Error)
  return { client, failure, asked }
}

it('shows its key beside other headers', async () => {
  const { asked, failure } = await ask(new Response('{}'))
  expect(failure).toBeNull()
  expect(asked[0]!.init.headers).toEqual({ authorization: 'Bearer vakt_key', 'x-a': 'b' })
})

it.each([
  [
    'a refusal',
    refusal(422, 'invalid'),
    '422: There is no room.',
    { isRefusal: true, retryAfterMs: null, removed: false },
  ],
  [
    'a refusal with a time to wait',
    refusal(429, 'limited', { 'retry-after': '30' }),
    '429: There is no room.',
    { isRefusal: true, retryAfterMs: 30_000, removed: false },
  ],
  [
    'a refusal with a date to wait for, which is not read',
    refusal(429, 'limited', { 'retry-after': 'Mon, 02 Mar 2026 09:00:00 GMT' }),
    '429: There is no room.',
    { isRefusal: true, retryAfterMs: null, removed: false },
  ],
  [
    'a removal',
    refusal(401, 'unauthorized'),
    '401: There is no room.',
    { isRefusal: true, retryAfterMs: null, removed: true },
  ],
  [
    'an error of the main',
    refusal(500, 'internal'),
    '500: There is no room.',
    { isRefusal: false, retryAfterMs: null, removed: false },
  ],
  [
    'the page of a proxy',
    new Response('<html>', { status: 401 }),
    'status 401, which is no answer of Vakt',
    { isRefusal: false, retryAfterMs: null, removed: false },
  ],
])('%s is told from others', async (_, answer, reason, { isRefusal, retryAfterMs, removed }) => {
  const { client, failure } = await ask(answer)
  expect(failure!.message).toBe(reason)
  expect([failure instanceof RefusedByMain, client.isRemoved()]).toEqual([isRefusal, removed])
  if (isRefusal) expect((failure as RefusedByMain).retryAfterMs).toBe(retryAfterMs)
})

it('cuts a long reason', async () => {
  const long = JSON.stringify({ error: { code: 'invalid', message: 'x'.repeat(1000) } })
  expect((await ask(new Response(long, { status: 422 }))).failure!.message.length).toBe(300)
})

it('is not removed any more once the main takes its key again', async () => {
  const answers = [refusal(401, 'unauthorized'), new Response('{}')]
  const client = createMainClient('k', async () => answers.shift()!)
  await client.request('/x', {}, 1_000).catch(() => {})
  expect(client.isRemoved()).toBe(true)
  await client.request('/x', {}, 1_000)
  expect(client.isRemoved()).toBe(false)
})

it.each([
  [Object.assign(new Error('x'), { name: 'TimeoutError' }), 'it did not answer in time'],
  [new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }), 'connect ECONNREFUSED'],
  [new TypeError('fetch failed'), 'fetch failed'],
  [new Error('500: broken'), '500: broken'],
])('says why there was no answer: %s', (error, words) => {
  expect(describeFailure(error)).toBe(words)
})
