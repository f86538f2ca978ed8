// The player: times and order of requests, retries with a busy server, and stopping.
import { describe, expect, it } from 'vitest'
import { createFakeClock, settled } from '../testing/fake-clock.ts'
import { type Reply, readRetryAfter } from './client.ts'
import type { Lines, Step } from './play.ts'
import { type PlayerEvent, playTo, type Target } from './player.ts'

const TAKEN: Reply = { kind: 'taken', lines: 1, rejected: 0 }
const line = (at: number, source = 'api'): Lines & { at: number } => ({
  at,
  kind: 'lines',
  source,
  contentType: 'text/plain',
  query: {},
  body: 'x',
  lines: 1,
  levels: { info: 1 },
})
const beat = (at: number, signal: 'start' | 'success' = 'success'): Step => ({
  at,
  kind: 'beat',
  source: 'backup',
  signal,
})

/** Plays steps to a server that answers as `answer` says. */
function playing(
  steps: Step[],
  answer: (sent: string, nth: number) => Reply | Promise<Reply> = () => TAKEN,
  speed = 1,
) {
  const clock = createFakeClock(1_000_000)
  const sent: [at: number, what: string][] = []
  const events: PlayerEvent[] = []
  const stopping = new AbortController()
  const send = async (what: string) => {
    sent.push([clock.now() - 1_000_000, what])
    return answer(what, sent.length)
  }
  const target: Target = {
    sendLines: (step, number) => send(`${step.source} ${number}`),
    sendBeat: step => send(`beat ${step.signal}`),
  }
  const options = {
    clock,
    speed,
    begin: 1_000_000,
    signal: stopping.signal,
    onEvent: (event: PlayerEvent) => events.push(event),
  }
  let ended: unknown = 'playing'
  const done = playTo(target, steps, options).then(
    () => {
      ended = 'done'
    },
    error => {
      ended = error
    },
  )
  return { clock, sent, events, stopping, done, ended: () => ended }
}

describe('the player', () => {
  it('sends everything at its time, faster at a speed', async () => {
    const at = async (speed: number) => {
      const { clock, sent, done } = playing([line(0), beat(500), line(4000)], undefined, speed)
      await clock.advance(5000)
      await done
      return sent
    }
    expect(await at(1)).toEqual([
      [0, 'api 0'],
      [500, 'beat success'],
      [4000, 'api 2'],
    ])
    expect((await at(4)).map(([when]) => when)).toEqual([0, 125, 1000])
  })

  it('waits for the Retry-After of the server, then sends the same batch again, in the order of the source', async () => {
    const { clock, sent, events, done } = playing([line(0), line(100), line(200, 'other')], (what, nth) =>
      what === 'api 0' && nth === 1 ? { kind: 'again', reason: '429 slow down', afterMs: 7000 } : TAKEN,
    )
    await clock.advance(10_000)
    await done
    expect(sent).toEqual([
      [0, 'api 0'],
      [200, 'other 2'],
      [7000, 'api 0'],
      [7000, 'api 1'],
    ])
    expect(events.map(one => one.kind)).toEqual(['again', 'sent', 'sent', 'sent'])
  })

  it('doubles the wait without a Retry-After, and gives up after eight attempts', async () => {
    const { clock, sent, events, done } = playing([line(0)], () => ({
      kind: 'again',
      reason: 'refused',
      afterMs: null,
    }))
    await clock.advance(200_000)
    await done
    expect(sent.map(([at]) => at)).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500, 63_500])
    expect(events.at(-1)).toMatchObject({ kind: 'lost', reason: 'refused' })
  })

  it('never has more than eight requests under way, and falls behind rather than pile up', async () => {
    let under = 0
    let most = 0
    let made = 0
    const waiting: (() => void)[] = []
    function* many() {
      for (let i = 0; i < 500; i++) {
        made++
        yield line(0, `s${i % 20}`)
      }
    }
    const { done } = playing(many() as unknown as Step[], async () => {
      most = Math.max(most, ++under)
      await new Promise<void>(resolve => waiting.push(resolve))
      under--
      return TAKEN
    })
    await settled()
    expect([most, made <= 66]).toEqual([8, true])
    while (waiting.length > 0) {
      waiting.shift()!()
      await settled(2)
    }
    await done
    expect([most, made]).toEqual([8, 500])
  })

  it('stops at once when it is aborted: running requests are finished, no others are started', async () => {
    const { clock, sent, stopping, done } = playing([line(0), line(1000), line(60_000)])
    await clock.advance(1500)
    stopping.abort()
    await done
    expect(sent.map(([, what]) => what)).toEqual(['api 0', 'api 1'])
  })

  it('ends with the reason when the key is refused, and reports single refused requests', async () => {
    const bad = playing([line(0), line(1000)], () => ({
      kind: 'refused',
      reason: '401 no such key',
      isPermanent: true,
    }))
    await bad.clock.advance(2000)
    await bad.done
    expect(String(bad.ended())).toContain('The server refuses the key: 401 no such key')
    expect(bad.sent).toHaveLength(1)
    const odd = playing([line(0), line(1000)], (_, nth) =>
      nth === 1 ? { kind: 'refused', reason: '413', isPermanent: false } : TAKEN,
    )
    await odd.clock.advance(2000)
    await odd.done
    expect(odd.events.map(one => one.kind)).toEqual(['lost', 'sent'])
  })
})

it.each([
  [null, null],
  ['7', 7000],
  ['Mon, 02 Mar 2026 09:00:10 GMT', 10_000],
  ['Mon, 02 Mar 2026 08:00:00 GMT', 0],
  ['soon', null],
])('Retry-After %j is %j ms', (text, ms) => {
  expect(readRetryAfter(text, Date.parse('2026-03-02T09:00:00Z'))).toBe(ms)
})
