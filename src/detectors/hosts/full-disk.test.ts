// When a disk will be full, by its rate over hours and recently, and what its finding shows.
import { describe, expect, it } from 'vitest'
import { addHost, recordSeen } from '../../hosts/hosts.ts'
import { type Sample, saveMeasurements } from '../../hosts/metrics/samples.ts'
import { memoryState } from '../../state/database.ts'
import { HOUR, MINUTE } from '../../time.ts'
import { detectFullDisks, timeLeft } from './full-disk.ts'

const START = Date.parse('2026-03-02T00:00:00Z')
const GB = 1e9

/** Samples of a disk of 100 GB every five minutes; `usedAt` gives the used bytes at a time (ms since the start). */
function samplesOf(hours: number, usedAt: (ms: number) => number): Sample[] {
  const times = Array.from({ length: hours * 12 + 1 }, (_, i) => i * 5 * MINUTE)
  return times.map(ms => ({ at: START + ms, used: usedAt(ms), size: 100 * GB }) as Sample)
}

describe('the time left', () => {
  it.each([
    ['fills by 1 GB an hour', samplesOf(6, ms => 40 * GB + (ms / HOUR) * GB), 54],
    ['fills by 10 GB an hour', samplesOf(3, ms => 40 * GB + (ms / HOUR) * 10 * GB), 3],
    ['does not change', samplesOf(6, () => 40 * GB), null],
    ['empties', samplesOf(6, ms => 40 * GB - (ms / HOUR) * GB), null],
    [
      'was filled by a copy that has ended',
      samplesOf(6, ms => (ms < 2 * HOUR ? 40 + (ms / HOUR) * 20 : 80) * GB),
      null,
    ],
    ['is not known for long enough', samplesOf(0.5, ms => 40 * GB + (ms / HOUR) * 50 * GB), null],
    ['has just begun to fill up', samplesOf(6, ms => (40 + Math.max(0, ms - 5.9 * HOUR) / HOUR) * GB), null],
    ['goes up and down', samplesOf(6, ms => (40 + ((ms / MINUTE) % 30)) * GB), null],
  ])('of a disk that %s', (_, samples, hours) => {
    const left = timeLeft(samples)
    if (hours !== null) expect(left!.ms / HOUR).toBeCloseTo(hours, 1)
    else expect(left === null || left.ms > 24 * HOUR).toBe(true)
  })
})

describe('a disk', () => {
  function detect(usedAt: (ms: number) => number) {
    const state = memoryState()
    const draft = {
      name: 'web-1',
      address: 'x',
      port: 22,
      user: 'u',
      auth: 'own' as const,
      addedAt: START,
      addedBy: 'Ann',
    }
    const host = addHost(state, draft)
    const until = START + 6 * HOUR
    for (const { at, used, size } of samplesOf(6, usedAt))
      saveMeasurements(state, host.id, [{ kind: 'disk', name: '/', used, size }], at)
    recordSeen(state, host, 'docker', null, null, until)
    return detectFullDisks(state, { ...host, lastSeenAt: until }, until)
  }

  it('that will be full within a day shows when', () => {
    const [finding] = detect(ms => 40 * GB + (ms / HOUR) * 5 * GB)
    expect(finding).toMatchObject({ title: '/ on web-1 is filling up', severity: 'warning', labels: { host: 'web-1' } })
    expect(finding!.observation.lines).toEqual([
      '70 % of 100 GB is used.',
      'At the current rate (5.0 GB an hour) it is full in 6h.',
    ])
  })

  it('that is nearly full and does not fill up is a warning, or critical', () => {
    const [finding] = detect(() => 92 * GB)
    expect(finding).toMatchObject({ title: '/ on web-1 is nearly full', severity: 'warning' })
    expect(finding!.observation.lines).toEqual(['92 % of 100 GB is used.', 'It is not filling up at the moment.'])
    expect(detect(() => 98 * GB)[0]!.severity).toBe('critical')
  })

  it('with free space has no finding', () => expect(detect(() => 60 * GB)).toEqual([]))
})
