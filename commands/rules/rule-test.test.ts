// What a rule would have alerted on: how many cards, which of them coincide with another alert, and the newest of them.
import { beforeEach, expect, it } from 'vitest'
import type { Host } from '../../src/hosts/host.ts'
import { saveMeasurements } from '../../src/hosts/metrics/samples.ts'
import { storeAlert } from '../../src/testing/alerts.ts'
import { type CommandRunner, createCommandRunner } from '../../src/testing/command-runner.ts'
import { addTestHost } from '../../src/testing/hosts.ts'
import { DAY, HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let app: CommandRunner
let host: Host
beforeEach(async () => {
  app = createCommandRunner()
  host = addTestHost(app.state, 'web-1', { projectId: 1 })
  await app.run('rules add busy --kind threshold --metric cpu --threshold 90 --window 1m')
})

/** The CPU is busy for `minutes` from `hours` ago. */
const isBusy = (hours: number, minutes: number, cpu = 95.126) => {
  for (let at = NOW - hours * HOUR; at < NOW - hours * HOUR + (minutes + 20) * MINUTE && at <= NOW; at += 30_000)
    saveMeasurements(
      app.state,
      host.id,
      [{ kind: 'host', name: '', cpu: at < NOW - hours * HOUR + minutes * MINUTE ? cpu : 5 }],
      at,
    )
}

type Tested = {
  cards: number
  precision: number | null
  confirmed: number
  from: string
  would_have_fired: { subject: string; fired_at: string; ended_at: string | null; value: number }[]
}

it('without anything there is no card, and no precision', async () => {
  expect(await app.text('rules test busy')).toBe(
    '(plain) busy would have sent 0 cards in 1d\nNothing in that period matched the rule.',
  )
  expect(await app.result('rules test busy --last 1h')).toMatchObject({
    ...{ cards: 0, precision: null, confirmed: 0, would_have_fired: [] },
    ...{ from: '2026-03-02T08:00:00.000Z', until: '2026-03-02T09:00:00.000Z' },
  })
})

it('the newest cards come first, and the share of those that coincide with another alert', async () => {
  for (const hours of [5, 3]) isBusy(hours, 10)
  storeAlert(app.state, { since: NOW - 3 * HOUR, firedAt: NOW - 3 * HOUR, projectId: 1, labels: { rule: 'other' } })
  const text = await app.text('rules test busy --last 6h')
  expect(text).toContain('(plain) busy would have sent 2 cards in 6h\n')
  expect(text).toMatch(/2026-03-02 06:0\d:\d\d UTC · web-1 · at worst 95[\s\S]*2026-03-02 04:0\d:\d\d UTC · web-1/)
  expect(text).toContain('1 of 2 cards (50 %) coincides with another alert;')
  const tested = await app.result<Tested>('rules test busy --last 6h')
  expect(tested).toMatchObject({ cards: 2, precision: 0.5, confirmed: 1 })
  expect(tested.would_have_fired.map(({ fired_at }) => fired_at.slice(11, 13))).toEqual(['04', '06'])
  expect(tested.would_have_fired[0]).toMatchObject({
    subject: 'web-1',
    value: 95.13,
    ended_at: expect.stringMatching(/^2026-03-02T04:1/),
  })
  expect((await app.result<Tested>('rules test busy --last 4h')).cards).toBe(1)
})

it('what goes on now has no end', async () => {
  isBusy(0.25, 30)
  expect((await app.result<Tested>('rules test busy --last 1h')).would_have_fired).toMatchObject([{ ended_at: null }])
})

it('other settings are tried without a change of the rule', async () => {
  isBusy(3, 10)
  expect(await app.text('rules test busy --threshold 99 --last 6h')).toContain(
    'busy with these settings would have sent 0 cards in 6h',
  )
  expect(await app.text('rules test busy --last 6h')).toContain('busy would have sent 1 card in 6h')
})

it('longer than two days says how exact it is, and 35 days are the most', async () => {
  const footer = async (last: string) => (await app.run(`rules test busy --last ${last}`)).card.footer
  expect(await footer('2d')).toBeUndefined()
  expect(await footer('49h')).toBe('Before the last two days, counts are by the hour.')
  expect(await app.result('rules test busy --last 60d')).toMatchObject({ from: new Date(NOW - 35 * DAY).toISOString() })
})

it('a search is tried on the log store, in buckets of its window', async () => {
  await app.run('rules add words --kind search --matcher payment --window 10m --threshold 2')
  const asked: number[][] = []
  const counts = (n: number) => ({ trace: 0, debug: 0, info: n, warn: n, error: 0, fatal: 0 })
  const store = {
    async histogram(_: unknown, from: number, until: number, number: number) {
      asked.push([from, until, number])
      const width = (until - from) / number
      return Array.from({ length: number }, (__, i) => ({ from: from + i * width, counts: counts(i === 5 ? 3 : 0) }))
    },
  }
  expect(await app.result<Tested>('rules test words --last 2h', { store })).toMatchObject({ cards: 1 })
  expect(asked[0]!.slice(0, 2)).toEqual([NOW - 2 * HOUR, NOW])
  expect(asked[0]![2]).toBeGreaterThan(1)
  expect(await app.result<Tested>('rules test words --last 2h')).toMatchObject({ cards: 0 })
})
