// Lines as server-sent events: sent as they come, counted where the reader is too slow, with comments while none come.
import type { Context } from 'hono'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import type { LineSink } from '../command/command.ts'
import { SECOND } from '../time.ts'
import type { TailPlace } from './tail-places.ts'

/** How many lines may wait for a slow reader; more are left out and counted. */
export const MAX_WAITING_LINES = 1_000
/** A reader that so many lines were left out for, without taking any in between, is disconnected. */
export const MAX_DROPPED_LINES = 10 * MAX_WAITING_LINES
/** A stream without lines sends a comment this often, so that proxies keep it open. */
export const KEEP_ALIVE_MS = 15 * SECOND
/** How long a reader has to take the end of its stream; then its connection is cut. */
const CUT_AFTER_MS = 5 * SECOND

const TOO_SLOW = 'The lines came faster than they were read.'

/**
 * Sends the lines that `follow` finds until the reader leaves or its place ends, each as the event that `toEvent` writes.
 * What `follow` throws is answered as an error: it runs before the answer begins.
 */
export async function sendLines<L>(
  c: Context,
  place: TailPlace,
  follow: (sink: LineSink<L>) => (() => void) | Promise<() => void>,
  toEvent: (line: L) => string,
): Promise<Response> {
  const waiting: L[] = []
  const problems: string[] = []
  let dropped = 0
  /** What the source left out: that is no sign of a slow reader. */
  let leftOut = 0
  let ended: string | null = null
  let cut: NodeJS.Timeout | undefined
  let wake = () => {}
  const end = (reason: string) => {
    if (ended !== null) return
    ended = reason
    finish()
    // A reader that takes nothing would never see the end.
    cut = setTimeout(() => disconnect(c), CUT_AFTER_MS).unref()
    wake()
  }
  place.onEnd(reason => {
    // What is not sent yet is not for a key that is revoked.
    waiting.length = 0
    end(reason)
  })
  let stop = () => {}
  const finish = () => {
    stop()
    place.release()
  }
  try {
    stop = await follow({
      lines(lines, leftOutBefore = 0) {
        leftOut += leftOutBefore
        const room = ended === null ? Math.max(0, MAX_WAITING_LINES - waiting.length) : 0
        waiting.push(...lines.slice(0, room))
        dropped += lines.length - Math.min(room, lines.length)
        if (dropped >= MAX_DROPPED_LINES) end(TOO_SLOW)
        wake()
      },
      problem(message) {
        // A slow reader needs only the newest.
        problems.splice(0, problems.length, message)
        wake()
      },
    })
    if (ended !== null) finish()
  } catch (error) {
    place.release()
    throw error
  }

  const sendWaiting = async (sse: SSEStreamingApi) => {
    // In one piece: a write for each line costs more than the line.
    if (waiting.length > 0) await sse.write(waiting.splice(0).map(toEvent).join(''))
    if (dropped + leftOut > 0) {
      const lines = dropped + leftOut
      dropped = 0
      leftOut = 0
      await sse.writeSSE({ event: 'dropped', data: JSON.stringify({ lines }) })
    }
    for (const message of problems.splice(0))
      await sse.writeSSE({ event: 'problem', data: JSON.stringify({ message }) })
  }

  return streamSSE(c, async sse => {
    sse.onAbort(() => {
      finish()
      wake()
    })
    await sse.writeSSE({ event: 'ready', data: '{}' })
    while (!sse.aborted && ended === null) {
      await sendWaiting(sse)
      const isQuiet = await new Promise<boolean>(resolve => {
        const timer = setTimeout(() => resolve(true), KEEP_ALIVE_MS)
        wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
        if (waiting.length > 0 || dropped > 0 || problems.length > 0 || ended !== null || sse.aborted) wake()
      })
      if (isQuiet) await sse.write(': still here\n\n')
    }
    finish()
    if (sse.aborted) return
    await sendWaiting(sse)
    await sse.writeSSE({ event: 'closed', data: JSON.stringify({ message: ended }) })
    clearTimeout(cut)
  })
}

/** A line as an event; `data` becomes JSON. */
export function lineEvent(data: unknown, id?: string): string {
  return `event: line\ndata: ${JSON.stringify(data)}\n${id === undefined ? '' : `id: ${id}\n`}\n`
}

/** Cuts the connection of a request. */
function disconnect(c: Context): void {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { destroy?(): void } } }
  incoming?.socket?.destroy?.()
}
