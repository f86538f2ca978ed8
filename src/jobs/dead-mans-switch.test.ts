// The dead man's switch: a ping each minute while the scheduler is healthy, and one log message for each failure.
import { expect, it } from 'vitest'
import { silentLogger } from '../logger.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { MINUTE } from '../time.ts'
import { createDeadMansSwitch } from './dead-mans-switch.ts'

const URL = 'https://example.org/ping'

function startSwitch({ url = URL as string | null } = {}) {
  const clock = createFakeClock(0)
  const outside = { isHealthy: true, status: 200, pings: 0, log: [] as string[] }
  const logger = {
    ...silentLogger,
    info: (message: string) => void outside.log.push(message),
    warn: (message: string, facts?: object) => void outside.log.push(`${message} ${JSON.stringify(facts)}`),
  }
  const send = async () => {
    outside.pings++
    return new Response(null, { status: outside.status })
  }
  const deadMansSwitch = createDeadMansSwitch(url, clock, logger, () => outside.isHealthy, send)
  deadMansSwitch.start()
  return { ...deadMansSwitch, clock, outside }
}

it('pings once a minute while the scheduler is healthy', async () => {
  const { clock, outside, stop } = startSwitch()
  await clock.advance(5 * MINUTE)
  expect(outside.pings).toBe(5)
  outside.isHealthy = false
  await clock.advance(5 * MINUTE)
  expect(outside.pings).toBe(5)
  outside.isHealthy = true
  await clock.advance(MINUTE)
  expect(outside.pings).toBe(6)
  stop()
  await clock.advance(5 * MINUTE)
  expect(outside.pings).toBe(6)
})

it('logs the first failure and the recovery, and keeps pinging', async () => {
  const { clock, outside } = startSwitch()
  outside.status = 503
  await clock.advance(3 * MINUTE)
  outside.status = 204
  await clock.advance(3 * MINUTE)
  expect(outside.pings).toBe(6)
  expect(outside.log).toEqual([
    'ping of DEADMAN_URL failed {"reason":"HTTP 503"}',
    'ping of DEADMAN_URL succeeds again',
  ])
})

it('does nothing without a URL', async () => {
  const { clock, outside } = startSwitch({ url: null })
  await clock.advance(3 * MINUTE)
  expect(outside.pings).toBe(0)
})
