// Patterns form, merge and are forgotten; their ids go on leading to them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMiner } from './miner.ts'

const USERS = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay']
const signIn = (user: string) => `Session of ${user} was opened by the gate`

describe('the miner', () => {
  it('makes one pattern of messages that differ in numbers', () => {
    const miner = createMiner({ maxPatterns: 100 })
    const one = miner.learn('Connection to 10.0.0.1:5432 timed out after 30s')
    expect(miner.learn('Connection to 10.0.0.27:5433 timed out after 5s')).toEqual(one)
    expect(one.template).toBe('Connection to <*> timed out after <*>')
    expect(miner.learn('Connection to 10.0.0.1:5432 was closed').id).not.toBe(one.id)
  })

  it('finds a variable word after five different ones, and every earlier id stays valid', () => {
    const miner = createMiner({ maxPatterns: 100 })
    const ids = USERS.slice(0, 4).map(user => miner.learn(signIn(user)).id)
    expect(new Set(ids).size).toBe(4)
    expect(ids.map(id => miner.find(id)!.template)).toEqual(USERS.slice(0, 4).map(signIn))
    const merged = miner.learn(signIn('eve'))
    expect(merged).toEqual({ id: ids[0], template: 'Session of <*> was opened by the gate' })
    expect(ids.map(id => miner.find(id))).toEqual(ids.map(() => merged))
    expect(miner.learn(signIn('somebody-new'))).toEqual(merged)
    expect(miner.learn(signIn('bob'))).toEqual(merged)
    expect(miner.size().patterns).toBe(1)
  })

  it('merges patterns again that became equal by merging', () => {
    const miner = createMiner({ maxPatterns: 1000 })
    const first = miner.learn('Job of ann in zone a1 moved from red to blue stack').id
    const places = ['red', 'green', 'gold', 'grey', 'pink']
    for (const place of places)
      for (const user of USERS) miner.learn(`Job of ${user} in zone a1 moved from ${place} to blue stack`)
    expect(miner.size().patterns).toBe(1)
    expect(miner.find(first)).toEqual({ id: first, template: 'Job of <*> in zone <*> moved from <*> to blue stack' })
  })

  it('does not merge short messages with different meanings', () => {
    const miner = createMiner({ maxPatterns: 100 })
    const states = ['started', 'stopped', 'paused', 'resumed', 'deleted', 'created']
    expect(new Set(states.map(state => miner.learn(`Machine ${state}`).id)).size).toBe(6)
    expect(new Set(states.map(state => miner.learn(`${state} the night shift`).id)).size).toBe(6)
  })

  it('has the same ids in every run', () => {
    const [one, two] = [createMiner({ maxPatterns: 10 }), createMiner({ maxPatterns: 10 })]
    two.learn('something else before')
    expect(two.learn('disk sda1 is full')).toEqual(one.learn('disk sdb2 is full'))
    expect(one.learn('disk sda1 is full').id).toMatch(/^[0-9a-f]{12}$/)
  })

  it('drops the least recently seen patterns, and never exceeds its limit', () => {
    const miner = createMiner({ maxPatterns: 20 })
    const kept = miner.learn('the steady heartbeat of the app').id
    const lost = miner.learn('once and never again').id
    const letters = 'abcdefghijklmnopqrstuvwxyz'
    for (let index = 0; index < 5_000; index++) {
      const word = [index % 26, Math.floor(index / 26) % 26, Math.floor(index / 676)].map(at => letters[at]).join('')
      miner.learn(`${word} ${word}x ${word}y`)
      expect(miner.learn('the steady heartbeat of the app').id).toBe(kept)
    }
    expect(miner.find(lost)).toBeNull()
    expect(miner.size().patterns).toBe(20)
    expect(miner.size().entries).toBeLessThan(20 * 30)
    expect(miner.learn('once and never again').id).toBe(lost)
  })

  it('learns a dropped pattern again', () => {
    const miner = createMiner({ maxPatterns: 2 })
    const [first] = ['one', 'two', 'three'].map(word => miner.learn(`only ${word}`).id)
    expect(miner.find(first!)).toBeNull()
    expect(miner.learn('only one').id).toBe(first)
    expect(miner.find(first!)?.template).toBe('only one')
    expect(miner.size().patterns).toBe(2)
  })

  it('answers any message, and the same message with the same pattern', () => {
    const word = fc.constantFrom('a', 'job', 'of', 'x1', '=', '(', ')', '<*>', '"q"', 'user', 'ü', '\n', ' ')
    const message = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word, { maxLength: 12 }).map(words => words.join(' ')),
    )
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), messages => {
        const miner = createMiner({ maxPatterns: 10 })
        for (const each of messages) {
          const pattern = miner.learn(each)
          expect(miner.learn(each)).toEqual(pattern)
          expect(miner.find(pattern.id)).toEqual(pattern)
        }
        expect(miner.size().patterns).toBeLessThanOrEqual(10)
      }),
    )
  })
})
