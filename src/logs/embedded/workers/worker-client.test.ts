// Workers that start with their first call, and workers that hang.
import { expect, it, onTestFinished, vi } from 'vitest'
import { silentLogger } from '../../../logger.ts'
import { WorkerClient } from './worker-client.ts'

const PROGRAM = `import { parentPort, workerData } from 'node:worker_threads'
const [dies] = new Int32Array(workerData)
if (dies > 0) {
  Atomics.sub(new Int32Array(workerData), 0, 1)
  process.exit(1)
}
parentPort.on('message', ({ call, args }) => {
  while (args[0] < 0);
  parentPort.postMessage({ call, result: args[0] + 1 })
})
parentPort.postMessage({ notice: 'ready', content: null })`

/** A deferred worker that dies at its first `deaths` starts, and how often it got ready. */
function aWorker(deaths = 0, unresponsiveMs?: number) {
  const shared = new SharedArrayBuffer(4)
  new Int32Array(shared)[0] = deaths
  const onReady = vi.fn()
  const worker = new WorkerClient<{ add(to: number): number }>({
    name: 'adder',
    file: new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`),
    start: shared,
    logger: silentLogger,
    onReady,
    onNotice() {},
    retryAdvice: 'Try again.',
    ...(unresponsiveMs !== undefined && { unresponsiveMs }),
  })
  worker.defer()
  onTestFinished(() => worker.close())
  return { worker, onReady }
}

it('a deferred worker starts once, with its first calls, which it answers', async () => {
  const { worker, onReady } = aWorker()
  expect([worker.deferred, worker.ready, onReady.mock.calls.length]).toEqual([true, false, 0])
  expect(await Promise.all([1, 2, 3].map(n => worker.call('add', [n])))).toEqual([2, 3, 4])
  expect([worker.deferred, worker.ready, onReady.mock.calls.length]).toEqual([false, true, 1])
})

it('a deferred worker that dies at its start refuses the calls of then, and is started again', async () => {
  const { worker, onReady } = aWorker(1)
  await expect(worker.call('add', [1])).rejects.toMatchObject({ code: 'busy' })
  await vi.waitFor(() => expect(onReady).toHaveBeenCalledTimes(1), { timeout: 10_000 })
  expect(await worker.call('add', [1])).toBe(2)
})

it('a deferred worker that is closed never starts', async () => {
  const { worker, onReady } = aWorker()
  await worker.close()
  await expect(worker.call('add', [1])).rejects.toMatchObject({ code: 'busy' })
  expect(onReady).not.toHaveBeenCalled()
})

it('a worker that hangs is replaced: its calls are refused with the reason, and the next ones answered', async () => {
  const { worker, onReady } = aWorker(0, 24)
  const refused = expect(Promise.all([worker.call('add', [-1]), worker.call('add', [1])])).rejects
  await refused.toMatchObject({ code: 'busy', message: expect.stringContaining('stopped (it did not answer for') })
  await vi.waitFor(() => expect(onReady).toHaveBeenCalledTimes(2), { timeout: 10_000 })
  expect(worker.ready).toBe(true)
})
