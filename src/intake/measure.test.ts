// What is counted of each request: its route as the document has it, its status, and how long it took, in seconds.
import { Hono } from 'hono'
import { afterEach, expect, it, vi } from 'vitest'
import { createTelemetry } from '../telemetry.ts'
import { createTallies, measure } from './measure.ts'

afterEach(() => void vi.restoreAllMocks())

const app = new Hono()
  .get('/health', c => c.text('x'))
  .post('/ping/:uuid/:signal', c => c.text('x'))
  .get('/a.json', c => c.text('x'))
app.use('/files/:name', async (_c, next) => next())

it.each([
  ['GET', '/health', 'GET /health'],
  ['GET', '/health?x=/y', 'GET /health'],
  ['HEAD', '/health', 'HEAD /health'],
  ['BREW', '/health', 'other /health'],
  ['POST', '/ping/a-b/start', 'POST /ping/{uuid}/{signal}'],
  ['POST', '/ping/a-b', 'POST other'],
  ['POST', '/ping/a/b/c', 'POST other'],
  ['GET', '/a.json', 'GET /a.json'],
  ['GET', '/axjson', 'GET other'],
  ['GET', '/files/a', 'GET other'],
  ['GET', '/', 'GET other'],
])('%s %s is counted as %s', (method, path, expected) => {
  const telemetry = createTelemetry()
  const tallyOf = createTallies(app, telemetry)
  const tally = tallyOf({ url: `http://vakt${path}`, method } as Request)
  const [wantedMethod, route] = expected.split(' ')
  expect(tally).toBe(telemetry.requestsOf(wantedMethod!, route!))
  expect(tallyOf({ url: `http://vakt${path}`, method } as Request)).toBe(tally)
})

it('an answer is counted once it is there, with its time in seconds; one that fails is not', async () => {
  let now = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const added: [number, number][] = []
  const tally = { add: (status: number, seconds: number) => void added.push([status, seconds]) } as never
  const direct = new Response('', { status: 201 })
  now = 3_500
  expect(measure(tally, direct, 1_000)).toBe(direct)
  expect(added).toEqual([[201, 2.5]])
  const later = Promise.resolve(new Response('', { status: 404 }))
  now = 1_250
  expect(measure(tally, later, 1_000)).toBe(later)
  expect(added).toHaveLength(1)
  await later
  expect(added[1]).toEqual([404, 0.25])
  const failed = Promise.reject(new Error('no'))
  await expect(measure(tally, failed, 1_000)).rejects.toThrow('no')
  expect(added).toHaveLength(2)
})
