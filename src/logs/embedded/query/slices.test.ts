// Slices of time: together the whole, each once, and no more of them than there is time for.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eachSlice, type Slice } from './slices.ts'

const LATER = Number.POSITIVE_INFINITY

describe('slices', () => {
  it('cover the whole without gap or overlap, in the order asked for', async () => {
    const marks = fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 100 })
    const time = fc.integer({ min: 0, max: 1_000 })
    await fc.assert(
      fc.asyncProperty(marks, time, time, fc.boolean(), async (marks, from, until, newest) => {
        const visited: Slice[] = []
        const order = newest ? 'newest' : 'oldest'
        const last = await eachSlice({ from, until }, marks, order, LATER, slice => {
          visited.push(slice)
          return 'continue'
        })
        expect(last).toBe(null)
        const inTime = newest ? visited.toReversed() : visited
        const expected = from < until ? [from, ...inTime.map(slice => slice.until)] : []
        expect(expected.at(-1) ?? until).toBe(until)
        expect(inTime.map(slice => slice.from)).toEqual(expected.slice(0, -1))
        expect(inTime.every(slice => slice.from < slice.until)).toBe(true)
      }),
    )
  })

  it('end when time is up, after one at least, and tell the last', async () => {
    const marks = Array.from({ length: 50 }, (_, i) => i * 10)
    const visited: Slice[] = []
    const last = await eachSlice({ from: 0, until: 500 }, marks, 'newest', performance.now() - 1, slice => {
      visited.push(slice)
      return 'continue'
    })
    expect(visited).toEqual([{ from: 460, until: 500 }])
    expect(last).toEqual(visited[0])
  })

  it('end when the visitor has enough, or when there is no more', async () => {
    const whole = { from: 0, until: 10 }
    expect(await eachSlice(whole, [5], 'oldest', 0, () => 'stop')).toBe(null)
    expect(await eachSlice(whole, [], 'oldest', 0, () => 'continue')).toBe(null)
  })
})
