// Where one entry of a text ends and the next begins, and the record that each becomes, before its names are looked at.
import { describe, expect, it } from 'vitest'
import { readerOf } from './read-batch.ts'
import { frameRecords, readHead, textRecords } from './text-lines.ts'

const CONTEXT = { receivedAt: Date.parse('2026-11-21T12:00:00Z'), timeZone: 'UTC', formats: readerOf(undefined) }

describe('a text', () => {
  it.each<[string, string, object[]]>([
    [
      'a line that an engine cut',
      '2026-11-21T08:00:01.000000000Z stdout P half \n2026-11-21T08:00:02.000000000Z stdout F whole\n2026-11-21T08:00:03.000000000Z stdout F next',
      [
        { timestamp: '2026-11-21T08:00:01.000000000Z', attributes: { stream: 'stdout' }, message: 'half whole' },
        { timestamp: '2026-11-21T08:00:03.000000000Z', attributes: { stream: 'stdout' }, message: 'next' },
      ],
    ],
    [
      'a line that was cut twice, with another stream between',
      '2026-11-21T08:00:01.000000000Z stdout P a\n2026-11-21T08:00:02.000000000Z stderr F ERROR other\n2026-11-21T08:00:02.000000000Z stdout P b\n2026-11-21T08:00:03.000000000Z stdout F c\n2026-11-21T08:00:03.000000000Z stdout F d',
      [
        { timestamp: '2026-11-21T08:00:01.000000000Z', attributes: { stream: 'stdout' }, message: 'abc' },
        { timestamp: '2026-11-21T08:00:02.000000000Z', attributes: { stream: 'stderr' }, message: 'ERROR other' },
        { timestamp: '2026-11-21T08:00:03.000000000Z', attributes: { stream: 'stdout' }, message: 'd' },
      ],
    ],
    [
      'a frame that was cut',
      '2026-11-21T08:00:01.000000000Z stderr F Error: x\n2026-11-21T08:00:01.000000000Z stderr P     at pay (/a\n2026-11-21T08:00:01.000000000Z stderr F .js:1:2)\n2026-11-21T08:00:01.000000000Z stderr F     at b (/b.js:1:2)\n2026-11-21T08:00:01.000000000Z stderr F done',
      [
        {
          timestamp: '2026-11-21T08:00:01.000000000Z',
          attributes: { stream: 'stderr' },
          message: 'Error: x',
          stack: '    at pay (/a.js:1:2)\n    at b (/b.js:1:2)',
        },
        { timestamp: '2026-11-21T08:00:01.000000000Z', attributes: { stream: 'stderr' }, message: 'done' },
      ],
    ],
    [
      'a record that was cut',
      '2026-11-21T08:00:01.000000000Z stdout P {"msg":\n2026-11-21T08:00:01.000000000Z stdout F "x"}',
      [{ timestamp: '2026-11-21T08:00:01.000000000Z', msg: 'x', attributes: { stream: 'stdout' } }],
    ],
    [
      'java.util.logging',
      'Nov 21, 2026 8:00:05 AM com.shop.Cart pay\nSEVERE: no stock\njava.lang.Error: x\n\tat A.b(A.java:1)\nnext',
      [
        {
          level: 'SEVERE',
          attributes: { logger: 'com.shop.Cart', method: 'pay' },
          timestamp: { at: 1795248005000, hasZone: false },
          message: 'no stock',
          stack: 'java.lang.Error: x\n\tat A.b(A.java:1)',
        },
        { message: 'next' },
      ],
    ],
    [
      'a place of java.util.logging without its message',
      'Nov 21, 2026 8:00:05 AM com.shop.Cart pay\nplain',
      [{ timestamp: { at: 1795248005000, hasZone: false }, message: 'com.shop.Cart pay' }, { message: 'plain' }],
    ],
    [
      'Samba',
      '[2026/11/21 08:00:05.123456,  0] ../../source3/smbd/server.c:1741(main)\n  Failed to open\n  second\nnext',
      [
        {
          level: 'error',
          attributes: { place: '../../source3/smbd/server.c:1741(main)' },
          timestamp: { at: 1795248005123, hasZone: false },
          message: 'Failed to open',
          stack: '  second',
        },
        { message: 'next' },
      ],
    ],
    [
      'reports of Erlang',
      '=CRASH REPORT==== 21-Nov-2026::08:00:05.123456 ===\n  crasher: x\n  more\n=INFO REPORT==== 21-Nov-2026::08:00:06.123456 ===\n  ok',
      [
        { timestamp: '21-Nov-2026::08:00:05.123456', level: 'error', message: 'crasher: x', stack: '  more' },
        { timestamp: '21-Nov-2026::08:00:06.123456', level: 'INFO', message: 'ok' },
      ],
    ],
    [
      "Ruby's Logger with a report of Rails",
      "F, [2026-11-21T08:00:05.123456 #7] FATAL -- :   \nActionView::Template::Error (no stock):\napp/cart.rb:10:in 'pay'\nnext",
      [
        {
          timestamp: '2026-11-21T08:00:05.123456',
          level: 'FATAL',
          attributes: { pid: 7 },
          message: 'ActionView::Template::Error (no stock):',
          stack: "app/cart.rb:10:in 'pay'",
        },
        { message: 'next' },
      ],
    ],
    [
      "a scope of .NET's console",
      'fail: Shop.Cart[0]\n      => Scope\n      No stock\n      more\nnext',
      [
        {
          level: 'error',
          attributes: { category: 'Shop.Cart', event_id: 0 },
          message: 'No stock',
          stack: '      => Scope\nmore',
        },
        { message: 'next' },
      ],
    ],
    [
      ".NET's console",
      'info: Shop.Cart[0]\n      No stock',
      [{ level: 'info', attributes: { category: 'Shop.Cart', event_id: 0 }, message: 'No stock' }],
    ],
    [
      'Julia',
      '┌ Error: no stock\n│   x = 5\n└ @ Main a.jl:1\nnext',
      [{ level: 'Error', message: 'no stock', stack: '│   x = 5\n└ @ Main a.jl:1' }, { message: 'next' }],
    ],
    [
      'a warning of Python',
      '/srv/cart.py:42: DeprecationWarning: pay() is old\n  pay()\nnext',
      [
        {
          level: 'warn',
          attributes: { caller: '/srv/cart.py:42' },
          message: '/srv/cart.py:42: DeprecationWarning: pay() is old',
          stack: '  pay()',
        },
        { message: 'next' },
      ],
    ],
    [
      "MySQL's slow query log",
      '# Time: 2026-11-21T08:00:05.123456Z\n# User@Host: shop[shop] @ localhost []\nselect 1;\n# Time: 2026-11-21T08:00:06.123456Z\nselect 2;',
      [
        {
          timestamp: '2026-11-21T08:00:05.123456Z',
          level: 'info',
          message: '# Time: 2026-11-21T08:00:05.123456Z\n# User@Host: shop[shop] @ localhost []\nselect 1;',
        },
        {
          timestamp: '2026-11-21T08:00:06.123456Z',
          level: 'info',
          message: '# Time: 2026-11-21T08:00:06.123456Z\nselect 2;',
        },
      ],
    ],
    [
      'a panic of Rust',
      "thread 'main' panicked at src/main.rs:4:5:\nboom\nnote: run\nnext",
      [{ message: "thread 'main' panicked at src/main.rs:4:5:\nboom", stack: 'note: run\nnext' }],
    ],
    [
      'Android',
      'FATAL EXCEPTION: main\nProcess: com.shop, PID: 7\njava.lang.Error: x\n\tat A.b(A.java:1)\nnext',
      [
        {
          message: 'FATAL EXCEPTION: main',
          stack: 'Process: com.shop, PID: 7\njava.lang.Error: x\n\tat A.b(A.java:1)',
        },
        { message: 'next' },
      ],
    ],
    [
      'PostgreSQL',
      '2026-11-21 08:00:05.123 UTC [7] ERROR:  no such table\n2026-11-21 08:00:05.123 UTC [7] STATEMENT:  select 1\n\tfrom x\nnext',
      [
        {
          level: 'ERROR',
          attributes: { pid: 7 },
          timestamp: { at: 1795248005123, hasZone: true },
          message: 'no such table',
          stack: '2026-11-21 08:00:05.123 UTC [7] STATEMENT:  select 1\n\tfrom x',
        },
        { message: 'next' },
      ],
    ],
    [
      'a trace with an empty line',
      'Error: x\n    at a (/a.js:1:1)\n\n    at b (/b.js:1:1)',
      [{ message: 'Error: x', stack: '    at a (/a.js:1:1)\n    at b (/b.js:1:1)' }],
    ],
    ['CRLF', 'a\r\nb\r\n\r\nc', [{ message: 'a' }, { message: 'b' }, { message: 'c' }]],
    ['empty lines with CRLF', '\r\n\r\na', [{ message: 'a' }]],
    [
      'a time alone',
      '2026-11-21 08:00:05\ndump\nnext',
      [{ timestamp: '2026-11-21 08:00:05', message: 'dump' }, { message: 'next' }],
    ],
    [
      'two times alone',
      '2026-11-21 08:00:05\n2026-11-21 08:00:06\nnext',
      [
        { timestamp: { at: 1795248005000, hasZone: false }, message: '2026-11-21 08:00:05' },
        { timestamp: '2026-11-21 08:00:06', message: 'next' },
      ],
    ],
    [
      'a time and an empty line',
      '2026-11-21 08:00:05\n\nnext',
      [{ timestamp: '2026-11-21 08:00:05', message: 'next' }],
    ],
    [
      'what date prints',
      'Sat Nov 21 08:00:05 UTC 2026\nORA-600: error',
      [{ timestamp: 'Sat Nov 21 08:00:05 UTC 2026', message: 'ORA-600: error' }],
    ],
    [
      'a time in brackets',
      '[2026-11-21 08:00:05,123]\nERROR dump',
      [{ timestamp: '2026-11-21 08:00:05,123', message: 'ERROR dump' }],
    ],
    [
      'a record with a time that has a zone',
      '2026-11-21 08:00:05 {"msg":"no","time":"2026-11-21T07:00:00Z"}',
      [{ msg: 'no', time: '2026-11-21T07:00:00Z' }],
    ],
    [
      'a record with a time that has none',
      '2026-11-21 08:00:05 {"msg":"no","time":"2026-11-21 07:00:00"}',
      [{ timestamp: { at: 1795248005000, hasZone: false }, msg: 'no', time: '2026-11-21 07:00:00' }],
    ],
    [
      'a record with seconds since 1970',
      '2026-11-21 08:00:05 {"msg":"no","ts":1795248000}',
      [{ msg: 'no', ts: 1795248000 }],
    ],
    [
      'a record with a duration',
      '2026-11-21 08:00:05 {"msg":"no","time":12}',
      [{ timestamp: { at: 1795248005000, hasZone: false }, msg: 'no', time: 12 }],
    ],
    [
      'a record without a time',
      '2026-11-21 08:00:05 {"msg":"no","a":1}',
      [{ timestamp: { at: 1795248005000, hasZone: false }, msg: 'no', a: 1 }],
    ],
    [
      'a record with attributes below a prefix',
      'Nov 21 08:00:05 web-1 cart[42]: {"msg":"no","attributes":{"a":1}}',
      [{ timestamp: 'Nov 21 08:00:05', host: 'web-1', source: 'cart', msg: 'no', attributes: { pid: 42, a: 1 } }],
    ],
    [
      'a record whose attributes are a text',
      'Nov 21 08:00:05 web-1 cart[42]: {"msg":"no","attributes":"a"}',
      [{ timestamp: 'Nov 21 08:00:05', host: 'web-1', source: 'cart', msg: 'no', attributes: 'a' }],
    ],
    [
      'a record with a trace below',
      '{"level":"error","msg":"no"}\n    at a (/a.js:1:1)\nnext',
      [{ stack: '    at a (/a.js:1:1)', level: 'error', msg: 'no' }, { message: 'next' }],
    ],
    ['a list', '[1,2]', [{ message: '[1,2]' }]],
    [
      'logfmt below a prefix',
      'Nov 21 08:00:05 web-1 cart[42]: level=error msg="no stock"',
      [
        {
          timestamp: 'Nov 21 08:00:05',
          host: 'web-1',
          source: 'cart',
          level: 'error',
          msg: 'no stock',
          attributes: { pid: 42 },
        },
      ],
    ],
    [
      'a clock before a level',
      '08:00:05 ERROR no',
      [{ timestamp: { at: 1795248005000, hasZone: false }, message: 'ERROR no' }],
    ],
    ['a clock before prose', '08:00:05 no', [{ message: '08:00:05 no' }]],
    [
      'nothing but a time',
      '2026-11-21T08:00:05Z',
      [{ timestamp: { at: 1795248005000, hasZone: true }, message: '2026-11-21T08:00:05Z' }],
    ],
    [
      'a header without a text',
      'Nov 21 08:00:05 web-1 cart[42]: ',
      [{ timestamp: 'Nov 21 08:00:05', host: 'web-1', source: 'cart', attributes: { pid: 42 }, message: '' }],
    ],
    ["an engine's empty line", '2026-11-21T08:00:01.000000000Z stdout F ', []],
    [
      'a padded level of tracing',
      '2026-11-21T08:00:01.000000000Z stdout F   INFO cart: paid',
      [{ timestamp: '2026-11-21T08:00:01.000000000Z', attributes: { stream: 'stdout' }, message: 'INFO cart: paid' }],
    ],
    [
      'a prefix within a prefix',
      '2026-11-21T08:00:01.000000000Z stdout F <11>Nov 21 08:00:05 web-1 cart[42]: ERROR no',
      [
        {
          timestamp: '2026-11-21T08:00:01.000000000Z',
          attributes: { stream: 'stdout', pid: 42, facility: 'user' },
          host: 'web-1',
          source: 'cart',
          level: 'error',
          message: 'ERROR no',
        },
      ],
    ],
    [
      'a group of exceptions of Python',
      '  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 3, in main\n  | ExceptionGroup: two (2 sub-exceptions)\nnext',
      [
        {
          message: 'ExceptionGroup: two (2 sub-exceptions)',
          level: 'error',
          stack:
            '  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 3, in main\n  | ExceptionGroup: two (2 sub-exceptions)',
        },
        { message: 'next' },
      ],
    ],
    [
      'a traceback that ends with a level',
      'Traceback (most recent call last):\n  File "a.py", line 3, in f\nCRITICAL: 1',
      [
        {
          message: 'CRITICAL: 1',
          level: 'fatal',
          stack: 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nCRITICAL: 1',
        },
      ],
    ],
    [
      'Node at its end',
      '/app/cart.js:10\n    throw 1\n    ^\n\nError: no\n    at pay (/app/cart.js:10:5)\n\nNode.js v26.1.0\nnext',
      [
        {
          message: 'Error: no',
          level: 'error',
          stack: '/app/cart.js:10\n    throw 1\n    ^\n\nError: no\n    at pay (/app/cart.js:10:5)\n\nNode.js v26.1.0',
        },
        { message: 'next' },
      ],
    ],
  ])('of %s', (_, text, records) => expect(textRecords(text, CONTEXT, 9)).toEqual(records))
})

describe('frames', () => {
  it.each<[string, string[], object[]]>([
    ['lines', ['a\nb', 'c'], [{ message: 'a\nb' }, { message: 'c' }]],
    [
      'a line with its trace',
      ['Error: x\n    at a (/a.js:1:1)\n    at b (/b.js:1:1)\n', 'next'],
      [{ message: 'Error: x', stack: '    at a (/a.js:1:1)\n    at b (/b.js:1:1)' }, { message: 'next' }],
    ],
    [
      'a trace and more',
      ['Error: x\n    at a (/a.js:1:1)\nand more'],
      [{ message: 'Error: x\n    at a (/a.js:1:1)\nand more' }],
    ],
    ['a record over several lines', ['{"a":\n1}'], [{ a: 1 }]],
    [
      'a header',
      ['<11>1 2026-11-29T10:00:01Z web-1 cart - - - a\n  b'],
      [
        {
          timestamp: '2026-11-29T10:00:01Z',
          host: 'web-1',
          source: 'cart',
          level: 'error',
          attributes: { facility: 'user' },
          message: 'a\n  b',
        },
      ],
    ],
    [
      'a header alone',
      ['<11>1 2026-11-29T10:00:01Z web-1 cart - - -'],
      [
        {
          timestamp: '2026-11-29T10:00:01Z',
          host: 'web-1',
          source: 'cart',
          level: 'error',
          attributes: { facility: 'user' },
          message: '',
        },
      ],
    ],
    [
      'a trace that goes on in the next frame',
      ['Error: x', '    at a (/a.js:1:1)', 'z'],
      [{ message: 'Error: x', stack: '    at a (/a.js:1:1)' }, { message: 'z' }],
    ],
  ])('of %s', (_, frames, records) => expect(frameRecords(frames, CONTEXT, 9)).toEqual(records))
})

describe('very many', () => {
  it('entries are no longer read once there are more than the limit', () => {
    expect(textRecords('a\nb', CONTEXT, 2)).toHaveLength(2)
    expect(textRecords('a\nb\nc', CONTEXT, 2)).toBe(null)
    expect(frameRecords(['a', 'b'], CONTEXT, 2)).toHaveLength(2)
    expect(frameRecords(['a', 'b', 'c'], CONTEXT, 2)).toBe(null)
  })

  const from = (program: string, text: string) => `Nov 21 08:00:05 web-1 ${program}: ${text}`
  const FRAME = '    at pay (/cart.js:1:2)'
  it('programs at the same time keep their traces apart, up to two hundred', () => {
    const stacks = (between: number) => {
      const others = Array.from({ length: between }, (_, i) => from(`other-${i}`, 'up'))
      const lines = [from('cart', 'Error: no stock'), ...others, from('cart', FRAME)]
      return textRecords(lines.join('\n'), CONTEXT, 999)!.filter(({ stack }) => stack === FRAME).length
    }
    expect(stacks(199)).toBe(1)
    expect(stacks(200)).toBe(0)
  })

  it('lines between two of a program do not hide the next one, up to eighteen', () => {
    const heads = (between: number) => {
      const others = Array.from({ length: between }, () => from('other', 'up'))
      const text = [
        from('cart', 'ERROR one'),
        from('cart', 'java.lang.Error: two'),
        ...others,
        from('cart', '\tat A.b(A.java:1)'),
      ]
      return textRecords(text.join('\n'), CONTEXT, 99)!
        .filter(({ source, stack }) => source === 'cart' && stack !== undefined)
        .map(({ message }) => message)
    }
    expect(heads(18)).toEqual(['ERROR one'])
    expect(heads(19)).toEqual(['java.lang.Error: two'])
  })
})

it.each([
  ['2026-11-21T08:00:05Z ERROR no', 'ERROR no', true, undefined],
  ['08:00:05 ERROR no', 'ERROR no', true, true],
  ['ERROR no', 'ERROR no', false, undefined],
  ['2026-11-21T08:00:05Z', '2026-11-21T08:00:05Z', true, undefined],
])('the head %s has the message %s', (head, message, hasTime, isClock) => {
  const read = readHead(head, CONTEXT)
  expect([read.message, read.fields.timestamp !== undefined, read.isClock]).toEqual([message, hasTime, isClock])
})
