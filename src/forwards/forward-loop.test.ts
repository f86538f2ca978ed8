// The forward loop by itself: pages of lines, waits between them, refusals line by line, and its end.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { endAlert, fireAlert } from '../alerts/lifecycle.ts'
import { silentLogger } from '../logger.ts'
import type { LogLine } from '../logs/line.ts'
import { ALL_PROJECTS, saveSearch } from '../logs/searches.ts'
import type { LogFeed } from '../logs/store.ts'
import { addProject, findProject, removeProject } from '../projects/projects.ts'
import { createVault } from '../projects/vault.ts'
import { memoryState, type State } from '../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../testing/fake-clock.ts'
import { until } from '../testing/running.ts'
import { MINUTE, SECOND } from '../time.ts'
import { type Forward, ForwardError } from './forward.ts'
import { createForwardLoop, type ForwardLoopOptions } from './forward-loop.ts'
import { addForward, listForwards, removeForward } from './forwards.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const vault = createVault(Buffer.alloc(32, 7))

let state: State
let clock: FakeClock
/** The lines of the store; the position of each is its place, from 1. */
let lines: LogLine[]
/** Up to where lines can be read. */
let committedTo: number | null
let reads: { position: number; lines: number }[]
let sent: string[][]
/** What becomes of a batch; by default it arrives. */
let receive: (messages: string[]) => number | Promise<number>
let warnings: string[]
let loop: ReturnType<typeof createForwardLoop>

const feed: LogFeed = {
  async linesAfter(position, limits) {
    reads.push({ position, lines: limits.lines })
    const end = committedTo ?? lines.length
    const page = lines.slice(position, Math.min(end, position + limits.lines))
    return { lines: page, next: page.length > 0 ? position + page.length : end, committedTo: end }
  },
}

function aLoop(changes: Partial<ForwardLoopOptions> = {}) {
  loop = createForwardLoop({
    ...{ state, vault, feed, clock, timeZone: 'UTC', publicUrl: () => 'https://vakt.example.org' },
    logger: { ...silentLogger, warn: text => warnings.push(text) },
    kinds: [
      {
        ...{ name: 'webhook', schemes: ['https'], written: '' },
        async send(batch) {
          const messages = batch.map(({ message }) => message)
          sent.push(messages)
          return { refused: await receive(messages) }
        },
      },
    ],
    ...changes,
  })
  return loop
}

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  lines = []
  committedTo = null
  reads = []
  sent = []
  receive = () => 0
  warnings = []
  aLoop()
})
afterEach(async () => {
  const stopped = loop.stop()
  await clock.advance(2 * SECOND)
  await stopped
})

const aForward = (changes: Partial<Parameters<typeof addForward>[1]> = {}, address = 'https://lake.example.org/') =>
  addForward(state, {
    ...{ name: 'lake', kind: 'webhook', shownAddress: address, query: '', position: 0, createdBy: 'Ann' },
    ...{ targetSealed: vault.seal(JSON.stringify({ address, headers: {} })), createdAt: START, ...changes },
  })
const has = (...messages: string[]) => {
  for (const message of messages)
    lines.push({ message, project: 'shop', level: 'info', timestamp: START, receivedAt: START } as LogLine)
}
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`)
const forward = (): Forward => listForwards(state)[0]!
const refusal = () => new ForwardError('status 400', { isRefused: true })

describe('a forward', () => {
  it('sends what is there at once, and new lines half a second after they came', async () => {
    has('one', 'two')
    aForward()
    loop.start()
    await clock.advance(0)
    expect(sent).toEqual([['one', 'two']])
    expect(forward()).toMatchObject({ position: 2, sent: 2, lastSentAt: START, failures: 0 })
    has('three')
    loop.onLines()
    await clock.advance(SECOND / 2 - 1)
    has('four')
    loop.onLines()
    expect(sent.length).toBe(1)
    await clock.advance(1)
    expect(sent.slice(1)).toEqual([['three', 'four']])
  })

  it('looks by itself every 30 s, without a sign of new lines', async () => {
    aForward()
    loop.start()
    await clock.advance(SECOND)
    has('one')
    await clock.advance(29 * SECOND - 1)
    expect(sent).toEqual([])
    await clock.advance(1)
    expect(sent).toEqual([['one']])
  })

  it('reads at most 1,000 lines at a time, one page after the other', async () => {
    has(...numbered(2_500))
    aForward()
    loop.start()
    await clock.advance(0)
    expect(sent.map(batch => batch.length)).toEqual([1_000, 1_000, 500])
    expect(forward()).toMatchObject({ position: 2_500, sent: 2_500 })
  })

  it('sends what its saved search finds, as that is now', async () => {
    const save = (query: string) =>
      saveSearch(state, { projectId: ALL_PROJECTS, name: 'bad', query, savedBy: 'Ann', savedAt: START })
    save('level:error')
    aForward({ query: '@bad' })
    lines.push({ message: 'a', level: 'error' } as LogLine, { message: 'b', level: 'warn' } as LogLine)
    loop.start()
    await clock.advance(0)
    save('level:warn')
    lines.push({ message: 'c', level: 'error' } as LogLine, { message: 'd', level: 'warn' } as LogLine)
    await clock.advance(30 * SECOND)
    expect(sent).toEqual([['a'], ['d']])
    save('level:warn last:1h')
    lines.push({ message: 'e', level: 'warn' } as LogLine)
    await clock.advance(30 * SECOND)
    expect([sent.length, forward().lastError]).toEqual([2, expect.stringContaining('names a time now')])
  })

  it('passes over lines that do not match, and asks nobody to take none of them', async () => {
    lines.push({ message: 'a', project: 'other', level: 'error' } as LogLine)
    lines.push({ message: 'b', project: 'shop', level: 'info' } as LogLine)
    const { id } = addProject(state, 'shop', START)
    aForward({ projectId: id, query: 'level:error' })
    loop.start()
    await clock.advance(0)
    expect([sent, forward().position, forward().lastSentAt]).toEqual([[], 2, null])
    lines.push({ message: 'c', project: 'shop', level: 'error' } as LogLine)
    lines.push({ message: 'd', project: 'other', level: 'error' } as LogLine)
    loop.onLines()
    await clock.advance(SECOND)
    expect([sent, forward().position, forward().sent]).toEqual([[['c']], 4, 1])
  })

  it('that is added or removed later begins and ends with it', async () => {
    has('one')
    loop.start()
    await clock.advance(MINUTE)
    const lake = aForward()
    await settled()
    await clock.advance(0)
    expect(sent).toEqual([['one']])
    aForward({ name: 'second' })
    await settled()
    await clock.advance(0)
    expect(sent).toEqual([['one'], ['one']])
    removeForward(state, lake)
    has('two')
    await settled()
    await clock.advance(MINUTE)
    expect(sent).toEqual([['one'], ['one'], ['two']])
  })

  it('that is added while one that was just removed still sends begins where it should, and sends each line once', async () => {
    let arrives = () => {}
    receive = () =>
      new Promise(resolve => {
        arrives = () => resolve(0)
      })
    has('one')
    const old = aForward()
    loop.start()
    await clock.advance(0)
    removeForward(state, old)
    const added = aForward()
    expect(added.id).not.toBe(old.id)
    await settled()
    receive = () => 0
    arrives()
    await clock.advance(SECOND)
    has('two')
    loop.onLines()
    await clock.advance(MINUTE)
    expect(sent).toEqual([['one'], ['one'], ['two']])
    expect(forward()).toMatchObject({ position: 2, sent: 2 })
  })

  it('whose project was removed fails with what to do', async () => {
    aForward({ projectId: addProject(state, 'shop', START).id })
    removeProject(state, findProject(state, 'shop'), START)
    loop.start()
    await clock.advance(0)
    expect(forward()).toMatchObject({ failures: 1, lastError: expect.stringContaining('Remove the forward.') })
  })

  it('counts what the receiver refused of a batch that it took', async () => {
    receive = () => 2
    has('one', 'two', 'three')
    aForward()
    loop.start()
    await clock.advance(0)
    expect(forward()).toMatchObject({ sent: 1, refused: 2, position: 3 })
  })

  it('waits where there is no log store', async () => {
    await loop.stop()
    aForward()
    aLoop({ feed: null }).start()
    await clock.advance(MINUTE)
    expect(forward()).toMatchObject({ failures: 0 })
  })
})

describe('a receiver that fails', () => {
  it('gets the same lines again, later and later, and is warned of once', async () => {
    receive = () => {
      throw new ForwardError('status 503')
    }
    has('one')
    aForward()
    loop.start()
    await clock.advance(0)
    expect(forward()).toMatchObject({ failures: 1, failingSince: START, lastError: 'status 503', position: 0 })
    // New lines do not make it earlier.
    has('two')
    loop.onLines()
    await clock.advance(SECOND / 2 - 1)
    expect(sent.length).toBe(1)
    await clock.advance(SECOND / 2)
    expect(sent.length).toBe(2)
    await clock.advance(2 * SECOND)
    expect(sent.length).toBe(3)
    expect(warnings).toEqual(['a forward fails; what it did not send is sent later'])
    receive = () => 0
    await clock.advance(MINUTE)
    expect(forward()).toMatchObject({ failures: 0, failingSince: null, sent: 2, lastError: null })
    // All is as before it.
    has('three')
    loop.onLines()
    await clock.advance(SECOND / 2)
    expect(sent.at(-1)).toEqual(['three'])
  })

  it('waits 5 minutes at most, or as long as it asks for', async () => {
    receive = () => {
      throw new ForwardError('status 429', { retryAfterMs: 20 * MINUTE })
    }
    has('one')
    aForward()
    loop.start()
    await clock.advance(20 * MINUTE - 1)
    expect(sent.length).toBe(1)
    receive = () => {
      throw new ForwardError('status 503')
    }
    await clock.advance(60 * MINUTE)
    const before = sent.length
    await clock.advance(5 * MINUTE)
    expect(sent.length).toBeGreaterThan(before)
  })

  it('is not asked for less where the failure has nothing to do with the lines', async () => {
    receive = () => {
      throw new ForwardError('status 503')
    }
    has(...numbered(10))
    aForward()
    loop.start()
    await clock.advance(10 * SECOND)
    expect(new Set(sent.map(batch => batch.length))).toEqual(new Set([10]))
  })
})

describe('a receiver that refuses a line', () => {
  it('gets all others, in smaller and then again in larger batches', async () => {
    receive = messages => {
      if (messages.includes('line 5')) throw refusal()
      return 0
    }
    has(...numbered(8))
    aForward()
    loop.start()
    await clock.advance(0)
    // The half with the line is halved again; each batch that arrives lets the next one be twice as large.
    expect(sent.map(batch => batch.length)).toEqual([8, 4, 4, 2, 1, 2, 1, 1, 1])
    expect(forward()).toMatchObject({ position: 8, sent: 7, refused: 1, failures: 0, lastError: null })
    expect(reads.map(read => read.lines)).toEqual([1_000, 4, 8, 2, 1, 2, 1, 1, 2, 4])
    expect(warnings).toEqual(['the receiver of a forward refused a line; it is left out'])
  })

  it('refuses no line any more that counts: after 20 in a row it is at fault', async () => {
    receive = () => {
      throw refusal()
    }
    has(...numbered(25))
    aForward()
    loop.start()
    await clock.advance(0)
    expect(forward()).toMatchObject({ position: 20, refused: 20, failures: 1, lastError: 'status 400' })
    receive = () => 0
    await clock.advance(MINUTE)
    expect(forward()).toMatchObject({ position: 25, sent: 5, refused: 20 })
    receive = () => {
      throw refusal()
    }
    has(...numbered(20))
    loop.onLines()
    await clock.advance(SECOND)
    expect(forward()).toMatchObject({ position: 45, refused: 40, failures: 0, lastError: 'status 400' })
  })

  it('is asked for half of the lines that match, not of those that were read', async () => {
    lines = numbered(100).map(
      (message, i) => ({ message, project: 'shop', level: i < 4 ? 'error' : 'info' }) as LogLine,
    )
    receive = messages => {
      if (messages.length > 2) throw refusal()
      return 0
    }
    aForward({ query: 'level:error' })
    loop.start()
    await clock.advance(0)
    expect(sent.map(batch => batch.length)).toEqual([4, 2, 2])
  })
})

describe('a stop', () => {
  it('waits for a send that is under way, and begins no other', async () => {
    let arrives = (_: number) => {}
    receive = () => new Promise(resolve => (arrives = resolve))
    has(...numbered(1_500))
    aForward()
    loop.start()
    await clock.advance(0)
    let isStopped = false
    const stopped = loop.stop().then(() => {
      isStopped = true
    })
    await settled()
    expect(isStopped).toBe(false)
    arrives(0)
    await stopped
    expect(forward().position).toBe(1_000)
    has('later')
    loop.onLines()
    aForward({ name: 'second' })
    await settled()
    await clock.advance(5 * MINUTE)
    expect(sent.length).toBe(1)
  })

  it('leaves one that takes more than 1.5 s', async () => {
    receive = () => new Promise(() => {})
    has('one')
    aForward()
    loop.start()
    await clock.advance(0)
    let isStopped = false
    void loop.stop().then(() => {
      isStopped = true
    })
    await clock.advance(1.5 * SECOND - 1)
    expect(isStopped).toBe(false)
    await clock.advance(1)
    expect(isStopped).toBe(true)
  })
})

describe('an Alertmanager', () => {
  type Sent = { labels: Record<string, string>; annotations: Record<string, string>; endsAt: string; startsAt: string }
  let receiver: Server
  let bodies: Sent[][]

  beforeEach(async () => {
    bodies = []
    receiver = createServer(async (request, response) => {
      let text = ''
      for await (const piece of request) text += piece
      bodies.push(JSON.parse(text))
      response.end()
    })
    await new Promise<void>(done => receiver.listen(0, '127.0.0.1', done))
  })
  afterEach(() => {
    receiver.closeAllConnections()
    receiver.close()
  })

  const fires = (key: string, changes: object = {}) =>
    fireAlert(
      state,
      {
        ...{
          key,
          detector: 'missed-beat',
          projectId: null,
          severity: 'critical',
          title: key,
          since: START,
          owner: null,
        },
        ...{ remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels: {}, ...changes },
      } as Parameters<typeof fireAlert>[1],
      clock.now(),
    )
  const add = (changes: Partial<Parameters<typeof addForward>[1]> = {}) =>
    aForward(
      { kind: 'alertmanager', ...changes },
      `alertmanager+http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
    )
  const gets = async (count: number) => {
    await until(() => bodies.length >= count, 'the alerts')
    await until(() => forward().sent > 0, 'the record')
    await settled()
  }

  it('gets alerts of its project, but none that it reported itself and none of groups', async () => {
    const shop = addProject(state, 'shop', START).id
    fires('own', { projectId: shop, labels: { 'check.name': 'nightly', '1st': 'x', empty: '' }, owner: 'Ann' })
    fires('of another', { projectId: addProject(state, 'other', START).id })
    fires('of none')
    fires('its own', { projectId: shop, detector: 'alertmanager' })
    fires('a group', { projectId: shop, detector: 'group' })
    add({ projectId: shop })
    loop.start()
    await clock.advance(0)
    await gets(1)
    expect(bodies[0]!.map(({ annotations }) => annotations.summary)).toEqual(['own'])
    expect(bodies[0]![0]).toMatchObject({
      labels: {
        ...{ alertname: 'missed-beat', severity: 'critical', project: 'shop', vakt_key: 'own' },
        ...{ check_name: 'nightly', _1st: 'x' },
      },
      annotations: { owner: 'Ann', state: 'firing' },
      startsAt: '2026-03-02T09:00:00.000Z',
      endsAt: '2026-03-02T09:04:00.000Z',
      generatorURL: 'https://vakt.example.org',
    })
    expect(Object.keys(bodies[0]![0]!.labels)).not.toContain('empty')
    expect(forward()).toMatchObject({ sent: 1, lastSentAt: START })
  })

  it('gets those of all projects without one, half a second after a change and every minute', async () => {
    fires('first')
    add()
    loop.start()
    await clock.advance(0)
    await gets(1)
    expect(bodies[0]![0]!.labels.project).toBeUndefined()
    fires('second')
    await settled()
    await clock.advance(SECOND / 2)
    await gets(2)
    expect(bodies[1]!.map(({ annotations }) => annotations.summary).sort()).toEqual(['first', 'second'])
    loop.onLines()
    await clock.advance(MINUTE - 1)
    expect(bodies.length).toBe(2)
    await clock.advance(1)
    await gets(3)
  })

  it('hears of an end for 15 minutes', async () => {
    fires('ended')
    fires('open')
    endAlert(state, 'ended', null, clock.now())
    clock.sleep(15 * MINUTE)
    add()
    loop.start()
    await clock.advance(0)
    await gets(1)
    expect(bodies[0]!.map(({ annotations, endsAt }) => `${annotations.summary} ${endsAt}`).sort()).toEqual([
      'ended 2026-03-02T09:00:00.000Z',
      'open 2026-03-02T09:19:00.000Z',
    ])
    await clock.advance(MINUTE)
    await gets(2)
    expect(bodies[1]!.map(({ annotations }) => annotations.summary)).toEqual(['open'])
  })
})
