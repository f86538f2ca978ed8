// Reading the lines of a period: all of few, an even and weighted sample of many, and messages without secrets and hidden text.
import { describe, expect, it } from 'vitest'
import type { Level, LogLine } from '../../logs/line.ts'
import type { Query, QueryNode } from '../../logs/query/tree.ts'
import type { LogReader } from '../../logs/store.ts'
import { readLines, shorten, toSampledLine, writeOrigin } from './read-logs.ts'

const API: QueryNode = { kind: 'field', field: 'source', value: 'api' }

type Stored = { at: number; level: Level }
/** A store with `lines`; notes what it is asked. */
function storeOf(lines: readonly Stored[], { atLeast = false, searchedTo = null as number | null } = {}) {
  const asked: { query: Query; limit: number; timeoutMs: number }[] = []
  const counted: Query[] = []
  const found = ({ where, from, until }: Query) => {
    const band = where?.kind === 'and' ? where.parts[1] : where
    const isWanted = ({ level }: Stored) =>
      band === null || band === undefined || band === API ? true : (band.kind === 'level') === (level === 'warn')
    return lines.filter(line => line.at >= from! && line.at < until! && isWanted(line))
  }
  const store = {
    async count(query: Query) {
      counted.push(query)
      return { total: found(query).length, atLeast, searchedTo: null }
    },
    async search(request: { query: Query; limit: number; cursor: string | null; timeoutMs: number }) {
      const { query, limit, cursor, timeoutMs } = request
      asked.push({ query, limit, timeoutMs })
      const begin = Number(cursor ?? 0)
      const page = found(query).slice(begin, begin + limit)
      const next = begin + limit < found(query).length ? String(begin + limit) : null
      return { lines: page.map(({ at, level }) => lineAt(at, level)), next, searchedTo }
    },
  } as unknown as LogReader
  return { store, asked, counted }
}
const lineAt = (at: number, level: Level) =>
  ({ id: `${at}`, timestamp: at, level, source: 'api', host: '', fingerprint: '', message: 'x', stack: '' }) as LogLine
const many = (count: number, level: Level = 'info', every = 1) =>
  Array.from({ length: count }, (_, i): Stored => ({ at: i * every, level }))

describe('the lines of a period', () => {
  it('are none, without a search, where none match', async () => {
    const { store, asked } = storeOf(many(5))
    expect(await readLines(store, null, 5, 9, 10, 100)).toEqual({ lines: [], total: 0, atLeast: false })
    expect(asked).toEqual([])
  })

  it('are all of them, in pages, up to the limit', async () => {
    const { store, asked } = storeOf(many(2_500))
    const { lines, total } = await readLines(store, API, 0, 2_500, 2_500, 100)
    expect([total, lines.length, lines.at(-1)?.at]).toEqual([2_500, 2_500, 2_499])
    expect(new Set(lines.map(({ weight }) => weight))).toEqual(new Set([1]))
    expect(asked.map(({ limit }) => limit)).toEqual([1_000, 1_000, 500])
    expect(asked[0]).toMatchObject({ query: { where: API, from: 0, until: 2_500 }, timeoutMs: 100 })
  })

  it('are those that the search reached in its time', async () => {
    const { store, asked } = storeOf(many(2_500), { searchedTo: 5 })
    expect((await readLines(store, null, 0, 2_500, 2_500, 100)).lines.length).toBe(1_000)
    expect(asked.length).toBe(1)
  })

  it('of more than the limit are the first of eight parts, half of them severe, with how many they stand for', async () => {
    const warnings = many(8, 'warn', 10).map(({ at, level }) => ({ at: at + 5, level }))
    const { store, asked, counted } = storeOf([...many(80), ...warnings])
    const { lines, total } = await readLines(store, null, 0, 80, 32, 100)
    expect(total).toBe(88)
    expect(asked).toHaveLength(16)
    expect(asked.map(({ limit }) => limit)).toEqual(Array(16).fill(2))
    expect(asked.slice(0, 8).map(({ query: { where, from, until } }) => [where, from, until])).toEqual(
      Array.from({ length: 8 }, (_, i) => [{ kind: 'level', comparison: '>=', level: 'warn' }, i * 10, i * 10 + 10]),
    )
    expect(asked[8]!.query.where).toMatchObject({ kind: 'not' })
    expect(lines.slice(0, 6).map(({ at, level, weight }) => [at, level, weight])).toEqual([
      [0, 'info', 5],
      [1, 'info', 5],
      [5, 'warn', 1],
      [10, 'info', 5],
      [11, 'info', 5],
      [15, 'warn', 1],
    ])
    expect(lines.reduce((sum, { weight }) => sum + weight, 0)).toBe(88)
    expect(counted).toHaveLength(17)
  })

  it('of more than the limit keep their condition, and end with the period', async () => {
    const { store, asked, counted } = storeOf(many(12))
    await readLines(store, API, 0, 12, 11, 100)
    expect(asked[0]!.query.where).toEqual({
      kind: 'and',
      parts: [API, { kind: 'level', comparison: '>=', level: 'warn' }],
    })
    expect(asked.slice(0, 6).map(({ query: { from, until } }) => [from, until])).toEqual(
      [0, 2, 4, 6, 8, 10].map(from => [from, from + 2]),
    )
    expect(asked).toHaveLength(12)
    // Only parts that have lines are counted.
    expect(counted).toHaveLength(7)
    const cut = storeOf(many(13))
    await readLines(cut.store, null, 0, 13, 11, 100)
    expect(cut.asked[6]!.query).toMatchObject({ from: 12, until: 13 })
  })

  it('that could not all be counted are sampled, be they few', async () => {
    const { store } = storeOf(many(4), { atLeast: true })
    expect((await readLines(store, null, 0, 8, 10, 100)).atLeast).toBe(true)
    const { store: other, asked } = storeOf(many(4), { atLeast: true })
    await readLines(other, null, 0, 8, 4, 100)
    expect(asked.length).toBe(16)
  })
})

describe('a text', () => {
  it('stays as it is up to its length', () => {
    expect(shorten('ann@example.org', 15)).toBe('ann@example.org')
    expect(shorten('x'.repeat(2_000))).toBe('x'.repeat(2_000))
  })

  it('that is too long loses personal data before it is cut, between two words', () => {
    // The mask of an address is one character shorter than this address.
    expect(shorten('mail ann@example.org', 19)).toBe('mail [hidden:email]')
    expect(shorten('mail ann@example.org', 18)).toBe('mail …cut')
    expect(shorten('one two three', 9)).toBe('one two …cut')
  })

  it('of one word is cut so early that no half of a secret is left', () => {
    expect(shorten('x'.repeat(2_001))).toBe(`${'x'.repeat(1_680)} …cut`)
    expect(shorten(` ${'x'.repeat(2_000)}`)).toBe(` ${'x'.repeat(1_679)} …cut`)
    expect(shorten('x'.repeat(400), 300)).toBe(' …cut')
  })

  it('loses what hides text, and keeps its lines', () => {
    expect(shorten('a\u202eb\u0000c\td\n')).toBe('abc\td\n')
  })

  it('of a line has the first four lines of its stack', () => {
    const line = { ...lineAt(1, 'error'), stack: 'a\nb\nc\nd\ne' }
    expect(toSampledLine(line)).toEqual({
      ...{ id: '1', at: 1, level: 'error', source: 'api', host: '', fingerprint: '', weight: 1 },
      message: 'x\na\nb\nc\nd',
    })
    expect(toSampledLine({ ...line, stack: '' }).message).toBe('x')
  })
})

it('an origin is what is known of source and host', () => {
  const written = ['', 'api'].flatMap(source => ['', 'web-1'].map(host => writeOrigin({ source, host })))
  expect(written).toEqual(['', 'web-1', 'api', 'api@web-1'])
})
