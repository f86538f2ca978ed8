// The tools of a model: look-ups within the window, limited, never repeated; and evidence from logs that are too long to read.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import type { EmbeddedLogStore } from '../../logs/embedded/embedded-log-store.ts'
import { openLogStore } from '../../logs/embedded/open-log-store.ts'
import { makeFolder } from '../../logs/embedded/store.testing.ts'
import { batchOf, NOON } from '../../logs/store.testing.ts'
import { memoryState } from '../../state/database.ts'
import { addMeasuredHosts } from '../../testing/measured-hosts.ts'
import { HOUR, MINUTE } from '../../time.ts'
import { gatherPack } from '../evidence/gather.ts'
import { createMetricLookup } from '../evidence/metric-lookup.ts'
import type { Pack } from '../evidence/pack.ts'
import type { ModelRequest } from './model.ts'
import { createPseudonymizer, withPseudonyms } from './pseudonymize.ts'
import { createModelTools, type ModelTools, TOOL_LIMITS } from './tools.ts'
import type { EvidencePiece } from './verify-citations.ts'

let folder: ReturnType<typeof makeFolder>
let store: EmbeddedLogStore
let pack: Pack
let tools: ModelTools
let evidence: Map<string, EvidencePiece>

const subject = { title: 'x', where: null, from: NOON - HOUR, until: NOON, projectId: null }
const state = memoryState()
const mine = addMeasuredHosts(state, NOON, 90)

beforeAll(async () => {
  folder = makeFolder()
  store = await openLogStore({ folder: folder.path, logger: silentLogger })
  const lines = Array.from({ length: 300 }, (_, i) => ({
    message: `order ${i} priced`,
    timestamp: NOON - HOUR + i * 1000,
    source: 'api',
  }))
  await store.append(batchOf([...lines, { message: 'order long ago', timestamp: NOON - 3 * HOUR, source: 'api' }]))
  pack = await gatherPack({ state: memoryState(), store }, subject)
})
afterAll(async () => {
  await store.close()
  folder.remove()
})

beforeEach(() => {
  const { conceal, restore } = createPseudonymizer()
  evidence = new Map()
  const metricLookup = createMetricLookup(state, mine.id, NOON)
  tools = createModelTools({ store, metricLookup, pack, evidence, conceal, restore })
})

describe('a look-up', () => {
  it('finds only lines in the window of the evidence, and gives them ids', async () => {
    expect(await tools.call('search_logs', { text: 'order 7 priced' })).toMatch(/^\{"id":"L1".*order 7 priced"\}$/)
    const early = { text: 'order long ago', from: '2000-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z' }
    expect(await tools.call('search_logs', early)).toBe('Nothing was found there.')
  })

  it('returns a citable metric over the time of the evidence, of the own project only', async () => {
    const [first, ...steps] = (await tools.call('metrics', { host: 'web-1', metric: 'cpu' })).split('\n')
    const what = 'cpu of host web-1 was on average 50 %, at most 90 %, before on average 10 %'
    expect(JSON.parse(first!)).toEqual({ id: 'M1', at: '2026-11-21T11:30:00.000Z', what })
    expect(evidence.get('M1')).toMatchObject({ text: what, at: NOON - HOUR / 2 })
    expect(steps).toHaveLength(24)
    expect([steps[0], steps.at(-1)]).toEqual([
      '2026-11-21T10:00:00.000Z 10 %, at most 10 %',
      '2026-11-21T11:55:00.000Z 90 %, at most 90 %',
    ])
    expect(await tools.call('metrics', { host: 'secret-1', metric: 'cpu' })).toBe('There is no host of that name.')
    expect(await tools.call('metrics', { host: 'web-1', metric: 'network' })).toContain(
      'Hosts have no metric "network"',
    )
    const gone = { host: 'web-1', container: 'api', metric: 'cpu' }
    expect(await tools.call('metrics', gone)).toBe('Nothing of that was measured then.')
  })

  it('is of the lines around one, of a pattern, of a host and of a level', async () => {
    await tools.call('search_logs', { text: 'order 7 priced' })
    const lines = (await tools.call('neighbours', { id: 'L1', n: 1 })).split('\n').map(line => JSON.parse(line))
    expect(lines.map(({ id }) => id)).toEqual(['L2', 'L1', 'L3'])
    expect(evidence.size).toBe(3)
    const { id } = pack.patterns[0]!
    const ofPattern = (await tools.call('pattern_lines', { id, limit: 2 })).split('\n')
    expect(ofPattern.map(line => JSON.parse(line).message)).toEqual(['order 0 priced', 'order 1 priced'])
    expect(await tools.call('search_logs', { text: 'order 7 priced', level: 'error' })).toBe('Nothing was found there.')
    expect(await tools.call('search_logs', { text: 'order 7 priced', source: 'other' })).toBe(
      'Nothing was found there.',
    )
  })

  it('counts the levels over time, also where there is nothing', async () => {
    expect((await tools.call('search_logs', { limit: 1, until: 'nonsense' })).split('\n')).toHaveLength(1)
    const steps = (await tools.call('histogram', {})).split('\n')
    expect([steps.length, steps[0], steps[12]]).toEqual([
      24,
      '2026-11-21T10:00:00.000Z none',
      '2026-11-21T11:00:00.000Z info 300',
    ])
    expect(await tools.call('host', { name: 'web-9' })).toBe('lines: no lines')
  })

  it('needs a log store', async () => {
    const { conceal, restore } = createPseudonymizer()
    const without = createModelTools({ store: null, metricLookup: () => '', pack, evidence, conceal, restore })
    expect(await without.call('histogram', {})).toBe('This Vakt has no log store; there is nothing more to look up.')
  })

  it('is answered once, and a limited number of times', async () => {
    await tools.call('histogram', { level: 'info' })
    expect(await tools.call('histogram', { level: 'info' })).toContain('asked just this before')
    for (let i = 1; i < TOOL_LIMITS.calls; i++) await tools.call('histogram', { text: `order ${i}` })
    expect(await tools.call('histogram', { text: 'one more' })).toContain('No more can be looked up')
  })

  it('returns only as much as fits', async () => {
    const all = (await tools.call('search_logs', { limit: 10_000 })).split('\n')
    expect(all.length).toBeLessThanOrEqual(TOOL_LIMITS.linesPerCall + 1)
    expect(all.join('').length).toBeLessThanOrEqual(TOOL_LIMITS.tokensPerCall * 3 + 100)
  })

  it.each([
    ['run_command', {}, 'There is no tool run_command'],
    ['constructor', {}, 'There is no tool constructor'],
    ['search_logs', { level: 'loud' }, 'That is not how search_logs is asked'],
    ['neighbours', { id: 'L99' }, 'There is no line L99'],
    ['pattern_lines', { id: 'T99' }, 'There is no pattern T99'],
  ])('of %s with %o is answered with a sentence', async (name, input, sentence) => {
    expect(await tools.call(name, input)).toContain(sentence)
  })
})

it('every text of a request is concealed', async () => {
  let received = ''
  const model = withPseudonyms(
    {
      ask: async request => {
        received = JSON.stringify(request)
        throw new Error('enough')
      },
    },
    createPseudonymizer(),
  )
  const text = 'password=hunter22secret of ann@shop.example'
  const results = { role: 'results' as const, text, results: [{ id: '1', text }] }
  const request = {
    system: text,
    turns: [{ role: 'person' as const, text }, results],
    tools: [],
  } as unknown as ModelRequest
  await model.ask(request).catch(() => {})
  expect(received).toContain('<EMAIL_1>')
  expect(received).not.toMatch(/hunter22|ann@shop/)
})

it('lines right before the onset are found in logs that are too long to read', async () => {
  const at = NOON - 17 * MINUTE
  const noise = Array.from({ length: 30_000 }, (_, i) => ({
    message: `cart ${i} seen`,
    timestamp: NOON - HOUR + i * 120,
    source: 'web',
  }))
  await store.append(batchOf(noise))
  await store.append(
    batchOf([
      { message: 'settings reloaded', timestamp: at - 2_000, source: 'config' },
      { message: 'no free connection', level: 'error', timestamp: at, source: 'api' },
    ]),
  )
  const long = await gatherPack({ state: memoryState(), store }, subject)
  expect(long.coverage.linesRead).toBeLessThan(long.coverage.lines)
  expect(long.lines.map(line => line.message)).toContain('settings reloaded')
})
