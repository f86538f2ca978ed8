// A scenario is played the same every time, mixes its levels as told, and suffers its faults.
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '../time.ts'
import { play, type Step } from './play.ts'
import { builtInScenarios, parseScenario, readScenario } from './read-scenario.ts'

const scenario = (faults = '[]', more = '') =>
  parseScenario(
    `{name: t, duration: 10m, sources: [
      {kind: json, name: api, rate: 2, levels: {info: 17, warn: 2, error: 1}${more}},
      {kind: syslog, name: sshd, rate: 0.5},
      {kind: beats, name: backup, every: 30s, grace: 10s, run: 3s, jitter: 1}], faults: ${faults}}`,
    'test',
  )
const steps = (...args: Parameters<typeof play>) => [...play(...args)]
type Sent = { level: string; message: string; timestamp: string }
const linesOf = (all: readonly Step[], source: string) =>
  all.flatMap(step => (step.kind === 'lines' && step.source === source ? (JSON.parse(step.body) as Sent[]) : []))
const beatsOf = (all: readonly Step[]) => all.filter(step => step.kind === 'beat')

describe('playing', () => {
  it('makes the same bytes for the same seed, and the same for a source beside any other sources', () => {
    const twice = [steps(scenario()), steps(scenario())]
    expect(twice[0]).toEqual(twice[1])
    expect(linesOf(steps(scenario(), { seed: '2' }), 'api')).not.toEqual(linesOf(twice[0]!, 'api'))
    const alone = { ...scenario(), sources: scenario().sources.slice(0, 1) }
    expect(linesOf(steps(alone), 'api')).toEqual(linesOf(twice[0]!, 'api'))
  })

  it('is in the order of time and ends with the scenario, for every built-in scenario', () => {
    for (const name of builtInScenarios()) {
      const { scenario, tables } = readScenario(name)
      let last = 0
      for (const { at } of play(scenario, { tables })) {
        if (at < last || at > scenario.duration) throw new Error(`${name}: ${at} after ${last}`)
        last = at
      }
    }
  })

  it('mixes the levels exactly over every deck', () => {
    const levels = linesOf(steps(scenario()), 'api').map(line => line.level)
    expect(levels.length).toBe(1200)
    for (let i = 0; i < 1200; i += 20) {
      const deck = levels.slice(i, i + 20)
      expect([deck.filter(level => level === 'warn').length, deck.filter(level => level === 'error').length]).toEqual([
        2, 1,
      ])
    }
  })

  it('lets ordinary errors differ, so that none of them is a spike', () => {
    const messages = linesOf(steps(scenario('[]', ', jitter: 1')), 'api').filter(line => line.level === 'error')
    expect(new Set(messages.map(line => line.message)).size).toBe(messages.length)
  })

  it('writes times as they are when it is played faster', () => {
    const begin = Date.parse('2026-03-02T09:00:00Z')
    const times = linesOf(steps(scenario(), { begin, speed: 60 }), 'api').map(line => Date.parse(line.timestamp))
    expect([Math.min(...times) >= begin, Math.max(...times) <= begin + 10_000]).toEqual([true, true])
  })

  it('sends a batch when it is full or a second old, or at once with an error if the source is prompt', () => {
    const full = steps(scenario('[]', ', batch: 2, jitter: 0')).filter(
      step => step.kind === 'lines' && step.source === 'api',
    )
    expect(full.every(step => step.kind === 'lines' && step.lines <= 2)).toBe(true)
    expect(full[0]!.at).toBe(750)
    const waiting = steps(scenario('[]', ', jitter: 0')).find(step => step.kind === 'lines' && step.source === 'api')
    expect(waiting).toMatchObject({ at: 1250, lines: 2 })
    const spike = '[{kind: spike, name: s, source: api, at: 15s, for: 3s, count: 3, message: "db gone"}]'
    const prompt = steps(scenario(spike, ', gather: 1m, jitter: 0, prompt: true'))
    const sent = prompt.filter(step => step.kind === 'lines' && step.source === 'api' && step.body.includes('db gone'))
    expect(sent.map(step => step.at)).toEqual([15_000, 16_000, 17_000])
  })

  it('beats in time, with a start before each run', () => {
    const beats = beatsOf(steps(scenario()))
    const done = beats.filter(beat => beat.signal === 'success').map(beat => beat.at)
    expect([beats.length, done.length]).toEqual([40, 20])
    expect(done.every((at, i) => i === 0 || at - done[i - 1]! < 40_000)).toBe(true)
  })
})

describe('a fault', () => {
  const during = (all: readonly { at: number }[], from: number, to: number) =>
    all.filter(({ at }) => from <= at && at < to)
  const sent = (faults: string) => steps(scenario(faults))
  const times = (all: Step[], source: string) =>
    linesOf(all, source).map(line => ({ ...line, at: Date.parse(line.timestamp) }))

  it('spike: the same error so many times, beside everything ordinary', () => {
    const all = times(
      sent('[{kind: spike, name: s, source: api, at: 2m, for: 10s, count: 7, message: "db gone"}]'),
      'api',
    )
    const spike = all.filter(line => line.message === 'db gone')
    expect([spike.length, during(spike, 2 * MINUTE, 2 * MINUTE + 10_000).length, all.length]).toEqual([7, 7, 1207])
  })

  it('errors: the share holds while it lasts, all different', () => {
    const all = times(sent('[{kind: errors, name: e, source: api, at: 2m, for: 1m, share: 0.5}]'), 'api')
    const bad = during(all, 2 * MINUTE, 3 * MINUTE) as (typeof all)[number][]
    const errors = bad.filter(line => line.level === 'error')
    expect(errors.length / bad.length).toBeCloseTo(0.5, 1)
    expect(new Set(errors.map(line => line.message)).size).toBe(errors.length)
    expect(all.length).toBe(1200)
  })

  it('silence: nothing of that source, all of the others', () => {
    const all = sent('[{kind: silence, name: s, source: api, at: 2m, for: 5m}]')
    expect(during(times(all, 'api'), 2 * MINUTE, 7 * MINUTE)).toEqual([])
    expect(times(all, 'api').length).toBeGreaterThan(590)
    expect(
      during(
        all.filter(step => step.kind === 'lines' && step.source === 'sshd'),
        2 * MINUTE,
        7 * MINUTE,
      ).length,
    ).toBeGreaterThan(50)
  })

  it('missed beat, failure and outage: what does not come, what comes as a failure', () => {
    const missed = beatsOf(sent('[{kind: missed-beat, name: m, source: backup, at: 2m, for: 1m}]'))
    expect(during(missed, 2 * MINUTE, 3 * MINUTE)).toEqual([])
    const failed = beatsOf(sent('[{kind: failure, name: f, source: backup, at: 2m, for: 1m}]'))
    expect(failed.filter(beat => beat.signal === 'fail').length).toBe(2)
    const out = sent('[{kind: outage, name: o, at: 2m, for: 1m}]')
    expect(
      during(
        out.filter(step => step.kind !== 'fault'),
        2 * MINUTE + 1000,
        3 * MINUTE,
      ),
    ).toEqual([])
    expect(out.filter(step => step.kind === 'fault').map(step => [step.at, step.phase])).toEqual([
      [2 * MINUTE, 'begins'],
      [3 * MINUTE, 'ends'],
    ])
  })
})

it('a table is played row by row, over and over', () => {
  const source = '{name: t, duration: 1h, sources: [{kind: csv, name: orders, rate: 0.01, file: x.csv}]}'
  const rows = [
    { level: 'warn', message: 'late', order: '7' },
    { level: 'info', message: 'in time', order: '8' },
  ]
  const lines = linesOf(steps(parseScenario(source, 'test'), { tables: { orders: rows } }), 'orders')
  expect(lines.length).toBe(HOUR / 100_000)
  expect(lines.slice(0, 3)).toMatchObject([rows[0], rows[1], rows[0]])
})
