// What people are told when a search finds nothing.
import { describe, expect, it } from 'vitest'
import { placedLine } from './engine/memory-driver.testing.ts'
import { memorySpool } from './engine/memory-spool.testing.ts'
import type { LogLine } from './line.ts'
import { parseQuery } from './query/parse.ts'
import { scopeToProject } from './query/scope-query.ts'
import { adviseOnSearch } from './search-advice.ts'
import type { LogReader } from './store.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const at = (changes: Partial<LogLine> = {}, i = 1) => placedLine(NOW - 1_000 + i, i, { project: 'shop', ...changes })
const LINES = [
  at({ message: 'cart paid', host: 'web-1', tags: ['eu'], attributes: { user: 'ann', n: 5 } }),
  at({ message: 'cart lost', host: 'web-2', tags: ['eu', 'us'], attributes: { user: 'bob' } }, 2),
  at({ message: 'disk full', host: 'web-1', traceId: 't1', spanId: 's1' }, 3),
  at({ message: 'elsewhere', project: 'other', host: 'db-1' }, 4),
]
const advise = (query: string, lines = LINES, reader: Partial<LogReader> = {}) =>
  adviseOnSearch(Object.assign(memorySpool(lines), reader), scopeToProject(parseQuery(query, NOW, 'UTC'), 'shop'))

describe('a search that finds nothing is advised', () => {
  it.each<[string, string[]]>([
    [
      'refused',
      ['No line has the word refused. To search inside words, write /refused/i; to search a field, write name:value.'],
    ],
    [
      '"cart full"',
      [
        'No line has the phrase "cart full". To search inside words, write /cart.*full/i; to search a field, write name:value.',
      ],
    ],
    [
      'elsewhere',
      [
        'No line has the word elsewhere. To search inside words, write /elsewhere/i; to search a field, write name:value.',
      ],
    ],
    ['host:web-9', ['No line has host:web-9. Recent ones: web-1, web-2.']],
    ['host:db-1', ['No line has host:db-1. Recent ones: web-1, web-2.']],
    ['tag:asia', ['No line has tag:asia. Recent ones: eu, us.']],
    ['source:api', ['No line has source:api. Recent lines have no source.']],
    ['trace:x', ['No line has trace:x. Recent ones: t1.']],
    ['span:x', ['No line has span:x. Recent ones: s1.']],
    ['/refused/', ['No message or stack has /refused/. Write /refused/i to ignore the case.']],
    ['/refused/i', ['No message or stack has /refused/i.']],
    ['level:fatal', ['No line matches level:fatal.']],
    ['city:oslo', ['No line has the attribute city:oslo. Attributes of recent lines: user, n.']],
    ['city:paid', ['No line has the attribute city:paid, but 1 line has it elsewhere: search for paid alone.']],
    ['city:cart', ['No line has the attribute city:cart, but 2 lines have it elsewhere: search for cart alone.']],
    ['city>5', ['No line has the attribute city>5. Attributes of recent lines: user, n.']],
    ['paid full', ['Each condition alone matches lines, but no line matches all of them. Leave one out.']],
    [
      'refused host:web-9 paid',
      [
        'No line has the word refused. To search inside words, write /refused/i; to search a field, write name:value.',
        'No line has host:web-9. Recent ones: web-1, web-2.',
      ],
    ],
    [
      'refused last:1m',
      [
        'No line has the word refused. To search inside words, write /refused/i; to search a field, write name:value.',
        'No line was found at other times either, so a longer time range does not help.',
      ],
    ],
    ['paid since:11:00 until:11:30', ['1 line matches at other times. Try a longer time range, such as last:7d.']],
    ['cart until:11:30', ['2 lines match at other times. Try a longer time range, such as last:7d.']],
    ['(paid OR full) lost', ['Each condition alone matches lines, but no line matches all of them. Leave one out.']],
    ['a b c d e', expect.objectContaining({ length: 4 })],
  ])('%s', async (query, advice) => expect(await advise(query)).toEqual(advice))

  it('without any line, or without attributes', async () => {
    expect(await advise('paid', [LINES[3]!])).toEqual(['No line is stored here yet.'])
    expect(await advise('paid last:1h', [])).toEqual([
      'No line is stored here yet.',
      'No line was found at other times either, so a longer time range does not help.',
    ])
    expect(await advise('city:oslo', [LINES[2]!])).toEqual([
      'No line has the attribute city:oslo. Recent lines have no attributes.',
    ])
  })

  it('with names of the most frequent values, eight at most', async () => {
    const many = Array.from({ length: 20 }, (_, i) => at({ host: `h${String(Math.min(i, 9)).padStart(2, '0')}` }, i))
    expect(await advise('host:none', many)).toEqual([
      'No line has host:none. Recent ones: h09, h08, h07, h06, h05, h04, h03, h02.',
    ])
  })

  it('with caution when counting took too long', async () => {
    const slow: Partial<LogReader> = { count: async () => ({ total: 0, atLeast: true, searchedTo: 5 }) }
    expect(await advise('refused host:web-9 last:1h', LINES, slow)).toEqual(['Try fewer words or another spelling.'])
    const late: Partial<LogReader> = { search: async () => ({ lines: [], next: 'x', searchedTo: 5 }) }
    expect(await advise('host:web-9', LINES, late)).toEqual(['No line has host:web-9. Recent lines have no host.'])
  })

  it('in words of the query, cut where they are long', async () => {
    const [advice] = await advise(`host:${'x'.repeat(100)}`)
    expect(advice).toMatch(/^No line has host:x{40,60}…\. Recent/)
    expect(advice!.length).toBeLessThan(130)
  })
})
