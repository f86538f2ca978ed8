// The events of a period when there are more than fit.
import { expect, it } from 'vitest'
import { addHost } from '../../hosts/hosts.ts'
import { containers, downtimes } from '../../state/schema/index.ts'
import { startApp } from '../../testing/app.ts'
import { HOUR, MINUTE } from '../../time.ts'
import { readEarlierAlerts, readTimelineEvents } from './timeline-events.ts'

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

it('alerts, beats, downtimes and containers are events of the period, each in a sentence', async () => {
  const app = await startApp()
  const from = app.clock.now()
  const beat = await app.hasCheck('job')
  await beat('/fail')
  await app.passes('1m')
  await app.result('ack 1 on it')
  await beat()
  await beat('/3', { method: 'POST', body: 'first\nlast line' })
  await app.passes('1m')
  const until = app.clock.now()
  const host = { name: 'web-1', address: 'x', port: 22, user: 'x', auth: 'own' as const, addedAt: 0, addedBy: 'x' }
  const { id: hostId } = addHost(app.state, host)
  const container = { hostId, containerId: 'c', image: 'x', state: 'exited', seenAt: until }
  const times = [
    { name: 'oom', diedAt: from, oomKilled: true, exitCode: 137 },
    { name: 'broken', diedAt: until - 1, exitCode: 2, startedAt: from - 1 },
    { name: 'sick', unhealthySince: from + 1, startedAt: from + 2 },
    { name: 'ended', diedAt: from + 3, exitCode: 0 },
    { name: 'early', diedAt: from - 1, startedAt: until },
    { name: 'back', diedAt: from + 4, startedAt: until },
  ]
  for (const row of times)
    app.state.db
      .insert(containers)
      .values({ ...container, ...row })
      .run()
  for (const kind of ['stopped', 'storage'] as const)
    app.state.db
      .insert(downtimes)
      .values({ from, to: from + MINUTE, kind })
      .run()
  const found = readTimelineEvents(app.state, { projectId: null, from, until })
  expect(found.map(({ text }) => text)).toEqual([
    'alert 1 (critical) "job reported a failure" fired',
    'check job reported a failure',
    'Vakt itself was stopped for 1m; no beats or logs were received then',
    'Vakt could not write its database for 1m; beats were refused then',
    'container oom on web-1 ended (killed for memory)',
    'container sick on web-1 became unhealthy',
    'container sick on web-1 started',
    'container ended on web-1 ended',
    'container back on web-1 ended',
    'alert 1 (critical) "job reported a failure" acknowledged by Ann, note: on it',
    'alert 1 (critical) "job reported a failure" resolved automatically',
    'alert 2 (critical) "job failed with exit status 3" fired',
    'check job reported a failure with exit status 3, saying: last line',
    'container broken on web-1 ended with exit status 2',
  ])
  expect(readEarlierAlerts(app.state, 'check:1', 2, from + HOUR)).toEqual([
    {
      at: from,
      text: 'the same alert fired before, 1h ago: job reported a failure, lasted 1m, note by Ann: on it',
      command: 'alerts show 1',
    },
  ])
  expect(readEarlierAlerts(app.state, 'check:1', 1, from)).toEqual([])
  expect(readEarlierAlerts(app.state, 'check:1', 3, until)[0]!.text).toBe(
    'the same alert fired before, 1m ago: job failed with exit status 3',
  )
  await app.stop()
})
