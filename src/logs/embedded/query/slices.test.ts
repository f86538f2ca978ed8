// Slices of time: together the whole, each once, and no more of them than there is time for.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eachSlice, type Slice } from './slices.ts'

const LATER = Number.POSITIVE_INFINITY

/** Does nothing for so long, as a search that scans does. */
function scan(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe('slices', () => {
  it('of a short search are visited before the next of long ones that began earlier', async () => {
    const order: string[] = []
    const marks = Array.from({ length: 400 }, (_, i) => i)
    const search = (name: string, slices: number, ms: number) => {
      let visited = 0
      return eachSlice({ from: 0, until: 400 }, marks, 'oldest', LATER, () => {
        scan(ms)
        order.push(name)
        return ++visited === slices ? 'stop' : 'continue'
      })
    }
    const long = [search('long', 6, 7), search('long', 6, 7)]
    while (order.length < 4) await new Promise<void>(resolve => setImmediate(resolve))
    const before = order.length
    await search('short', 4, 0)
    const meanwhile = order.slice(before)
    expect(meanwhile.filter(name => name === 'short')).toHaveLength(4)
    expect(meanwhile.filter(name => name === 'long').length).toBeLessThanOrEqual(1)
    await Promise.all(long)
    expect(order.filter(name => name === 'long')).toHaveLength(12)
  })

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
