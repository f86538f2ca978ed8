// Nothing that the redaction rules name ever leaves: secrets and people go in by every path, and what arrived is read.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quoteWord } from '../../command/command-line.ts'
import { leak } from '../../logs/redact/secrets.testing.ts'
import { type AppWithModel, startAppWithModel } from '../../testing/analysis.ts'
import { answers } from '../../testing/model/behaviour.ts'
import { evidenceIn, resultsIn } from '../../testing/model/reader.ts'
import { until } from '../../testing/running.ts'
import { sentText, timelineEventText } from '../evidence/pack-text.ts'
import { shortened } from '../evidence/read-logs.ts'
import { createPseudonymizer } from './pseudonymize.ts'

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'123456789'), minLength: length, maxLength: length })
const word = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnop'), minLength: 5, maxLength: 9 })

/** Somebody's address or number, and a sentence it stands in. */
const person: fc.Arbitrary<{ secret: string; text: string }> = fc
  .oneof(
    fc.tuple(word, word).map(([name, host]) => `${name}@${host}.example`),
    fc.tuple(fc.nat(254), fc.nat(254), fc.nat(254)).map(parts => `203.${parts.map(n => n + 1).join('.')}`),
    digits(8).map(n => `+47 ${n}`),
    fc.constant('GB82 WEST 1234 5698 7654 32'),
  )
  .map(secret => ({ secret, text: `request of ${secret} failed` }))

describe('concealing', () => {
  it('masks every secret and person in a text, however often it passes', () => {
    fc.assert(
      fc.property(fc.oneof(leak, person), ({ secret, text }) => {
        const veil = createPseudonymizer()
        const once = veil.conceal(text)
        expect(once).not.toContain(secret)
        expect(veil.conceal(once)).toBe(once)
      }),
      { numRuns: 500 },
    )
  })

  it('gives a person one name, and gives the person back', () => {
    const veil = createPseudonymizer()
    expect(veil.conceal('ann@shop.example wrote to bo@shop.example, ann@shop.example waits')).toBe(
      '<EMAIL_1> wrote to <EMAIL_2>, <EMAIL_1> waits',
    )
    expect(veil.restore('ask <EMAIL_2>, not <EMAIL_3>')).toBe('ask bo@shop.example, not <EMAIL_3>')
    expect(veil.counts()).toEqual({ email: 2 })
  })

  it('leaves no half of a secret where a text is cut', () => {
    fc.assert(
      fc.property(fc.oneof(leak, person), fc.nat(420), ({ secret, text }, before) => {
        const filler = 'so it goes on '.repeat(200)
        const kept = shortened(`${filler.slice(0, before + 1_600)} ${text}`, 2_000)
        const { conceal } = createPseudonymizer()
        const sent = [sentText(kept, conceal, 5_000), sentText(`${filler.slice(0, before)} ${text}`, conceal)]
        // The first signs of what is random in it.
        const piece = secret.slice(-16).slice(0, 8)
        for (const one of sent) expect(one).not.toContain(piece)
      }),
      { numRuns: 300 },
    )
  })
})

describe('what was cut before it came', () => {
  it('tells nothing of the person it was cut in', () => {
    fc.assert(
      fc.property(person, fc.nat(30), fc.constantFrom(' in 1 min', '" fired', ''), ({ secret }, at, after) => {
        const kept = secret.slice(0, Math.max(1, Math.min(at, secret.length - 1)))
        const text = `alert 3 "api: 9 × order of ${kept}…${after}`
        const sent = timelineEventText({ id: 'E1', at: 0, text, command: null }, createPseudonymizer().conceal)
        expect(sent).toContain('order of')
        expect(sent).not.toContain(`of ${kept.slice(0, 4)}`)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the people of an answer', () => {
  let at: AppWithModel
  beforeAll(async () => {
    at = await startAppWithModel()
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

  it('are those of the evidence, also of what was looked up and of questions that follow', async () => {
    const many = Array.from({ length: 60 }, (_, i) => ({
      ...{ message: `login of 10.1.2.${i + 1} refused`, level: 'error', source: 'auth' },
      ...{ host: '10.9.9.9', ago: 60_000 - i * 10 },
    }))
    await at.logs([...many, { message: 'backend 10.2.2.2 gone', level: 'error', host: '10.8.8.8', ago: 50_000 }])
    at.model.next(
      request => answersAbout(evidenceIn(request).find(one => one.message?.includes('gone'))),
      request => answersAbout(evidenceIn(request).find(one => one.message?.includes('gone'))),
    )
    expect((await ask('analyze logs')).headline).toBe('10.2.2.2')
    at.model.next({ kind: 'calls', calls: [{ name: 'search_logs', input: { text: 'refused', limit: 50 } }] }, request =>
      answersAbout(resultsIn(request)[40]),
    )
    const first = await ask('analyze logs --deep')
    expect(first.headline).toBe('10.1.2.41')
    expect(first.verdict.findings[0]!.evidence[0]!.quote).toContain('login of 10.1.2.41 refused')
    const again = await ask(`analyze history --show ${first.id}`)
    expect(again.verdict).toEqual(first.verdict)
    at.model.next(request => {
      const [asked] = /<IP_\d+>(?=\?)/.exec(JSON.stringify(request.json.messages))!
      const piece = evidenceIn(request).find(one => one.message)!
      return answers({ ...JSON.parse((answersAbout(piece) as { text: string }).text), headline: asked })
    })
    expect(await ask(`analyze ask --deep --analysis ${first.id} was it 10.7.7.7?`)).toMatchObject({
      headline: '10.7.7.7',
    })
  })
})

describe('what a provider receives', () => {
  let at: AppWithModel
  beforeAll(async () => {
    at = await startAppWithModel({ environment: { AI_DAILY_BUDGET_USD: '1000' } })
  })
  afterAll(() => at.close())

  it('holds nothing of it, whether in lines, names, bodies of beats, notes, questions or look-ups', async () => {
    const said = fc.sample(fc.oneof(leak, person), { numRuns: 60, seed: 7 })
    const oneLine = said.filter(({ text }) => !/[\n\r]/.test(text) && text.length < 400)
    const beat = await at.app.hasCheck('job')
    await at.logs(
      said.map(({ text }, i) => ({ message: text, level: i % 2 ? 'error' : 'info', source: 'api', ago: 60_000 + i })),
    )
    await at.logs(
      oneLine
        .slice(0, 10)
        .map(({ text }) => ({ message: 'x failed', level: 'error', host: text.slice(0, 200), ago: 1000 })),
    )
    for (const { text } of oneLine.slice(10, 14)) await beat('/fail', { method: 'POST', body: text })
    // The card of the alert shows so much of what was said, and no more.
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
    expect(said.map(({ secret }) => secret).filter(secret => leaves(received, secret))).toEqual([])
    expect(received).not.toContain('x GB82')
    expect(received).toContain('<EMAIL_')
    expect(received).toContain('[hidden:')
  })
})

/** Whether a secret is in what was sent, as it is or as JSON writes it. The look-ups are the model's own words. */
function leaves(received: string, secret: string): boolean {
  const own = received.replaceAll(/"input":\{[^}]*\}/g, '')
  const json = JSON.stringify(secret).slice(1, -1)
  return own.includes(secret) || own.includes(json) || own.includes(JSON.stringify(json).slice(1, -1))
}
