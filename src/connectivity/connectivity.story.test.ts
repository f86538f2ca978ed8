// Stories of the internet being gone: one card, no false alarm, and what works without it goes on.
import { describe, expect, it } from 'vitest'
import { fireAlert } from '../alerts/lifecycle.ts'
import { startHouse, type TestHouse } from '../testing/app.ts'

const environment = { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443 dns://example.org https://example.org' }
const titles = ({ channel }: TestHouse) => channel.messages.map(message => message.card.title)

describe('ten minutes without internet', () => {
  it('are one card with its true start and end, and no false alarm', async () => {
    const house = await startHouse({ environment })
    for (let i = 0; i < 5; i++) await (await house.hasCheck(`job-${i} --every 5m --grace 30s`))()
    await house.passes('1m')
    house.internet.up = false
    await house.passes('1m')
    expect(titles(house)).toEqual(['Warning: Vakt is offline'])
    // What a detector outside the local network finds meanwhile waits, and is over before it counts.
    const far = { ...finding('far'), labels: { host: 'far' } }
    house.state.transaction(() => fireAlert(house.state, far, house.clock.now()))
    await house.passes('9m')
    house.internet.up = true
    await house.passes('15s')
    expect(titles(house)).toEqual([expect.stringMatching(/^Resolved: Vakt was offline for 10m( \d+s)?$/)])
    const said = JSON.stringify(house.channel.messages[0]!.card.lines)
    expect(said).toContain(String(Date.parse('2026-03-02T09:01:00Z')))
    expect(said).toContain('far is wrong')
    await house.passes('40s')
    expect(titles(house)).toHaveLength(1)
    await house.passes('30s')
    expect(titles(house).slice(1)).toEqual(['Critical: far is wrong'])
  })

  it('leave the checks of the local network judged', async () => {
    const house = await startHouse({ environment })
    await (await house.hasCheck('near --every 2m --grace 30s --lan'))()
    await (await house.hasCheck('far --every 2m --grace 30s'))()
    house.internet.up = false
    await house.passes('4m')
    expect(titles(house)).toEqual(['Warning: Vakt is offline', 'Critical: near sent no beat'])
    house.internet.up = true
    await house.passes('30s')
    expect(titles(house)).toEqual([
      expect.stringMatching(/^Resolved: Vakt was offline for 4m/),
      'Critical: near sent no beat',
    ])
  })

  it('are history that counts', async () => {
    const house = await startHouse({ environment })
    await house.passes('20m')
    house.internet.up = false
    await house.passes('10m')
    house.internet.up = true
    await house.passes('10m')
    const { state, availability, history } = await house.result<{
      state: string
      availability: Record<string, number>
      history: { state: string; from: string; to: string }[]
    }>('connectivity')
    expect([state, history.map(row => row.state)]).toEqual(['online', ['online', 'offline', 'online']])
    expect(history[1]!.from).toBe('2026-03-02T09:20:00.000Z')
    expect(availability['1d']).toBeCloseTo(0.75, 1)
    expect(await house.result('status')).toMatchObject({ connectivity: { availability_24h: availability['1d'] } })
  })

  it('are over for the card when Vakt is started again without a word of it', async () => {
    const first = await startHouse({ environment })
    first.internet.up = false
    await first.passes('2m')
    const house = await first.restarts('10s', 'killed')
    await house.passes('20s')
    expect(titles(house)[0]).toBe('Resolved: Vakt is offline')
  })
})

function finding(key: string) {
  const about = { key, title: `${key} is wrong`, detector: 'test-rule', projectId: null, severity: 'critical' as const }
  return { ...about, owner: null, since: 0, remindEvery: 0, seen: { lines: [] }, occurrences: 1 }
}
