// Which searches run: in turns by actor, with places for everybody, and released whatever becomes of a search.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../../problem.ts'
import { CallScheduler } from './call-scheduler.ts'

const LIMITS = { perActor: 2, total: 6, actors: 16, waitingPerActor: 60, waiting: 200 }

/** Calls that end when the test says so; `running` has those that run, in the order in which they started. */
function schedule(limits = LIMITS) {
  const scheduler = new CallScheduler(limits)
  const running: { actor: string; end: (how?: 'fails') => Promise<void> }[] = []
  const refused: string[] = []
  const call = (actor: string) => {
    scheduler
      .run(actor, () => {
        return new Promise<void>((resolve, reject) => {
          const own = {
            actor,
            async end(how?: 'fails') {
              running.splice(running.indexOf(own), 1)
              if (how) reject(new Error('failed'))
              else resolve()
              await settle()
            },
          }
          running.push(own)
        })
      })
      .catch((error: Problem) => refused.push(error.code ?? error.message))
  }
  return { call, running, refused, names: () => running.map(({ actor }) => actor) }
}

const settle = () => new Promise<void>(resolve => setImmediate(resolve))

describe('searches', () => {
  it('of one actor run a few at a time, and another’s start at once', async () => {
    const { call, running, names } = schedule()
    for (let i = 0; i < 60; i++) call('ann')
    await settle()
    expect(names()).toEqual(['ann', 'ann'])
    call('bob')
    await settle()
    expect(names()).toEqual(['ann', 'ann', 'bob'])
    await running[2]!.end()
    for (let i = 0; i < 60; i++) await running[0]!.end()
    expect(names()).toEqual([])
  })

  it('of an actor of whom none runs start although all places are taken', async () => {
    const { call, names } = schedule()
    for (const actor of ['a', 'b', 'c', 'd', 'e']) for (let i = 0; i < 24; i++) call(actor)
    await settle()
    call('late')
    await settle()
    expect(names()).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'd', 'e', 'late'])
  })

  it('give their place back when they fail', async () => {
    const { call, running, refused, names } = schedule()
    for (let i = 0; i < 5; i++) call('ann')
    await settle()
    for (let i = 0; i < 4; i++) await running[0]!.end('fails')
    expect(names()).toEqual(['ann'])
    expect(refused).toEqual(Array(4).fill('failed'))
  })

  it('of one actor that are too many are refused, and nobody else’s', async () => {
    const { call, refused, names } = schedule()
    for (let i = 0; i < 70; i++) call('ann')
    call('bob')
    await settle()
    expect(refused).toEqual(Array(8).fill('limited'))
    expect(names()).toContain('bob')
  })

  it('of too many actors are refused as busy', async () => {
    const { call, refused } = schedule({ ...LIMITS, waiting: 3 })
    for (let i = 0; i < 20; i++) call(`actor ${i}`)
    await settle()
    expect(refused).toEqual(['busy'])
  })

  it('all run in the end, never more than the limits, and in turns', async () => {
    const steps = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(20)), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(steps, async list => {
        const limits = { perActor: 2, total: 3, actors: 7, waitingPerActor: 99, waiting: 99 }
        const { call, running, names } = schedule(limits)
        let called = 0
        let ended = 0
        const check = () => {
          const counts = Map.groupBy(names(), name => name)
          for (const own of counts.values()) expect(own.length).toBeLessThanOrEqual(2)
          expect(running.length).toBeLessThanOrEqual(7)
        }
        for (const step of list) {
          if (typeof step === 'string') {
            call(step)
            called++
            await settle()
            // The three other actors have six running at most, so there is a place for the first of this one.
            expect(names()).toContain(step)
          } else if (running.length > 0) {
            await running[step % running.length]!.end()
            ended++
          }
          check()
        }
        for (; running.length > 0; ended++) await running[0]!.end()
        expect(ended).toBe(called)
      }),
    )
  })
})
