// How patterns are compared with the period before, and which come first.
import { describe, expect, it } from 'vitest'
import type { Level } from '../../logs/line.ts'
import { choosePack } from './evidence.ts'
import { type Group, minePatterns } from './mining.ts'
import { packText, tokensOf } from './pack-text.ts'
import { changeOf, rankGroups } from './ranking.ts'
import type { ReadLine } from './read-logs.ts'

const MINUTE = 60_000
let made = 0
const line = (message: string, at: number, level: Level = 'info', source = 'api'): ReadLine => ({
  ...{ id: `s${++made}`, at, level, source, host: '', message, fingerprint: '', weight: 1 },
})

describe('a pattern', () => {
  it.each<[count: number, before: number, level: Level, change: string]>([
    [1, 0, 'info', 'new'],
    [100, 0, 'error', 'new'],
    [50, 10, 'info', 'surging'],
    [12, 6, 'error', 'steady'],
    [4, 1, 'error', 'steady'],
    [2, 2, 'error', 'rare'],
    [2, 2, 'info', 'steady'],
    [0, 20, 'info', 'silent'],
    [1, 20, 'info', 'silent'],
    [0, 5, 'info', 'steady'],
    [1000, 1000, 'error', 'steady'],
  ])('with %i lines after %i at %s is %s', (count, before, level, change) => {
    expect(changeOf({ count, before, level } as Group)).toBe(change)
  })
})

describe('the order', async () => {
  const noise = Array.from({ length: 400 }, (_, i) =>
    line(`metrics push failed to node ${i}`, i * 1000, 'error', 'metrics'),
  )
  const before = noise.map(one => ({ ...one, id: `b${one.id}`, at: one.at - 30 * MINUTE }))
  const config = line('settings reloaded', 200_000, 'info', 'config')
  const chatter = Array.from({ length: 5 }, (_, i) =>
    line(`said ${['once', 'twice', 'never', 'always', 'often'][i]} about nothing`, 390_000 + i, 'info'),
  )
  const failing = Array.from({ length: 6 }, (_, i) => line('no free connection', 205_000 + i * 1000, 'error'))
  const ranked = rankGroups(await minePatterns([...noise, config, ...failing, ...chatter], before), new Set())

  it('puts what is new before what is loud, and what came right before the trouble next', () => {
    expect(ranked.slice(0, 2).map(one => one.template)).toEqual(['no free connection', 'settings reloaded'])
    expect(ranked.find(one => one.template.startsWith('metrics'))!.change).toBe('steady')
  })

  it('makes a pack that holds both, in the order of time, with the pattern of each line', () => {
    const pack = choosePack({
      ...{ subject: 'the logs', where: null, from: 0, until: 400_001, comparedFrom: -400_000, ranked, around: [] },
      ...{ lines: { total: 412, atLeast: false, read: 412, before: 1 }, happenings: [], measured: [] },
    })
    const cited = pack.lines.filter(one => ['settings reloaded', 'no free connection'].includes(one.message))
    expect(cited[0]).toMatchObject({
      message: 'settings reloaded',
      pattern: pack.patterns.find(one => one.template === 'settings reloaded')!.id,
    })
    expect(pack.lines.map(one => one.at)).toEqual(pack.lines.map(one => one.at).toSorted((a, b) => a - b))
    expect(pack.lines.map(one => one.id)).toEqual(pack.lines.map((_, at) => `L${at + 1}`))
  })

  it('keeps within the tokens it is given, whatever there is to show', async () => {
    const words = 'ash birch cedar elm fir hazel larch maple oak pine rowan willow'.split(' ')
    const many = Array.from({ length: 600 }, (_, i) =>
      line(
        `${words[i % 12]} ${words[(i * 7) % 11]} ${words[(i * 5) % 7]} broke ${'x'.repeat(300)}${words[(i * 3) % 5]}`,
        i * 500,
        'error',
        `s${i % 9}`,
      ),
    )
    const all = rankGroups(await minePatterns(many, []), new Set())
    for (const tokens of [2_000, 15_000]) {
      const pack = choosePack(
        {
          ...{
            subject: 'x',
            where: null,
            from: 0,
            until: 300_000,
            comparedFrom: -300_000,
            ranked: all,
            around: many.slice(0, 50),
          },
          lines: { total: 600, atLeast: false, read: 600, before: 1 },
          happenings: Array.from({ length: 50 }, (_, i) => ({ at: i, text: 'it happened '.repeat(20), command: null })),
          measured: [],
        },
        tokens,
      )
      expect(tokensOf(packText(pack, text => text))).toBeLessThanOrEqual(tokens)
      expect(pack.coverage.patternsShown).toBeLessThan(pack.coverage.patterns + 1)
    }
  })
})
