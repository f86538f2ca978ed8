// Lines as server-sent events: sent as they come, counted where the reader is too slow, with comments while none come.
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { LineSink } from '../command/command.ts'
import { SECOND } from '../time.ts'

/** How many lines may wait for a slow reader; more are left out and counted. */
export const MAX_WAITING_LINES = 1_000
/** A stream without lines sends a comment this often, so that proxies keep it open. */
export const KEEP_ALIVE_MS = 15 * SECOND

/**
 * Sends the lines that `follow` finds until the reader leaves, each as the JSON of `toJson`. What `follow` throws is
 * answered as an error: it runs before the answer begins.
 */
export async function sendLines<L>(
  c: Context,
  follow: (sink: LineSink<L>) => (() => void) | Promise<() => void>,
  toJson: (line: L) => { id?: string; data: unknown },
): Promise<Response> {
  const waiting: L[] = []
  const problems: string[] = []
  let dropped = 0
  let wake = () => {}
  const stop = await follow({
    lines(lines) {
      const room = Math.max(0, MAX_WAITING_LINES - waiting.length)
      waiting.push(...lines.slice(0, room))
      dropped += Math.max(0, lines.length - room)
      wake()
    },
    problem(message) {
      // A slow reader needs only the newest.
      problems.splice(0, problems.length, message)
      wake()
    },
  })
  return streamSSE(c, async sse => {
    sse.onAbort(() => {
      stop()
      wake()
    })
    await sse.writeSSE({ event: 'ready', data: '{}' })
    while (!sse.aborted) {
      for (const line of waiting.splice(0)) {
        const { data, ...id } = toJson(line)
        await sse.writeSSE({ event: 'line', ...id, data: JSON.stringify(data) })
      }
      if (dropped > 0) await sse.writeSSE({ event: 'dropped', data: JSON.stringify({ lines: dropped }) })
      dropped = 0
      for (const message of problems.splice(0))
        await sse.writeSSE({ event: 'problem', data: JSON.stringify({ message }) })
      const isQuiet = await new Promise<boolean>(resolve => {
        const timer = setTimeout(() => resolve(true), KEEP_ALIVE_MS)
        wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
        if (waiting.length > 0 || problems.length > 0) wake()
      })
      if (isQuiet) await sse.write(': still here\n\n')
    }
    stop()
  })
}
