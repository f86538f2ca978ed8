// The lease: who may act when, over pauses, lost answers and stores that fail; and both stores, which write only over what was read.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { LeaseConfig } from '../../config/lease-settings.ts'
import { examineLease } from '../../operations/doctor/examine-lease.ts'
import { Problem } from '../../problem.ts'
import { memoryState } from '../../state/database.ts'
import { readValue, writeValue } from '../../state/key-value.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { memoryLease } from '../../testing/memory-lease.ts'
import { startS3 } from '../../testing/s3/s3-server.ts'
import { fileLease } from './file-lease.ts'
import { type Lease, takeLease } from './lease.ts'
import { type LeaseRecord, leaseText, parseLease } from './lease-record.ts'
import type { LeaseStore } from './lease-store.ts'
import { systemLeaseTime, timeBase } from './lease-time.ts'
import { startRenewal } from './renewal.ts'
import { renewOnThread } from './renewal-thread.ts'
import { s3Lease } from './s3-lease.ts'
import { openSharedLease, sharedLeaseMemory } from './shared-lease.ts'

const TTL_MS = 20_000
const signal = new AbortController().signal

/** A Vakt that wants the lease, with a clock of its own that can pause. */
function aVakt(store: LeaseStore, clock: FakeClock, name: string, holder = name) {
  const lost: string[] = []
  const trouble: string[] = []
  const waits: string[] = []
  const ending = new AbortController()
  let lease: Lease | null = null
  let pausedTasks: (() => void)[] | null = null
  const taking = takeLease({
    store,
    holder,
    name,
    ttlMs: TTL_MS,
    signal: ending.signal,
    time: {
      elapsedMs: clock.now,
      now: clock.now,
      after: (ms, task) => clock.at(clock.now() + ms, () => (pausedTasks ? void pausedTasks.push(task) : task())),
    },
    onFree: record => ({ goesOn: record?.holder === holder }),
    onWait: record => waits.push(record.name),
    onTrouble: problem => trouble.push(problem.message),
    onLost: sentence => lost.push(sentence),
  }).then(taken => {
    lease = taken
    return taken
  })
  taking.catch(() => {})
  return {
    lost,
    trouble,
    waits,
    taking,
    lease: () => lease!,
    has: () => lease !== null,
    mayAct() {
      if (pausedTasks !== null || lease === null) return false
      try {
        lease.check()
        return true
      } catch {
        return false
      }
    },
    pause() {
      pausedTasks ??= []
    },
    async resume() {
      const tasks = pausedTasks ?? []
      pausedTasks = null
      for (const task of tasks) task()
      await settled()
    },
    end: () => ending.abort(new Error('ended')),
  }
}

const aClock = () => createFakeClock(Date.parse('2026-03-02T09:00:00Z'))

describe('a lease', () => {
  it('is taken where there is none, renewed every 5 s, and waited for by the next', async () => {
    const clock = aClock()
    const { store, now } = memoryLease()
    const a = aVakt(store, clock, 'vakt-a')
    await settled()
    expect(a.lease().epoch).toBe(1)
    const b = aVakt(store, clock, 'vakt-b')
    await clock.advance(600_000)
    expect([a.mayAct(), b.has(), now()?.version, b.waits[0]]).toEqual([true, false, '121', 'vakt-a'])
    b.end()
  })

  it('passes on 20 s after the last renewal of a Vakt that was killed, with a higher epoch', async () => {
    const clock = aClock()
    const { store } = memoryLease()
    const a = aVakt(store, clock, 'vakt-a')
    await settled()
    const b = aVakt(store, clock, 'vakt-b')
    await clock.advance(60_000)
    a.pause()
    await clock.advance(19_000)
    expect(b.has()).toBe(false)
    await clock.advance(8_000)
    expect([b.lease().epoch, b.lease().previous?.name]).toEqual([2, 'vakt-a'])
  })

  it('is lost by a Vakt that paused, before it can do anything, and in one sentence', async () => {
    const clock = aClock()
    const { store } = memoryLease()
    const a = aVakt(store, clock, 'vakt-a')
    await settled()
    const b = aVakt(store, clock, 'vakt-b')
    a.pause()
    await clock.advance(60_000)
    expect(b.mayAct()).toBe(true)
    expect(() => a.lease().check()).toThrow('could not renew its lease (s3://bucket/lease) for 10s')
    await a.resume()
    expect(a.lost.length).toBe(1)
    await clock.advance(60_000)
    expect([a.mayAct(), b.mayAct(), a.lost.length]).toEqual([false, true, 1])
  })

  it('ends for its holder 10 s after the last renewal, 10 s before anybody else may take it', async () => {
    const clock = aClock()
    const { store, faults } = memoryLease()
    const a = aVakt(store, clock, 'vakt-a')
    await settled()
    const b = aVakt(store, clock, 'vakt-b')
    await clock.advance(5_000)
    faults.push(...Array.from({ length: 50 }, () => 'before' as const))
    await clock.advance(9_999)
    expect([a.mayAct(), a.lost]).toEqual([true, []])
    await clock.advance(1_000)
    expect([a.mayAct(), a.lost.length, b.has()]).toEqual([false, 1, false])
    expect(a.trouble).toContain('The lease cannot be reached.')
    faults.length = 0
    await clock.advance(20_000)
    expect(b.mayAct()).toBe(true)
  })

  it('survives a renewal whose answer was lost, and a first write whose answer was lost', async () => {
    const clock = aClock()
    const { store, faults } = memoryLease()
    faults.push('after')
    const a = aVakt(store, clock, 'vakt-a')
    await settled()
    await clock.advance(3_000)
    expect(a.lease().epoch).toBe(1)
    faults.push('after')
    await clock.advance(60_000)
    expect([a.mayAct(), a.lost]).toEqual([true, []])
  })

  it('passes on at once when it was released, and nothing is done under it afterwards', async () => {
    const clock = aClock()
    const { store } = memoryLease()
    const a = aVakt(store, clock, 'vakt-a')
    await settled()
    const b = aVakt(store, clock, 'vakt-b')
    await clock.advance(1_000)
    await a.lease().release()
    expect(a.mayAct()).toBe(false)
    await clock.advance(2_000)
    expect([b.mayAct(), b.lease().epoch, a.lost]).toEqual([true, 2, []])
  })

  it('is taken again at once by the next process on the same folder, under the same epoch', async () => {
    const clock = aClock()
    const { store } = memoryLease()
    const before = aVakt(store, clock, 'vakt-a', 'folder')
    await settled()
    before.pause()
    const after = aVakt(store, clock, 'vakt-a', 'folder')
    await settled()
    expect([after.mayAct(), after.lease().epoch]).toEqual([true, 1])
  })

  it('is lost by a machine whose running clone has renewed it, under the same holder and epoch', async () => {
    const clock = aClock()
    const { store } = memoryLease()
    const machine = aVakt(store, clock, 'vakt-a', 'folder')
    await settled()
    await clock.advance(1_000)
    const clone = aVakt(store, clock, 'vakt-a', 'folder')
    await settled()
    await clock.advance(30_000)
    expect([machine.lost.length, machine.mayAct(), clone.mayAct()]).toEqual([1, false, true])
  })

  it('goes to exactly one of many that wait', async () => {
    const clock = aClock()
    const { store } = memoryLease()
    const a = aVakt(store, clock, 'vakt-a')
    await settled()
    const others = Array.from({ length: 8 }, (_, i) => aVakt(store, clock, `vakt-${i}`))
    a.pause()
    await clock.advance(60_000)
    expect(others.filter(other => other.mayAct()).length).toBe(1)
    for (const other of others) other.end()
  })

  it.each([1, 2, 3, 4])('never lets two act at once, whatever pauses and fails (seed %i)', async seed => {
    const clock = aClock()
    const { store, faults } = memoryLease()
    let random = seed
    const below = (n: number) => {
      random = (random * 48_271) % 2_147_483_647
      return random % n
    }
    const all = [0, 1, 2].map(i => aVakt(store, clock, `vakt-${i}`))
    const play = async (choice: number) => {
      const some = all[below(all.length)]!
      if (choice === 0) some.pause()
      else if (choice < 4) await some.resume()
      else if (choice === 4) faults.push(below(2) === 0 ? 'before' : 'after')
      else await clock.advance(below(7_000))
    }
    let acted = 0
    for (let step = 0; step < 400; step++) {
      await play(below(10))
      const acting = all.filter(vakt => vakt.mayAct()).length
      expect(acting).toBeLessThanOrEqual(1)
      acted += acting
      for (const [i, vakt] of all.entries())
        if (vakt.lost.length > 0) all[i] = aVakt(store, clock, `vakt-${i}`, `vakt-${i}-${step}`)
    }
    expect(acted).toBeGreaterThan(50)
    for (const vakt of all) vakt.end()
  })
})

describe('a lease that a thread renews', () => {
  const aRecord = (ttlMs = TTL_MS): LeaseRecord => ({
    ...{ format: 1, epoch: 1, holder: 'a', name: 'vakt-a', ttlMs, renewedAt: 0, nonce: 'n', isReleased: false },
  })

  it('is lost at the next step of the main thread when the other one found that, before any message arrives', async () => {
    const clock = aClock()
    const { store } = memoryLease()
    const shared = openSharedLease(sharedLeaseMemory())
    const lost: string[] = []
    const lease = await takeLease({
      ...{ store, holder: 'a', name: 'vakt-a', ttlMs: TTL_MS, signal, onLost: sentence => lost.push(sentence) },
      time: { elapsedMs: clock.now, now: clock.now, after: (ms, task) => clock.at(clock.now() + ms, task) },
      onFree: () => ({ goesOn: false }),
      renew({ written }) {
        shared.setUntil(written.begunMs + TTL_MS / 2)
        return { until: shared.until, lost: shared.lost, release: async () => {} }
      },
    })
    await clock.advance(9_000)
    lease.check()
    // The main thread was busy meanwhile, and the other one renewed.
    shared.setUntil(clock.now() + TTL_MS / 2)
    await clock.advance(9_000)
    lease.check()
    expect(lost).toEqual([])
    shared.setLost('Another Vakt – vakt-b – has taken over.')
    expect(() => lease.check()).toThrow('Another Vakt – vakt-b – has taken over.')
    expect(lost).toEqual(['Another Vakt – vakt-b – has taken over.'])
  })

  it('ends when nothing renews it, also for a Vakt that does nothing', async () => {
    const clock = aClock()
    const { store } = memoryLease()
    const lost: string[] = []
    await takeLease({
      ...{ store, holder: 'a', name: 'vakt-a', ttlMs: TTL_MS, signal, onLost: sentence => lost.push(sentence) },
      time: { elapsedMs: clock.now, now: clock.now, after: (ms, task) => clock.at(clock.now() + ms, task) },
      onFree: () => ({ goesOn: false }),
      renew: ({ written }) => ({ until: () => written.begunMs + 10_000, lost: () => null, release: async () => {} }),
    })
    await clock.advance(9_999)
    expect(lost).toEqual([])
    await clock.advance(2)
    expect(lost).toHaveLength(1)
  })

  it('is renewed no more once the main thread has been busy for too long', async () => {
    const clock = aClock()
    const { store, now } = memoryLease()
    const written = { record: aRecord(), version: (await store.write(aRecord(), null, signal))!, begunMs: clock.now() }
    let isHolderAlive = true
    const lost: string[] = []
    startRenewal({
      ...{ store, written, isHolderAlive: () => isHolderAlive, onLost: sentence => lost.push(sentence) },
      time: { elapsedMs: clock.now, now: clock.now, after: (ms, task) => clock.at(clock.now() + ms, task) },
    })
    await clock.advance(60_000)
    const { version } = now()!
    expect(Number(version)).toBeGreaterThan(10)
    isHolderAlive = false
    await clock.advance(60_000)
    expect([now()!.version, lost.length]).toEqual([version, 1])
  })

  it('is released by the thread, so that another Vakt begins at once', async () => {
    const lease = { at: join(folder(), 'vakt.lease'), ttlMs: 3_600_000 } as LeaseConfig
    const store = fileLease(lease.at)
    const version = (await store.write(aRecord(lease.ttlMs), null, signal))!
    const base = timeBase()
    const renewal = renewOnThread({ lease, environment: {}, base })({
      ...{ store, time: systemLeaseTime(base), onLost() {} },
      written: { record: aRecord(lease.ttlMs), version, begunMs: 0 },
    })
    expect([renewal.until(), renewal.lost()]).toEqual([lease.ttlMs / 2, null])
    await renewal.release()
    const read = await store.read(signal)
    expect(read?.record).toMatchObject({ holder: 'a', epoch: 1, isReleased: true })
  })
})

describe('the state under a lease', () => {
  it('commits nothing after the lease has ended, not even what was begun before', () => {
    const state = memoryState()
    let isHeld = true
    state.setFence(() => {
      if (!isHeld) throw new Problem('busy', 'lost')
    })
    writeValue(state, 'greeted', 'before')
    expect(() =>
      state.transaction(() => {
        state.prepare("update key_values set value = 'after' where name = 'greeted'").run()
        isHeld = false
      }),
    ).toThrow('lost')
    expect(() => writeValue(state, 'greeted', 'later')).toThrow('lost')
    isHeld = true
    expect(readValue(state, 'greeted')).toBe('before')
  })

  it('lets nobody hear of a commit during which the lease ended', () => {
    const state = memoryState()
    const heard: string[] = []
    state.onCommit(topics => heard.push(...topics))
    let checks = 0
    state.setFence(() => {
      if (++checks === 3) throw new Problem('busy', 'lost')
    })
    expect(() => state.transaction(() => state.emit('alerts'))).toThrow('lost')
    expect(heard).toEqual([])
  })
})

const record = (nonce: string): LeaseRecord => ({
  ...{ format: 1, epoch: 3, holder: 'h', name: 'vakt-a', ttlMs: TTL_MS, renewedAt: 0, isReleased: false },
  nonce,
})

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

async function bucket() {
  const s3 = await startS3('leases')
  cleanups.push(s3.stop)
  return { s3, store: s3Lease({ ...s3.bucket, prefix: 'team a/vakt.lease' }, 5_000) }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'vakt-lease-'))
  cleanups.push(() => rmSync(path, { recursive: true }))
  return path
}

describe.each([
  ['a bucket', async () => (await bucket()).store],
  ['a file', async () => fileLease(join(folder(), 'vakt.lease'))],
])('a lease in %s', (_, open) => {
  it('is written only over the version that was read, by exactly one of several', async () => {
    const store = await open()
    expect(await store.read(signal)).toBeNull()
    const first = await Promise.all(['a', 'b', 'c'].map(nonce => store.write(record(nonce), null, signal)))
    expect(first.filter(version => version !== null).length).toBe(1)
    const read = await store.read(signal)
    expect(first).toContain(read?.version)
    const next = await Promise.all(['d', 'e', 'f'].map(nonce => store.write(record(nonce), read!.version, signal)))
    expect(next.filter(version => version !== null).length).toBe(1)
    expect(await store.write(record('g'), read!.version, signal)).toBeNull()
    await store.verify(record('h'), signal)
    expect((await store.read(signal))?.version).toBe(next.find(version => version !== null))
  })
})

describe('a lease in a bucket', () => {
  it('is refused where the server ignores conditions', async () => {
    const { s3, store } = await bucket()
    await store.write(record('a'), null, signal)
    s3.ignoreConditions()
    await expect(store.verify(record('a'), signal)).rejects.toThrow(
      's3://leases/team a/vakt.lease does not support conditional writes (if-none-match)',
    )
  })

  it.each([
    [{ status: 503, code: 'SlowDown' }, 'busy', 'it answered 503 SlowDown.'],
    [{ status: 403, code: 'AccessDenied' }, 'forbidden', 'Allow the key in ARCHIVE_S3_ACCESS_KEY'],
    [{ status: 404, code: 'NoSuchBucket' }, 'invalid', 'Compare LEASE, ARCHIVE_S3_ENDPOINT and ARCHIVE_S3_REGION'],
    ['cut' as const, 'busy', 'cannot be reached'],
  ])('%j is one plain sentence', async (fault, code, message) => {
    const { s3, store } = await bucket()
    s3.fails(fault)
    await expect(store.read(signal)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('is no other object', async () => {
    const { s3, store } = await bucket()
    s3.objects.set('team a/vakt.lease', Buffer.from('a report'))
    await expect(store.read(signal)).rejects.toThrow('Give LEASE a key of its own.')
  })
})

describe('a lease in a file', () => {
  it('keeps the last 100 files, and removes what a killed writer left', async () => {
    const path = folder()
    const store = fileLease(join(path, 'vakt.lease'))
    writeFileSync(join(path, 'vakt.lease.000000000001.killed.new'), '{')
    let version: string | null = null
    for (let i = 0; i < 200; i++) version = await store.write(record(String(i)), version, signal)
    expect(version).toBe('200')
    expect(readdirSync(path).length).toBe(100)
    expect((await store.read(signal))?.record.nonce).toBe('199')
    // The number after a version that was read long ago is free again, and gives nobody the lease.
    expect(await store.write(record('late'), '50', signal)).toBeNull()
    expect(readdirSync(path).length).toBe(100)
  })

  it('names a folder that is not mounted', async () => {
    const store = fileLease('/nowhere/vakt.lease')
    await expect(store.read(signal)).rejects.toThrow('Mount the shared storage')
  })
})

it.each([
  [null, 'failed', 'No Vakt holds'],
  [{}, 'ok', 'vakt-a (epoch 3) holds'],
  [{ isReleased: true }, 'failed', 'has released'],
  [{ renewedAt: -60_000 }, 'failed', 'and nobody has taken over'],
])('doctor says of the lease %j: %s', async (change, state, text) => {
  const path = join(folder(), 'vakt.lease')
  if (change) await fileLease(path).write({ ...record('a'), ...change }, null, signal)
  const config = { at: path, ttlMs: TTL_MS, name: null, restoreCommand: null, replicateCommand: null }
  expect(await examineLease(config, {}, 5_000)).toEqual([
    expect.objectContaining({ part: 'lease', state, text: expect.stringContaining(text) }),
  ])
})

it.each(['', '{', 'null', '{"format":2}', leaseText({ ...record('a'), epoch: 0 })])('%j is no lease', text => {
  expect(parseLease(text)).toBeNull()
})
