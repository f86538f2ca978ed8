// Stories of jobs that fail over and over: every failure counts, and neither the timeline nor the cards drown in them.
import { describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'

type Shown = { alerts: { count: number; version: number }[]; history: { what: string }[]; history_total: number }

const shown = (app: TestApp) => app.result<Shown>('alerts show 1')
const seenOnCard = ({ channel }: TestApp) =>
  channel.messages[0]!.card.fields!.find(field => field.name === 'Seen')?.value

async function failing(times: number, apart: string) {
  const app = await startApp()
  const beat = await app.hasCheck('job')
  for (let i = 0; i < times; i++) {
    if (i > 0) await app.passes(apart)
    await beat('/fail')
  }
  return { app, beat }
}

describe('a job that fails over and over', () => {
  it('is counted every time, in a line of the timeline for each five minutes', async () => {
    const { app } = await failing(701, '1s')
    const { alerts, history } = await shown(app)
    expect(alerts[0]!.count).toBe(701)
    expect(history.map(line => line.what)).toEqual([
      'fired: job reported a failure',
      'seen again, 300 times since: job reported a failure',
      'seen again, 300 times since: job reported a failure',
      'seen again, 100 times since: job reported a failure',
    ])
  })

  it('edits its cards every ten seconds at the most, and the last count reaches them', async () => {
    const { app } = await failing(32, '1s')
    expect(seenOnCard(app)).toBe('30 times')
    expect((await shown(app)).alerts[0]).toMatchObject({ count: 32, version: 4 })
    await app.passes('8s')
    expect(seenOnCard(app)).toBe('30 times')
    await app.passes('1s')
    expect(seenOnCard(app)).toBe('32 times')
    await app.passes('1h')
    expect((await shown(app)).alerts[0]!.version).toBe(5)
  })

  it('has its last count on the cards though Vakt dies before', async () => {
    const { app } = await failing(3, '1s')
    expect(seenOnCard(app)).toBeUndefined()
    const next = await app.restarts('1m', 'killed')
    expect(seenOnCard(next)).toBe('3 times')
  })

  it('still reminds at its time', async () => {
    const { app } = await failing(3, '1s')
    await app.passes('4h')
    expect(app.channel.messages[0]!.replies.map(reply => reply.card.title)).toEqual([
      'Still going on, and nobody has acknowledged it: job reported a failure',
    ])
  })

  it('shows the newest lines of a long timeline, and how many there are before', async () => {
    const { app } = await failing(30, '6m')
    const reply = await app.says('alerts show 1')
    expect(reply.card.lines).toContain('… 10 earlier')
    expect(await shown(app)).toMatchObject({ history_total: 30 })
    expect(Object.keys((await shown(app)).history[0]!)).toEqual(['at', 'what', 'by', 'note', 'kind', 'count'])
  })
})
