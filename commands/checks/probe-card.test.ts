// The card of a probe: its last result, its response times, its availability and its certificate.
import { beforeEach, expect, it } from 'vitest'
import { findCheck } from '../../src/checks/check-names.ts'
import type { ProbeResult } from '../../src/probes/probe.ts'
import { readProbe, recordProbe } from '../../src/probes/probes.ts'
import { type CommandRunner, createCommandRunner } from '../../src/testing/command-runner.ts'
import { DAY, HOUR, MINUTE } from '../../src/time.ts'
import { bucketMedians } from './probe-card.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let app: CommandRunner
beforeEach(async () => {
  app = createCommandRunner()
  await app.run('checks add web --probe "https://shop.example.org/?token=hunter2hunter2" --every 1m')
})

const found = (at: number, result: Partial<ProbeResult> = {}) => {
  const check = findCheck(app.state, 'web')
  const probe = readProbe(app.state, check.id)!
  const answer = {
    ok: true,
    message: 'status 200',
    durationMs: 20,
    address: '192.0.2.1',
    certificateEndsAt: null,
    ...result,
  }
  recordProbe(app.state, { check, probe }, answer, at)
}
const shown = (also = {}) => app.text('checks show web', also)
const probe = async (also = {}) =>
  (await app.result<{ check: { probe: Record<string, unknown> } }>('checks show web', also)).check.probe

it('a probe without a result says so, and has no response times', async () => {
  expect(await shown()).toContain('Not probed yet; the first result comes within seconds.')
  expect(await shown()).not.toMatch(/Response time|Availability|certificate/)
  expect(await probe()).toMatchObject({
    kind: 'http',
    last: null,
    certificate: null,
    via: [],
    views: [],
    expect: [],
    headers: [],
    on: null,
    run: null,
  })
})

it('the last result stands with how long it took and its age', async () => {
  found(NOW - MINUTE)
  expect(await shown()).toContain('Last probe: status 200 in 20 ms, 1m ago.')
  found(NOW, { ok: false, message: 'status 500 password=hunter2hunter2', durationMs: null })
  expect(await shown()).toMatch(/Last probe failed: status 500 password=\[hidden[^\]]*\], now\./)
  expect(await probe()).toMatchObject({
    last: { at: '2026-03-02T09:00:00.000Z', ok: false, duration_ms: null, address: '192.0.2.1' },
  })
})

it('response times and availability are those of the time that is known', async () => {
  for (let i = 59; i >= 0; i--) found(NOW - i * MINUTE, { durationMs: i === 0 ? 900 : 20 })
  const text = await shown()
  expect(text).toMatch(/Response time, last 24h: p50 20 ms, p95 20 ms /)
  expect(text).toMatch(/Availability: 24h: 100 ?% of the \S+ known$|Availability: [^\n]* known\n/m)
  expect(await probe()).toMatchObject({ response_ms: { p50: 20, p95: 20, max: 900 } })
})

it('a certificate ends in some days, or has expired', async () => {
  found(NOW, { certificateEndsAt: NOW + 10 * DAY + HOUR })
  expect(await shown()).toContain('The certificate ends in 10 days, 2026-03-12 10:00:00 UTC.')
  expect(await probe()).toMatchObject({ certificate: { ends_at: '2026-03-12T10:00:00.000Z', days: 10 } })
  found(NOW, { certificateEndsAt: NOW + HOUR })
  expect(await shown()).toContain('The certificate ends in 0 days, ')
  found(NOW, { certificateEndsAt: NOW - DAY })
  expect(await shown()).toContain('The certificate expired 2026-03-01 09:00:00 UTC.')
})

it('a target is whole in the result of those who may change it, and on no card', async () => {
  const by = (role: string, more = {}) => ({ by: { platform: 'discord', id: '1', name: 'Vi', role, ...more } })
  for (const [also, isWhole] of [
    [by('responder'), true],
    [by('viewer'), false],
    [by('admin', { isPublic: true }), false],
  ] as const) {
    expect(JSON.stringify(await probe(also)).includes('hunter2')).toBe(isWhole)
    expect(await shown(also)).not.toContain('hunter2')
  }
})

it('the next probe is told while the check is not paused', async () => {
  found(NOW)
  expect(await shown()).toContain('Next probe in ')
  await app.run('checks pause web')
  expect(await shown()).not.toContain('Next probe')
  expect(await probe()).toMatchObject({ next_at: null })
})

it('places are named with how many must find it down', async () => {
  await app.run('satellites add berlin')
  await app.run('checks edit web --via berlin,main')
  expect(await shown()).toContain('Probed from berlin, main; it is down when most of those that are up find it down.')
  await app.run('checks edit web --quorum 2')
  expect(await shown()).toContain('it is down when 2 of them find it down.')
  expect(await probe()).toMatchObject({ via: ['berlin', 'main'], quorum: 2, views: [] })
})

it('medians are of the successful results of each part of a time', () => {
  const at = (at: number, durationMs: number | null, ok = true) => ({ at, ok, durationMs })
  expect(
    bucketMedians(
      [at(0, 10), at(49, 30), at(49, 20), at(50, 5), at(60, null), at(70, 90, false), at(100, 7), at(-1, 20)],
      0,
      100,
      2,
    ),
  ).toEqual([20, 5])
  expect(bucketMedians([at(60, 3)], 0, 100, 2)).toEqual([null, 3])
})
