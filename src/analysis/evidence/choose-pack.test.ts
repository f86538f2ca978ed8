// The numbers behind an evidence pack: how patterns are counted, scored and sampled, and which lines and patterns get a place.
import { describe, expect, it } from 'vitest'
import type { Level } from '../../logs/line.ts'
import { choosePack, type PackInput } from './choose-pack.ts'
import { listOrigins, minePatterns, type PatternGroup, selectSamples } from './mining.ts'
import { classifyChange, findOnset, type RankedGroup, rankGroups } from './ranking.ts'
import type { SampledLine } from './read-logs.ts'
import { measureResemblance } from './resemblance.ts'

const MINUTE = 60_000
let count = 0
const line = (at: number, more: Partial<SampledLine> = {}): SampledLine => ({
  ...{ id: `s${++count}`, at, level: 'info', source: 'api', host: '', message: 'x', fingerprint: '', weight: 1 },
  ...more,
})
const group = (template: string, more: Partial<PatternGroup> = {}): PatternGroup => ({
  ...{ template, level: 'error', lines: [line(0)], count: 1, before: 0, estimated: false },
  ...more,
})

describe('a change', () => {
  it.each<[count: number, before: number, level: Level, change: string]>([
    [1, 10, 'info', 'silent'],
    [1.1, 10, 'info', 'steady'],
    [0, 9, 'info', 'steady'],
    [0, 0, 'info', 'steady'],
    [7, 1, 'info', 'surging'],
    [6, 1, 'error', 'steady'],
    [200.5, 100, 'info', 'surging'],
    [200, 100, 'info', 'steady'],
    [3, 3, 'fatal', 'rare'],
    [4, 3, 'error', 'steady'],
    [3, 4, 'error', 'steady'],
    [3, 3, 'warn', 'steady'],
  ])('from %d before to %d at %s is %s', (now, before, level, change) => {
    expect(classifyChange({ count: now, before, level })).toBe(change)
  })
})

describe('the score', () => {
  const scores = (groups: PatternGroup[], known = new Set<string>(), preferred = new Set<string>()) => {
    const ranked = rankGroups(groups, known, preferred)
    return groups.map(({ template }) => {
      const { score } = ranked.find(own => own.template === template)!
      return Math.round(score * 100) / 100
    })
  }

  it.each<[string, Partial<PatternGroup>, number]>([
    ['a new error, the first', {}, 4 * 22 + 3 + 40],
    ['a new error of three lines', { count: 3 }, 4 * 22 + 6 + 40],
    ['a new fatal one', { level: 'fatal' }, 5 * 22 + 3 + 40],
    ['a new warning, which is the onset', { level: 'warn' }, 2 * 22 + 3 + 40],
    ['a surge of errors', { count: 50, before: 10 }, 84.42],
    ['a large surge', { count: 10_000, before: 10, level: 'fatal' }, 110 + 40],
    ['a surge of warnings', { count: 50, before: 10, level: 'warn' }, 22.21],
    ['a rare error', { count: 2, before: 2 }, 52],
    ['silence', { count: 0, before: 16, level: 'info' }, 25 + 3 * 4],
    ['what is as before', { count: 7, before: 7, level: 'info' }, 3],
    ['what is as before, at debug', { count: 7, before: 7, level: 'debug' }, 1.5],
  ])('of %s', (_, more, expected) => {
    expect(scores([group('a', more)])).toEqual([expected])
  })

  it('of errors falls by the order in which they began', () => {
    const at = (minutes: number) => ({ lines: [line(minutes * MINUTE)] })
    const more = (error: PatternGroup) => ({ ...error, before: 3, count: 3 })
    expect(scores([group('c', at(3)), group('a', at(1)), group('b', at(2)), more(group('rare', at(0)))])).toEqual(
      [91 + 40 / 3, 91 + 40, 91 + 20, 52].map(score => Math.round(score * 100) / 100),
    )
    expect(
      rankGroups([group('b', at(5)), group('a', at(5))].map(more), new Set()).map(({ template }) => template),
    ).toEqual(['b', 'a'])
    expect(
      rankGroups([group('b', at(6)), group('a', at(5))].map(more), new Set()).map(({ template }) => template),
    ).toEqual(['a', 'b'])
  })

  it.each<[minutes: number, more: number]>([
    [-1, 0],
    [0, 40],
    [5, 25],
    [10, 10],
    [10.001, 0],
  ])('of a new line %d minutes before the onset is higher by %d', (minutes, more) => {
    const onset = 20 * MINUTE
    const early = group('early', { level: 'info', lines: [line(onset - minutes * MINUTE)] })
    expect(scores([group('error', { lines: [line(onset)] }), early])).toEqual([131, 25 + more])
    expect(scores([group('error', { lines: [line(onset)] }), { ...early, before: 1 }])[1]).toBe(1)
  })

  it('is lower for what was known the day before, and higher for what is asked about', () => {
    const known = group('a', { lines: [line(0), line(1, { fingerprint: 'f', source: 'web', host: 'h' })] })
    expect(scores([known], new Set(['f']))).toEqual([Math.round(131 * 0.7 * 100) / 100])
    expect(scores([known], new Set(['', 'g']))).toEqual([131])
    for (const asked of ['api', 'web', 'h']) expect(scores([known], new Set(), new Set([asked]))).toEqual([170.3])
    expect(rankGroups([known], new Set(['f']))[0]!.known).toBe(true)
  })

  it('is lower by a quarter for a variant of a message that was there before', () => {
    const earlier = group('a b c d x', { count: 3, before: 3, level: 'info' })
    expect(scores([earlier, group('a b c y z')])[1]).toBe(91 * 0.75 + 40)
    expect(scores([earlier, group('a b y z w')])[1]).toBe(131)
  })
})

describe('the onset', () => {
  const changed = (more: object) => ({ ...group('x'), change: 'new', ...more }) as RankedGroup
  const at = (instant: number) => [line(instant), line(instant + 1)]
  it('is the first line of an error that changed, or else of a warning', () => {
    expect(findOnset([changed({ lines: at(7) }), changed({ lines: at(5), change: 'surging' })])).toBe(5)
    expect(findOnset([changed({ lines: at(7) }), changed({ lines: at(5), change: 'rare' })])).toBe(5)
    for (const change of ['steady', 'silent'])
      expect(findOnset([changed({ lines: at(7) }), changed({ lines: at(5), change })])).toBe(7)
    expect(findOnset([changed({ lines: at(7) }), changed({ lines: at(5), level: 'warn' })])).toBe(7)
    expect(findOnset([changed({ lines: at(5), level: 'warn' }), changed({ lines: at(3), level: 'info' })])).toBe(5)
    expect(findOnset([changed({ level: 'info' })])).toBeNull()
    expect(findOnset([])).toBeNull()
  })
})

describe('resemblance', () => {
  it.each<[string, string, number]>([
    ['a b c d', 'a b c x', 0.75],
    ['a b c d', 'a x c d', 0.75],
    ['a b c d', 'a b c d', 1],
    ['a b c d', 'x b c d', 0],
    ['a b c d', 'a', 0.25],
    ['a', 'a b c d', 1],
    ['a a', 'a', 0.5],
  ])('of "%s" to "%s" before is %d', (template, earlier, share) => {
    const own = { template, before: 0 }
    const other = { template: earlier, before: 1 }
    expect(measureResemblance([own, other])).toEqual(new Map([[own, share]]))
    expect(measureResemblance([{ ...other, before: 0 }, own]).get(own)).toBe(0)
  })

  it('is that to the nearest on either side', () => {
    const own = { template: 'b c d e', before: 0 }
    const list = [{ template: 'b c a a', before: 2 }, own, { template: 'b c d f', before: 1 }]
    expect(measureResemblance(list).get(own)).toBe(0.75)
    expect(measureResemblance([{ template: 'b c d a', before: 2 }, own, { template: 'b x', before: 1 }]).get(own)).toBe(
      0.75,
    )
  })
})

describe('patterns', () => {
  it('are counted by level in both periods, by the weight of their lines', async () => {
    const groups = await minePatterns(
      [
        line(1, { message: 'paid 5' }),
        line(2, { message: 'paid 6', weight: 2.5 }),
        line(3, { message: 'paid 7', level: 'warn' }),
      ],
      [line(-1, { message: 'paid 8', weight: 3 }), line(-1, { message: 'refunded' })],
    )
    const told = groups.map(({ level, lines, ...own }) => [
      level,
      lines.map(({ at }) => at),
      own.count,
      own.before,
      own.estimated,
    ])
    expect(told).toEqual([
      ['info', [1, 2], 3.5, 3, true],
      ['info', [], 0, 1, false],
      ['warn', [3], 1, 0, false],
    ])
  })

  it('let other work be done after every 500 lines', async () => {
    let turns = 0
    const count = () => {
      turns++
      pending = setImmediate(count)
    }
    let pending = setImmediate(count)
    await minePatterns(
      Array.from({ length: 1_499 }, (_, at) => line(at)),
      [line(0)],
    )
    clearImmediate(pending)
    expect(turns).toBeGreaterThanOrEqual(2)
    expect(turns).toBeLessThan(9)
  })

  it('are shown by their first line, their last, and the most different one', () => {
    const messages = ['a b', 'a c', 'x y z', 'a d e', 'q r s', 'a b']
    const lines = messages.map((message, at) => line(at, { message }))
    const shown = (limit: number, own = lines) => selectSamples(group('x', { lines: own }), limit).map(({ at }) => at)
    expect([shown(3), shown(2), shown(1)]).toEqual([[0, 5, 2], [0, 5], [0]])
    expect([shown(3, lines.slice(0, 1)), shown(3, []), shown(3, lines.slice(0, 2))]).toEqual([[0], [], [0, 1]])
    expect(shown(3, [lines[0]!, { ...lines[0]!, id: 'x', at: 7 }, lines[5]!])).toEqual([0, 5])
    // Of many, every second one is compared.
    const many = Array.from({ length: 402 }, (_, at) =>
      line(at, { message: at === 2 ? 'p q r s' : at === 3 ? 't u' : 'a' }),
    )
    expect(shown(3, many)).toEqual([0, 401, 3])
    expect(shown(3, many.slice(0, 399))).toEqual([0, 398, 2])
  })

  it('name their most frequent origins', () => {
    const of = (...sources: [string, number][]) =>
      group('x', { lines: sources.map(([source, weight]) => line(0, { source, weight })) })
    expect(listOrigins(of(['a', 1], ['b', 3], ['', 9], ['a', 1], ['c', 1]), 3)).toEqual(['b', 'a', 'c'])
    expect(listOrigins(of(['a', 1], ['b', 3], ['a', 1], ['c', 1]), 2)).toEqual(['b', 'a', '1 more'])
    expect(listOrigins(of(['', 1]), 2)).toEqual([])
  })
})

describe('a pack', () => {
  const ranked = (template: string, more: Partial<RankedGroup> = {}): RankedGroup => ({
    ...group(template),
    ...{ change: 'new', score: 1, known: false, ...more },
  })
  const pack = (groups: readonly RankedGroup[], more: Partial<PackInput> = {}, tokens?: number) =>
    choosePack(
      {
        ...{
          subject: 'x',
          where: null,
          from: 0,
          until: 12 * MINUTE,
          comparedFrom: -12 * MINUTE,
          ranked: groups,
          around: [],
        },
        ...{ lines: { total: 5, atLeast: true, read: 4, before: 3 }, timeline: [], measurements: [], ...more },
      },
      tokens,
    )
  const lines = (count: number, at = (i: number) => i, more: Partial<SampledLine> = {}) =>
    Array.from({ length: count }, (_, i) => line(at(i), { message: `m${i}`, ...more }))

  it('shows three lines of the first five severe patterns, two of the next seven, one of others', () => {
    const of = (index: number) =>
      lines(5, i => index * 1_000 + i, { message: `w${index}` }).map((own, i) => ({
        ...own,
        message: i === 2 ? 'p q' : 'p',
      }))
    const groups = Array.from({ length: 14 }, (_, index) => ranked(`t${index}`, { lines: of(index), count: 5 }))
    const chosen = pack([...groups, ranked('calm', { change: 'steady', lines: of(14), count: 5, level: 'warn' })])
    const shown = chosen.patterns.map(({ id }) => chosen.lines.filter(({ pattern }) => pattern === id).length)
    // Lines near the onset come on top of those of the first patterns.
    expect(shown.slice(3, 5)).toEqual([3, 3])
    expect(shown.slice(5)).toEqual([2, 2, 2, 2, 2, 2, 2, 1, 1, 1])
    expect(chosen.patterns.map(({ template }) => template).slice(-1)).toEqual(['calm'])
  })

  it('counts a pattern over twelve steps of its window', () => {
    const own = [line(0), line(MINUTE - 1), line(MINUTE), line(12 * MINUTE - 1, { weight: 2.6 }), line(12 * MINUTE)]
    const [pattern] = pack([
      ranked('a', { lines: own, count: 6.6, before: 2.4, known: true, estimated: true }),
    ]).patterns
    expect(pattern).toMatchObject({
      ...{ id: 'T1', count: 7, before: 2, known: true, estimated: true, first: 0, last: 12 * MINUTE },
      over: [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
    })
    expect(pack([ranked('a', { lines: [], change: 'silent', count: 0 })]).patterns[0]).toMatchObject({
      first: null,
      last: null,
    })
  })

  it('shows up to two lines of each pattern in the five minutes before the onset, the most unusual first', () => {
    const onset = 8 * MINUTE
    const error = ranked('error', { lines: [line(onset, { message: 'error' })] })
    const steady = ranked('steady', {
      ...{ level: 'info', change: 'steady', count: 4 },
      lines: [
        line(onset - 5 * MINUTE - 1, { message: 'too early' }),
        line(onset - 5 * MINUTE, { message: 'just in time' }),
        line(onset - 2, { message: 'second' }),
        line(onset - 1, { message: 'first' }),
        line(onset + 1, { message: 'too late' }),
      ],
    })
    const messages = (groups: RankedGroup[]) => pack(groups).lines.map(({ message }) => message)
    expect(messages([error, steady])).toEqual(['too early', 'second', 'first', 'error'])
    const early = { ...steady, lines: steady.lines.slice(0, 2) }
    expect(messages([error, early])).toEqual(['too early', 'just in time', 'error'])
    // Without a severe pattern nothing is near.
    expect(messages([steady])).toEqual(['too early'])
  })

  it('has lines around the first errors, each line once, and events and measurements with ids', () => {
    const error = ranked('error', { lines: [line(5, { id: 'e' })] })
    const chosen = pack([error], {
      around: [
        line(6, { id: 'b', message: 'after' }),
        line(5, { id: 'e' }),
        line(6, { id: 'a', message: 'same instant' }),
      ],
      timeline: [
        { at: 1, text: 'one', command: null },
        { at: 2, text: 'two', command: 'c' },
      ],
      measurements: [{ at: 3, text: 'cpu' }],
    })
    expect(chosen.lines.map(({ id, line: own, pattern }) => [id, own, pattern])).toEqual([
      ['L1', 'e', 'T1'],
      ['L2', 'a', null],
      ['L3', 'b', null],
    ])
    expect(chosen.timeline.map(({ id }) => id)).toEqual(['E1', 'E2'])
    expect(chosen.measurements).toEqual([{ id: 'M1', at: 3, text: 'cpu' }])
    expect(chosen.coverage).toEqual({
      ...{ lines: 5, atLeast: true, linesRead: 4, linesShown: 3, linesBefore: 3, patterns: 1, patternsShown: 1 },
    })
  })

  it('has up to forty patterns that are not severe, of those that have lines or fell silent', () => {
    const calm = (index: number, more: Partial<RankedGroup> = {}) =>
      ranked(`c${index}`, { change: 'steady', level: 'info', ...more })
    const many = Array.from({ length: 41 }, (_, index) => calm(index))
    expect(pack(many).patterns).toHaveLength(40)
    const few = [
      calm(1, { count: 0, lines: [] }),
      calm(2, { count: 0, lines: [], change: 'silent' }),
      calm(3),
      calm(4, { change: 'silent', level: 'error', count: 0, lines: [] }),
    ]
    expect(pack(few).patterns.map(({ template }) => template)).toEqual(['c2', 'c3', 'c4'])
  })

  it('shows a pattern with one line where three do not fit, and leaves out what does not fit at all', () => {
    const long = lines(3, i => i, {}).map((own, i) => ({ ...own, message: `${i} ${'word '.repeat(60)}` }))
    const shown = (tokens: number) => {
      const chosen = pack([ranked('long', { lines: long, count: 3 })], { until: 1 }, tokens)
      return [chosen.patterns.length, chosen.lines.length]
    }
    expect([shown(2_000), shown(1_000), shown(700), shown(200)]).toEqual([
      [1, 3],
      [1, 1],
      [0, 1],
      [0, 0],
    ])
  })
})
