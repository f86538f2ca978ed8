// Stories of an internet outage: one card, no false alarm, and everything local keeps working.
import { describe, expect, it } from 'vitest'
import { fireAlert } from '../alerts/lifecycle.ts'
import { cardText } from '../chat/card-text.ts'
import { startApp } from '../testing/app.ts'

const environment = { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443 dns://example.org https://example.org' }

describe('ten minutes without internet', () => {
  it('fire one alert with its true start and end, and no false alarm', async () => {
    const app = await startApp({ environment })
    for (let i = 0; i < 5; i++) await (await app.hasCheck(`job-${i} --every 5m --grace 30s`))()
    await app.passes('1m')
    app.internet.up = false
    await app.passes('1m')
    expect(app.titles()).toEqual(['Warning: Vakt is offline'])
    // A finding of the outage is suppressed until shortly after it.
    const far = { ...finding('far'), labels: { host: 'far' } }
    app.state.transaction(() => fireAlert(app.state, far, app.clock.now()))
    await app.passes('9m')
    app.internet.up = true
    await app.passes('15s')
    expect(app.titles()).toEqual([expect.stringMatching(/^Resolved: Vakt was offline for 9m \d+s$/)])
    const text = cardText(app.channel.messages[0]!.card, { timeZone: 'UTC', now: app.clock.now() })
    expect(text).toContain('From 2026-03-02 09:01:15 UTC to ')
    expect(text).toContain('far is wrong')
    await app.passes('40s')
    expect(app.titles()).toHaveLength(1)
    await app.passes('30s')
    expect(app.titles().slice(1)).toEqual(['Critical: far is wrong'])
  })

  it('do not stop the evaluation of checks on the local network', async () => {
    const app = await startApp({ environment })
    await (await app.hasCheck('near --every 2m --grace 30s --lan'))()
    await (await app.hasCheck('far --every 2m --grace 30s'))()
    app.internet.up = false
    await app.passes('4m')
    expect(app.titles()).toEqual(['Warning: Vakt is offline', 'Critical: near sent no beat'])
    app.internet.up = true
    await app.passes('30s')
    expect(app.titles()).toEqual([
      expect.stringMatching(/^Resolved: Vakt was offline for 4m/),
      'Critical: near sent no beat',
    ])
  })

  it('delay the alert of a check on the local network by nothing', async () => {
    const app = await startApp({ environment })
    const near = await app.hasCheck('near --every 2m --grace 30s --lan')
    await app.passes('1m')
    app.internet.up = false
    await app.passes('31s')
    // Not in step with the ticks of the scheduler.
    await app.passes('3700ms')
    await near()
    const at = app.clock.now()
    await app.passes('2m')
    await app.passes('31s')
    const { alerts } = await app.result<{ alerts: { title: string; fired_at: string }[] }>('alerts list')
    const { fired_at } = alerts.find(({ title }) => title === 'near sent no beat')!
    expect(Date.parse(fired_at)).toBe(at + 150_000)
  })

  it('lower the availability', async () => {
    const app = await startApp({ environment })
    await app.passes('20m')
    app.internet.up = false
    await app.passes('10m')
    app.internet.up = true
    await app.passes('10m')
    const { state, availability, history } = await app.result<{
      state: string
      availability: Record<string, number>
      history: { state: string; from: string; to: string }[]
    }>('connectivity')
    expect([state, history.map(row => row.state)]).toEqual(['online', ['online', 'offline', 'online']])
    expect(history[1]!.from).toBe('2026-03-02T09:20:15.000Z')
    expect(availability['1d']).toBeCloseTo(0.75, 1)
    expect(await app.result('status')).toMatchObject({ connectivity: { availability_24h: availability['1d'] } })
  })

  it('end with a restart of Vakt, also when the internet is still gone', async () => {
    const first = await startApp({ environment })
    first.internet.up = false
    await first.passes('2m')
    const app = await first.restarts('10s', 'killed')
    await app.passes('20s')
    expect(app.titles()[0]).toBe('Resolved: Vakt is offline')
  })
})

function finding(key: string) {
  const about = { key, title: `${key} is wrong`, detector: 'test-rule', projectId: null, severity: 'critical' as const }
  return { ...about, owner: null, since: 0, remindEvery: 0, observation: { lines: [] }, occurrences: 1 }
}
