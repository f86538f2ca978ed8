// Stories of lines that happened at another time than they arrive: old lines, other zones, and the card that proposes a zone.
import { expect, it } from 'vitest'
import { useLogs } from '../../testing/logs-story.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'

const logs = useLogs()
type Open = { alerts: { title: string; detector: string; id: number }[] }
const open = async () => (await logs.app.result<Open>('alerts list')).alerts
/** Errors as a host writes them whose clock shows UTC plus `offset`, so long ago. */
const errors = (ages: readonly number[], offset = 0, zone = '') =>
  ages
    .map(age => {
      const shown = new Date(logs.app.clock.now() - age + offset).toISOString()
      return `${shown.slice(0, 19).replace('T', ' ')}${zone} ERROR db refused`
    })
    .join('\n')
const send = (text: string) =>
  logs.app.request('/api/logs?source=till', {
    method: 'POST',
    body: text,
    headers: { 'x-api-key': logs.key, 'content-type': 'text/plain' },
  })

it.each([-5, 1, 9, 5.75])('errors of a host whose clock shows UTC%s h alert at once', async hours => {
  await send(
    errors(
      Array.from({ length: 10 }, (_, i) => (10 - i) * SECOND),
      hours * HOUR,
    ),
  )
  expect(await open()).toMatchObject([{ title: 'till: 10 × ERROR db refused in 1 min' }])
})

it('hours of old lines that arrive in a second are no spike, with a zone and without', async () => {
  // One error in five minutes for four hours, the newest a moment old.
  const ages = Array.from({ length: 48 }, (_, i) => (47 - i) * 5 * MINUTE + SECOND)
  await send(errors(ages, 0, 'Z'))
  await send(errors(ages))
  expect(await open()).toEqual([])
})

it('a spike that arrives late is reported, and one of yesterday is not', async () => {
  const minute = (ago: number) => Array.from({ length: 10 }, (_, i) => ago - i * SECOND)
  await send(errors(minute(26 * HOUR), 0, 'Z'))
  expect(await open()).toEqual([])
  await send(errors(minute(20 * MINUTE), 0, 'Z'))
  expect(await open()).toMatchObject([{ title: 'till: 10 × ERROR db refused in 1 min' }])
})

it('a source of another zone gets a card with a button, which corrects the next lines', async () => {
  for (let i = 0; i < 7; i++) {
    await send(`${errors([SECOND], -5 * HOUR).replace('ERROR db refused', 'INFO sold')}`)
    await logs.app.passes('1m')
  }
  expect(await open()).toMatchObject([
    { detector: 'time-zone', title: 'till: the times of its lines are of another zone' },
  ])
  const { buttons } = logs.app.channel.messages.at(-1)!.card
  const correct = buttons!.find(({ label }) => label === 'Correct by 5h')!
  await logs.app.result(correct.line)
  expect(await open()).toEqual([])
  await send(`${errors([SECOND], -5 * HOUR).replace('ERROR db refused', 'INFO corrected')}`)
  const found = await logs.app.result<{ logs: { timestamp: string }[] }>('logs search corrected')
  expect(logs.app.clock.now() - Date.parse(found.logs[0]!.timestamp)).toBeLessThan(3 * SECOND)
})
