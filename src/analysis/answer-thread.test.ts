// The message of an answer: its progress, its delivery over failures of a chat, its end, and what a crash leaves of it.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Card } from '../card.ts'
import { type Channel, DeliveryError } from '../chat/channel.ts'
import { silentLogger } from '../logger.ts'
import { memoryState, type State } from '../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../testing/fake-clock.ts'
import { HOUR, SECOND } from '../time.ts'
import { listPendingAnswers, recordPendingAnswer } from './analyses.ts'
import { type AnswerThreads, type AnswerWork, createAnswerThreads } from './answer-thread.ts'

let state: State
let clock: FakeClock
let threads: AnswerThreads
/** What the chat did: when (s), what, and the title and first line of the card. */
let done: string[]
let logged: string[]
/** Thrown by the next edits, one by one. */
let faults: (Error | null)[]
let replyFault: Error | null
let hasEdits: boolean

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(0)
  ;[done, logged, faults, replyFault, hasEdits] = [[], [], [], null, true]
  const log = (text: string) => void logged.push(text)
  threads = createAnswerThreads(state, clock, { ...silentLogger, warn: log, error: log, debug: log })
})
const note = (what: string, ref: string, { title, lines }: Card) =>
  done.push(`${clock.now() / SECOND} ${what} ${ref}: ${title}${lines?.[0] ? ` ${lines[0]}` : ''}`)
const channel = (id = 'chat') =>
  ({
    ...{ id, name: id, capabilities: { edits: hasEdits } },
    async reply(ref: string, card: Card) {
      if (replyFault) throw replyFault
      note('reply', ref, card)
      return `answer to ${ref}`
    },
    async edit(ref: string, card: Card) {
      const fault = faults.shift()
      if (fault) throw fault
      note('edit', ref, card)
    },
  }) as unknown as Channel
const answer = (work: AnswerWork, key = 'k') =>
  threads.answer({ channel: channel(), ref: 'card', key, retryLine: 'analyze alert 1' }, 'Analysis', work)
const card = (title = 'Answer'): Card => ({ title, tone: 'info' })
/** Work that ends when it is told to. */
const slow = () => {
  let finish = (_card: Card) => {}
  let progress = (_sentence: string) => {}
  const work: AnswerWork = onProgress => {
    progress = onProgress
    return new Promise(resolve => {
      finish = resolve
    })
  }
  return { work, finish: (own = card()) => finish(own), says: (sentence: string) => progress(sentence) }
}
const GATHERING = '0 reply card: Analysis … Gathering evidence from the logs …'

describe('an answer', () => {
  it('takes the place of its progress, which is shown every three seconds when there is something new', async () => {
    const { work, finish, says } = slow()
    expect(await answer(work)).toBe('started')
    expect(done).toEqual([GATHERING])
    await clock.advance(4 * SECOND)
    says('Reading.')
    says('Thinking.')
    await clock.advance(2 * SECOND - 1)
    expect(done).toHaveLength(1)
    await clock.advance(1)
    await clock.advance(5 * SECOND)
    finish()
    await settled()
    expect(done.slice(1)).toEqual(['6 edit answer to card: Analysis … Thinking.', '11 edit answer to card: Answer'])
    expect(listPendingAnswers(state)).toEqual([])
    says('More.')
    await clock.advance(HOUR)
    expect(done).toHaveLength(3)
  })

  it('of a question that is being answered there is not begun again, another is', async () => {
    const { work, finish } = slow()
    const [first, second] = [answer(work), answer(async () => card())]
    expect([await first, await second, await answer(async () => card('Other'), 'other')]).toEqual([
      ...['started', 'running', 'started'],
    ])
    finish()
    await settled()
    expect(done.filter(text => text.includes('edit'))).toEqual([
      '0 edit answer to card: Other',
      '0 edit answer to card: Answer',
    ])
    expect(await answer(async () => card())).toBe('started')
  })

  it('that fails says so', async () => {
    await answer(async () => {
      throw new Error('no model')
    })
    await settled()
    expect([done.at(-1), logged]).toEqual(['0 edit answer to card: Analysis failed no model', ['analysis failed']])
  })

  it('is the only message where messages cannot be changed', async () => {
    hasEdits = false
    const { work, finish, says } = slow()
    await answer(work)
    says('x')
    await clock.advance(10 * SECOND)
    expect(done).toEqual([])
    finish()
    await settled()
    expect(done).toEqual(['10 reply card: Answer'])
    expect(listPendingAnswers(state)).toEqual([])
  })

  it('that cannot be posted is not begun, and may be asked again', async () => {
    replyFault = new Error('no rights')
    await expect(answer(async () => card())).rejects.toThrow('no rights')
    replyFault = null
    expect(await answer(async () => card())).toBe('started')
  })

  it('is delivered again after a fault, after as long as the chat asks for', async () => {
    faults = [new DeliveryError('unsure', 'x'), new DeliveryError('unsure', 'x', { retryAfterMs: 9 * SECOND })]
    await answer(async () => card())
    await clock.advance(14 * SECOND - 1)
    expect(done).toEqual([GATHERING])
    await clock.advance(1)
    expect(done.slice(1)).toEqual(['14 edit answer to card: Answer'])
    expect(logged).toEqual([])
  })

  it.each<[string, Error, number]>([
    ['a chat that refuses it', new DeliveryError('refused', 'x'), 1],
    ['another error', new Error('x'), 1],
    ['the fifth fault', new DeliveryError('unsure', 'x'), 5],
  ])('is given up after %s', async (_, error, attempts) => {
    faults = Array(9).fill(error)
    await answer(async () => card())
    await clock.advance(HOUR)
    expect([done, 9 - faults.length, logged]).toEqual([
      [GATHERING],
      attempts,
      ['delivering the answer of an analysis failed'],
    ])
    expect(listPendingAnswers(state)).toEqual([])
  })

  it('whose message was deleted is posted again', async () => {
    faults = [new DeliveryError('gone', 'x')]
    await answer(async () => card())
    await settled()
    expect(done.slice(1)).toEqual(['0 reply card: Answer'])
  })

  it('whose progress cannot be shown goes on', async () => {
    faults = [new Error('x')]
    const { work, finish, says } = slow()
    await answer(work)
    says('x')
    await clock.advance(3 * SECOND)
    expect(logged).toEqual(['showing progress failed'])
    finish()
    await settled()
    expect(done.at(-1)).toBe('3 edit answer to card: Answer')
  })
})

describe('an end of Vakt', () => {
  it('waits for running answers, each with one more attempt', async () => {
    const { work, finish } = slow()
    await answer(work)
    let isStopped = false
    const stopping = threads.stop().then(() => {
      isStopped = true
    })
    await settled()
    expect(isStopped).toBe(false)
    faults = Array(9).fill(new DeliveryError('unsure', 'x'))
    finish()
    await stopping
    expect(9 - faults.length).toBe(1)
  })

  it('cuts the wait before another attempt', async () => {
    faults = [new DeliveryError('unsure', 'x', { retryAfterMs: HOUR })]
    await answer(async () => card())
    await settled()
    await threads.stop()
    expect(done.slice(1)).toEqual(['0 edit answer to card: Answer'])
  })

  it('that was a crash is told where an answer was under way', async () => {
    const pending = { ref: 'm1', title: 'Analysis', retryLine: 'analyze alert 1', at: 0 }
    recordPendingAnswer(state, { ...pending, channelId: 'chat' })
    recordPendingAnswer(state, { ...pending, channelId: 'gone' })
    threads.start(id => (id === 'chat' ? channel() : undefined))
    await settled()
    expect(done).toEqual([expect.stringMatching(/^0 edit m1: Analysis was interrupted Vakt stopped during/)])
    expect(listPendingAnswers(state)).toEqual([])
    await threads.stop()
  })
})
