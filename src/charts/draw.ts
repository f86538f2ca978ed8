// Draws charts as PNG in a worker thread of its own: a chart takes tens of milliseconds that no beat should wait for.
import { Worker } from 'node:worker_threads'
import { Problem } from '../problem.ts'
import type { TimeChart } from './time-chart.ts'

/** The worker holds 60 MB, so it goes when nobody wants a chart. */
const IDLE = 60_000
const PATIENCE = 15_000

type Waiting = { resolve: (png: Uint8Array) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }

let worker: Worker | null = null
let idle: NodeJS.Timeout | undefined
let next = 0
const waiting = new Map<number, Waiting>()

/** The chart as a PNG of 900 × 360 pixels. Rejects with `internal` when it cannot be drawn within 15 s. */
export function drawChart(chart: TimeChart): Promise<Uint8Array> {
  clearTimeout(idle)
  worker ??= startWorker()
  const id = ++next
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error('it took too long')), PATIENCE)
    waiting.set(id, { resolve, reject, timer })
    worker!.postMessage({ id, chart })
  })
}

/** Ends the worker; the next chart starts another. */
export async function stopDrawing(): Promise<void> {
  clearTimeout(idle)
  const old = worker
  worker = null
  await old?.terminate()
}

function startWorker(): Worker {
  const started = new Worker(new URL('./draw-worker.ts', import.meta.url))
  started.unref()
  started.on('message', ({ id, png, error }: { id: number; png?: Uint8Array; error?: string }) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (asked) clearTimeout(asked.timer)
    if (png) asked?.resolve(png)
    else asked?.reject(drawingFailed(new Error(error)))
    if (waiting.size === 0) idle = setTimeout(() => void stopDrawing(), IDLE).unref()
  })
  started.on('error', fail)
  return started
}

function fail(error: Error): void {
  for (const { reject, timer } of waiting.values()) {
    clearTimeout(timer)
    reject(drawingFailed(error))
  }
  waiting.clear()
  void stopDrawing()
}

function drawingFailed(cause: Error): Problem {
  return new Problem('internal', `The chart could not be drawn (${cause.message}).`, { cause })
}
