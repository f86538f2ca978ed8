// Services: the order of starting and stopping, and what a failure says.
import { expect, it } from 'vitest'
import { silentLogger } from './logger.ts'
import { createServices, type Service } from './services.ts'

const recorded = (log: string[], name: string, failing: 'start' | 'stop' | null = null): Service => ({
  name,
  start() {
    log.push(`start ${name}`)
    if (failing === 'start') throw new Error('no room')
  },
  async stop() {
    log.push(`stop ${name}`)
    if (failing === 'stop') throw new Error('stuck')
  },
})

it('services start in order and stop in reverse', async () => {
  const log: string[] = []
  const services = createServices([recorded(log, 'a'), { name: 'quiet' }, recorded(log, 'b')], silentLogger)
  services.start()
  await services.stop()
  await services.stop()
  expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a'])
})

it('a service that cannot start is named, and those before it are stopped', async () => {
  const log: string[] = []
  const services = createServices([recorded(log, 'a'), recorded(log, 'b', 'start'), recorded(log, 'c')], silentLogger)
  expect(() => services.start()).toThrow('Vakt cannot start: the service "b" failed (no room).')
  await services.stop()
  expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a'])
})

it('a service that does not stop is logged by name and stops no other', async () => {
  const log: string[] = []
  const errors: unknown[] = []
  const logger = { ...silentLogger, error: (message: string, facts?: object) => void errors.push([message, facts]) }
  const services = createServices([recorded(log, 'a'), recorded(log, 'b', 'stop')], logger)
  services.start()
  await services.stop()
  expect(log).toEqual(['start a', 'start b', 'stop b', 'stop a'])
  expect(errors).toMatchObject([['service did not stop cleanly', { service: 'b' }]])
})
