// The verification of a model's answer: ids, quotes, order, confidence, and what it omits.
import { describe, expect, it } from 'vitest'
import type { Pack, PackPattern } from '../evidence/pack.ts'
import { sanitize } from './sanitize.ts'
import { type ModelAnswer, readAnswer } from './verdict.ts'
import { type Evidence, type EvidencePiece, verifyAnswer } from './verify-citations.ts'

const piece = (text: string, at: number | null, pattern: string | null = null): EvidencePiece => ({
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
  ({ patterns, lines: [], timeline: [], measurements: [], coverage: { lines: 9 } }) as unknown as Pack

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
const verify = (changes: Partial<ModelAnswer>, pack = packOf(pattern('T1'))) =>
  verifyAnswer(answer(changes), EVIDENCE, pack)

describe('a citation', () => {
  it.each([
    ['is correct when the words are there, ignoring blanks', L2, true],
    ['of an unknown id is wrong', { id: 'L9', quote: 'order 7 failed' }, false],
    ['of words in another line is wrong', { id: 'L1', quote: 'order 7 failed' }, false],
    ['of a few letters is too short', { id: 'L2', quote: 'order' }, false],
    ['of a whole short line is correct', { id: 'L4', quote: 'short' }, true],
    ['without words is wrong for an observation', { id: 'L2', quote: '' }, false],
  ])('%s', (_, cited, isCorrect) => {
    const { verdict, faults } = verify({ findings: [finding(cited)] })
    expect([verdict.findings.length, faults.length === 0]).toEqual(isCorrect ? [1, true] : [0, false])
  })

  it('is needed for a finding, without words for one that is no observation', () => {
    expect(verify({ findings: [finding()] }).faults).toEqual(['The finding "Orders fail" cites nothing.'])
    const inferred = { ...finding({ id: 'L2', quote: '' }), kind: 'inference' as const }
    expect(verify({ findings: [inferred] })).toMatchObject({
      faults: [],
      verdict: { findings: [{ confidence: 'low' }] },
    })
    expect(verify({ findings: [{ ...inferred, evidence: [{ id: 'L2', quote: 'never logged' }] }] }).faults).toEqual([
      'L2 does not say "never logged".',
    ])
  })

  it('of lines that ask for something names known ones only', () => {
    expect(verify({ suspicious: ['L1', 'L9'] }).verdict.suspicious).toEqual(['L1'])
  })

  it('of nothing but warnings may be healthy; errors that nobody mentions are named', () => {
    const warning = { ...pattern('T2'), level: 'warn' as const }
    expect(verify({ status: 'healthy' }, packOf(warning)).verdict).toMatchObject({ status: 'healthy', unmentioned: [] })
    const { verdict, faults } = verify({ status: 'healthy' }, packOf(pattern('T1'), warning))
    expect([verdict.status, verdict.unmentioned]).toEqual(['inconclusive', ['T1']])
    expect(faults).toEqual(['"healthy" does not fit: T1 are errors that are new or surge.'])
  })

  it('is counted, and a single one limits the confidence to low', () => {
    const { verdict } = verify({ findings: [finding(L2, { id: 'L9', quote: 'never logged' }), finding(L2, L3)] })
    expect(verdict.citations).toEqual({ given: 4, verified: 3 })
    expect(verdict.findings.map(({ confidence }) => confidence)).toEqual(['low', 'high'])
  })

  it('has its time and origin from the evidence, not from the model', () => {
    const { verdict } = verify({ findings: [finding(L2)] })
    expect(verdict.findings[0]!.evidence).toEqual([{ ...L2, at: 2_000, line: 'stored', level: 'error', from: 'api' }])
  })
})

describe('a cause', () => {
  it.each<[string, ModelAnswer['cause'], string, string | null]>([
    ['before its symptoms is kept', cause([L1], [L2, L3]), 'cause_found', 'high'],
    ['after its symptoms is dropped', cause([L3], [L2]), 'inconclusive', null],
    ['at the same time has less confidence', cause([{ id: 'L4', quote: 'short' }], [L3]), 'cause_found', 'medium'],
    [
      'without a time has less confidence',
      cause([{ id: 'E1', quote: 'acknowledged by Ann' }], [L3]),
      'cause_found',
      'medium',
    ],
    ['that is its own symptom is dropped', cause([L2], [L2]), 'inconclusive', null],
    ['without a symptom is dropped', cause([L1], []), 'inconclusive', null],
    ['with a wrong quote is dropped', cause([{ id: 'L1', quote: 'disk on fire' }], [L2]), 'inconclusive', null],
  ])('%s', (_, answered, status, confidence) => {
    const { verdict } = verify({ findings: [finding(L2)], cause: answered })
    expect([verdict.status, verdict.cause?.confidence ?? null]).toEqual([status, confidence])
  })

  it.each([
    [cause([L2], [L2]), 'A cause needs a citation of itself and another of what it led to.'],
    [cause([L1], []), 'A cause needs a citation of itself and another of what it led to.'],
    [cause([L3], [L2]), 'The cause (L3) comes after what it is said to have led to (L2).'],
    [cause([{ id: 'L1', quote: '' }], [L2]), 'L1'],
    [cause([L1], [{ id: 'L2', quote: '' }]), 'L2'],
  ])('%j is at fault: %s', (answered, sentence) => {
    expect(verify({ findings: [finding(L2)], cause: answered }).faults.join(' ')).toContain(sentence)
  })

  it('leaves out the symptoms that are the cause itself, and is compared by its first citation', () => {
    const { verdict } = verify({ findings: [finding(L2)], cause: cause([L3, L1], [L1, L2]) })
    expect([verdict.cause?.symptoms.map(({ id }) => id), verdict.cause?.confidence]).toEqual([['L2'], 'high'])
  })

  it('with little confidence, or without findings, is likely only', () => {
    const unsure = { ...cause([L1], [L2])!, confidence: 'low' as const }
    expect(verify({ findings: [finding(L2)], cause: unsure }).verdict.status).toBe('likely')
    expect(verify({ cause: cause([L1], [L2]) }).verdict.status).toBe('likely')
    expect(verify({ status: 'likely', findings: [finding(L2)], cause: cause([L1], [L2]) }).verdict.status).toBe(
      'likely',
    )
  })

  it('of an inconclusive answer is not shown', () => {
    expect(verify({ status: 'inconclusive', cause: cause([L1], [L2]) }).verdict.cause).toBeNull()
  })
})

describe('an answer that omits or denies errors', () => {
  it('gets a list of the errors that no citation belongs to', () => {
    const pack = packOf(pattern('T1'), pattern('T3'), pattern('T4', 'steady'))
    expect(verify({ findings: [finding(L2)] }, pack).verdict.unmentioned).toEqual(['T3'])
  })

  it.each<[string, Partial<ModelAnswer>, string]>([
    ['a dropped cause', { cause: cause([L3], [L2]), findings: [finding(L2)] }, '1 new error'],
    ['"healthy" despite new errors', { status: 'healthy' }, '1 new error'],
    [
      'wrong citations only',
      { status: 'inconclusive', findings: [finding({ id: 'L9', quote: 'never' })] },
      '1 new error',
    ],
    ['a correct observation', { status: 'inconclusive', findings: [finding(L2)] }, 'It broke'],
    ['a correct cause', { cause: cause([L1], [L2, L3]), findings: [finding(L2)] }, 'It broke'],
  ])('keeps the headline only with its claims: %s', (_, changes, headline) => {
    expect(verify(changes).verdict.headline).toBe(headline)
  })

  it('is "healthy" only without new errors', () => {
    expect(verify({ status: 'healthy' }).verdict.status).toBe('inconclusive')
    expect(verify({ status: 'healthy' }, packOf(pattern('T4', 'steady'))).verdict.status).toBe('healthy')
  })
})

describe('reading an answer', () => {
  it('finds the JSON in a fence or after a sentence, and refuses a missing field', () => {
    const json = JSON.stringify(answer({}))
    expect(readAnswer(`Here it is:\n\`\`\`json\n${json}\n\`\`\``)).toMatchObject({ headline: 'It broke' })
    expect(readAnswer(`<think>if {x} then </thin</think>\n${json}`)).toMatchObject({ headline: 'It broke' })
    expect(readAnswer(json.replace('It broke', 'a </think> b'))).toMatchObject({ headline: 'a </think> b' })
    expect(readAnswer(json.replace('"headline"', '"title"'))).toBeNull()
    expect(readAnswer('I cannot say.')).toBeNull()
  })

  it('keeps the words and disarms links', () => {
    expect(sanitize('see https://evil.example/x\nand www.evil.example\u202e now', 100)).toBe(
      'see https[:]//evil[.]example/x and www[.]evil.example now',
    )
    for (const text of ['1https://evil.example', '_https://evil.example', `${'a'.repeat(40)}https://evil.example`])
      expect(sanitize(text, 100)).not.toContain('://')
    expect(sanitize('go to evil.com, login.evil.xyz/a or 1discord.gg/b; order.js and 1.5 stay', 100)).toBe(
      'go to evil[.]com, login[.]evil[.]xyz/a or 1discord[.]gg/b; order.js and 1.5 stay',
    )
    expect(sanitize('a'.repeat(20), 10)).toBe(`${'a'.repeat(9)}…`)
  })
})
