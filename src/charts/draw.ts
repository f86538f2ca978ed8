// Draws charts as PNG in a worker thread: a chart takes tens of milliseconds, which would delay beats.
import { Worker } from 'node:worker_threads'
import { Problem } from '../problem.ts'
import type { TimeChart } from './time-chart.ts'

/** The worker takes 60 to 90 MB of memory, so it ends after this time without a chart. */
const IDLE_MS = 60_000
const TIMEOUT_MS = 15_000
/** Limits of the worker's heap, MB: without them V8 lets 20 MB of garbage pile up. */
const HEAP = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 }

type PendingChart = { resolve: (png: Uint8Array) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }

let worker: Worker | null = null
let idleTimer: NodeJS.Timeout | undefined
let lastId = 0
const pending = new Map<number, PendingChart>()

/** The chart as a PNG of 1200 × 680 pixels. Rejects with `internal` when it cannot be drawn within 15 s. */
export function drawChart(chart: TimeChart): Promise<Uint8Array> {
  clearTimeout(idleTimer)
  worker ??= startWorker()
  const id = ++lastId
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error('it took too long')), TIMEOUT_MS)
    pending.set(id, { resolve, reject, timer })
    worker!.postMessage({ id, chart })
  })
}

/** Ends the worker; the next chart starts another. */
export async function stopDrawing(): Promise<void> {
  clearTimeout(idleTimer)
  const old = worker
  worker = null
  await old?.terminate()
}

function startWorker(): Worker {
  const started = new Worker(new URL('./draw-worker.ts', import.meta.url), { resourceLimits: HEAP })
  started.unref()
  started.on('message', ({ id, png, error }: { id: number; png?: Uint8Array; error?: string }) => {
    const request = pending.get(id)
    pending.delete(id)
    if (request) clearTimeout(request.timer)
    if (png) request?.resolve(png)
    else request?.reject(drawingFailed(new Error(error)))
    if (pending.size === 0) idleTimer = setTimeout(() => void stopDrawing(), IDLE_MS).unref()
  })
  started.on('error', fail)
  return started
}

function fail(error: Error): void {
  for (const { reject, timer } of pending.values()) {
    clearTimeout(timer)
    reject(drawingFailed(error))
  }
  pending.clear()
  void stopDrawing()
}

function drawingFailed(cause: Error): Problem {
  return new Problem('internal', `The chart could not be drawn (${cause.message}).`, { cause })
}
