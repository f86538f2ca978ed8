// Fields that all records of a request share: whole where there is room, cut where their copies would fill the memory.
import { describe, expect, it } from 'vitest'
import { lokiJson, lokiSnappy, otlpProtobuf } from '../../testing/wire.ts'
import { limitName, limitShared } from './shared-fields.ts'
import type { WireRecord } from './wire-format.ts'
import { wireFormat } from './wire-formats.ts'

const sizeOf = (value: unknown) => JSON.stringify(value).length
const many = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`name ${i}`, value]))

describe('shared fields', () => {
  it('of an ordinary request are the same object', () => {
    const resource = { 'service.name': 'shop', pid: 5, argv: ['node', 'a.js'], more: { deep: [null, true] } }
    for (const records of [1, 500, 50_000]) expect(limitShared(resource, records)).toBe(resource)
    const long = { command: 'x '.repeat(3_000) }
    expect(limitShared(long, 8_000)).toBe(long)
  })

  it.each<[string, object]>([
    ['a long text', { a: 'word '.repeat(1_000_000), z: 1 }],
    ['many texts', { ...many(5_000, 'x'.repeat(100)) }],
    ['a deep value', { deep: many(100, many(100, many(100, 'x'))) }],
    ['a list', { list: Array(1_000_000).fill('x') }],
  ])('with %s take at most 64 MiB in all records', (_, fields) => {
    for (const records of [1, 1_000, 50_000]) {
      const room = Math.max(2_048, Math.min(65_536, (64 * 1024 * 1024) / records))
      expect(sizeOf(limitShared(fields as never, records))).toBeLessThan(1.1 * room)
    }
  })

  it('keep short ones beside one that is cut, with a mark and without half a word', () => {
    const limited = limitShared({ long: `${'word '.repeat(1_000)}${'k'.repeat(900)}`, z: 1 }, 50_000)
    expect(limited).toEqual({ long: expect.stringMatching(/^(word )+…$/), z: 1 })
    const secret = `token ${'s'.repeat(600)}`
    expect(limitShared({ secret, fill: 'y'.repeat(5_000) }, 50_000)).toMatchObject({ secret: 'token …' })
  })

  it('are whole up to the room of a record, and each text up to a quarter of it', () => {
    // A field costs its name, its text and sixteen characters.
    const fits = { a: 'x'.repeat(2_048 - 17) }
    expect(limitShared(fits, 1e9)).toBe(fits)
    expect(limitShared({ a: 'x'.repeat(2_048 - 16) }, 1e9)).toEqual({ a: '…' })
    const four = { a: 'x'.repeat(512), b: 'y'.repeat(512), c: 'z'.repeat(512), d: 'u'.repeat(444), e: 'left out' }
    expect(limitShared(four, 1e9)).toEqual({ ...four, d: four.d, e: undefined })
    expect(limitShared({ ...four, d: 'u'.repeat(445) }, 1e9)).toEqual({
      a: four.a,
      b: four.b,
      c: four.c,
      e: 'left out',
    })
    expect(limitShared({ ...four, n: null, t: true }, 1e9)).not.toHaveProperty('n')
  })

  it('have names of up to two thousand characters', () => {
    expect(limitName('x'.repeat(2_000))).toHaveLength(2_000)
    expect(limitName('x'.repeat(2_001))).toHaveLength(2_000)
  })

  const attributes = Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, value: { stringValue: 'v'.repeat(4_000) } }))
  const logRecords = Array.from({ length: 4_000 }, () => ({ body: { stringValue: 'm' } }))
  const request = { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] }
  const labels = Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]))
  const streams = [{ labels, entries: logRecords.map((_, i) => [BigInt(i), 'm'] as const) }]

  it.each<[string, Uint8Array]>([
    ['wire:otlp-json', Buffer.from(JSON.stringify(request))],
    ['wire:otlp-protobuf', otlpProtobuf(request as never)],
    ['wire:loki-json', lokiJson(streams as never)],
    ['wire:loki-snappy', lokiSnappy(streams as never)],
  ])('of %s are cut', (format, body) => {
    const records = wireFormat(format)!.read(body, { lines: 10_000, bodyBytes: 1e8 }) as WireRecord[]
    expect(records).toHaveLength(4_000)
    expect(sizeOf(records[0]!.fields)).toBeLessThan(20_000)
    expect(sizeOf(records[0]!.fields)).toBeGreaterThan(4_000)
  })
})
