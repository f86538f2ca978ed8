// Analyses under the cards of alerts, by a button and automatic, and their costs.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DeliveryError } from '../chat/channel.ts'
import { type AppWithModel, prepareAppsWithModel } from '../testing/analysis.ts'
import type { TestAppOptions } from '../testing/app.ts'
import { settled } from '../testing/fake-clock.ts'
import { MODEL_KEY } from '../testing/model/model-server.ts'
import { answerHonestly } from '../testing/model/reader.ts'
import { until } from '../testing/running.ts'
import { listPendingAnswers } from './analyses.ts'
import { readSpentSince } from './model/spending.ts'

const start = prepareAppsWithModel()
let at: AppWithModel
const opens = async (options: TestAppOptions = {}) => {
  at = await start(options)
}
afterEach(() => at.close())

const chat = { platform: 'terminal' as const, interactive: true }
const replies = () => at.app.channel.messages[0]!.replies.map(reply => reply.card)
const failingJob = async () => {
  const beat = await at.app.hasCheck('job')
  await beat('/fail')
}

describe('an analysis under a card', () => {
  beforeEach(() => opens())

  it('starts with the button, shows its progress, and becomes the answer', async () => {
    await failingJob()
    await at.incident()
    const button = at.app.channel.messages[0]!.card.buttons!.find(({ label }) => label === 'Analyze')!
    let answer = () => {}
    const asked = new Promise<void>(done => {
      answer = done
    })
    at.model.next({ kind: 'calls', calls: [{ name: 'histogram', input: {} }] }, { kind: 'hangs' })
    const pressed = await at.app.says(button.line, chat)
    expect(pressed).toMatchObject({ ok: true, quiet: true, result: { under_way: true } })
    await until(() => at.model.requests.length === 2, 'the second request')
    await at.app.passes('4s')
    expect(replies()).toMatchObject([{ title: 'Analysis of alert 1 …', lines: [expect.stringContaining('…')] }])
    // A second press does not start another analysis.
    await at.app.says(button.line, chat)
    expect(replies().length).toBe(1)
    at.model.release()
    answer()
    await asked
    await until(async () => {
      await at.app.passes('1s')
      return replies()[0]!.title.includes('Cause found')
    }, 'the answer')
    expect(replies()[0]!.lines!.length).toBeGreaterThan(3)
    expect(listPendingAnswers(at.app.state)).toEqual([])
    expect(at.app.channel.messages[0]!.card.title).toContain('Critical')
  })

  it('appears under the card, also in an added channel', async () => {
    const ops = 'discord:100000000000000001'
    await at.app.result(`channels add ${ops} --name ops`)
    await at.app.result('routes add jobs --matcher check:job --to ops')
    await failingJob()
    await at.incident()
    const ann = { platform: 'discord' as const, interactive: true }
    const { card } = at.app.added(ops).messages.at(-1)!
    expect(await at.app.says(card.buttons!.find(({ label }) => label === 'Analyze')!.line, ann)).toMatchObject({
      ok: true,
      quiet: true,
    })
    await until(async () => {
      await at.app.passes('1s')
      return at.app.added(ops).messages.at(-1)!.replies[0]?.card.title.includes('Cause found')
    }, 'the answer')
  })

  it('is delivered after refused edits, and when its message was deleted', async () => {
    await failingJob()
    await at.incident()
    at.app.channel.failing(new DeliveryError('limited', 'wait', { retryAfterMs: 7000 }), 2, 'edit')
    await at.app.says('analyze alert 1', chat)
    await until(async () => {
      await at.app.passes('5s')
      return replies()[0]!.title.includes('Cause found')
    }, 'the answer')
    at.app.channel.failing(new DeliveryError('gone', 'deleted'), 1, 'edit')
    await at.app.says('analyze alert 1 --question "and why?"', chat)
    await until(async () => {
      await at.app.passes('1s')
      return replies().at(-1)!.title.includes('Cause found') && replies().length === 3
    }, 'the answer in a new message')
  })

  it('that a crash interrupted is marked at the next start, with a button that asks again', async () => {
    await failingJob()
    await at.incident()
    at.model.next({ kind: 'hangs' })
    await at.app.says('analyze alert 1 --question "and why?"', chat)
    await until(() => at.model.requests.length === 1, 'the request')
    const next = await at.app.restarts('1m', 'killed')
    expect(replies()).toMatchObject([
      {
        title: 'Analysis of alert 1 was interrupted',
        buttons: [{ label: 'Ask again', line: 'analyze alert 1 --question="and why?"' }],
      },
    ])
    const after = await next.restarts('1m', 'killed')
    expect(replies().length).toBe(1)
    expect(listPendingAnswers(after.state)).toEqual([])
    // The killed app waits for a channel that is gone.
    at.app.stop = after.stop
  })

  it('asked by a mention and interrupted can be asked again with the same question', async () => {
    await failingJob()
    await at.incident()
    await at.app.says('analyze alert 1', chat)
    await until(async () => {
      await at.app.passes('1s')
      return replies()[0]?.title.includes('Cause found')
    }, 'the answer')
    at.model.next({ kind: 'hangs' })
    const { ref } = at.app.channel.messages[0]!
    const mention = { channels: ['discord'], under: ['no card', ref], text: ' was it "ops"? ', thread: null }
    const ann = { platform: 'discord' as const, id: '1', name: 'Ann', admin: false, groups: [], interactive: true }
    expect(await at.app.dispatcher.answerMention(mention, ann)).toMatchObject({ ok: true, quiet: true })
    await until(() => at.model.requests.length === 2, 'the request')
    const next = await at.app.restarts('1m', 'killed')
    const { buttons } = replies().at(-1)!
    expect(buttons).toMatchObject([
      { label: 'Ask again', line: 'analyze ask --analysis 1 --question="was it \\"ops\\"?"' },
    ])
    at.model.release()
    const again = await next.says(buttons![0]!.line)
    expect(again).toMatchObject({ ok: true, result: { analysis: { question: 'was it "ops"?', follows: 1 } } })
    at.app.stop = next.stop
  })

  it('is not made automatically when a person asked already, and leaves no message while it fails', async () => {
    await at.app.result('analyze auto on')
    await failingJob()
    await at.incident()
    const store = at.store as { count: (...args: never[]) => Promise<unknown> }
    const { count } = store
    store.count = () => Promise.reject(new Error('the disk is gone'))
    await at.app.passes('3m')
    expect(replies()).toEqual([])
    store.count = count
    await at.app.result('analyze alert 1')
    await at.app.passes('3m')
    expect(replies()).toEqual([])
    expect(at.model.requests.length).toBe(1)
  })

  it('is made automatically for a silenced alert only after it notifies people', async () => {
    await at.app.result('analyze auto on')
    await at.app.result('silence add severity:critical --for 5m')
    await failingJob()
    await at.incident()
    await at.app.passes('4m')
    expect(at.model.requests).toEqual([])
    await at.app.passes('90s')
    await until(async () => {
      await settled()
      return at.app.channel.messages.some(({ replies }) =>
        replies.some(reply => reply.card.title.includes('Cause found')),
      )
    }, 'the answer')
    expect(at.model.requests.length).toBe(1)
  })

  it('is made automatically at most six times per hour', async () => {
    await at.app.result('analyze auto on')
    for (let i = 1; i <= 8; i++) await (await at.app.hasCheck(`job-${i}`))('/fail')
    const countMade = async () => (await at.app.result<{ analyses: object[] }>('analyze history')).analyses.length
    await until(async () => {
      await at.app.passes('5s')
      return (await countMade()) === 6
    }, 'six analyses')
    await at.app.passes('3m')
    expect(await countMade()).toBe(6)
  })

  it('is made automatically once for a critical alert of a project that turned it on', async () => {
    await at.app.result('analyze auto on')
    await at.incident()
    await failingJob()
    await at.app.passes('19s')
    expect(at.model.requests.length).toBe(0)
    await at.app.passes('2s')
    await until(async () => {
      await settled()
      return at.app.channel.messages.some(({ replies }) => replies[0]?.card.title.includes('Cause found'))
    }, 'the answer')
    await at.app.passes('5m')
    expect(at.model.requests.length).toBe(1)
    expect((await at.app.result<{ analyses: object[] }>('analyze history')).analyses).toMatchObject([
      { kind: 'alert', automatic: true, asked_by: 'Vakt' },
    ])
  })
})

describe('the budget', () => {
  const ask = async (line = 'analyze logs --fresh') =>
    (await at.app.result<{ analysis: { why_no_model: string | null; cost_usd: number } }>(line)).analysis
  const total = () => readSpentSince(at.app.state, 0)

  it('is reserved before a call, and closed with the tokens that the provider counted', async () => {
    await opens()
    await at.incident()
    at.model.next(request => {
      // 0.10 and 0.50 dollars per million tokens, with all 8,000 tokens of an answer.
      expect(total()).toBeGreaterThan(4000)
      return { ...(answerHonestly(request) as object), usage: { input: 10_000, output: 1_000 } } as never
    })
    expect(await ask()).toMatchObject({ cost_usd: 0.0015 })
    expect(total()).toBe(1500)
  })

  it('keeps an amount that may have been spent, and releases one that was not', async () => {
    await opens()
    await at.incident()
    at.model.otherwise({ kind: 'fails', status: 400 })
    await ask()
    expect(total()).toBe(0)
    at.model.otherwise({ kind: 'refuses' })
    await ask()
    const refused = total()
    at.model.next({ kind: 'is cut', text: 'x'.repeat(500), how: 'clean' })
    const cut = ask()
    await until(async () => {
      await at.app.passes('1s')
      return at.model.requests.length >= 4
    }, 'the second attempt')
    await cut
    expect(total() - refused).toBeGreaterThan(4000)
  })

  it('keeps the reservation of a Vakt that crashed', async () => {
    await opens()
    await at.incident()
    at.model.otherwise({ kind: 'hangs' })
    void at.app.says('analyze logs')
    await until(() => at.model.requests.length === 1, 'the request')
    expect(total()).toBeGreaterThan(4000)
    const next = await at.app.restarts('1s', 'killed')
    expect(readSpentSince(next.state, 0)).toBe(total())
    await next.stop()
  })

  it.each([
    [
      'day',
      { AI_DAILY_BUDGET_USD: '0.001' },
      /^One call may cost \$0\.00\d\d, more than the AI budget of \$0\.0010 for today\. An admin can raise AI_DAILY_BUDGET_USD/,
    ],
    ['no budget', { AI_DAILY_BUDGET_USD: '0' }, /^The AI budget is \$0/],
    ['month', { AI_MONTHLY_BUDGET_USD: '0.001' }, /for this month\. An admin can raise AI_MONTHLY_BUDGET_USD/],
    ['person', { AI_DAILY_BUDGET_USD: '0.016' }, /more than the AI budget of \$0\.0040 for one person per hour/],
  ])('below the cost of one call (%s) gives the evidence and names the setting', async (_, environment, sentence) => {
    await opens({ environment })
    await at.incident()
    const { why_no_model: reason } = await ask()
    expect(reason).toMatch(sentence)
    expect(at.model.requests).toEqual([])
  })

  it('of a day is used up, and starts again at midnight', async () => {
    await opens({ environment: { AI_DAILY_BUDGET_USD: '0.05', AI_PRICE: '0.5/0.5' } })
    await at.incident()
    at.model.otherwise(
      request => ({ ...(answerHonestly(request) as object), usage: { input: 20_000, output: 0 } }) as never,
    )
    const people = ['1', '2', '3', '4', '5', '6']
    const reasons: (string | null)[] = []
    for (const id of people) {
      const reply = await at.app.says('analyze logs --fresh', { id })
      reasons.push(
        (reply as unknown as { result: { analysis: { why_no_model: string | null } } }).result.analysis.why_no_model,
      )
    }
    expect(reasons.slice(0, 4)).toEqual([null, null, null, null])
    expect(reasons[5]).toMatch(/for today is used up\. The next call is possible at \d{4}-\d\d-\d\d 00:00:00 UTC/)
  })
})

describe('other models', () => {
  it('answer over the OpenAI protocol, with tools', async () => {
    await opens()
    const local = await start({
      environment: {
        ...{ AI_PROVIDER: 'openai', AI_BASE_URL: `${at.model.url}/v1`, AI_API_KEY: MODEL_KEY, AI_MODEL: 'llama' },
        ANTHROPIC_API_KEY: '',
      },
    })
    await local.incident()
    at.model.next({ kind: 'calls', calls: [{ name: 'search_logs', input: { text: 'order', limit: 3 } }] })
    const { analysis } = await local.app.result<{ analysis: object }>('analyze logs')
    expect(analysis).toMatchObject({ outcome: 'cause_found', model: 'llama', cost_usd: 0 })
    expect(at.model.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/chat/completions'])
    expect(at.model.requests[1]!.text).toContain('order 1000 failed')
    at.model.otherwise({ kind: 'is cut', text: 'x'.repeat(500), how: 'clean' })
    const cut = local.app.result<{ analysis: { why_no_model: string } }>('analyze logs --fresh')
    await until(async () => {
      await local.app.passes('1s')
      return at.model.requests.length === 4
    }, 'the second attempt')
    expect((await cut).analysis.why_no_model).toContain('is incomplete')
    await local.close()
  })
})
