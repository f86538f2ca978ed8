// How patterns are classified against the period before, ranked, and chosen for a pack.
import { describe, expect, it } from 'vitest'
import type { Level } from '../../logs/line.ts'
import { choosePack } from './choose-pack.ts'
import { minePatterns, type PatternGroup } from './mining.ts'
import { estimateTokens, writePack } from './pack-text.ts'
import { classifyChange, rankGroups } from './ranking.ts'
import type { SampledLine } from './read-logs.ts'

const MINUTE = 60_000
let count = 0
const line = (message: string, at: number, level: Level = 'info', source = 'api'): SampledLine => ({
  ...{ id: `s${++count}`, at, level, source, host: '', message, fingerprint: '', weight: 1 },
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
    expect(classifyChange({ count, before, level } as PatternGroup)).toBe(change)
  })
})

it('a pattern counts more where one of its lines is of a source or a host that is asked about', () => {
  const group = { template: 'out of memory', level: 'error' as const, estimated: false, count: 1, before: 0 }
  const score = (asked: readonly string[]) =>
    rankGroups(
      [{ ...group, lines: [{ ...line('out of memory', 0, 'error', 'api'), host: 'web-1' }] }],
      new Set(),
      new Set(asked),
    )[0]!.score
  expect(score(['api'])).toBe(score(['web-1']))
  expect(score(['api'])).toBeGreaterThan(score(['web-2']))
  expect(score(['web-2'])).toBe(score([]))
})

describe('a new error', () => {
  const error = { level: 'error' as const, estimated: false }
  const score = (template: string, earlier: string) =>
    rankGroups(
      [
        { ...error, template: earlier, lines: [], count: 0, before: 3 },
        { ...error, template, lines: [line(template, 0, 'error')], count: 1, before: 0 },
      ],
      new Set(),
    ).find(group => group.template === template)!.score
  const template = 'cannot load the image <*>: permission denied'

  it.each<[earlier: string, isVariant: boolean]>([
    ['cannot load the image <*>: exec format error', true],
    ['cannot load the picture <*>: permission denied', true],
    ['cannot load the image', false],
    ['cannot store a picture of it: permission denied', false],
    ['image: cannot load the image <*>: permission denied', false],
  ])('weighs less when it is a variant of "%s": %s', (earlier, isVariant) => {
    expect(score(template, earlier) < score(template, 'nothing to see here')).toBe(isVariant)
  })
})

describe('the order', async () => {
  const noise = Array.from({ length: 400 }, (_, i) =>
    line(`metrics push failed to node ${i}`, i * 1000, 'error', 'metrics'),
  )
  const before = noise.map(line => ({ ...line, id: `b${line.id}`, at: line.at - 30 * MINUTE }))
  const config = line('settings reloaded', 200_000, 'info', 'config')
  const chatter = Array.from({ length: 5 }, (_, i) =>
    line(`heard ${['once', 'twice', 'never', 'always', 'often'][i]} about nothing`, 390_000 + i, 'info'),
  )
  const failing = Array.from({ length: 6 }, (_, i) => line('no free connection', 205_000 + i * 1000, 'error'))
  const ranked = rankGroups(await minePatterns([...noise, config, ...failing, ...chatter], before), new Set())

  it('has new errors before frequent ones, and new lines right before the onset next', () => {
    expect(ranked.slice(0, 2).map(({ template }) => template)).toEqual(['no free connection', 'settings reloaded'])
    expect(ranked.find(({ template }) => template.startsWith('metrics'))!.change).toBe('steady')
  })

  it('gives a pack with both, ordered by time, with the pattern of each line', () => {
    const pack = choosePack({
      ...{ subject: 'the logs', where: null, from: 0, until: 400_001, comparedFrom: -400_000, ranked, around: [] },
      ...{ lines: { total: 412, atLeast: false, read: 412, before: 1 }, timeline: [], measurements: [] },
    })
    const cited = pack.lines.filter(({ message }) => ['settings reloaded', 'no free connection'].includes(message))
    expect(cited[0]).toMatchObject({
      message: 'settings reloaded',
      pattern: pack.patterns.find(({ template }) => template === 'settings reloaded')!.id,
    })
    expect(pack.lines.map(({ at }) => at)).toEqual(pack.lines.map(({ at }) => at).toSorted((a, b) => a - b))
    expect(pack.lines.map(({ id }) => id)).toEqual(pack.lines.map((_, at) => `L${at + 1}`))
  })

  it('keeps the pack within its token limit for any amount of evidence', async () => {
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
          timeline: Array.from({ length: 50 }, (_, i) => ({ at: i, text: 'it happened '.repeat(20), command: null })),
          measurements: [],
        },
        tokens,
      )
      expect(estimateTokens(writePack(pack, text => text))).toBeLessThanOrEqual(tokens)
      expect(pack.coverage.patternsShown).toBeLessThan(pack.coverage.patterns + 1)
    }
  })
})
