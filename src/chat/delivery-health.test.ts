// A platform is lost when one of its channels fails for a while, but not when it answers or is not in use.
import { expect, it } from 'vitest'
import { createFakeClock } from '../testing/fake-clock.ts'
import { createMemoryChannel } from '../testing/memory-channel.ts'
import { MINUTE } from '../time.ts'
import { DeliveryError, type DeliveryErrorCode } from './channel.ts'
import { createDeliveryHealth } from './delivery-health.ts'

function setUp() {
  const clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  const health = createDeliveryHealth(clock, 2 * MINUTE)
  const inner = createMemoryChannel('pager', clock.now)
  const channel = health.watch(inner)
  const fails = async (code: DeliveryErrorCode) => {
    inner.failing(new DeliveryError(code, 'No.'), 1)
    await expect(channel.post({ title: 'x', tone: 'info' }, 'n')).rejects.toThrow('No.')
  }
  return { clock, health, inner, channel, fails }
}

it('it is lost when nothing arrives for a while, and online with the first message that arrives', async () => {
  const { clock, health, inner, channel, fails } = setUp()
  await fails('unreachable')
  clock.sleep(MINUTE)
  await fails('unsure')
  expect(health.status().state).toBe('online')
  clock.sleep(MINUTE)
  await fails('unreachable')
  expect(health.status()).toEqual({
    ...{ state: 'lost', since: clock.now() - 2 * MINUTE, message: `${inner.name}: No.` },
  })
  await channel.post({ title: 'x', tone: 'info' }, 'n')
  expect(health.status().state).toBe('online')
})

it('it is lost at the tolerated time, however far away the next attempt is', async () => {
  const { clock, health, fails } = setUp()
  await fails('unreachable')
  clock.sleep(5_000)
  await fails('unreachable')
  clock.sleep(2 * MINUTE - 5_001)
  expect(health.status().state).toBe('online')
  clock.sleep(1)
  expect(health.status()).toMatchObject({ state: 'lost', since: clock.now() - 2 * MINUTE })
})

it.each(['limited', 'refused'] as const)('it is not lost when the other end answers: %s', async code => {
  const { clock, health, fails } = setUp()
  await fails('unreachable')
  clock.sleep(MINUTE)
  await fails(code)
  clock.sleep(MINUTE)
  await fails('unsure')
  expect(health.status().state).toBe('online')
})

it('it is online again when nothing has been tried for a while', async () => {
  const { clock, health, fails } = setUp()
  await fails('unreachable')
  clock.sleep(3 * MINUTE)
  await fails('unreachable')
  expect(health.status().state).toBe('lost')
  clock.sleep(11 * MINUTE)
  expect(health.status().state).toBe('online')
})

it('it is not lost after one failure, such as a test card that did not arrive', async () => {
  const { clock, health, fails } = setUp()
  await fails('unreachable')
  clock.sleep(5 * MINUTE)
  expect(health.status().state).toBe('online')
})
