// Satellites as people and scripts are answered, in every state that they report.
import { expect, it } from 'vitest'
import { listAlerts } from '../../src/alerts/alerts.ts'
import { applyResults } from '../../src/alerts/lifecycle.ts'
import { doubledSatelliteKey, silentSatellite } from '../../src/detectors/silent-satellite.ts'
import type { Satellite } from '../../src/satellites/satellite.ts'
import { findSatellite, listSatellites } from '../../src/satellites/satellites.ts'
import { eq } from '../../src/state/orm.ts'
import { satellites } from '../../src/state/schema/index.ts'
import { Rejections } from '../../src/telemetry.ts'
import { aFinding } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

function begin() {
  const runner = createCommandRunner({ parts: { version: '2.0.0', rejections: new Rejections() } })
  return {
    ...runner,
    /** Stores what the satellite reported. */
    reports: (changes: Partial<Satellite>) =>
      runner.state.db.update(satellites).set(changes).where(eq(satellites.id, 1)).run(),
  }
}

it('a new one has a key, which is shown once and to one person', async () => {
  const { run, text, result, state } = begin()
  const by = { platform: 'telegram', id: '1', name: 'Ann', role: 'admin', isPublic: true }
  expect(await text('satellites add berlin', { by })).toContain('The answer shows the key of the satellite')
  expect(listSatellites(state)).toEqual([])
  const { card, result: added } = await run('satellites add Berlin')
  const { key, command } = added as { key: string; command: string }
  expect(command).toBe(`SATELLITE_KEY=${key} npx vakt satellite --to http://vakt.test`)
  expect(card).toMatchObject({ title: 'Satellite berlin added', tone: 'good', code: { text: command } })
  for (const name of ['main', '-x', 'a b', '']) expect(await text(`satellites add "${name}"`)).toContain('must be')
  expect(await result('satellites show berlin')).toEqual({
    satellite: {
      ...{ name: 'berlin', state: 'new', last_seen_at: null, complete_to: null, lines_complete_to: null },
      ...{ waiting: { requests: 0, bytes: 0, since: null }, beats: 0, lines: 0, refused: 0, last_refusal: null },
      ...{ refused_there: 0, checks: 0, clock_ahead_ms: 0, address: null, version: null, rival_address: null },
      ...{ created_by: 'Ann', created_at: '2026-03-02T09:00:00.000Z' },
    },
  })
  expect(await text('satellites show berlin')).toBe(
    [
      ...['(muted) Satellite berlin', 'has not reported yet', 'Came through it: 0 beats, 0 lines', 'Checks: 0 checks'],
      ...['Probes: 0 probes', 'Waits there: 0 requests, 0 B', '[Remove: satellites remove berlin]'],
    ].join('\n'),
  )
})

it('the list names all, and is a warning when one is silent or doubled', async () => {
  const { text, result, run, reports } = begin()
  expect(await text('satellites list')).toBe(
    '(plain) There are no satellites\nA satellite takes beats and log lines elsewhere: satellites add berlin',
  )
  await run('satellites add berlin')
  expect(await text('satellites list')).toBe('(plain) 1 satellite\nberlin: has not reported yet')
  reports({ lastSeenAt: NOW - 30 * SECOND, version: '2.0.0' })
  await run('satellites add oslo')
  expect(await text('satellites list')).toBe(
    '(plain) 2 satellites\nberlin: reports, the last time 30s ago; nothing waits there\noslo: has not reported yet',
  )
  expect(await result('satellites list')).toMatchObject({
    satellites: [{ name: 'berlin', state: 'up' }, { state: 'new' }],
  })
  reports({ lastSeenAt: NOW - 30 * SECOND - 1, version: '1.0.0' })
  expect(await text('satellites list')).toContain(
    '(warning) 2 satellites\nberlin: silent, reported last 31s ago; nothing waits there. it runs Vakt 1.0.0, and this is 2.0.0: update this one first, then the satellite\n',
  )
  expect(await result('satellites list')).toMatchObject({ satellites: [{ state: 'silent' }, {}] })
  reports({ lastSeenAt: NOW, rivalAddress: '192.0.2.9', rivalSeenAt: NOW, rivalSince: NOW - HOUR })
  expect(await text('satellites list')).toContain('(warning) 2 satellites')
})

it('one is shown with what waits there, its clock, its refusals and another that has its key', async () => {
  const { text, result, run, reports } = begin()
  await run('satellites add berlin')
  const lines = async () => (await text('satellites show berlin')).split('\nCame')[0]!.split('\n').slice(1)
  reports({
    lastSeenAt: NOW,
    version: '2.0.0',
    address: '192.0.2.1',
    beats: 2,
    lines: 1,
    waitingRecords: 3,
    waitingBytes: 2000,
  })
  expect(await text('satellites show berlin')).toContain('(good) Satellite berlin\n')
  expect(await text('satellites show berlin')).toContain(
    'Came through it: 2 beats, 1 line\nChecks: 0 checks\nProbes: 0 probes\nWaits there: 3 requests, 2.0 kB\nAddress: 192.0.2.1, version 2.0.0\n',
  )
  expect(await lines()).toEqual(['reports, the last time now; 3 requests waited there'])
  reports({ waitingSince: NOW - HOUR, version: null })
  expect(await lines()).toEqual(['reports, the last time now; 3 requests waited there, the oldest since 1h ago'])
  expect(await text('satellites show berlin')).toContain('Address: 192.0.2.1, version unknown')
  for (const clockAheadMs of [5000, -5000]) {
    reports({ clockAheadMs })
    expect(await lines()).toHaveLength(1)
  }
  reports({ clockAheadMs: 6000 })
  expect((await lines())[1]).toBe('Its clock is 6s ahead. Beats and lines have its times: set it by NTP.')
  reports({ clockAheadMs: -6000, refusedThere: 1, refused: 2, lastRefusal: 'too large' })
  expect((await lines()).slice(1)).toEqual([
    'Its clock is 6s behind. Beats and lines have its times: set it by NTP.',
    'It refused 1 request (503) because its disk limit was reached.',
    '2 requests could not be stored here. The last: too large.',
  ])
  reports({ clockAheadMs: 0, refused: 0, refusedThere: 0, rivalSeenAt: NOW, rivalSince: NOW - HOUR })
  expect((await lines())[1]).toBe('Another one runs with its key, at an unknown address, and is refused.')
  expect(await text('satellites show berlin')).toContain('(warning) Satellite berlin\n')
  reports({ rivalAddress: '192.0.2.9' })
  expect(await result('satellites show berlin')).toMatchObject({
    satellite: { rival_address: '192.0.2.9', beats: 2, lines: 1 },
  })
  reports({ rivalSeenAt: NOW - DAY })
  expect(await result('satellites show berlin')).toMatchObject({ satellite: { rival_address: null } })
  reports({ lastSeenAt: NOW - MINUTE })
  expect(await text('satellites show berlin')).toContain('(warning) Satellite berlin\n')
})

it('a removal asks a person first, ends the alerts, and waits for the checks that are probed from there', async () => {
  const { text, run, state, reports } = begin()
  await run('satellites add berlin')
  reports({ lastSeenAt: NOW - HOUR })
  const doubled = aFinding(doubledSatelliteKey(findSatellite(state, 'berlin')), NOW)
  applyResults(state, [silentSatellite(findSatellite(state, 'berlin'), 0), { kind: 'firing', finding: doubled }], NOW)
  await run('checks add web --probe https://shop.example.org --via berlin')
  expect(await text('satellites remove berlin')).toBe(
    '1 check is probed from berlin. Change it first: checks edit <check> --via main.',
  )
  await run('checks add api --probe https://shop.example.org --via berlin,main')
  expect(await text('satellites remove berlin')).toBe(
    '2 checks are probed from berlin. Change them first: checks edit <check> --via main.',
  )
  expect(await text('satellites show berlin')).toContain('Probes: 2 probes')
  for (const name of ['web', 'api']) await run(`checks edit ${name} --via main`)
  const asked = async () => text('satellites remove berlin', { interactive: true })
  expect(await asked()).toContain('Nothing waited there at its last report.')
  reports({ waitingRecords: 1 })
  expect(await asked()).toContain('1 request that waits there will not arrive.')
  reports({ waitingRecords: 2 })
  expect(await asked()).toContain('2 requests that wait there will not arrive.')
  expect(listSatellites(state)).toHaveLength(1)
  expect(listAlerts(state, { open: true, limit: 9 })).toHaveLength(2)
  expect(await text('satellites remove berlin --yes', { interactive: true })).toBe(
    '(muted) Satellite berlin removed\nIts key does not work any more.',
  )
  expect(listSatellites(state)).toEqual([])
  expect(listAlerts(state, { open: true, limit: 9 })).toEqual([])
})
