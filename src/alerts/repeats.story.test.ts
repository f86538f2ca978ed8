// Stories of jobs that fail repeatedly: every failure counts, but timeline and cards stay short.
import { describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'

type Shown = { alerts: { count: number; version: number }[]; history: { what: string }[]; history_total: number }

const show = (app: TestApp) => app.result<Shown>('alerts show 1')
const countOnCard = ({ channel }: TestApp) =>
  channel.messages[0]!.card.facts!.find(field => field.name === 'Seen')?.value

async function failing(times: number, apart: string) {
  const app = await startApp()
  const beat = await app.hasCheck('job')
  for (let i = 0; i < times; i++) {
    if (i > 0) await app.passes(apart)
    await beat('/fail')
  }
  return { app, beat }
}

describe('a job that fails repeatedly', () => {
  it('counts every failure, in one timeline line per five minutes', async () => {
    const { app } = await failing(701, '1s')
    const { alerts, history } = await show(app)
    expect(alerts[0]!.count).toBe(701)
    expect(history.map(line => line.what)).toEqual([
      'fired: job reported a failure',
      'repeated 300 times: job reported a failure',
      'repeated 300 times: job reported a failure',
      'repeated 100 times: job reported a failure',
    ])
  })

  it('edits its cards at most every ten seconds, and they show the last count in the end', async () => {
    const { app } = await failing(32, '1s')
    expect(countOnCard(app)).toBe('30 times')
    expect((await show(app)).alerts[0]).toMatchObject({ count: 32, version: 4 })
    await app.passes('8s')
    expect(countOnCard(app)).toBe('30 times')
    await app.passes('1s')
    expect(countOnCard(app)).toBe('32 times')
    await app.passes('1h')
    expect((await show(app)).alerts[0]!.version).toBe(5)
  })

  it('shows its last count on the cards even if Vakt is killed before', async () => {
    const { app } = await failing(3, '1s')
    expect(countOnCard(app)).toBeUndefined()
    const next = await app.restarts('1m', 'killed')
    expect(countOnCard(next)).toBe('3 times')
  })

  it('still sends reminders on time', async () => {
    const { app } = await failing(3, '1s')
    await app.passes('4h')
    expect(app.mentions()).toEqual(['Still firing, not acknowledged'])
  })

  it('shows the newest lines of a long timeline, and how many are earlier', async () => {
    const { app } = await failing(30, '6m')
    const reply = await app.says('alerts show 1')
    expect(reply.card.lines).toContain('… 10 earlier')
    expect(await show(app)).toMatchObject({ history_total: 30 })
    expect(Object.keys((await show(app)).history[0]!)).toEqual(['at', 'what', 'by', 'note', 'kind', 'count'])
  })
})
