// No secret or personal data ever leaves: they go in by every path, and the received requests are read.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quoteWord } from '../../command/command-line.ts'
import { leak } from '../../logs/redact/secrets.testing.ts'
import { type AppWithModel, prepareAppsWithModel } from '../../testing/analysis.ts'
import { answers } from '../../testing/model/behaviour.ts'
import { readEvidence, readToolResults } from '../../testing/model/reader.ts'
import { until } from '../../testing/running.ts'
import { writeText, writeTimelineEvent } from '../evidence/pack-text.ts'
import { shorten } from '../evidence/read-logs.ts'
import { createPseudonymizer } from './pseudonymize.ts'

const start = prepareAppsWithModel()
const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'123456789'), minLength: length, maxLength: length })
const word = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnop'), minLength: 5, maxLength: 9 })

/** An address or number of a person, in a sentence. */
const person: fc.Arbitrary<{ secret: string; text: string }> = fc
  .oneof(
    fc.tuple(word, word).map(([name, host]) => `${name}@${host}.example`),
    fc.tuple(fc.nat(254), fc.nat(254), fc.nat(254)).map(parts => `203.${parts.map(n => n + 1).join('.')}`),
    digits(8).map(n => `+47 ${n}`),
    fc.constant('GB82 WEST 1234 5698 7654 32'),
  )
  .map(secret => ({ secret, text: `request of ${secret} failed` }))

describe('concealing', () => {
  it('masks every secret and person in a text, and changes nothing when repeated', () => {
    fc.assert(
      fc.property(fc.oneof(leak, person), ({ secret, text }) => {
        const pseudonymizer = createPseudonymizer()
        const once = pseudonymizer.conceal(text)
        expect(once).not.toContain(secret)
        expect(pseudonymizer.conceal(once)).toBe(once)
      }),
      { numRuns: 500 },
    )
  })

  it('gives a person one pseudonym, and restores the person', () => {
    const pseudonymizer = createPseudonymizer()
    expect(pseudonymizer.conceal('ann@shop.example wrote to bo@shop.example, ann@shop.example waits')).toBe(
      '<EMAIL_1> wrote to <EMAIL_2>, <EMAIL_1> waits',
    )
    expect(pseudonymizer.restore('ask <EMAIL_2>, not <EMAIL_3>')).toBe('ask bo@shop.example, not <EMAIL_3>')
    expect(pseudonymizer.counts()).toEqual({ email: 2 })
  })

  it('leaves no part of a secret where a text is cut', () => {
    fc.assert(
      fc.property(fc.oneof(leak, person), fc.nat(420), ({ secret, text }, before) => {
        const filler = 'nothing of note '.repeat(200)
        const shortened = shorten(`${filler.slice(0, before + 1_600)} ${text}`, 2_000)
        const { conceal } = createPseudonymizer()
        const sent = [writeText(shortened, conceal, 5_000), writeText(`${filler.slice(0, before)} ${text}`, conceal)]
        // The first characters of its random part.
        const piece = secret.slice(-16).slice(0, 8)
        for (const text of sent) expect(text).not.toContain(piece)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a text that was cut earlier', () => {
  it('shows nothing of a person at the cut', () => {
    fc.assert(
      fc.property(person, fc.nat(30), fc.constantFrom(' in 1 min', '" fired', ''), ({ secret }, at, after) => {
        const part = secret.slice(0, Math.max(1, Math.min(at, secret.length - 1)))
        const text = `alert 3 "api: 9 × order of ${part}…${after}`
        const sent = writeTimelineEvent({ id: 'E1', at: 0, text, command: null }, createPseudonymizer().conceal)
        expect(sent).toContain('order of')
        expect(sent).not.toContain(`of ${part.slice(0, 4)}`)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the personal data of an answer', () => {
  let at: AppWithModel
  beforeAll(async () => {
    at = await start()
  })
  afterAll(() => at.close())

  type Named = {
    analysis: { id: number; headline: string; verdict: { findings: { evidence: { quote: string }[] }[] } }
  }
  const ask = async (line: string) => (await at.app.result<Named>(line)).analysis
  const answersAbout = (piece: { id: string; message?: string } | undefined) =>
    answers({
      ...{ status: 'inconclusive', headline: /<IP_\d+>/.exec(piece!.message!)![0], cause: null, ruled_out: [] },
      ...{ next_steps: [], missing: [], suspicious: [] },
      findings: [
        {
          ...{ claim: 'This', kind: 'observed', confidence: 'high' },
          evidence: [{ id: piece!.id, quote: piece!.message! }],
        },
      ],
    })

  it('is restored, also from look-ups and in follow-up questions', async () => {
    const many = Array.from({ length: 60 }, (_, i) => ({
      ...{ message: `login of 10.1.2.${i + 1} refused`, level: 'error', source: 'auth' },
      ...{ host: '10.9.9.9', ago: 60_000 - i * 10 },
    }))
    await at.logs([...many, { message: 'backend 10.2.2.2 gone', level: 'error', host: '10.8.8.8', ago: 50_000 }])
    at.model.next(
      request => answersAbout(readEvidence(request).find(({ message }) => message?.includes('gone'))),
      request => answersAbout(readEvidence(request).find(({ message }) => message?.includes('gone'))),
    )
    expect((await ask('analyze logs')).headline).toBe('10.2.2.2')
    at.model.next({ kind: 'calls', calls: [{ name: 'search_logs', input: { text: 'refused', limit: 50 } }] }, request =>
      answersAbout(readToolResults(request)[40]),
    )
    const first = await ask('analyze logs --deep')
    expect(first.headline).toBe('10.1.2.41')
    expect(first.verdict.findings[0]!.evidence[0]!.quote).toContain('login of 10.1.2.41 refused')
    const again = await ask(`analyze history --show ${first.id}`)
    expect(again.verdict).toEqual(first.verdict)
    at.model.next(request => {
      const [asked] = /<IP_\d+>(?=\?)/.exec(JSON.stringify(request.json.messages))!
      const piece = readEvidence(request).find(({ message }) => message)!
      return answers({ ...JSON.parse((answersAbout(piece) as { text: string }).text), headline: asked })
    })
    expect(await ask(`analyze ask --deep --analysis ${first.id} was it 10.7.7.7?`)).toMatchObject({
      headline: '10.7.7.7',
    })
  })
})

describe('the requests to a provider', () => {
  let at: AppWithModel
  beforeAll(async () => {
    at = await start({ environment: { AI_DAILY_BUDGET_USD: '1000' } })
  })
  afterAll(() => at.close())

  it('contain no secret of lines, names, beat bodies, notes, questions or look-ups', async () => {
    const samples = fc.sample(fc.oneof(leak, person), { numRuns: 60, seed: 7 })
    const oneLine = samples.filter(({ text }) => !/[\n\r]/.test(text) && text.length < 400)
    const beat = await at.app.hasCheck('job')
    await at.logs(
      samples.map(({ text }, i) => ({
        message: text,
        level: i % 2 ? 'error' : 'info',
        source: 'api',
        ago: 60_000 + i,
      })),
    )
    await at.logs(
      oneLine
        .slice(0, 10)
        .map(({ text }) => ({ message: 'x failed', level: 'error', host: text.slice(0, 200), ago: 1000 })),
    )
    for (const { text } of oneLine.slice(10, 14)) await beat('/fail', { method: 'POST', body: text })
    // The card of the alert cuts the body near the account number.
    const account = 'GB82 WEST 1234 5698 7654 32'
    for (const before of [180, 185, 190])
      await (await at.app.hasCheck(`job-${before}`))('/fail', {
        method: 'POST',
        body: `${'x'.repeat(before)} ${account}`,
      })
    await at.app.result(`ack 1 ${quoteWord(oneLine[14]!.text)}`)
    at.model.next({
      kind: 'calls',
      calls: oneLine.slice(0, 4).map(({ text }) => ({ name: 'search_logs', input: { text, limit: 50 } })),
    })
    await at.app.result(`analyze logs --question=${quoteWord(oneLine[15]!.text)}`)
    for (const alert of [1, 2, 3, 4]) await at.app.result(`analyze alert ${alert}`)
    await at.app.result(`analyze host ${quoteWord(oneLine[2]!.text.slice(0, 200))}`)
    for (const { text } of oneLine.slice(16, 20)) await at.app.result(`analyze ask ${quoteWord(text)}`)
    const mention = { channels: ['discord'], under: [at.app.channel.messages[0]!.ref], thread: null }
    const ann = { platform: 'discord' as const, id: '1', name: 'Ann', admin: false, groups: [], interactive: true }
    for (const { text } of oneLine.slice(20, 23)) {
      const before = at.model.requests.length
      expect(await at.app.dispatcher.answerMention({ ...mention, text }, ann)).toMatchObject({ ok: true })
      await until(() => at.model.requests.length > before, 'the question of a mention')
    }
    expect(at.model.requests.length).toBeGreaterThan(10)
    const received = at.model.requests.map(request => request.text).join('\n')
    expect(samples.map(({ secret }) => secret).filter(secret => leaves(received, secret))).toEqual([])
    expect(received).not.toContain('x GB82')
    expect(received).toContain('<EMAIL_')
    expect(received).toContain('[hidden:')
  })
})

/** Whether a secret is in the sent text, plain or JSON-encoded, apart from the model's own tool calls. */
function leaves(received: string, secret: string): boolean {
  const own = received.replaceAll(/"input":\{[^}]*\}/g, '')
  const json = JSON.stringify(secret).slice(1, -1)
  return own.includes(secret) || own.includes(json) || own.includes(JSON.stringify(json).slice(1, -1))
}
