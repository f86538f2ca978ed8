// Which name of a record has which role, and which names stay attributes.
import { describe, expect, it } from 'vitest'
import type { Fields } from '../../formats/format.ts'
import { fieldRoleOf } from './field-roles.ts'
import { planOf, shapeOf } from './record-shape.ts'

const plan = (record: Fields) => {
  const { roles, remaining, levels, times } = planOf(record, shapeOf(record))
  return { ...Object.fromEntries(Object.entries(roles).filter(([, name]) => name !== '')), remaining, levels, times }
}
const NONE = { remaining: [], levels: [], times: [] }

describe('the plan of a record', () => {
  it.each<[Fields, object]>([
    [{}, NONE],
    [{ user: 1 }, { ...NONE, remaining: ['user'] }],
    [{ msg: 'm' }, { ...NONE, message: 'msg' }],
    [
      { msg: 'm', message: 'n' },
      { ...NONE, message: 'message', remaining: ['msg'] },
    ],
    [
      { message: 'm', msg: 'n' },
      { ...NONE, message: 'message', remaining: ['msg'] },
    ],
    [{ MSG: 'm' }, { ...NONE, message: 'MSG' }],
    [
      { message: '', msg: 'n' },
      { ...NONE, message: 'msg' },
    ],
    [
      { message: null, msg: 'n' },
      { ...NONE, message: 'msg' },
    ],
    [
      { message: 0, msg: 'n' },
      { ...NONE, message: 'message', remaining: ['msg'] },
    ],
    [
      { user: '', message: '' },
      { ...NONE, remaining: ['user'] },
    ],
    [{ user: null }, { ...NONE, remaining: ['user'] }],
    [{ name: 'x' }, { ...NONE, remaining: ['name'] }],
    [
      { name: 'x', pid: 1 },
      { ...NONE, source: 'name', remaining: ['pid'] },
    ],
    [
      { name: 'x', levelno: '' },
      { ...NONE, source: 'name' },
    ],
    [
      { lvl: 'x', severity: 'y', level: 'z', ts: 1, time: 2 },
      {
        remaining: ['severity', 'lvl', 'time'],
        level: 'level',
        timestamp: 'ts',
        levels: ['level', 'severity', 'lvl'],
        times: ['ts', 'time'],
      },
    ],
  ])('%j', (record, expected) => {
    const found = plan(record)
    expect({ ...found, remaining: found.remaining.toSorted() }).toEqual({
      ...expected,
      remaining: (expected as { remaining: string[] }).remaining.toSorted(),
    })
    // The second time it is known.
    expect(plan(record)).toEqual(found)
  })
})

describe('the shape of a record', () => {
  it('is one for all records with the same names in the same order', () => {
    const shape = shapeOf({ a: 1, b: 2 })
    expect(shapeOf({ a: 3, b: 4 })).toBe(shape)
    expect([...shapeOf({ b: 2, a: 1 }).names]).toEqual(['b', 'a'])
    expect([...shapeOf({ a: 1 }).names]).toEqual(['a'])
    expect([...shapeOf({ a: 1, c: 2 }).names]).toEqual(['a', 'c'])
    expect(shapeOf({ a: 1, b: 2 })).toBe(shape)
  })

  it('with many or long names is found each time', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, 1]))
    expect(shapeOf(many(100))).toBe(shapeOf(many(100)))
    expect(shapeOf(many(101))).not.toBe(shapeOf(many(101)))
    expect(shapeOf(many(101)).names.size).toBe(101)
    const long = (length: number) => ({ ['x'.repeat(length)]: 1 })
    expect(shapeOf(long(100))).toBe(shapeOf(long(100)))
    expect(shapeOf(long(101))).not.toBe(shapeOf(long(101)))
  })

  it('of ever new names does not fill the memory', () => {
    const shape = shapeOf({ a: 1, b: 2 })
    for (let i = 0; i < 12_000; i++) shapeOf({ [`once${i}`]: 1 })
    expect(shapeOf({ a: 1, b: 2 })).not.toBe(shape)
    expect(shapeOf({ a: 1, b: 2 })).toEqual(shape)
  })

  it.each<[Fields, boolean, boolean, string]>([
    [{ log: 'x', stream: 'stdout' }, true, true, ''],
    [{ message: 'x' }, false, false, ''],
    [{ kubernetes: {} }, true, true, ''],
    [{ 'a.b': 1 }, false, true, ''],
    [{ '@mt': 'x' }, false, false, '@mt'],
    [{ messageTemplate: 'x' }, false, false, 'messageTemplate'],
  ])('says who wrote %j', (record, isEnvelope, isShipped, template) => {
    expect(shapeOf(record)).toMatchObject({ isEnvelope, isShipped, template })
  })
})

it('a name has its role in any case, unless it is long', () => {
  expect(fieldRoleOf('Message')).toEqual({ role: 'message', rank: 0 })
  expect(fieldRoleOf('MSG')).toEqual({ role: 'message', rank: 1 })
  expect(fieldRoleOf('user')).toBe(null)
  expect(fieldRoleOf('user')).toBe(null)
  expect(fieldRoleOf('__REALTIME_TIMESTAMP')).toMatchObject({ role: 'timestamp' })
  expect(fieldRoleOf('M'.repeat(200))).toBe(null)
})
