// The loop behind the connection, on a fake clock: what each failure is called, how long it waits, and what a stop ends.
import { webApi } from '@slack/bolt'
import { expect, test } from 'vitest'
import type { Logger } from '../../logger.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { type ConnectionParts, createConnection, type Ending, endsWithin } from './connection.ts'

const coded = (error: string) => new webApi.WebAPIPlatformError({ ok: false, error } as never)
/** The waits are 1, 2 and 4 s, then 4 s each; 60 s where a person must help. */
const retryDelays = { baseMs: 1_000, maxMs: 4_000, refusedMs: 60_000 }

/** A connection whose tokens and sessions fail as `faults` says, one after the other; null for none. */
function start(faults: unknown[], more: Partial<ConnectionParts> = {}) {
  const clock = createFakeClock(0)
  const seen = { checks: [] as number[], sessions: [] as number[], online: 0, closed: 0, logged: [] as string[] }
  const note = (level: string) => (message: string, facts?: Record<string, unknown>) =>
    void seen.logged.push([level, message, facts?.reason].filter(Boolean).join(': '))
  const logger: Logger = { debug() {}, info: note('info'), warn: note('warn'), error: note('error') }
  let end = (_ending: Ending) => {}
  const connection = createConnection({
    ...{ clock, logger, retryDelays, random: () => 0 },
    async checkTokens() {
      seen.checks.push(clock.now())
      const fault = faults.shift() ?? null
      if (fault !== null) throw fault
    },
    async openSession() {
      seen.sessions.push(clock.now())
      const ended = new Promise<Ending>(resolve => {
        end = resolve
      })
      return {
        ended,
        async close() {
          seen.closed++
          end('lost')
        },
      }
    },
    onOnline: () => seen.online++,
    ...more,
  })
  connection.start()
  return { clock, seen, connection, ends: (ending: Ending) => end(ending) }
}

test.each<[string, unknown, 'lost' | 'refused', string, number]>([
  ['a wrong token', coded('invalid_auth'), 'refused', 'Slack refuses the token (invalid_auth)', 60_000],
  ['a missing scope', coded('missing_scope'), 'refused', 'The Slack app lacks the scope', 60_000],
  ['an error of Slack', coded('internal_error'), 'lost', 'Slack failed with an error of its own', 1_000],
  ['an HTTP error', new webApi.WebAPIHTTPError(502, '', {}), 'lost', 'Slack answered with status 502.', 1_000],
  ['no network', new webApi.WebAPIRequestError(new Error('x')), 'lost', 'Slack cannot be reached', 1_000],
  ['a long limit', new webApi.WebAPIRateLimitedError(9), 'lost', 'Slack limits messages to the channel', 9_000],
  ['a short limit', new webApi.WebAPIRateLimitedError(0), 'lost', 'Slack limits messages to the channel', 1_000],
  ['an error of its own', new Error('odd'), 'lost', 'The connection to Slack failed: odd. Vakt keeps trying.', 1_000],
  ['something that is no error', 'odd', 'lost', 'The call to Slack failed: no reason given.', 1_000],
])('%s is reported, and tried again after a wait', async (_what, fault, state, sentence, waitMs) => {
  const { clock, seen, connection } = start([fault])
  await settled()
  expect(connection.status()).toMatchObject({ state, since: 0 })
  expect(connection.status().message).toContain(sentence)
  expect(seen.logged).toEqual([
    `${state === 'refused' ? 'error' : 'warn'}: Slack not connected: ${connection.status().message}`,
  ])
  await clock.advance(waitMs - 1)
  expect(seen.checks).toEqual([0])
  await clock.advance(1)
  expect(seen.checks).toEqual([0, waitMs])
  expect(connection.status()).toEqual({ state: 'online', since: waitMs })
  expect(seen.online).toBe(1)
  await connection.stop()
})

test('a state lasts since it began, whatever is said about it; only changes are logged', async () => {
  const { clock, seen, connection } = start([new Error('a'), new Error('a'), new Error('b'), coded('invalid_auth')])
  expect(connection.status()).toEqual({ state: 'connecting', since: 0 })
  await clock.advance(6_999)
  expect(seen.checks).toEqual([0, 1_000, 3_000])
  expect(connection.status()).toMatchObject({ state: 'lost', since: 0, message: expect.stringContaining('failed: b.') })
  await clock.advance(1)
  expect(connection.status()).toMatchObject({ state: 'refused', since: 7_000 })
  await clock.advance(60_000)
  expect(connection.status()).toEqual({ state: 'online', since: 67_000 })
  expect(seen.logged.map(line => line.slice(0, 5))).toEqual(['warn:', 'warn:', 'error', 'info:'])
  await connection.stop()
})

test('a session that Slack wants to renew is renewed at once; a lost one after a wait; without Socket Mode only people can help', async () => {
  const { clock, seen, connection, ends } = start([])
  await settled()
  ends('refresh')
  await settled()
  expect(seen.sessions).toEqual([0, 0])
  expect(seen.online).toBe(1)
  ends('lost')
  await settled()
  expect(connection.status()).toMatchObject({ state: 'lost', message: expect.stringContaining('the socket was lost') })
  await clock.advance(1_000)
  expect(seen.sessions).toEqual([0, 0, 1_000])
  expect(seen.online).toBe(2)
  ends('disabled')
  await settled()
  expect(connection.status().state).toBe('refused')
  expect(connection.status().message).toContain('Socket Mode is switched off for the Slack app')
  await clock.advance(59_999)
  expect(seen.sessions).toHaveLength(3)
  await clock.advance(1)
  expect(seen.sessions).toHaveLength(4)
  await connection.stop()
  expect(seen.closed).toBe(1)
  await clock.advance(100_000)
  expect(seen.sessions).toHaveLength(4)
})

test('without sessions the tokens are checked every five minutes, and a good check ends the back-off', async () => {
  const down = new Error('down')
  const { clock, seen, connection } = start([down, down, null, down], { openSession: undefined })
  await clock.advance(3_000)
  expect(seen.checks).toEqual([0, 1_000, 3_000])
  expect(connection.status().state).toBe('online')
  await clock.advance(299_999)
  expect(seen.checks).toHaveLength(3)
  await clock.advance(1_001)
  expect(seen.checks.slice(3)).toEqual([303_000, 304_000])
  await connection.stop()
  await clock.advance(900_000)
  expect(seen.checks).toHaveLength(5)
})

test('a stop while the tokens are checked opens no session, and one while it waits tries no more', async () => {
  let answer = () => {}
  const first = start([], { checkTokens: () => new Promise(resolve => (answer = resolve)) })
  const stopped = first.connection.stop()
  answer()
  await stopped
  expect(first.seen.sessions).toEqual([])
  const second = start([new Error('down')])
  await settled()
  const stop = second.connection.stop()
  const wait = settled().then(() => 'still waits')
  expect(await Promise.race([stop, wait])).toBeUndefined()
  await second.clock.advance(100_000)
  expect(second.seen.checks).toEqual([0])
  expect(second.seen.sessions).toEqual([])
})

test('a stop while a check fails reports nothing', async () => {
  let fail = (_error: Error) => {}
  const { connection, seen } = start([], { checkTokens: () => new Promise((_, reject) => (fail = reject)) })
  const stopped = connection.stop()
  fail(new Error('down'))
  await stopped
  expect(connection.status().state).toBe('connecting')
  expect(seen.logged).toEqual([])
})

test('a stop while a session opens aborts it, and closes it if it opens all the same', async () => {
  let open = (_session: { ended: Promise<Ending>; close(): Promise<void> }) => {}
  const steps: string[] = []
  const { connection, seen } = start([], {
    openSession: onOpening => {
      onOpening(() => steps.push('aborted'))
      return new Promise(resolve => {
        open = resolve
      })
    },
  })
  await settled()
  const stopped = connection.stop()
  expect(steps).toEqual(['aborted'])
  open({ ended: new Promise(() => {}), close: async () => void steps.push('closed') })
  await stopped
  expect(steps).toEqual(['aborted', 'closed'])
  expect(seen.online).toBe(0)
  expect(connection.status().state).toBe('connecting')
})

test('a stop after a session could not be opened, or before the next one is, ends none', async () => {
  const aborted: string[] = []
  const failed = start([], {
    openSession: async onOpening => {
      onOpening(() => aborted.push('aborted'))
      throw new Error('no greeting')
    },
  })
  await settled()
  await failed.connection.stop()
  expect(aborted).toEqual([])
  let asks = 0
  const renewed = start([], { checkTokens: () => (asks++ === 0 ? Promise.resolve() : new Promise(() => {})) })
  await settled()
  renewed.ends('refresh')
  await settled()
  void renewed.connection.stop()
  await settled()
  expect(renewed.seen.closed).toBe(0)
})

test('a session that was good ends the back-off', async () => {
  const { clock, seen, connection, ends } = start([new Error('a'), new Error('b')])
  await clock.advance(3_000)
  expect(seen.sessions).toEqual([3_000])
  ends('lost')
  await clock.advance(1_000)
  expect(seen.sessions).toEqual([3_000, 4_000])
  await connection.stop()
})

test('a stop after a session was lost does not close it again', async () => {
  const { connection, seen, ends } = start([])
  await settled()
  ends('lost')
  await settled()
  await connection.stop()
  expect(seen.closed).toBe(0)
})

test('work that does not end is waited for as long as it may take', async () => {
  await endsWithin(5, new Promise(() => {}))
  let isDone = false
  const work = settled().then(() => {
    isDone = true
  })
  await endsWithin(10_000, work)
  expect(isDone).toBe(true)
})
