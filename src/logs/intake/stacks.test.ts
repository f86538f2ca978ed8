// Which line of a text begins a trace, which goes on with one, and where it ends.
import { describe, expect, it } from 'vitest'
import { continueTrace, type TraceState, traceStartedBy } from './stacks.ts'

const GO_FUNCTION = 'github.com/shop/cart.(*Cart).Pay'
const GO_PLACE = '\t/src/cart/pay.go:42'

describe('the first line of an entry', () => {
  it.each<[TraceState, string]>([
    ['none', 'Cart paid'],
    ['none', ''],
    ['python', 'Traceback (most recent call last):'],
    ['python', '  Traceback (most recent call last):'],
    ['python', '| Traceback (most recent call last):'],
    ['python-group', '  + Exception Group Traceback (most recent call last):'],
    ['none', 'A Traceback (most recent call last):'],
    ['go', 'panic: no stock'],
    ['go', 'goroutine 7 [running]:'],
    ['go', 'fatal error: all goroutines are asleep'],
    ['none', 'a panic: no stock'],
    ['rust', "thread 'main' panicked at src/main.rs:2:5:"],
    ['none', "a thread 'main' panicked at src/main.rs:2:5:"],
    ['postgres', '2026-11-21 08:00:05 UTC [7] ERROR:  no such table'],
    ['postgres', 'ERROR:  no such table'],
    ['postgres', 'WARNING:  there is no transaction in progress'],
    ['none', 'ERROR: no such table'],
    ['none', 'said "ERROR:  no such table"'],
    ['kernel', 'BUG: unable to handle page fault'],
    ['kernel', 'Kernel panic - not syncing'],
    ['none', 'A Kernel panic - not syncing'],
    ['android', 'FATAL EXCEPTION: main'],
    ['none', 'FATAL ERROR: main'],
    ['slow-query', '# Time: 2026-11-21T08:00:05'],
    ['slow-query', '# User@Host: shop[shop] @ localhost []'],
    ['none', '# Query: 7'],
    ['dotnet-head', 'fail: Shop.Cart[0]'],
    ['dotnet-head', '08:00:05 info: Shop.Cart[14]'],
    ['none', 'fail: Shop.Cart[0] closed'],
    ['none', 'paid: Shop.Cart[0]'],
    ['samba-head', '[2026/11/21 08:00:05.123456,  0] ../../source3/smbd/server.c:1741(main)'],
    ['none', 'main(main)'],
    ['report-head', '=CRASH REPORT==== 21-Nov-2026::08:00:05.123456 ==='],
    ['none', '=== 5 ==='],
    ['node-head', '/srv/app/cart.js:42'],
    ['node-head', 'file:///srv/app/cart.mjs:7'],
    ['none', '/srv/app/cart.js'],
    ['none', 'cart 42'],
    ['none', 'retry in: 42'],
    ['jul-head', 'Nov 21, 2026 8:00:05 AM com.shop.Cart pay'],
    ['none', 'Nov 21, 2026 8:00:05 com.shop.Cart pay'],
    ['python-warning', '/srv/cart.py:42: DeprecationWarning: pay() is old'],
    ['none', '2026/cart.py:42: DeprecationWarning: pay() is old'],
    ['none', '/srv/cart.py:42: pay() is old'],
    ['ruby-head', 'F, [2026-11-21T08:00:05.123456 #7] FATAL -- : '],
    ['ruby-head', 'F, [2026-11-21T08:00:05.123456 #7] FATAL -- : [0a1b]  '],
    ['none', 'F, [2026-11-21T08:00:05.123456 #7] FATAL -- : closed'],
    ['julia', '┌ Error: no stock'],
    ['none', '┌ No stock'],
  ])('is a head of %s: %s', (trace, line) => expect(traceStartedBy(line)).toBe(trace))
})

/** What comes of a line: the state before, the line, the one after it, whether the entry failed, and the state then. */
type Step = [before: TraceState, line: string, next: string | undefined, hasFailed: boolean, after: TraceState | null]
const go = (steps: readonly Step[]) =>
  it.each(steps)('after %s: "%s", then "%s" (failed: %s) is %s', (before, line, next, hasFailed, after) => {
    expect(continueTrace(before, line, next, () => hasFailed)).toBe(after)
  })

describe('below an ordinary line', () => {
  go([
    ['none', 'Cart paid', undefined, true, null],
    ['none', '\tat com.shop.Cart.pay(Cart.java:42)', undefined, false, 'frames'],
    ['none', 'Caused by: java.io.IOException: reset', undefined, false, 'frames'],
    ['none', '    ... 12 more', undefined, false, 'frames'],
    ['none', '#0 /srv/cart.php(42): pay()', undefined, false, 'frames'],
    ['none', '[stacktrace]', undefined, false, 'frames'],
    ['none', '\u00a0at com.shop.Cart.pay(Cart.java:42)', undefined, false, 'frames'],
    ['none', 'at noon', undefined, true, null],
    ['none', 'Traceback (most recent call last):', undefined, true, 'python'],
    ['none', 'Traceback (most recent call last):', undefined, false, null],
    ['frames', 'Traceback (most recent call last):', undefined, false, 'python'],
    ['none', '  + Exception Group Traceback (most recent call last):', undefined, true, 'python-group'],
    ['none', GO_FUNCTION, GO_PLACE, false, 'go-frames'],
    ['none', GO_FUNCTION, '/src/cart/pay.go:42', false, null],
    ['none', GO_FUNCTION, '\tpaid', false, null],
    ['none', GO_FUNCTION, undefined, false, null],
    ['none', 'Cart is paid', GO_PLACE, false, null],
    ['none', "app/cart.rb:42:in 'pay'", undefined, true, 'frames'],
    ['none', "app/cart.rb:42:in 'pay'", undefined, false, null],
    ['none', 'pay@https://shop.example/app.js:10:5', undefined, true, 'frames'],
    ['none', 'pay@https://shop.example/app.js:10:5', undefined, false, null],
    ['none', 'pay@shop.example', undefined, true, null],
    ['none', 'panic: no stock', undefined, true, 'go'],
    ['none', 'panic: no stock', undefined, false, null],
    ['none', '** (RuntimeError) no stock', undefined, true, 'elixir'],
    ['none', '** (RuntimeError) no stock', undefined, false, null],
    ['none', 'java.lang.Error: no stock', '\tat A.b(A.java:1)', true, 'frames'],
    ['none', 'java.lang.Error: no stock', '\tat A.b(A.java:1)', false, null],
    ['none', 'java.lang.Error: no stock', 'paid', true, null],
    ['none', 'java.lang.Error: no stock', undefined, true, null],
    ['none', 'no stock', '\tat A.b(A.java:1)', true, null],
    ['none', '', '\tat A.b(A.java:1)', true, null],
  ])
})

describe('within a trace', () => {
  go([
    ['frames', '  code: 7', undefined, false, 'frames'],
    ['frames', '}', undefined, false, 'frames'],
    ['frames', '"} []', undefined, false, 'frames'],
    ['frames', 'Node.js v26.1.0', undefined, false, 'frames'],
    ['frames', 'Next RuntimeException: closed', undefined, false, 'frames'],
    ['frames', 'paid', undefined, true, null],
    ['python', '  File "a.py", line 3', undefined, false, 'python'],
    ['python', '| File "a.py", line 3', undefined, false, 'python'],
    ['python', 'ValueError: no', undefined, false, 'python-done'],
    [
      'python-done',
      'During handling of the above exception, another exception occurred:',
      undefined,
      false,
      'python-done',
    ],
    ['python-done', 'Traceback (most recent call last):', undefined, false, 'python'],
    ['python-done', 'paid', undefined, true, null],
    ['python-group', '    | ValueError: no', undefined, false, 'python-group'],
    [
      'python-group',
      'During handling of the above exception, another exception occurred:',
      undefined,
      false,
      'python-done',
    ],
    ['python-group', 'paid', undefined, true, null],
    ['go', '\t/src/pay.go:42', undefined, false, 'go'],
    ['go', 'main.pay(0x1)', undefined, false, 'go'],
    ['go', 'created by main.main', undefined, false, 'go'],
    ['go', 'Paid by card', undefined, true, null],
    ['go', 'Caused by: x', undefined, true, null],
    ['rust', 'note: run with RUST_BACKTRACE=1', 'paid', false, 'rust'],
    ['rust', 'no stock', 'note: run with RUST_BACKTRACE=1', false, 'rust'],
    ['rust', 'no stock', undefined, false, 'rust'],
    ['rust', 'no stock', 'paid', true, null],
    ['rust', 'Caused by: x', 'paid', true, null],
    ['dotnet-head', '      No stock', undefined, false, 'dotnet'],
    ['dotnet-head', '      => Scope', '      No stock', false, 'dotnet-head'],
    ['dotnet-head', '      => Scope', 'paid', false, 'dotnet'],
    ['dotnet-head', '      => Scope', undefined, false, 'dotnet'],
    ['dotnet-head', 'No stock', undefined, false, null],
    ['dotnet', '      second line', undefined, false, 'dotnet'],
    ['dotnet', 'paid', undefined, false, null],
    ['jul-head', 'SEVERE: no stock', undefined, false, 'none'],
    ['jul-head', 'no stock', undefined, false, null],
    ['ruby-head', 'ActionView::Template::Error (no stock):', undefined, false, 'frames'],
    ['ruby-head', 'paid', undefined, false, null],
    ['node-head', 'throw new Error()', '   ^', false, 'node-code'],
    ['node-head', 'throw new Error()', 'paid', false, null],
    ['node-head', 'throw new Error()', undefined, false, null],
    ['node-code', '   ^^^', undefined, false, 'node-done'],
    ['node-code', 'paid', undefined, false, null],
    ['node-done', 'Error: no stock', undefined, false, 'frames'],
    ['python-warning', '  pay()', undefined, false, 'none'],
    ['python-warning', 'pay()', undefined, false, null],
    ['go-frames', GO_PLACE, undefined, false, 'go-frames'],
    ['go-frames', GO_FUNCTION, GO_PLACE, false, 'go-frames'],
    ['go-frames', GO_FUNCTION, undefined, false, null],
    ['report-head', '    crasher:', undefined, false, 'report'],
    ['report', 'any text', undefined, false, 'report'],
    ['report', '=INFO REPORT==== x', undefined, false, null],
    ['report', '2026-11-21 next', undefined, false, null],
    ['elixir', '    (shop) lib/cart.ex:7', undefined, false, 'elixir'],
    ['elixir', 'State: []', undefined, false, 'elixir'],
    ['elixir', 'paid', undefined, false, null],
    ['julia', '│ more', undefined, false, 'julia'],
    ['julia', 'paid', undefined, false, null],
    ['postgres', '2026-11-21 UTC [7] STATEMENT:  select 1', undefined, false, 'postgres'],
    ['postgres', '\tfrom carts', undefined, false, 'postgres'],
    ['postgres', 'LOG:  paid', undefined, false, null],
    ['kernel', 'RIP: 0010:pay+0x7', undefined, false, 'kernel'],
    ['kernel', 'eth0: up', undefined, false, null],
    ['samba-head', '  No stock', undefined, false, 'samba'],
    ['samba', '  No stock', undefined, false, 'samba'],
    ['samba', 'paid', undefined, false, null],
    ['android', 'Process: com.shop, PID: 7', undefined, false, 'android'],
    ['android', 'java.lang.Error: no stock', undefined, false, 'frames'],
    ['android', 'paid', undefined, false, null],
    ['slow-query', 'select 1;', undefined, false, 'slow-query'],
    ['slow-query', '# Time: 2026-11-21T08:00:05', undefined, false, null],
  ])
})

describe('an empty line', () => {
  go([
    ['node-done', '', 'Error: no stock', false, 'node-done'],
    ['node-done', '', undefined, false, null],
    ['node-done', '', ' ', false, null],
    ['go', '', 'goroutine 7 [running]:', false, 'go'],
    ['go', '', 'Paid by card', false, null],
    ['python-done', ' ', 'During handling of the above exception, x', false, 'python-done'],
    ['python-done', '', 'paid', true, null],
    ['python-group', '', 'The above exception was the direct cause', false, 'python-group'],
    ['python-group', '', 'paid', false, null],
    ['frames', '', 'Caused by: java.io.IOException', false, 'frames'],
    ['frames', '', 'Node.js v26.1.0', false, 'frames'],
    ['frames', '', '  paid', false, null],
    ['none', '', '\tat A.b(A.java:1)', true, null],
    ['kernel', '', ' RIP', true, null],
  ])
})

it('of a very long line only the beginning counts', () => {
  const long = `java.lang.Error: ${'x'.repeat(2_000)}`
  expect(continueTrace('none', long, '\tat A.b(A.java:1)', () => true)).toBe('frames')
  const place = (length: number) => `\t/${'x'.repeat(length - 6)}.go:7`
  expect(continueTrace('none', GO_FUNCTION, place(400), () => false)).toBe('go-frames')
  const late = `${' '.repeat(1_000)}at A.b(A.java:1)`
  expect(continueTrace('none', late, undefined, () => true)).toBe(null)
  expect(continueTrace('none', late.slice(2), undefined, () => true)).toBe(null)
  expect(continueTrace('none', late.slice(3), undefined, () => true)).toBe('frames')
})
