// The fair queue: nobody waits for more than one item of each other owner, and nothing is lost or reordered.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FairQueue } from './fair-queue.ts'

it('serves owners in turns, and the owners within them', () => {
  const queue = new FairQueue<string>()
  for (let i = 0; i < 5; i++) queue.push(['shop', 'k1'], `shop k1 ${i}`)
  queue.push(['shop', 'k2'], 'shop k2')
  queue.push(['bank', 'k3'], 'bank k3')
  expect(queue.peek()).toBe('shop k1 0')
  expect(queue.drain()).toEqual(['shop k1 0', 'bank k3', 'shop k2', 'shop k1 1', 'shop k1 2', 'shop k1 3', 'shop k1 4'])
  expect([queue.length, queue.peek(), queue.shift()]).toEqual([0, undefined, undefined])
})

it('makes the first item of an owner wait for at most one of each other owner, and keeps the order of each', () => {
  const owner = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y'))
  type Item = { owner: string; isFirst: boolean; passedBy: string[] }
  fc.assert(
    fc.property(fc.array(fc.option(owner)), steps => {
      const queue = new FairQueue<Item>()
      const waiting: Item[] = []
      for (const step of [...steps, ...steps.map(() => null)]) {
        if (step) {
          const isFirst = !waiting.some(item => item.owner[0] === step[0])
          const item = { owner: step.join(' '), isFirst, passedBy: [] }
          queue.push(step, item)
          waiting.push(item)
          continue
        }
        const next = queue.peek()
        const taken = queue.shift()
        expect(taken).toBe(next)
        expect(queue.length).toBe(Math.max(0, waiting.length - 1))
        if (!taken) continue
        expect(taken).toBe(waiting.find(item => item.owner === taken.owner))
        if (taken.isFirst) expect(new Set(taken.passedBy).size).toBe(taken.passedBy.length)
        waiting.splice(waiting.indexOf(taken), 1)
        for (const item of waiting) item.passedBy.push(taken.owner[0]!)
      }
      expect(waiting).toEqual([])
    }),
  )
})
