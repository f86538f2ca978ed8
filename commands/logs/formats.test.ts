// The commands for log formats: how a line is read, and a format of a project's own, on the path of its lines.
import { expect, it } from 'vitest'
import { useLogs } from '../../src/testing/logs-story.ts'

const logs = useLogs()
const PATTERN = '^(?<till>T\\d+) (?<time>\\S+ \\S+) (?<level>[A-Z]+) (?<message>.*)$'
const LINE = 'T7 2026-11-29 10:00:01 SEVERE drawer is stuck'
const adds = `formats add tills --pattern ${JSON.stringify(PATTERN)}`
const send = (text: string) =>
  logs.app.request('/api/logs', {
    method: 'POST',
    body: text,
    headers: { 'x-api-key': logs.key, 'content-type': 'text/plain' },
  })
type Found = { logs: { message: string; level: string; attributes: object; timestamp: string }[] }

it('a line is shown as it would be stored, with the formats that fit', async () => {
  const result = await logs.app.result('formats test "<131>Nov 29 10:00:01 web-1 shop[7]: production.ERROR: no"')
  expect(result).toMatchObject({ formats: ['rfc3164'], line: { level: 'error', host: 'web-1', source: 'shop' } })
  const laravel = await logs.app.result('formats test "[2026-11-29 10:00:00] production.ERROR: no route to the bank"')
  expect(laravel).toMatchObject({
    formats: ['monolog'],
    line: { level: 'error', message: 'no route to the bank', zone_assumed: true },
  })
})

it('a format that is added is tried on stored lines, reads the next ones, and ends with its removal', async () => {
  await send(LINE)
  expect((await logs.app.result<Found>('logs search drawer')).logs[0]).toMatchObject({ message: LINE })
  expect(await logs.app.result(adds)).toMatchObject({ tried: 1, matched: 1 })
  await send(LINE)
  expect((await logs.app.result<Found>('logs search till:T7')).logs).toMatchObject([
    { level: 'error', message: 'drawer is stuck', timestamp: '2026-11-29T10:00:01.000Z' },
  ])
  const { formats } = await logs.app.result<{ formats: object[] }>('formats list')
  expect(formats[0]).toMatchObject({ name: 'tills', added_by: 'Ann' })
  await logs.app.result('formats remove tills')
  await send(LINE)
  expect((await logs.app.result<Found>('logs search till:T7')).logs).toHaveLength(1)
})

it('a pattern that is wrong, or says nothing, is refused with what it needs', async () => {
  expect(await logs.app.answerText('formats add x --pattern "("')).toContain('never closed')
  expect(await logs.app.answerText('formats add x --pattern "^a+$"')).toContain('no named group')
  expect(await logs.app.answerText('formats remove x')).toContain('There is no format "x"')
})

it('formats are found by the program that writes them, and a removed one can be added again', async () => {
  const found = await logs.app.result<{ formats: { name: string }[] }>('formats list Laravel')
  expect(found.formats.map(({ name }) => name)).toEqual(['monolog'])
  expect(await logs.app.answerText('formats list nosuchprogram')).toContain('No log format found')
  const unknown = await logs.app.answerText('formats show laravel')
  expect(unknown).toContain('There is no format "laravel". 1 format for it: monolog. "formats list" shows all formats.')
  await logs.app.result(adds)
  expect(await logs.app.answerText(adds)).toContain('Format tills is replaced')
  const removed = await logs.app.says('formats remove tills')
  await logs.app.result(removed.ok ? removed.card.buttons![0]!.line : '')
  expect(await logs.app.result('formats show tills')).toMatchObject({ format: { pattern: PATTERN } })
  await logs.app.result('formats remove tills')
})
