// Alerts as people and scripts look at them, and the test of the way to the chats.
import { describe, expect, it } from 'vitest'
import { cardText } from '../../src/chat/card-text.ts'
import { startHouse } from '../../src/testing/app.ts'

async function withAlerts(count: number) {
  const house = await startHouse()
  for (let i = 0; i < count; i++) await (await house.hasCheck(`job-${i}`))('/fail')
  return house
}

describe('a list of open alerts', () => {
  it('is whole for a script, and as long as it says when it does', async () => {
    const house = await withAlerts(12)
    expect((await house.result<{ alerts: [] }>('alerts list')).alerts).toHaveLength(12)
    expect((await house.result<{ alerts: [] }>('alerts list --limit 10')).alerts).toHaveLength(10)
    expect(await house.result('alerts history')).toMatchObject({ total: 12 })
  })

  it('is the ten worst for a person', async () => {
    const house = await withAlerts(12)
    const reply = await house.says('alerts list', { interactive: true })
    expect(reply.card.lines).toHaveLength(11)
    expect(reply.card.lines!.at(-1)).toBe('… 2 more')
  })
})

it('the history says how long what is over lasted, and nothing that holds for it no longer', async () => {
  const house = await startHouse()
  const job = await house.hasCheck('job')
  await house.result('silence add check:job --for 3d')
  await job('/fail')
  await house.result('ack 1')
  await house.passes('90s')
  const line = async () => {
    const { card } = await house.says('alerts history')
    return cardText(card, { timeZone: 'UTC', now: house.clock.now() }).split('\n')[1]
  }
  expect(await line()).toMatch(/Ann is on it · held back by silence 1 .* until /)
  await job()
  await house.passes('1h')
  expect(await line()).toBe('1 · Resolved · job reported a failure · 1h 1m ago, for 1m 30s')
})

it('the status names the worst and counts the others', async () => {
  const house = await withAlerts(5)
  await house.result('checks edit job-0 --severity warning')
  const { card } = await house.says('status')
  expect(card.title).toBe('5 open alerts')
  const text = cardText(card, { timeZone: 'UTC', now: house.clock.now() })
  expect(text.match(/^\d · Critical · job-\d reported a failure$/gm)).toHaveLength(3)
  expect(text).toContain('… 2 more')
})

it('one that is held back over days says until which', async () => {
  const house = await withAlerts(1)
  const { alerts } = await house.result<{ alerts: { fired_at: string }[] }>('alerts list')
  await house.result('silence add "check:job-0" --for 3d')
  const { card } = await house.says('alerts list')
  const day = new Date(Date.parse(alerts[0]!.fired_at) + 3 * 86_400_000).toISOString().slice(0, 10)
  expect(cardText(card, { timeZone: 'UTC', now: house.clock.now() })).toContain(`until ${day} `)
})

it('a test alert is ended by "alerts test" alone, and never by asking for another', async () => {
  const house = await startHouse()
  await house.result('alerts test')
  expect(await house.says('alerts test --severity critical')).toMatchObject({
    problem: { code: 'conflict', message: expect.stringMatching(/"alerts test" without --severity ends it/) },
  })
  await house.result('alerts test')
  expect(house.channel.messages.map(message => message.card.title)).toEqual(['Resolved: test alert by Ann'])
})

it('what is no alert number is told once what would be one', async () => {
  const house = await startHouse()
  const message = 'Alert must be an alert number such as 42, or all, but is "abc".'
  expect(await house.says('ack abc')).toMatchObject({ problem: { message } })
})
