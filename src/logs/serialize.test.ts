// Lines for machines, which thing is the largest, and what a store that nobody has used answers.
import { describe, expect, it } from 'vitest'
import { placedLine } from './engine/memory-driver.testing.ts'
import { LargestFirst } from './largest-first.ts'
import { expiredLines, longestRetention } from './retention.ts'
import { csvRecord, lineResult, missingResult } from './serialize.ts'

const AT = Date.UTC(2026, 10, 21, 12)
const full = placedLine(AT, 7, {
  ...{
    level: 'warn',
    message: 'a "b", c',
    project: 'shop',
    source: 'api',
    host: 'web-1',
    group: 'prod',
    tags: ['x', 'y'],
  },
  ...{ fingerprint: 'v1:a', stack: 's\nt', traceId: 't', spanId: 'u', attributes: { n: 5 } },
})
const bare = placedLine(AT, 7, { message: 'm' })

describe('a line', () => {
  it('is JSON with null for what it does not have', () => {
    const time = '2026-11-21T12:00:00.000Z'
    expect(lineResult(full)).toEqual({
      ...{ id: full.id, timestamp: time, received_at: time, level: 'warn', message: 'a "b", c', project: 'shop' },
      ...{ source: 'api', host: 'web-1', group: 'prod', tags: ['x', 'y'], fingerprint: 'v1:a', stack: 's\nt' },
      ...{ trace_id: 't', span_id: 'u', attributes: { n: 5 } },
    })
    expect(lineResult(bare)).toMatchObject({
      ...{
        source: null,
        host: null,
        group: null,
        tags: [],
        fingerprint: null,
        stack: null,
        trace_id: null,
        span_id: null,
      },
    })
  })

  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['a "b"', '"a ""b"""'],
    ['a\nb', '"a\nb"'],
    ['a\rb', '"a\rb"'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@x', "'@x"],
    ['\tx', "'\tx"],
    ['=a,b', '"\'=a,b"'],
    ['a=1', 'a=1'],
  ])('with the message %j has the cell %s', (message, cell) => {
    const record = csvRecord({ ...bare, message })
    expect(record).toBe(`2026-11-21T12:00:00.000Z,info,default,,,,,${cell},,,,,,${bare.id}\r\n`)
  })

  it('is a record of all its cells', () => {
    const cells = 'warn,shop,api,web-1,prod,x y,"a ""b"", c","s\nt",t,u,v1:a,"{""n"":5}"'
    expect(csvRecord(full)).toBe(`2026-11-21T12:00:00.000Z,${cells},${full.id}\r\n`)
  })
})

it('what is missing is a field only when something is', () => {
  expect(missingResult([])).toEqual({})
  expect(missingResult([{ partition: 'p', from: AT, until: AT + 1, message: 'm' }])).toEqual({
    missing: [{ partition: 'p', from: '2026-11-21T12:00:00.000Z', until: '2026-11-21T12:00:00.001Z', message: 'm' }],
  })
})

it('the largest thing is known as sizes change', () => {
  const sizes = new LargestFirst<{ size: number }>()
  const [a, b] = [{ size: 0 }, { size: 0 }]
  expect(sizes.largest()).toBe(undefined)
  sizes.resize(a, 1)
  sizes.resize(b, 2)
  expect(sizes.largest()).toBe(b)
  sizes.resize(a, 3)
  expect(sizes.largest()).toBe(a)
  sizes.resize(a, 1)
  expect(sizes.largest()).toBe(b)
  sizes.resize(b, 0)
  expect(sizes.largest()).toBe(a)
  sizes.resize(a, 0)
  expect(sizes.largest()).toBe(undefined)
  expect([a.size, b.size]).toEqual([0, 0])
})

describe('lines expire', () => {
  const retention = (tagRetentionMs: Record<string, number>) => ({ project: 'shop', retentionMs: 100, tagRetentionMs })
  /** The conditions and the ends of the queries. */
  const shown = (tags: Record<string, number>) =>
    expiredLines(retention(tags), 1_000).map(({ where, from, until }) => {
      const parts = (where as unknown as { parts: { kind: string; value?: string; part?: { value: string } }[] }).parts
      return [parts.map(({ kind, value, part }) => (kind === 'not' ? `-${part!.value}` : value)).join(' '), from, until]
    })

  it('with the longest retention of any of them', () => {
    expect([{}, { a: 50 }, { a: 200, b: 300 }].map((tags: object) => longestRetention(retention({ ...tags })))).toEqual(
      [100, 100, 300],
    )
  })

  it.each<[Record<string, number>, unknown[]]>([
    [{}, []],
    [{ a: 50 }, [['shop a', null, 950]]],
    [{ a: 100 }, []],
    [{ a: 200 }, [['shop -a', null, 900]]],
    [
      { a: 50, b: 200 },
      [
        ['shop a -b', null, 950],
        ['shop -a -b', null, 900],
      ],
    ],
    [
      { a: 50, b: 70 },
      [
        ['shop a -b', null, 950],
        ['shop b', null, 930],
      ],
    ],
    [
      { a: 50, b: 50 },
      [
        ['shop a', null, 950],
        ['shop b', null, 950],
      ],
    ],
  ])('by their tags: %j', (tags, queries) => expect(shown(tags)).toEqual(queries))
})
