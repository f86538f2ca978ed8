// The events of a period when there are more than fit.
import { expect, it } from 'vitest'
import { startApp } from '../../testing/app.ts'
import { readTimelineEvents } from './timeline-events.ts'

it('of too many events, the first and the last are read', async () => {
  const app = await startApp()
  const from = app.clock.now()
  for (const name of ['one', 'two', 'three']) {
    const beat = await app.hasCheck(name)
    for (let i = 0; i < 25; i++) {
      await beat('/fail', { method: 'POST', body: `${name} failed ${i}` })
      await app.passes('10s')
      await beat()
      await app.passes('10s')
    }
  }
  const found = readTimelineEvents(app.state, { projectId: null, from, until: app.clock.now() + 1 })
  const text = found.map(({ text }) => text).join('\n')
  expect(found.length).toBe(60)
  expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).sort((a, b) => a - b))
  expect(text).toContain('one failed 0')
  expect(text).toContain('three failed 24')
  expect(new Set(found.map(({ at, text }) => `${at} ${text}`)).size).toBe(60)
  await app.stop()
})
