// The watch over satellites by itself: which silence counts, from when, and which of its alerts begin and end.
import { beforeEach, describe, expect, it } from 'vitest'
import { listAlerts } from '../../alerts/alerts.ts'
import { addSatellite } from '../../satellites/satellites.ts'
import { memoryState, type State } from '../../state/database.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'
import { createSatelliteWatch, type SatelliteWatch } from './satellite-watch.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

let state: State
let watch: SatelliteWatch
let now: number

beforeEach(() => {
  state = memoryState()
  watch = createSatelliteWatch(state)
  now = NOW
})

const hasSatellite = (name: string) => addSatellite(state, { name, createdBy: 'Ann' }, NOW - HOUR)
/** The satellite reported `ms` before now. */
const reported = (name: string, ms: number) =>
  state.prepare('update satellites set last_seen_at = ? where name = ?').run(now - ms, name)
const tick = (ms: number, isListening = true) => {
  now += ms
  watch.tick(now, isListening)
}
const titles = () => listAlerts(state, { open: true, limit: 10 }).map(({ title }) => title)
/** Ticks every 5 s. */
const passes = (ms: number) => {
  for (let passed = 0; passed < ms; passed += 5 * SECOND) tick(5 * SECOND)
}

describe('a satellite', () => {
  it('is silent after 30 s without a report, once, until it reports again', () => {
    hasSatellite('oslo')
    hasSatellite('rome')
    reported('oslo', 0)
    tick(0)
    passes(30 * SECOND)
    expect(titles()).toEqual([])
    tick(1)
    expect(titles()).toEqual(['The satellite oslo is silent'])
    tick(5 * SECOND)
    expect(listAlerts(state, { limit: 9 })).toMatchObject([{ since: NOW, version: 1 }])
    reported('oslo', 30 * SECOND)
    tick(0)
    expect(titles()).toEqual([])
  })

  it('that reports again ends its own alert only', () => {
    hasSatellite('oslo')
    hasSatellite('rome')
    for (const name of ['oslo', 'rome']) reported(name, 0)
    tick(0)
    passes(35 * SECOND)
    expect(titles()).toHaveLength(2)
    reported('oslo', 0)
    tick(1)
    expect(titles()).toEqual(['The satellite rome is silent'])
  })

  it('before its first report is not silent', () => {
    hasSatellite('oslo')
    tick(0)
    passes(MINUTE)
    expect(titles()).toEqual([])
  })
})

describe('the main', () => {
  beforeEach(() => {
    hasSatellite('oslo')
    reported('oslo', HOUR)
  })

  it('gives satellites 30 s from its start', () => {
    tick(0)
    passes(30 * SECOND)
    expect(titles()).toEqual([])
    tick(1)
    expect(titles()).toEqual(['The satellite oslo is silent'])
  })

  it('that does not listen knows nothing, and gives them their time again afterwards', () => {
    tick(0)
    passes(30 * SECOND)
    tick(SECOND, false)
    tick(HOUR, false)
    expect(titles()).toEqual([])
    tick(5 * SECOND)
    passes(30 * SECOND)
    expect(titles()).toEqual([])
    tick(1)
    expect(titles()).toHaveLength(1)
  })

  it.each([
    ['more than 15 s between two ticks', 15 * SECOND + 1, []],
    ['a clock that went back', -1, []],
    ['15 s between two ticks are no sleep', 15 * SECOND, ['The satellite oslo is silent']],
  ])('slept: %s', (_, gap, expected) => {
    tick(0)
    passes(20 * SECOND)
    tick(gap)
    passes(30 * SECOND)
    expect(titles()).toEqual(expected)
    tick(1)
    expect(titles()).toHaveLength(1)
  })

  it('that was started again ends no alert before a report', () => {
    tick(0)
    passes(35 * SECOND)
    watch = createSatelliteWatch(state)
    tick(0)
    expect(titles()).toHaveLength(1)
  })
})

it('two that run as one are an alert while both report', () => {
  hasSatellite('oslo')
  hasSatellite('rome')
  const rival = (since: number | null) =>
    state.prepare("update satellites set rival_since = ?, rival_seen_at = ? where name = 'oslo'").run(since, since)
  tick(0)
  expect(titles()).toEqual([])
  rival(now)
  tick(0)
  tick(5 * SECOND)
  expect(listAlerts(state, { limit: 9 })).toMatchObject([{ title: 'Two satellites run as oslo', version: 1 }])
  tick(MINUTE - 5 * SECOND)
  expect(titles()).toHaveLength(1)
  tick(1)
  expect(titles()).toEqual([])
})
