// What of a model's answer holds: ids, quotes, order, confidence, and what is left out.
import { describe, expect, it } from 'vitest'
import type { Pack, PackPattern } from '../evidence/pack.ts'
import { sanitize } from './sanitize.ts'
import { type ModelAnswer, readAnswer } from './verdict.ts'
import { type Evidence, type Piece, verify } from './verify-citations.ts'

const piece = (text: string, at: number | null, pattern: string | null = null): Piece => ({
  ...{ text, at, line: 'stored', level: 'error', from: 'api', pattern },
})
const EVIDENCE: Evidence = new Map([
  ['L1', piece('settings reloaded: pool_size=2', 1_000, 'T2')],
  ['L2', piece('order 7 failed: no free   connection', 2_000, 'T1')],
  ['L3', piece('order 8 failed: no free connection', 3_000, 'T1')],
  ['L4', piece('short', 3_000)],
  ['E1', piece('alert 3 acknowledged by Ann', null)],
])
const pattern = (id: string, change: PackPattern['change'] = 'new'): PackPattern => ({
  ...{ id, change, level: 'error', template: id, count: 5, before: 0, estimated: false, known: false },
  ...{ first: 2_000, last: 3_000, from: [], over: [] },
})
const packOf = (...patterns: PackPattern[]) =>
  ({ patterns, lines: [], happenings: [], measured: [], coverage: { lines: 9 } }) as unknown as Pack

const L1 = { id: 'L1', quote: 'settings reloaded' }
const L2 = { id: 'L2', quote: 'order 7 failed: no free connection' }
const L3 = { id: 'L3', quote: 'order 8 failed' }

function answer(changes: Partial<ModelAnswer>): ModelAnswer {
  return {
    ...{ status: 'cause_found', headline: 'It broke', findings: [], cause: null, ruled_out: [], next_steps: [] },
    ...{ missing: [], suspicious: [], ...changes },
  }
}
const finding = (...evidence: { id: string; quote: string }[]): ModelAnswer['findings'][number] => ({
  ...{ claim: 'Orders fail', kind: 'observed', confidence: 'high', evidence },
})
const cause = (from: (typeof L1)[], to: (typeof L1)[]): ModelAnswer['cause'] => ({
  ...{ claim: 'A setting', confidence: 'high', cause: from, symptoms: to, why_not_symptom: '' },
})
const checked = (changes: Partial<ModelAnswer>, pack = packOf(pattern('T1'))) => verify(answer(changes), EVIDENCE, pack)

describe('a citation', () => {
  it.each([
    ['holds when it is there word for word, blanks aside', L2, true],
    ['of nothing is none', { id: 'L9', quote: 'order 7 failed' }, false],
    ['of words that are elsewhere is none', { id: 'L1', quote: 'order 7 failed' }, false],
    ['of a few letters tells nothing', { id: 'L2', quote: 'order' }, false],
    ['of all of a short line holds', { id: 'L4', quote: 'short' }, true],
    ['without words tells nothing of what was observed', { id: 'L2', quote: '' }, false],
  ])('%s', (_, cited, holds) => {
    const { verdict, faults } = checked({ findings: [finding(cited)] })
    expect([verdict.findings.length, faults.length === 0]).toEqual(holds ? [1, true] : [0, false])
  })

  it('is counted, and one alone gives little confidence', () => {
    const { verdict } = checked({ findings: [finding(L2, { id: 'L9', quote: 'never said so' }), finding(L2, L3)] })
    expect(verdict.citations).toEqual({ given: 4, verified: 3 })
    expect(verdict.findings.map(one => one.confidence)).toEqual(['low', 'high'])
  })

  it('tells where and when from the evidence, not from the model', () => {
    const { verdict } = checked({ findings: [finding(L2)] })
    expect(verdict.findings[0]!.evidence).toEqual([{ ...L2, at: 2_000, line: 'stored', level: 'error', from: 'api' }])
  })
})

describe('a cause', () => {
  it.each<[string, ModelAnswer['cause'], string, string | null]>([
    ['before its symptoms stands', cause([L1], [L2, L3]), 'cause_found', 'high'],
    ['after its symptoms is none', cause([L3], [L2]), 'inconclusive', null],
    ['at the same time is less sure', cause([{ id: 'L4', quote: 'short' }], [L3]), 'cause_found', 'medium'],
    ['without a time is less sure', cause([{ id: 'E1', quote: 'acknowledged by Ann' }], [L3]), 'cause_found', 'medium'],
    ['that is its own symptom is none', cause([L2], [L2]), 'inconclusive', null],
    ['without a symptom is none', cause([L1], []), 'inconclusive', null],
    ['that was never said is none', cause([{ id: 'L1', quote: 'disk on fire' }], [L2]), 'inconclusive', null],
  ])('%s', (_, given, status, confidence) => {
    const { verdict } = checked({ findings: [finding(L2)], cause: given })
    expect([verdict.status, verdict.cause?.confidence ?? null]).toEqual([status, confidence])
  })

  it('that the model itself does not believe in is not shown as one', () => {
    expect(checked({ status: 'inconclusive', cause: cause([L1], [L2]) }).verdict.cause).toBeNull()
  })
})

describe('what an answer leaves out or denies', () => {
  it('is named: errors that no citation belongs to', () => {
    const pack = packOf(pattern('T1'), pattern('T3'), pattern('T4', 'steady'))
    expect(checked({ findings: [finding(L2)] }, pack).verdict.unmentioned).toEqual(['T3'])
  })

  it.each<[string, Partial<ModelAnswer>, string]>([
    ['a cause that was dropped', { cause: cause([L3], [L2]), findings: [finding(L2)] }, '1 new error'],
    ['all being well over new errors', { status: 'healthy' }, '1 new error'],
    ['nothing that held', { status: 'inconclusive', findings: [finding({ id: 'L9', quote: 'never' })] }, '1 new error'],
    ['an observation that held', { status: 'inconclusive', findings: [finding(L2)] }, 'It broke'],
    ['a cause that held', { cause: cause([L1], [L2, L3]), findings: [finding(L2)] }, 'It broke'],
  ])('has the headline of %s only with it', (_, changes, headline) => {
    expect(checked(changes).verdict.headline).toBe(headline)
  })

  it('is not called healthy over new errors, though it may be without', () => {
    expect(checked({ status: 'healthy' }).verdict.status).toBe('inconclusive')
    expect(checked({ status: 'healthy' }, packOf(pattern('T4', 'steady'))).verdict.status).toBe('healthy')
  })
})

describe('reading an answer', () => {
  it('takes it out of a fence and a sentence before it, and takes nothing that lacks a field', () => {
    const json = JSON.stringify(answer({}))
    expect(readAnswer(`Here it is:\n\`\`\`json\n${json}\n\`\`\``)).toMatchObject({ headline: 'It broke' })
    expect(readAnswer(`<think>if {x} then </thin</think>\n${json}`)).toMatchObject({ headline: 'It broke' })
    expect(readAnswer(json.replace('It broke', 'a </think> b'))).toMatchObject({ headline: 'a </think> b' })
    expect(readAnswer(json.replace('"headline"', '"title"'))).toBeNull()
    expect(readAnswer('I cannot say.')).toBeNull()
  })

  it('keeps words and drops what leads anywhere', () => {
    expect(sanitize('see https://evil.example/x\nand www.evil.example\u202e now', 100)).toBe(
      'see https[:]//evil[.]example/x and www[.]evil.example now',
    )
    for (const text of ['1https://evil.example', '_https://evil.example', `${'a'.repeat(40)}https://evil.example`])
      expect(sanitize(text, 100)).not.toContain('://')
    expect(sanitize('go to evil.com, login.evil.xyz/a or 1discord.gg/b; order.js and 1.5 stay', 100)).toBe(
      'go to evil[.]com, login[.]evil[.]xyz/a or 1discord[.]gg/b; order.js and 1.5 stay',
    )
    expect(sanitize('a'.repeat(20), 10)).toBe(`${'a'.repeat(10)}…`)
  })
})
