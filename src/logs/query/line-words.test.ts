// Which texts a line is found by: parts of writing without spaces, and what stands in attributes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../testing/property-runs.ts'
import { attributesText, indexText, readableWords, soughtWords } from './line-words.ts'
import { aLine } from './lines.testing.ts'
import { matches } from './matches.ts'
import { parseQuery } from './parse.ts'
import { words } from './words.ts'

const isFound = (query: string, line: Parameters<typeof aLine>[0], version?: 1 | 2) =>
  matches(parseQuery(query, 0, 'UTC').where!, aLine(line), version)

describe('writing without spaces between words', () => {
  it.each([
    [
      'Chinese',
      '数据库连接失败，请重试',
      ['数据库', '连接失败', '库连', '重', '"数据库连接失败 请重试"', '数据*', '-成功'],
    ],
    [
      'Japanese',
      'データベース接続エラーが発生しました',
      ['接続', 'エラー', 'データベース', 'エラーが', 'しました', 'ー'],
    ],
    ['half-width kana', 'ﾃﾞｰﾀﾍﾞｰｽ接続ｴﾗｰ', ['データ', 'エラー', 'ｴﾗｰ', 'ﾃﾞｰﾀﾍﾞｰｽ']],
    ['Thai', 'เชื่อมต่อฐานข้อมูลล้มเหลว', ['ฐานข้อมูล', 'ล้มเหลว', 'เชื่อมต่อ', 'ข้อมูล']],
    ['Khmer', 'ការតភ្ជាប់មូលដ្ឋានទិន្នន័យបរាជ័យ', ['ទិន្នន័យ', 'មូលដ្ឋាន', 'បរាជ័យ']],
    ['Lao', 'ການເຊື່ອມຕໍ່ຖານຂໍ້ມູນລົ້ມເຫຼວ', ['ຖານຂໍ້ມູນ', 'ລົ້ມເຫຼວ']],
    ['Burmese', 'ဒေတာဘေ့စ်ချိတ်ဆက်မှုမအောင်မြင်ပါ', ['ချိတ်ဆက်မှု', 'ဒေတာဘေ့စ်', 'မအောင်မြင်']],
    [
      'Korean',
      '데이터베이스연결에 실패했습니다',
      ['데이터베이스', '연결', '실패', '"연결에 실패"', '연결'.normalize('NFD')],
    ],
    ['Tibetan', 'གནས་ཚུལ་ནོར་འཁྲུལ', ['ནོར', 'འཁྲུལ']],
    [
      'a mix with Latin',
      'Redis接続timeout500エラー',
      ['redis', '接続', 'timeout500', 'エラー', 'Redis接続', '接続timeout500'],
    ],
    ['a sentence with Latin', 'worker-3 数据库 down', ['"3 数据库 down"', '数据库', '数据', '"worker 3 数"']],
  ])('is found by its parts: %s', (_, message, queries) => {
    for (const query of queries) expect([query, isFound(query, { message })]).toEqual([query, true])
  })

  it.each([
    ['数据库连接失败', ['据数', '数库', '数据连接', '"失败 数据"', '数据库连接失败了', '"数据 连接"']],
    ['ข้อมูล', ['ขอมูล', 'ข้อมล', 'มูลข้อ']],
    ['ดี', ['ดู', 'ด้']],
    ['데이터베이스연결', ['베스', '연결데']],
  ])('%s is not found by other characters or another order', (message, queries) => {
    for (const query of queries) expect([query, isFound(query, { message })]).toEqual([query, false])
  })

  it('is found by every part of it, whatever it is made of', () => {
    const unit = fc.constantFrom(...'数据库データー接続ข้อมูลเ្ជកទာ်ကလະ데이터', 'か\u3099', 'ｶﾞ')
    fc.assert(
      fc.property(fc.string({ unit, minLength: 1, maxLength: 12 }), fc.nat(), fc.nat(), (text, a, b) => {
        const units = Array.from(text.normalize('NFKC'))
        const part = units.slice(Math.min(a, b) % units.length).slice(0, 1 + (Math.max(a, b) % units.length))
        expect(isFound(part.join(''), { message: `x ${text} y` })).toBe(true)
      }),
      { numRuns: runs(300) },
    )
  })

  it('leaves all other text to the index as it is', () => {
    const texts = [
      'Connection refused',
      'Ошибка подключения',
      'خطأ في الاتصال',
      'שגיאה',
      'σφάλμα',
      'ünï',
      '❌ 🚀',
      'त्रुटि',
    ]
    expect(texts.map(text => indexText(text))).toEqual(texts)
    expect(words(indexText('数据库 a'))).toEqual(['数据', '据库', '库', 'a'])
    expect(readableWords('Redis接続 Timeout')).toEqual(['redis', '接続', 'timeout'])
    expect(soughtWords('数据库', false, 1)).toEqual({ sequence: ['数据库'], prefix: false })
  })
})

describe('a bare word', () => {
  const line = {
    message: 'paid',
    traceId: '4BF92F3577B34DA6',
    spanId: 'a-1-b',
    attributes: {
      req_id: '550e8400-e29b-41d4-a716-000000000005',
      user: { name: 'Ann Lee', emails: ['ann@example.com', 'lee@example.org'], id: 48213 },
      snowflake: '1150736271837286401',
      ratio: 0.25,
      ok: true,
      note: '数据库连接失败',
    },
  }
  it.each([
    '550e8400-e29b-41d4-a716-000000000005',
    '550e8400*',
    'Ann',
    '"ann lee"',
    'ann@example.com',
    '48213',
    '1150736271837286401',
    '4bf92f3577b34da6',
    'a-1-b',
    '连接',
    'paid ann',
  ])('finds %s in attributes and ids', query => expect(isFound(query, line)).toBe(true))

  it.each(['user', 'req_id', 'true', '"lee ann"', '"org 48213"', '4bf92f3577b34da', '550e8400-e29b-41d4-a717', '-ann'])(
    'does not find %s: a name, part of an id, or words of two values',
    query => expect(isFound(query, line)).toBe(false),
  )

  it('is a word of message and stack only where an index of that time says so', () => {
    expect([isFound('Ann', line, 1), isFound('paid', line, 1), isFound('-ann', line, 1)]).toEqual([false, true, true])
    expect(attributesText(aLine({ attributes: { a: '', b: null, c: [1, 'x'] } }))).toBe('1 \uf8fe x')
  })
})

it.each([
  ['Thai', 'ด\u0e35', 'ด\ue035'],
  ['the last one below the gap', 'ဒ\u109d', 'ဒ\ue29d'],
  ['half-width kana, composed', 'ｶ\uff9e', 'ガ'],
  ['combining kana', 'あ\u3099', 'あ\uf599'],
  ['Javanese', 'ꦏ\ua9ba', 'ꦏ\uf1ba'],
  ['a script of four bytes', '\u{11700}\u{1171d}', '\u{11700}\uf61d'],
])('a vowel that is a mark becomes a letter of private use: %s', (_, text, expected) => {
  expect(indexText(text).trim().split(' ')[0]).toBe(expected)
})

it('the words to look for are those of the text before a run and of the run itself', () => {
  expect(soughtWords('a 数', false)).toEqual({ sequence: ['a', '数'], prefix: true })
  expect(soughtWords('数据库', false)).toEqual({ sequence: ['数据', '据库'], prefix: false })
  expect(soughtWords('数据 b', true)).toEqual({ sequence: ['数据', '据', 'b'], prefix: true })
  expect(soughtWords('数据!', false)).toEqual({ sequence: ['数据'], prefix: false })
  expect(soughtWords('Paid now', true)).toEqual({ sequence: ['paid', 'now'], prefix: true })
  expect(soughtWords('☃', false)).toEqual({ sequence: [], prefix: false })
  expect(indexText('数据', 1)).toBe('数据')
})

it.each([
  [{ traceId: 'AB12CD34', spanId: 'a-1' }, 'a-1'],
  [{ traceId: 'a-1', spanId: 'AB12CD34' }, 'a-1'],
  [{ traceId: 'abcdefgh', spanId: '1234567' }, 'abcdefgh \uf8fe 1234567'],
  [{ traceId: '1'.repeat(40), spanId: '1'.repeat(41) }, '1'.repeat(41)],
  [{ attributes: { a: 1.5, b: 7, c: true, d: { e: 'x' } } }, '7 \uf8fe x'],
])('what stands in attributes and ids: %j', (changes, text) => expect(attributesText(aLine(changes))).toBe(text))
