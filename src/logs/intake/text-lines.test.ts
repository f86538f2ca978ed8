// Plain text becomes lines: prefixes read, JSON and logfmt understood, stack traces kept with their line.
import { describe, expect, it } from 'vitest'
import type { NewLine } from '../line.ts'
import { RECEIVED, textLines } from './batches.testing.ts'
import { readLogfmt } from './logfmt.ts'

const AT = Date.parse('2026-11-21T08:00:05.123Z')
const S = 1795248005000

describe('a text line', () => {
  it.each<[string, Partial<NewLine>]>([
    ['started', { level: 'info', timestamp: RECEIVED, message: 'started' }],
    ['Sun 2026-11-29 11:00:01.123456 CET web-1 cart[42]: ', { host: 'web-1', source: 'cart', message: 'pid=42' }],
    ['2026-11-21T08:00:05.123Z WARN slow', { level: 'warn', timestamp: AT, message: 'WARN slow' }],
    ['[2026-11-21 08:00:05,123] [ERROR] no', { level: 'error', timestamp: AT, message: 'no' }],
    ['{"level":"error","msg":"no","user":7}', { level: 'error', message: 'no', attributes: { user: 7 } }],
    ['2026-11-21T08:00:05.123Z {"msg":"no"}', { timestamp: AT, message: 'no' }],
    ['{"broken":', { message: '{"broken":' }],
    [
      'Nov 21 08:00:05 web-1 cart[42]: 07:58:33.765 ERROR:    177: timed out',
      { level: 'error', timestamp: S, message: '07:58:33.765 ERROR:    177: timed out' },
    ],
    ['{"user":7}', { message: 'user=7', attributes: { user: 7 } }],
    [
      'time="2026-11-21T08:00:05.123Z" level=warning msg="disk \\"a\\" full" free=0',
      { level: 'warn', timestamp: AT, message: 'disk "a" full', attributes: { free: '0' } },
    ],
    ['a=1 b="x y"', { message: 'a=1 b="x y"', attributes: { a: '1', b: 'x y' } }],
    ['a=1 ', { message: 'a=1', attributes: {} }],
    ['a=1 and then b=2', { message: 'a=1 and then b=2', attributes: {} }],
    [
      '<131>Nov 21 08:00:05 web-1 cart[42]: no stock',
      { level: 'error', timestamp: S, host: 'web-1', source: 'cart', message: 'no stock', attributes: { pid: 42 } },
    ],
    ['Nov 21 08:00:05 web-1 agent[7]: 2026-11-21 07:59:59 sync', { timestamp: S, message: '2026-11-21 07:59:59 sync' }],
    ['Nov 21 08:00:05 web-1 agent[7]: 2026-11-21 07:59:59 ERROR no', { timestamp: S, message: 'ERROR no' }],
    ['Nov 21 08:00:05 web-1 sshd: hi', { timestamp: S, host: 'web-1', source: 'sshd', message: 'hi' }],
    [
      '<165>1 2026-11-21T08:00:05.123Z web-1 cart 42 ID47 [a@1 b="c"] no stock',
      { level: 'info', timestamp: AT, host: 'web-1', source: 'cart', message: 'no stock' },
    ],
    ['<11>1 - - - - - - bare', { level: 'error', timestamp: RECEIVED, host: '', source: '', message: 'bare' }],
    ['2026-11-21T08:00:05.123000000Z stderr F ERROR: no', { level: 'error', timestamp: AT, message: 'ERROR: no' }],
    ['\u001b[31mERROR\u001b[0m red', { level: 'error', message: 'ERROR red' }],
    [
      '\u001b[90m2026-11-21T08:00:05.123Z\u001b[0m \u001b[31mERROR\u001b[0m no',
      { timestamp: AT, level: 'error', message: 'ERROR no' },
    ],
    ['E1121 08:00:05.123456       1 x.go:7] no', { level: 'error' }],
  ])('%s', (text, expected) => {
    const lines = textLines(text)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject(expected)
  })
})

const TRACES: [string, string, string[]][] = [
  [
    'Java',
    `2026-11-21 08:00:05 ERROR Cart - failed
java.lang.IllegalStateException: closed
	at com.shop.Cart.pay(Cart.java:42)
	... 12 more
Caused by: java.io.IOException: reset
	at com.shop.Net.read(Net.java:7)
	Suppressed: java.lang.Error: x
		at com.shop.A.b(A.java:1)`,
    ['failed'],
  ],
  [
    'Java on its own',
    'Exception in thread "main" java.lang.Error: x\n\tat A.b(A.java:1)',
    ['Exception in thread "main" java.lang.Error: x'],
  ],
  [
    'Python',
    `ERROR:root:failed
Traceback (most recent call last):
  File "a.py", line 3, in <module>
    pay()
    ~~~^^
KeyError: 'id'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 5, in <module>
ValueError: bad`,
    ['failed'],
  ],
  [
    'Python on its own',
    'Traceback (most recent call last):\n  File "a.py", line 3, in f\nKeyError: 1',
    ['KeyError: 1'],
  ],
  [
    'Node',
    `TypeError: x is not a function
    at pay (/app/cart.js:10:5)
    at async main {
  code: 'E1',
  [cause]: Error: y
      at z (a.js:1:1)
}`,
    ['TypeError: x is not a function'],
  ],
  [
    'Go',
    `panic: runtime error: index out of range [3]

goroutine 1 [running]:
main.(*Cart).pay(0xc000012345, {0x1, 0x2})
	/src/cart.go:12 +0x1d
created by main.main
	/src/main.go:3 +0x2
exit status 2`,
    ['panic: runtime error: index out of range [3]'],
  ],
  [
    'Ruby',
    `cart.rb:10:in \`pay': no stock (RuntimeError)
	from cart.rb:5:in \`block in run'
	from main.rb:1:in \`<main>'`,
    ["cart.rb:10:in `pay': no stock (RuntimeError)"],
  ],
  ['Rails', "ERROR no stock\napp/models/cart.rb:10:in `pay'\napp/main.rb:1:in `run'", ['ERROR no stock']],
  [
    '.NET',
    `fail: Shop.Cart[0]
System.InvalidOperationException: closed
 ---> System.IO.IOException: reset
   at Shop.Net.Read() in /src/Net.cs:line 7
   --- End of inner exception stack trace ---
   at Shop.Cart.Pay() in /src/Cart.cs:line 42`,
    ['fail: Shop.Cart[0]'],
  ],
  [
    'Rust',
    `thread 'main' panicked at src/main.rs:4:5:
index out of bounds
note: run with \`RUST_BACKTRACE=1\`
stack backtrace:
   0: rust_begin_unwind
             at /rustc/std/src/panicking.rs:5
   1: cart::pay`,
    ["thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds"],
  ],
  [
    'PHP',
    'PHP Fatal error:  Uncaught Exception: x in /a.php:3\nStack trace:\n#0 /a.php(5): f()\n#1 {main}\n  thrown in /a.php on line 3',
    ['PHP Fatal error:  Uncaught Exception: x in /a.php:3'],
  ],
  [
    'a group of exceptions in Python',
    `  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 3, in main
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "a.py", line 7, in pay
    | ValueError: bad
    +------------------------------------`,
    ['ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)'],
  ],
  [
    'Laravel',
    `[2026-11-21 08:00:05] production.ERROR: no stock {"exception":"[object] (RuntimeException(code: 0): no stock at /a.php:3)
[stacktrace]
#0 /a.php(5): f()
#1 {main}

[previous exception] [object] (Error(code: 0): x at /b.php:1)
[stacktrace]
#0 {main}
"} `,
    ['no stock'],
  ],
  [
    'the console of .NET',
    `fail: Shop.Cart[0]
      no stock
      System.InvalidOperationException: closed
         at Shop.Cart.Pay() in /src/Cart.cs:line 42`,
    ['no stock'],
  ],
  [
    'Serilog',
    `[08:00:05 ERR] no stock
System.InvalidOperationException: closed
   at Shop.Cart.Pay() in /src/Cart.cs:line 42`,
    ['no stock'],
  ],
  [
    'Elixir',
    `08:00:05.123 [error] GenServer Cart terminating
** (RuntimeError) no stock
    (shop 0.1.0) lib/cart.ex:10: Cart.pay/1
Last message: :pay
State: %{}`,
    ['GenServer Cart terminating'],
  ],
  [
    'Node at its end',
    `/app/cart.js:10
    throw new Error('no stock')
    ^

Error: no stock
    at pay (/app/cart.js:10:5)

Node.js v26.1.0`,
    ['Error: no stock'],
  ],
  [
    'a browser',
    `TypeError: x is undefined
pay@https://shop.example/app.js:10:5
@https://shop.example/app.js:20:1`,
    ['TypeError: x is undefined'],
  ],
  [
    "a request of Go's net/http",
    `2026/11/21 08:00:05 http: panic serving 10.0.0.1:5: boom
goroutine 34 [running]:
net/http.(*conn).serve.func1()
	/usr/local/go/src/net/http/server.go:1947 +0xbe`,
    ['http: panic serving 10.0.0.1:5: boom'],
  ],
]

describe('a stack trace', () => {
  it.each(TRACES)('of %s stays with its line', (_, text, heads) => {
    const around = textLines(`before\n${text}\nafter\n  indented`)
    expect(around.map(line => line.message)).toEqual(['before', ...heads, 'after', '  indented'])
    const line = around[1]!
    expect(['error', 'fatal']).toContain(line.level)
    // Nothing of it is lost but the column in which .NET writes, and spaces at the end.
    const whole = `${line.message}\n${line.stack}`
    for (const part of text.split('\n').slice(1)) expect(whole).toContain(part.replace(/^ {6}/, '').trimEnd())
  })

  it('with CRLF is the same', () => {
    for (const [, text] of TRACES) {
      const plain = textLines(`x\n${text}\ny`)
      expect(textLines(`x\r\n${text.replaceAll('\n', '\r\n')}\r\ny`)).toEqual(plain)
    }
  })

  it('does not swallow ordinary lines around it', () => {
    expect(textLines('a\n\nb\n  c\nError: one\nError: two').map(line => line.message)).toEqual([
      ...['a', 'b', '  c', 'Error: one', 'Error: two'],
    ])
    expect(
      textLines('all fine\nTraceback (most recent call last):\n  File "x"\nE: 1').map(line => line.message),
    ).toEqual([...['all fine', 'E: 1']])
  })
})

describe('a time on a line of its own', () => {
  it.each<[string, Partial<NewLine>[]]>([
    ['2026-11-21 08:00:05 UTC\ndump follows', [{ timestamp: S, message: 'dump follows' }]],
    [
      '2026-11-21 08:00:05 ERROR\nplain',
      [
        { timestamp: S, level: 'error', message: 'ERROR' },
        { timestamp: RECEIVED, level: 'info', message: 'plain' },
      ],
    ],
  ])('%j', (text, lines) => expect(textLines(text)).toMatchObject(lines))
})

describe('a W3C extended log', () => {
  const read = (...lines: string[]) => textLines(lines.join('\n')).slice(1)

  it('is read by the columns of its header', () => {
    const header =
      '#Fields: date time s-computername c-ip cs-method cs-uri-stem sc-status time-taken cs(User-Agent) x-edge-location'
    expect(read(header, '2026-11-21 08:00:05 WEB-1 203.0.113.9 GET /pay 502 31 "my agent/1.0" -')).toMatchObject([
      {
        timestamp: Date.parse('2026-11-21T08:00:05Z'),
        level: 'error',
        host: 'WEB-1',
        message: '2026-11-21 08:00:05 WEB-1 203.0.113.9 GET /pay 502 31 "my agent/1.0" -',
        attributes: {
          client: '203.0.113.9',
          method: 'GET',
          path: '/pay',
          status: 502,
          time_taken: 31,
          user_agent: 'my agent/1.0',
        },
      },
    ])
    expect(
      read('#Fields: date\ttime\tx-edge-location\tsc-status\tcs(Host)', '2026-11-21\t08:00:05\tAMS1\t404\ta.example'),
    ).toMatchObject([
      {
        timestamp: Date.parse('2026-11-21T08:00:05Z'),
        level: 'warn',
        attributes: { x_edge_location: 'AMS1', status: 404, cs_host: 'a.example' },
      },
    ])
  })

  it('may change its columns, and lines of other columns are read as before', () => {
    const lines = read(
      '#Fields: date time a',
      '2026-11-21 08:00:05 x',
      '#Fields: time date b c',
      '08:00:06 2026-11-21 y z',
      'ERROR no',
    )
    expect(
      lines.map(({ level, timestamp, attributes }) => [
        level,
        new Date(timestamp).toISOString().slice(11, 19),
        attributes,
      ]),
    ).toEqual([
      ['info', '08:00:05', { a: 'x' }],
      ['info', '12:00:00', {}],
      ['info', '08:00:06', { b: 'y', c: 'z' }],
      ['error', '12:00:00', {}],
    ])
  })
})

it('logfmt is a line of pairs from its start on, and not a very long one', () => {
  expect(readLogfmt('a=1 b=2')).toEqual({ a: '1', b: '2' })
  for (const line of [' a=1 b=2', 'a=1', 'x a=1 b=2', `a=1 b=${'x'.repeat(17_000)}`])
    expect(readLogfmt(line)).toBeNull()
})
