// The same problem always has the same fingerprint; different problems have different ones.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../testing/property-runs.ts'
import { aBatch, lineOf } from '../intake/batches.testing.ts'
import { readBatch } from '../intake/read-batch.ts'
import type { NewLine } from '../line.ts'
import { aLine } from '../query/lines.testing.ts'
import { identify, identifyFresh } from './fingerprint.ts'
import { readStack } from './stack-trace.ts'

const failure = (changes: Partial<NewLine>) => aLine({ level: 'error', source: 'api', message: 'failed', ...changes })
it('a stack of very many frames is read to the 200th', () => {
  const frames = Array.from({ length: 250 }, (_, i) => `    at f (a.js:${i}:1)`)
  expect(readStack(`RangeError: too deep\n${frames.join('\n')}`)?.frames).toHaveLength(200)
})

const print = (changes: Partial<NewLine>) => identify(failure(changes))!.fingerprint

const NODE = `TypeError: x is not a function
    at pay (/app/src/cart.js:10:5)
    at Layer.handle (/app/node_modules/express/lib/router.js:95:5)
    at async main (/app/src/main.js:3:1)`
const JAVA = `java.lang.IllegalStateException: order 42 closed
	at java.base/java.util.List.of(List.java:1)
	at com.shop.Cart.pay(Cart.java:42)
	at com.shop.Cart.lambda$run$3(Cart.java:7)
	at org.springframework.web.Dispatcher.do(Dispatcher.java:900)
Caused by: java.io.IOException: reset`
const PYTHON = `Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    pay()
  File "/usr/lib/python3.13/json/decoder.py", line 355, in decode
    return 1
  File "/app/cart.py", line 9, in pay
    raise KeyError
KeyError: 'id'`

const GROUP = `  + Exception Group Traceback (most recent call last):
  |   File "/app/main.py", line 3, in main
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: a
    +------------------------------------`
const ELIXIR = `** (RuntimeError) no stock
    (shop 0.1.0) lib/shop/cart.ex:10: Shop.Cart.pay/1`

describe('a fingerprint', () => {
  it('is versioned, and of errors only', () => {
    expect(print({})).toMatch(/^v1:[0-9a-f]{16}$/)
    expect(identify(failure({ level: 'fatal' }))?.fingerprint).toBe(print({}))
    for (const level of ['trace', 'debug', 'info', 'warn'] as const) expect(identify(failure({ level }))).toBeNull()
  })

  it('never changes, because alerts and silences refer to it', () => {
    expect(print({ message: 'Connection to 10.0.0.1 timed out' })).toBe('v1:97926386056da3e3')
    expect(print({ stack: NODE })).toBe('v1:d866327303f369fa')
    expect(print({ fingerprint: 'no-stock' })).toBe('v1:e6dec8e26e4014a2')
  })

  it.each<[string, Partial<NewLine>, Partial<NewLine>]>([
    [
      'numbers and addresses',
      { message: 'db 10.0.0.1:5432 timed out after 3s' },
      { message: 'db 10.0.0.2:5432 timed out after 45s' },
    ],
    ['quoted names', { message: 'column "email" is missing' }, { message: 'column "phone" is missing' }],
    ['the length of an IPv6 address', { message: 'no route to fe80::1' }, { message: 'no route to 2001:db8:1:2::7' }],
    ['the shape of JSON', { message: 'refused {"user":1}' }, { message: 'refused {"user":2,"roles":["a"]}' }],
    [
      'the members of a group of exceptions',
      { stack: GROUP },
      { stack: GROUP.replace('ValueError: a', 'TypeError: b') },
    ],
    ['what follows the first lines', { message: 'a\n\nb\nc' }, { message: 'a\nb\nd' }],
    ['hosts and times', { host: 'web-1', timestamp: 1 }, { host: 'web-2', timestamp: 2 }],
    ['the message beside a stack', { stack: NODE, message: 'a' }, { stack: NODE, message: 'b' }],
    ['line numbers', { stack: NODE }, { stack: NODE.replaceAll(/:\d+:\d+/g, ':99:1') }],
    ['the folder of a release', { stack: NODE }, { stack: NODE.replaceAll('/app/', '/srv/releases/77/') }],
    ['frames of libraries', { stack: NODE }, { stack: NODE.replace('Layer.handle', 'Route.next') }],
    ['the text of the exception', { stack: JAVA }, { stack: JAVA.replace('42', '43') }],
    ['numbers of lambdas', { stack: JAVA }, { stack: JAVA.replace('$3', '$17') }],
    ['frames of the language', { stack: PYTHON }, { stack: PYTHON.replace('3.13', '3.14') }],
    ['a stack within the message', { stack: NODE }, { message: NODE }],
    ['the other parts beside the sender’s own', { fingerprint: 'x', message: 'a' }, { fingerprint: 'x', stack: NODE }],
  ])('does not depend on %s', (_, one, other) => expect(print(one)).toBe(print(other)))

  it.each<[string, Partial<NewLine>, Partial<NewLine>]>([
    ['the source', { source: 'api' }, { source: 'web' }],
    ['the words of the message', { message: 'db gone' }, { message: 'db slow' }],
    ['the second line of the message', { message: 'a\nb' }, { message: 'a\nc' }],
    ['the status of an HTTP answer', { message: 'upstream returned 502' }, { message: 'upstream returned 404' }],
    ['the exception of Elixir', { stack: ELIXIR }, { stack: ELIXIR.replace('RuntimeError', 'KeyError') }],
    ['codes in words', { message: 'code=REFUSED' }, { message: 'code=TIMEOUT' }],
    ['the type of the exception', { stack: NODE }, { stack: NODE.replace('TypeError', 'RangeError') }],
    ['the frames of the app', { stack: NODE }, { stack: NODE.replace('pay', 'refund') }],
    ['the type without frames', { message: 'm', stack: 'TypeError: x' }, { message: 'm', stack: 'RangeError: x' }],
    ['the sender’s own', { fingerprint: 'x' }, { fingerprint: 'y' }],
    ['whether it is the sender’s own', { fingerprint: 'failed' }, { message: 'failed' }],
  ])('depends on %s', (_, one, other) => expect(print(one)).not.toBe(print(other)))

  it.each([
    [{ message: 'db 10.0.0.1 timed out' }, 'grouped by the message “db <*> timed out”.'],
    [{ stack: NODE }, 'grouped by TypeError in “pay src/cart.js, main src/main.js”.'],
    [{ stack: JAVA }, 'grouped by java.lang.IllegalStateException in “com.shop.Cart.pay, com.shop.Cart.lambda$run$”.'],
    [{ stack: PYTHON }, 'grouped by KeyError in “pay app/cart.py, <module> app/main.py”.'],
    [{ fingerprint: 'no-stock' }, "grouped by its sender's fingerprint “no-stock”."],
  ])('says why: %o', (changes, why) => expect(identify(failure(changes))!.why).toBe(why))

  it('is on every error line of a batch, with the reason to be asked for', () => {
    const { lines, why } = readBatch(
      aBatch([
        { message: 'fine' },
        { message: 'no 7', level: 'error' },
        { message: 'x', level: 'error', fingerprint: ['a', 'b'] },
      ]),
    )
    expect(lines.map(line => line.fingerprint !== '')).toEqual([false, true, true])
    expect(lines.map(why)).toEqual([
      '',
      'grouped by the message “no <*>”.',
      "grouped by its sender's fingerprint “a b”.",
    ])
    expect(lineOf({ message: 'x', fingerprint: 'mine' }).fingerprint).toBe('')
    expect(lineOf({ '@mt': 'User {U} gone', U: 'ann', '@l': 'Error' }).fingerprint).toBe(
      lineOf({ '@mt': 'User {U} gone', U: 'bob', '@l': 'Error' }).fingerprint,
    )
  })

  it('does not change when personal data is masked or encrypted', () => {
    const key = new Uint8Array(32)
    const lines = ['a@shop.example', 'b@shop.example'].map(
      mail =>
        readBatch(aBatch([{ message: `mail to ${mail} lost`, level: 'error' }], { privacy: { email: 'encrypt' } }), key)
          .lines[0]!,
    )
    expect(lines[0]!.message).not.toBe(lines[1]!.message)
    expect(lines[0]!.fingerprint).toBe(lines[1]!.fingerprint)
  })
})

describe('a stack', () => {
  it.each([
    [
      'Go',
      'panic: boom\n\ngoroutine 1 [running]:\nmain.(*Cart).pay(0xc0001, 0x2)\n\t/src/cart.go:12 +0x1d\nruntime.main()\n\t/usr/x.go:1',
      'panic',
      ['main.(*Cart).pay'],
    ],
    [
      'Ruby',
      "cart.rb:10:in `pay': no stock (StockError)\n\tfrom main.rb:5:in `block in run'",
      '',
      ['pay cart.rb', 'block in run main.rb'],
    ],
    [
      '.NET',
      'System.InvalidOperationException: closed\n   at System.Net.Read()\n   at Shop.Cart.Pay(Int32 id) in /src/Cart.cs:line 42',
      'System.InvalidOperationException',
      ['Shop.Cart.Pay'],
    ],
    [
      'Rust',
      "thread 'main' panicked at src/main.rs:4:5:\nboom\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/x.rs:5\n   1: cart::pay::h0123456789abcdef",
      'panic',
      ['cart::pay'],
    ],
    ['PHP', '#0 /srv/app/a.php(5): Shop\\Cart->pay()\n#1 {main}', '', ['Shop\\Cart->pay app/a.php']],
    [
      'a caller without a name',
      'Error: x\n    at /app/src/a.js:1:1\n    at node:internal/timers:5:1',
      'Error',
      ['src/a.js'],
    ],
  ])('of %s is read', (_, text, type, places) => {
    const stack = readStack(text)!
    expect(stack.type).toBe(type)
    expect(stack.frames.filter(frame => frame.inApp).map(frame => frame.place.trim())).toEqual(places)
  })

  it('is not found in ordinary text, and any text is parsed in linear time', () => {
    expect(readStack('all went well\nat least so far')).toBeNull()
    for (const piece of ['at (', 'a.', 'at a', '(', 'at ', '\n ', 'File "', 'a:', '#0 ', '0: '])
      for (let turn = 0; turn < 50; turn++) readStack(`    at ${piece.repeat(200_000 / piece.length)}`)
  })
})

it('a remembered identity is that of the line itself, whatever its numbers', () => {
  const piece = fc.constantFrom(
    ...[
      'failed',
      'status 503',
      'returned 404',
      'code=500',
      'HTTP/1.1" 502',
      '502 Bad Gateway',
      'in 403ms',
      'for user 77',
    ],
    ...[
      '10.0.0.1:5432',
      '2026-11-29T10:00:01Z',
      'Nov 29 10:00:01',
      'a1:b2:c3:d4',
      'fe80::1',
      '/srv/app/v2/x1',
      'id=4711',
    ],
    ...[
      'E42: no',
      'java.io.IOException2: x',
      'at a (b.js:1:2)',
      '"q1"',
      '{"n": 5}',
      '404',
      '5000',
      '12 MB',
      `${'x'.repeat(210)}1404`,
    ],
    ...['\n', 'x1y', '#12', '3.14', '1e5', '<3>', '0x4f', 'deadbeef01'],
  )
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat({ max: 9 })),
      (pieces, digits) => {
        const message = pieces.join(' ')
        identify(failure({ message }))
        for (const other of [message, message.replace(/\d/g, () => String(digits.next().value))]) {
          const line = failure({ message: other })
          expect(identify(line)).toEqual(identifyFresh(line).identity)
        }
      },
    ),
    { numRuns: runs(1000) },
  )
})
