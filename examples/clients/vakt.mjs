// Sends the logs of a Node program to Vakt in batches, without a library. Node 20 or newer.
//   import { createVakt } from './vakt.mjs'
//   const vakt = createVakt({ url: 'http://127.0.0.1:8080', key: process.env.VAKT_KEY, source: 'shop' })
//   vakt.log('error', 'payment refused', { order: 7341 })
//   await vakt.close() // before the program ends
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** Lines in one request, how long a line waits for a batch to fill (ms), most lines in the queue (a logger must not fill the memory), attempts. */
const BATCH = 500
const GATHER = 1000
const WAITING = 10_000
const TRIES = 8

export function createVakt({ url, key, source, host = hostname() }) {
  const waiting = []
  let dropped = 0
  let timer = null
  let sending = Promise.resolve()

  function log(level, message, fields = {}) {
    if (waiting.length >= WAITING) {
      dropped++
      return
    }
    waiting.push({ ...fields, timestamp: new Date().toISOString(), level, message: String(message), source, host })
    if (waiting.length >= BATCH) flush()
    else timer ??= setTimeout(flush, GATHER).unref()
  }

  function flush() {
    clearTimeout(timer)
    timer = null
    sending = sending.then(sendAll)
    return sending
  }

  async function sendAll() {
    while (waiting.length > 0) {
      const lines = waiting.splice(0, BATCH)
      if (dropped > 0) lines.push({ level: 'warn', message: `${dropped} log lines were dropped`, source, host })
      dropped = 0
      await send(JSON.stringify(lines))
    }
  }

  // Every attempt has the same key: Vakt stores a batch once, however often it arrives.
  async function send(body) {
    const headers = { 'x-api-key': key, 'content-type': 'application/json', 'idempotency-key': randomUUID() }
    for (let tried = 1; tried <= TRIES; tried++) {
      let pause = 500 * 2 ** (tried - 1)
      try {
        const response = await fetch(`${url}/api/logs`, {
          method: 'POST',
          headers,
          body,
          signal: AbortSignal.timeout(10_000),
        })
        const answer = await response.text()
        if (response.ok) return
        if (response.status !== 429 && response.status < 500) throw new Refused(`${response.status} ${answer}`)
        pause = Number(response.headers.get('retry-after') ?? pause / 1000) * 1000
      } catch (error) {
        if (error instanceof Refused || tried === TRIES) {
          process.stderr.write(`vakt: a batch of logs was lost: ${error.cause?.message ?? error.message}\n`)
          return
        }
      }
      await sleep(Math.min(pause, 60_000))
    }
  }

  return { log, flush, close: flush }
}

class Refused extends Error {}
