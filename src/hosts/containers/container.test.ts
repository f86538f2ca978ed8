// How observations change a container, how lines are split and dated, and which lines are beyond a position.
import { describe, expect, it } from 'vitest'
import { observeContainer } from './container.ts'
import type { ObservedContainer } from './container-json.ts'
import { compareStamps, createLineSplitter, parseStamped } from './output-line.ts'
import { advance, computeSince, createNewLineFilter, START } from './output-position.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const seen = (changes: Partial<ObservedContainer> = {}): ObservedContainer => ({
  ...{ name: 'web', id: 'c1', image: 'nginx', state: 'running', exitCode: 0, oomKilled: false },
  ...{ startedAt: NOW - 1000, finishedAt: null, restartCount: 0, health: null, ...changes },
})
const ended = (exitCode: number, changes: Partial<ObservedContainer> = {}) =>
  seen({ state: 'exited', exitCode, finishedAt: NOW, ...changes })
/** The row after several observations, one minute apart. */
const looked = (...looks: ObservedContainer[]) =>
  looks.reduce<ReturnType<typeof observeContainer> | undefined>(
    (row, one, i) => observeContainer(1, row, one, NOW + i * 60_000),
    undefined,
  )!

describe('a container', () => {
  it.each([
    ['that ends with an error has died', [seen(), ended(1)], NOW],
    ['that is killed for its memory has died, even with 143', [seen(), ended(143, { oomKilled: true })], NOW],
    ['that ends well has not', [seen(), ended(0)], null],
    ['that is stopped (SIGTERM) has not', [seen(), ended(143)], null],
    ['that had ended before Vakt knew it has not', [ended(1), ended(1)], null],
    ['that died between two looks, begun and ended, has', [ended(0), ended(1, { finishedAt: NOW + 5 })], NOW + 5],
    ['that runs again is alive', [seen(), ended(1), seen({ startedAt: NOW + 5 })], null],
    ['that stays dead is so since the same instant', [seen(), ended(1), ended(1)], NOW],
  ])('%s', (_, looks, diedAt) => expect(looked(...looks).diedAt).toBe(diedAt))

  it.each([
    ['by the count of the engine', [seen(), seen({ restartCount: 3, startedAt: NOW })], 3],
    ['by a new start that nobody counted', [seen(), seen({ startedAt: NOW })], 1],
    ['not when it was recreated under its name', [seen(), seen({ id: 'c2', startedAt: NOW, restartCount: 2 })], 0],
    ['not for what was before Vakt knew it', [seen({ restartCount: 7 }), seen({ restartCount: 7 })], 0],
  ])('restarts %s', (_, looks, restarts) => expect(looked(...looks).restarts).toBe(restarts))

  it('is unhealthy since the first observation as such', () => {
    const bad = seen({ health: 'unhealthy' })
    expect(looked(seen(), bad, bad, bad).unhealthySince).toBe(NOW + 60_000)
    expect(looked(bad, seen({ health: 'healthy' })).unhealthySince).toBeNull()
  })
})

describe('lines', () => {
  it('are split correctly for any chunks, and very long ones come in pieces', () => {
    const text = 'one\r\ntwö 😀\n\nlast'
    const bytes = Buffer.from(text)
    for (let size = 1; size < 6; size++) {
      const lines: string[] = []
      const cutter = createLineSplitter(line => lines.push(line))
      for (let i = 0; i < bytes.length; i += size) cutter.add(bytes.subarray(i, i + size))
      cutter.end()
      expect(lines).toEqual(['one', 'twö 😀', '', 'last'])
    }
    const pieces: string[] = []
    const cutter = createLineSplitter(line => pieces.push(line))
    cutter.add(Buffer.alloc(200_000, 'x'))
    cutter.end()
    expect(pieces.map(piece => piece.length)).toEqual([65_536, 65_536, 65_536, 3_392])
    const whole: number[] = []
    const longest = createLineSplitter(line => whole.push(line.length))
    for (const chunk of [Buffer.alloc(65_536, 'x'), Buffer.from('\ny\n')]) longest.add(chunk)
    expect(whole).toEqual([65_536, 1])
  })

  it('have the time of their stamp, in any zone and precision', () => {
    expect(parseStamped('2026-03-02T09:00:00.123456789Z hello  world')).toMatchObject({
      at: NOW + 123,
      text: 'hello  world',
    })
    expect(parseStamped('2026-03-02T10:00:00+01:00 x')).toMatchObject({ at: NOW, text: 'x' })
    expect(parseStamped('2026-03-02T09:00:00Z')).toMatchObject({ text: '' })
    expect(parseStamped('Error: no such container')).toBeNull()
    expect(parseStamped('2026-13-41T99:00:00Z no such time')).toBeNull()
  })

  it.each([
    ['2026-03-02T09:00:00.1Z', '2026-03-02T09:00:00.100000000Z', 0],
    ['2026-03-02T09:00:00.000000001Z', '2026-03-02T09:00:00.000000002Z', -1],
    ['2026-03-02T10:00:00+01:00', '2026-03-02T09:00:00Z', 0],
    ['2026-03-02T09:00:01Z', '2026-03-02T09:00:00.999999999Z', 1],
  ])('stamps %s and %s compare', (a, b, order) => expect(Math.sign(compareStamps(a, b))).toBe(order))
})

describe('a position', () => {
  const line = (stream: 'stdout' | 'stderr', second: number) => ({ stream, stamp: `2026-03-02T09:00:0${second}Z` })

  it('excludes the lines that are read, by line and stream', () => {
    const read = [line('stdout', 1), line('stdout', 2), line('stdout', 2), line('stderr', 1)]
    const isNew = createNewLineFilter(read.reduce(advance, START))
    const again = [...read, line('stdout', 2), line('stdout', 3), line('stderr', 2), line('stdout', 1)]
    expect(again.map(isNew)).toEqual([false, false, false, false, true, true, true, true])
  })

  it('is followed by new lines whatever their time; when its line was deleted, by later ones', () => {
    const read = [line('stdout', 3), line('stdout', 4)].reduce(advance, START)
    const times = (isNew: ReturnType<typeof createNewLineFilter>, seconds: number[]) =>
      seconds.filter(second => isNew(line('stdout', second)))
    expect(times(createNewLineFilter(read), [1, 3, 4, 2, 4, 5])).toEqual([2, 4, 5])
    expect(times(createNewLineFilter(read), [1, 3, 5, 2])).toEqual([5, 2])
    expect(times(createNewLineFilter(read, read), [1])).toEqual([1])
  })

  it('is read from one second before, or from a minute before now when it is ahead', () => {
    const read = [line('stdout', 5), line('stderr', 3)].reduce(advance, START)
    expect(computeSince(START, NOW)).toBeUndefined()
    expect(computeSince(read, NOW + 5_000)).toBe('2026-03-02T09:00:02.000Z')
    expect(computeSince(read, NOW + 4_999)).toBe('2026-03-02T08:59:04.999Z')
  })
})
