// The queue of batches: in turns by project and key, in groups of limited size, and with room for everybody when it is full.
import { describe, expect, it } from 'vitest'
import { batchOf } from '../../store.testing.ts'
import type { Batch } from '../../store.ts'
import { AppendQueue } from './append-queue.ts'
import { Uncommitted } from './uncommitted.ts'
import type { WorkerClient } from './worker-client.ts'
import type { WriterCalls } from './writer.ts'

const RESULT = { accepted: 1, rejected: 0, errors: [], repeated: false, counts: [] }
const KIB = 1024

/** Writers that store a group when the test lets them. */
function aQueue({ writers = 1, maxBytes = 1_000 * KIB } = {}) {
  const groups: { writer: number; senders: string[]; reserve: () => void; done: () => void; die: () => void }[] = []
  let nextPosition = 100
  const workers = Array.from({ length: writers }, (_, writer) => ({
    ready: true,
    call(_name: string, [batches]: [Batch[]]) {
      return new Promise((resolve, reject) => {
        const outcomes = batches.map(() => ({ result: RESULT }))
        groups.push({
          writer,
          senders: batches.map(nameOf),
          reserve: () => {
            nextPosition += batches.length
          },
          done: () => resolve({ outcomes, changed: [] }),
          die: () => {
            this.ready = false
            reject({ code: 'busy' })
          },
        })
      })
    },
  }))
  const clients = workers as unknown as WorkerClient<WriterCalls>[]
  const uncommitted = new Uncommitted(() => nextPosition)
  const queue = new AppendQueue(clients, maxBytes, () => {}, uncommitted)
  const comeBack = (writer: number) => {
    workers[writer]!.ready = true
    queue.resume(clients[writer]!)
  }
  const send = (sender: string, kib: number) => {
    const [project, key] = sender.split(' ') as [string, string]
    const batch = batchOf([], { project, sender: key, body: new ArrayBuffer(kib * KIB) })
    return queue.append(batch).then(
      () => 'stored',
      error => (error as { code: string }).code,
    )
  }
  const settle = () => new Promise<void>(resolve => setImmediate(() => setImmediate(resolve)))
  return { groups, send, settle, uncommitted, comeBack }
}

const nameOf = ({ project, sender }: Batch) => `${project} ${sender}`

describe('the queue of batches', () => {
  it('stores the one line of another key in the next group, however much the first has sent', async () => {
    const { groups, send, settle } = aQueue({ maxBytes: 100_000 * KIB })
    for (let i = 0; i < 40; i++) void send('bank k1', 512)
    await settle()
    void send('bank k2', 1)
    void send('shop k3', 1)
    groups[0]!.done()
    groups[1]!.done()
    await settle()
    // Two groups were on their way already; the next have the turns of the others.
    expect(groups.slice(0, 2).map(({ senders }) => senders)).toEqual([['bank k1'], ['bank k1']])
    const next = groups.slice(2).flatMap(({ senders }) => senders)
    expect(next).toContain('shop k3')
    groups[2]!.done()
    groups[3]!.done()
    await settle()
    expect(groups.slice(2, 6).flatMap(({ senders }) => senders)).toContain('bank k2')
  })

  it('does not add a batch to a group that it would make too large', async () => {
    const { groups, send, settle } = aQueue({ maxBytes: 100_000 * KIB })
    for (const kib of [100, 100, 100, 100, 100, 100, 600]) void send('shop k', kib)
    await settle()
    expect(groups.map(({ senders }) => senders.length)).toEqual([5, 1])
  })

  it('leaves a writer free for small batches while large ones are stored', async () => {
    const { groups, send, settle } = aQueue({ writers: 2, maxBytes: 100_000 * KIB })
    for (let i = 0; i < 6; i++) void send('bank k1', 10_000)
    await settle()
    void send('shop k2', 1)
    await settle()
    expect(groups.map(({ writer, senders }) => [writer, ...senders])).toEqual([
      [1, 'bank k1'],
      [0, 'shop k2'],
    ])
  })

  it('stores the first batch of a project where least is being stored, behind one group at most', async () => {
    const { groups, send, settle } = aQueue({ writers: 2, maxBytes: 100_000 * KIB })
    for (let i = 0; i < 40; i++) void send('bank k1', 512)
    await settle()
    expect(groups.map(({ writer }) => writer).sort()).toEqual([0, 0, 1])
    void send('shop k2', 1)
    groups.find(({ writer }) => writer === 1)!.done()
    await settle()
    expect(groups.at(-1)).toMatchObject({ writer: 1 })
    groups.at(-1)!.done()
    await settle()
    expect(groups.filter(({ writer }) => writer === 1).flatMap(({ senders }) => senders)).toContain('shop k2')
  })

  it('refuses the project that fills it, and still takes the share of the others', async () => {
    const { groups, send, settle } = aQueue()
    const filling = [
      send('bank k1', 500),
      send('bank k1', 490),
      send('bank k1', 100),
      send('bank k2', 1),
      send('bank k2', 50),
    ]
    const others = [send('shop k3', 50), send('shop k3', 50)]
    await settle()
    for (let i = 0; i < 9; i++) {
      for (const { done } of groups) done()
      await settle()
    }
    expect(await Promise.all(filling)).toEqual(['stored', 'stored', 'busy', 'stored', 'busy'])
    expect(await Promise.all(others)).toEqual(['stored', 'busy'])
    const again = send('bank k1', 900)
    await settle()
    groups.at(-1)!.done()
    expect(await again).toBe('stored')
  })
})

describe('the lowest uncommitted position', () => {
  it('is that of the slowest group, whichever was given its positions or was stored first', async () => {
    const { groups, send, settle, uncommitted } = aQueue({ writers: 2 })
    expect(uncommitted.lowest()).toBe(100)
    for (let i = 0; i < 3; i++) void send(`shop k${i}`, 100)
    await settle()
    expect(groups.map(({ writer }) => writer).sort()).toEqual([0, 1])
    // The second is given 100 and 101, the first 102; the second is stored first.
    const [first, second] = groups as [(typeof groups)[0], (typeof groups)[0]]
    second.reserve()
    first.reserve()
    expect(uncommitted.lowest()).toBe(100)
    second.done()
    await settle()
    expect(uncommitted.lowest()).toBe(100)
    first.done()
    await settle()
    expect(uncommitted.lowest()).toBe(103)
  })

  it('stays where a writer died until that one is back, because its lines may be on disk', async () => {
    const { groups, send, settle, uncommitted, comeBack } = aQueue({ writers: 2 })
    const lost = send('shop k', 1)
    await settle()
    groups[0]!.reserve()
    groups[0]!.die()
    expect(await lost).toBe('busy')
    const next = send('shop k', 1)
    await settle()
    groups[1]!.reserve()
    groups[1]!.done()
    expect(await next).toBe('stored')
    expect(uncommitted.lowest()).toBe(100)
    comeBack(0)
    expect(uncommitted.lowest()).toBe(102)
  })
})
