// A channel that takes nothing for a while is lost; one that answers, or is not tried any more, is not.
import { expect, it } from 'vitest'
import { createFakeClock } from '../testing/fake-clock.ts'
import { createMemoryChannel } from '../testing/memory-channel.ts'
import { MINUTE } from '../time.ts'
import { DeliveryError, type DeliveryErrorCode } from './channel.ts'
import { createDeliveryHealth } from './delivery-health.ts'

function setUp() {
  const clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  const troubles = createDeliveryHealth(clock, 2 * MINUTE)
  const inner = createMemoryChannel('pager', clock.now)
  const channel = troubles.watch(inner)
  const fails = async (refusal: DeliveryErrorCode) => {
    inner.failing(new DeliveryError(refusal, 'No.'), 1)
    await expect(channel.post({ title: 'x', tone: 'info' }, 'n')).rejects.toThrow('No.')
  }
  return { clock, troubles, inner, channel, fails }
}

it('is lost once nothing has arrived for a while, and online with the first that does', async () => {
  const { clock, troubles, inner, channel, fails } = setUp()
  await fails('unreachable')
  clock.sleep(MINUTE)
  await fails('unsure')
  expect(troubles.status().state).toBe('online')
  clock.sleep(MINUTE)
  await fails('unreachable')
  expect(troubles.status()).toEqual({
    ...{ state: 'lost', since: clock.now() - 2 * MINUTE, message: `${inner.name}: No.` },
  })
  await channel.post({ title: 'x', tone: 'info' }, 'n')
  expect(troubles.status().state).toBe('online')
})

it.each(['limited', 'refused'] as const)('is not lost when it answers: %s', async refusal => {
  const { clock, troubles, fails } = setUp()
  await fails('unreachable')
  clock.sleep(MINUTE)
  await fails(refusal)
  clock.sleep(MINUTE)
  await fails('unsure')
  expect(troubles.status().state).toBe('online')
})

it('is lost no longer than it is tried', async () => {
  const { clock, troubles, fails } = setUp()
  await fails('unreachable')
  clock.sleep(3 * MINUTE)
  await fails('unreachable')
  expect(troubles.status().state).toBe('lost')
  clock.sleep(11 * MINUTE)
  expect(troubles.status().state).toBe('online')
})

it('is not lost for one failure, such as a test card that did not arrive', async () => {
  const { clock, troubles, fails } = setUp()
  await fails('unreachable')
  clock.sleep(5 * MINUTE)
  expect(troubles.status().state).toBe('online')
})
