// A narrowed query means what the query means, with one more condition.
import { expect, it } from 'vitest'
import { narrowQuery } from './narrow.ts'
import { parseQuery } from './parse.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const parse = (text: string) => parseQuery(text, NOW, 'UTC')

it.each([
  ['timeout', 'timeout source:api'],
  ['timeout last:1h', 'timeout last:1h source:api'],
  ['last:1h', 'last:1h source:api'],
  ['a OR b', '(a OR b) source:api'],
  ['a || b', '(a || b) source:api'],
  ['a OR b last:1h', '(a OR b) source:api last:1h'],
  ['since:yesterday 14:00 a OR b until:15:00', '(a OR b) source:api since:yesterday 14:00 until:15:00'],
  ['"a OR b"', '"a OR b" source:api'],
  ['@payments OR b', '(@payments OR b) source:api'],
])('%s becomes %s', (text, narrowed) => {
  expect(narrowQuery(text, 'source:api')).toBe(narrowed)
  const { where, from, until } = parse(text)
  const api = { kind: 'field', field: 'source', value: 'api' }
  const parts = where === null ? null : where.kind === 'and' ? where.parts : [where]
  expect(parse(narrowed)).toEqual({
    where: parts === null ? api : { kind: 'and', parts: [...parts, api] },
    from,
    until,
  })
})
