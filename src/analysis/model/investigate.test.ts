// No secret reaches a request by any way: a property over a model that uses all tools and answers wrongly.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogLine } from '../../logs/line.ts'
import { leak } from '../../logs/redact/secrets.testing.ts'
import type { LogStore } from '../../logs/store.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import type { Pack, PackPattern } from '../evidence/pack.ts'
import { toSampledLine } from '../evidence/read-logs.ts'
import { investigate } from './investigate.ts'
import type { Model, ModelReply } from './model.ts'
import { createPseudonymizer } from './pseudonymize.ts'

const word = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnop'), minLength: 6, maxLength: 9 })
const person = fc
  .oneof(
    fc.tuple(word, word).map(([name, host]) => `${name}@${host}.example`),
    fc.tuple(fc.nat(254), fc.nat(254), fc.nat(254)).map(parts => `203.${parts.map(n => n + 1).join('.')}`),
    fc.integer({ min: 10_000_000, max: 99_999_999 }).map(n => `+47 ${n}`),
  )
  .map(secret => ({ secret, text: `request of ${secret} failed` }))
const hidden = fc.oneof(leak, person).filter(({ text }) => !/[\r\n]/.test(text) && text.length < 300)

/** The ways of a text into a request. */
const WAYS = [
  ...['subject', 'template', 'from', 'message', 'event', 'measurement', 'question', 'headline', 'cause'],
  ...['found message', 'found stack', 'found source', 'found host', 'found metric', 'model claim'],
] as const

it.each(WAYS)('secrets and personal data do not leave through the %s', async way => {
  await fc.assert(
    fc.asyncProperty(hidden, async ({ secret, text }) => {
      const put = (at: (typeof WAYS)[number]) => (at === way ? text : 'nothing')
      const received = await requestsOf(put)
      expect(received.length).toBe(4)
      expect(received[2]).toContain('a step')
      for (const request of received) {
        expect(request).not.toContain(secret)
        expect(request).not.toContain(JSON.stringify(secret).slice(1, -1))
      }
    }),
    { numRuns: 40 },
  )
})

/** All requests to a model that uses every tool, then answers with wrong citations, and then without an answer. */
async function requestsOf(put: (at: (typeof WAYS)[number]) => string): Promise<string[]> {
  const received: string[] = []
  const calls = (...names: [string, object][]): Partial<ModelReply> => ({
    stop: 'calls',
    calls: names.map(([name, input], i) => ({ id: `${i}`, name, input })),
  })
  const bad = {
    ...{ status: 'likely', headline: 'x', cause: null, ruled_out: [], next_steps: [], missing: [], suspicious: [] },
    findings: [
      {
        ...{ claim: put('model claim'), kind: 'observed', confidence: 'low' },
        evidence: [{ id: 'L9', quote: put('model claim') }],
      },
    ],
  }
  const replies: Partial<ModelReply>[] = [
    calls(['search_logs', {}], ['neighbours', { id: 'L1' }], ['pattern_lines', { id: 'T1' }], ['host', { name: 'h' }]),
    calls(
      ['metrics', { host: 'h', metric: 'cpu' }],
      ['search_logs', { level: put('model claim') }],
      [put('model claim'), {}],
    ),
    { text: JSON.stringify(bad) },
    { text: 'no answer' },
  ]
  const model: Model = {
    async ask({ system, turns, tools }) {
      // Without the model's own words.
      received.push(JSON.stringify([system, turns.filter(turn => turn.role !== 'model'), tools]))
      return {
        ...{ text: '', calls: [], raw: null, stop: 'done', usage: { input: 1, output: 1 } },
        ...replies[received.length - 1],
      } as ModelReply
    },
  }
  await investigate({
    ...{
      model,
      name: 'm',
      pack: packWith(put),
      question: put('question'),
      store: storeWith(put),
      pseudonymizer: createPseudonymizer(),
    },
    metricLookup: () => ({ at: 1, text: put('found metric'), steps: ['a step'] }),
    ...{ earlier: { headline: put('headline'), cause: put('cause') }, budget: { reserve: () => ({ close() {} }) } },
    ...{ clock: createFakeClock(0), signal: new AbortController().signal, onProgress() {} },
  })
  return received
}

function packWith(put: (at: (typeof WAYS)[number]) => string): Pack {
  const line = toSampledLine({ ...LINE, message: put('message') })
  const pattern = {
    ...{ id: 'T1', change: 'new', level: 'error', template: put('template'), known: false, count: 3, before: 0 },
    ...{ estimated: false, first: 1, last: 2, from: [put('from')], over: [3] },
  } as PackPattern
  return {
    ...{ subject: put('subject'), where: null, from: 0, until: 10_000, comparedFrom: -10_000, patterns: [pattern] },
    lines: [{ ...line, id: 'L1', line: line.id, from: put('from'), pattern: 'T1' }],
    timeline: [{ id: 'E1', at: 1, text: put('event'), command: null }],
    measurements: [{ id: 'M1', at: 1, text: put('measurement') }],
    coverage: { lines: 1, atLeast: false, linesRead: 1, linesShown: 1, patterns: 1, patternsShown: 1 },
  }
}

const LINE = {
  ...{ id: 'a', timestamp: 1, level: 'error', message: 'x', source: 'api', host: 'h', stack: '', fingerprint: '' },
} as LogLine

function storeWith(put: (at: (typeof WAYS)[number]) => string): LogStore {
  const found = {
    ...{ ...LINE, id: 'b', message: put('found message'), stack: `Error: ${put('found stack')}\n  at x` },
    ...{ source: put('found source'), host: put('found host') },
  }
  return {
    search: async () => ({ lines: [found], next: null, searchedTo: null }),
    context: async () => [found],
    top: async () => ({ rows: [{ value: put('found host'), count: 1 }], searchedTo: null }),
    histogram: async () => [],
  } as unknown as LogStore
}
