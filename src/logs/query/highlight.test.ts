// The highlighted words in a line that was found.
import { describe, expect, it } from 'vitest'
import { highlight } from './highlight.ts'
import { parseQuery } from './parse.ts'

const highlighted = (text: string, query: string) =>
  highlight(text, parseQuery(query, 0, 'UTC').where)
    .map(span => (typeof span === 'string' ? span : `[${(span as { bold: string }).bold}]`))
    .join('')

describe('the highlighted text', () => {
  it.each([
    ['Connection refused by db-1', 'refused', 'Connection [refused] by db-1'],
    ['Connection REFUSED', 'refused conn*', '[Connection] [REFUSED]'],
    ['connection refused, refusal', '"connection refused"', '[connection] [refused], refusal'],
    ['refused', '-refused', 'refused'],
    ['Überlauf im Café', 'cafe', 'Überlauf im [Café]'],
    ['timeout on web-1', 'host:web-1', 'timeout on web-1'],
    ['数据库连接失败 timeout', '连接 timeout', '数据库[连接]失败 [timeout]'],
    ['*bold* <@everyone>', 'bold', '*[bold]* <@everyone>'],
    ['bold', 'bold', '[bold]'],
    ['bold x', 'bo*', '[bold] x'],
    ['bold x', 'bo', 'bold x'],
    ['"a b" c', '"a b"', '"[a] [b]" c'],
    ['a 数据 b', '数据 OR b', 'a [数据] [b]'],
    ['a.c 数据', '数据 level:error', 'a.c [数据]'],
    ['any', '', 'any'],
  ])('of "%s" for %s is "%s"', (text, query, shown) => {
    expect(highlighted(text, query)).toBe(shown)
  })
})
