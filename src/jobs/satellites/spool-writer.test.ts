// The log writer of a satellite by itself: what waits in the spool, and how a request that comes again is answered.
import { beforeEach, describe, expect, it } from 'vitest'
import { MEBIBYTE } from '../../bytes.ts'
import { BODY_KEY } from '../../logs/repeat-memory.ts'
import type { Batch, LogWriter } from '../../logs/store.ts'
import { emitterOf } from '../../projects/emitter-limit.ts'
import { addProject, type Project } from '../../projects/projects.ts'
import { claimSignature } from '../../projects/signatures.ts'
import { openSpool, type Spool } from '../../satellites/spools.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createGroupCommit } from '../../state/group-commit.ts'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { DAY, MINUTE } from '../../time.ts'
import { createSpoolWriter } from './spool-writer.ts'

const START = Date.parse('2026-03-02T09:00:00Z')

let state: State
let clock: FakeClock
let spool: Spool
let shop: Project
let stored: number
let writer: LogWriter

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  shop = addProject(state, 'shop', START)
  addProject(state, 'blog', START)
  stored = 0
  open(64 * MEBIBYTE)
})

const open = (limitBytes: number) => {
  spool = openSpool(state, 'vakt_key', limitBytes)
  const commit = createGroupCommit(state)
  writer = createSpoolWriter({ state, commit, spool, clock, onStored: () => stored++ })
}
const send = (text: string, more: Partial<Batch> = {}) => {
  const { buffer } = new Uint8Array(Buffer.from(text))
  return writer.append({
    ...{ body: buffer, format: 'text', project: 'shop', defaults: { source: 'api', host: 'web-1' } },
    ...{ limits: { lines: 100, messageBytes: 1000 }, retentionMs: DAY, privacy: {}, idempotencyKey: null },
    ...{ receivedAt: clock.now(), ...more },
  })
}
const waiting = () => spool.read('lines', MEBIBYTE, 100).records

describe('a batch', () => {
  it('waits as it was received, and is answered with how many lines are accepted', async () => {
    const result = await send('one\ntwo\n', { idempotencyKey: 'k', zones: { fixed: 'Europe/Oslo', fallback: 'UTC' } })
    expect(result).toMatchObject({ accepted: 2, rejected: 0, errors: [], repeated: false })
    expect(result.counts).toMatchObject([{ source: 'api', host: 'web-1', count: 2, minute: START, project: 'shop' }])
    expect(waiting()).toMatchObject([
      {
        record: {
          ...{ kind: 'lines', at: START, project: shop.id, sender: '', key: 'k', zone: 'Europe/Oslo', lines: 2 },
          ...{ format: 'text', defaults: { source: 'api', host: 'web-1' } },
        },
        body: Buffer.from('one\ntwo\n'),
      },
    ])
    expect([stored, 'signature' in waiting()[0]!.record]).toEqual([1, false])
    await send('three', { sender: 'app', signature: 'sig' })
    expect(waiting()[1]!.record).toMatchObject({ sender: 'app', signature: 'sig', key: null, zone: null })
  })

  it('is counted by source and host', async () => {
    const lines = ['a', 'b', 'a'].map(source => JSON.stringify({ message: 'x', source }))
    const { counts } = await send(lines.join('\n'), { format: 'ndjson', defaults: { host: 'web-1' } })
    expect(counts.map(({ source, count, latest }) => [source, count, latest])).toEqual([
      ['a', 2, START],
      ['b', 1, START],
    ])
  })

  it('without a line that is accepted leaves nothing', async () => {
    const limits = { lines: 100, messageBytes: 1000, usedUp: [emitterOf({ source: 'api', host: 'web-1' })] }
    expect(await send('one', { limits, idempotencyKey: 'k' })).toMatchObject({ accepted: 0, rejected: 1 })
    expect([waiting(), stored]).toEqual([[], 0])
    expect(await send('one', { idempotencyKey: 'k' })).toMatchObject({ accepted: 1, repeated: false })
  })

  it('that does not fit is refused, and counted', async () => {
    open(1000)
    await expect(send('x'.repeat(941))).rejects.toMatchObject({ code: 'busy', retryAfterMs: MINUTE })
    expect([waiting(), spool.refused()]).toEqual([[], 1])
    expect((await send('x'.repeat(940))).accepted).toBe(1)
  })
})

describe('a request that comes again', () => {
  it('with its key is answered as before for a day, in its project only', async () => {
    const first = await send('one\ntwo', { idempotencyKey: 'k' })
    clock.sleep(DAY)
    expect(await send('one\ntwo', { idempotencyKey: 'k' })).toEqual({ ...first, counts: [], repeated: true })
    expect([waiting().length, stored]).toEqual([1, 1])
    expect((await send('one\ntwo', { idempotencyKey: 'k', project: 'blog' })).repeated).toBe(false)
    expect((await send('one\ntwo', { idempotencyKey: 'other' })).repeated).toBe(false)
    expect((await send('one\ntwo')).repeated).toBe(false)
    clock.sleep(1)
    expect((await send('one\ntwo', { idempotencyKey: 'k' })).repeated).toBe(false)
  })

  it('and is known by its body only, for 15 minutes; the main does not learn such a key', async () => {
    const idempotencyKey = `${BODY_KEY}hash`
    await send('one', { idempotencyKey })
    expect(waiting()[0]!.record).toMatchObject({ key: null })
    clock.sleep(15 * MINUTE)
    expect((await send('one', { idempotencyKey })).repeated).toBe(true)
    clock.sleep(1)
    expect((await send('one', { idempotencyKey })).repeated).toBe(false)
  })

  it('at the same time is stored once', async () => {
    const both = await Promise.all([send('one', { idempotencyKey: 'k' }), send('one', { idempotencyKey: 'k' })])
    expect(both.map(({ repeated }) => repeated)).toEqual([false, true])
    expect(waiting()).toHaveLength(1)
  })

  it('after a part was for later is read again', async () => {
    const lines = ['a', 'b'].map(source => JSON.stringify({ message: 'x', source })).join('\n')
    const limits = { lines: 100, messageBytes: 1000, usedUp: [emitterOf({ source: 'b', host: 'web-1' })] }
    const more = { format: 'ndjson' as const, idempotencyKey: 'k' }
    expect(await send(lines, { ...more, limits })).toMatchObject({ accepted: 1, rejected: 1 })
    expect(await send(lines, more)).toMatchObject({ accepted: 2, repeated: false })
  })

  it('after another part could not be read is answered as before', async () => {
    const more = { format: 'ndjson' as const, idempotencyKey: 'k' }
    const text = `${JSON.stringify({ message: 'x' })}\n5`
    expect(await send(text, more)).toMatchObject({ accepted: 1, rejected: 1, repeated: false })
    expect(await send(text, more)).toMatchObject({ accepted: 1, rejected: 1, repeated: true })
  })
})

describe('what is remembered', () => {
  const replies = () =>
    state
      .prepare<[], { key: string }>('select key from spool_replies order by key')
      .all()
      .map(({ key }) => key)

  it('is forgotten after its time, looked at once a minute', async () => {
    await send('one', { idempotencyKey: 'k' })
    await send('two', { idempotencyKey: `${BODY_KEY}b` })
    clock.sleep(15 * MINUTE)
    await send('three')
    expect(replies()).toHaveLength(2)
    clock.sleep(MINUTE - 1)
    await send('three')
    expect(replies()).toHaveLength(2)
    clock.sleep(1)
    await send('three')
    expect(replies()).toEqual(['k'])
    clock.sleep(DAY - 16 * MINUTE)
    await send('three')
    expect(replies()).toEqual(['k'])
    clock.sleep(MINUTE)
    await send('three')
    expect(replies()).toEqual([])
  })

  it('of signatures is forgotten once they are too old to be accepted', async () => {
    claimSignature(state, 'a', START - DAY - 1)
    claimSignature(state, 'b', START - DAY)
    await send('one')
    expect([claimSignature(state, 'a', START), claimSignature(state, 'b', START)]).toEqual([true, false])
  })
})
