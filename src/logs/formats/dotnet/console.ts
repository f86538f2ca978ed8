// The console of .NET: the level and the category on one line, the message and the exception below it or behind it.
import type { Level } from '../../line.ts'
import type { TextFormat } from '../format.ts'

const LEVELS: { readonly [spelling: string]: Level } = {
  trce: 'trace',
  dbug: 'debug',
  info: 'info',
  warn: 'warn',
  fail: 'error',
  crit: 'fatal',
}
const CONSOLE =
  /^(?<level>trce|dbug|info|warn|fail|crit): (?<category>[\w.`+<>,/:-]{1,250})\[(?<event_id>-?\d{1,10})\](?: (?<message>.*))?$/s

export const DOTNET_CONSOLE: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'dotnet-console',
    title: ".NET's console (SimpleConsole, on one line or several)",
    after: 'start',
    first: 'a-z',
    has: ': ',
    pattern: CONSOLE,
    levels: LEVELS,
    examples: [
      {
        text: 'fail: Shop.Cart[7]\n      no stock',
        level: 'error',
        time: null,
        message: 'no stock',
        attributes: { category: 'Shop.Cart', event_id: 7 },
      },
      {
        text: 'fail: Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware[1]\n      An unhandled exception has occurred while executing the request.\n      System.NullReferenceException: Object reference not set to an instance of an object.\n         at Shop.Cart.Pay() in /src/Cart.cs:line 42\ninfo: Shop.Cart[0]\n      next',
        level: 'error',
        time: null,
        message: 'An unhandled exception has occurred while executing the request.',
        stack:
          'System.NullReferenceException: Object reference not set to an instance of an object.\n   at Shop.Cart.Pay() in',
        attributes: { category: 'Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware' },
      },
      {
        text: '\u001b[41m\u001b[30mfail\u001b[39m\u001b[22m\u001b[49m: Shop.Cart[0]\n      red',
        level: 'error',
        time: null,
        message: 'red',
      },
      {
        text: 'info: Microsoft.Hosting.Lifetime[14]\n      Now listening on: http://[::]:8080',
        level: 'info',
        time: null,
        message: 'Now listening on: http://[::]:8080',
        attributes: { event_id: 14 },
      },
      {
        text: 'warn: Shop.Cart[0]\n      => SpanId:1 => RequestPath:/pay\n      slow',
        level: 'warn',
        time: null,
        message: 'slow',
        stack: '      => SpanId:1 => RequestPath:/pay',
      },
      { text: 'crit: Shop.Cart[0] no disk', level: 'fatal', time: null, message: 'no disk' },
      { text: 'dbug: Shop.Cart[0]\n      d', level: 'debug', time: null, message: 'd' },
      { text: 'trce: Shop.Cart[0]\n      t', level: 'trace', time: null, message: 't' },
      {
        text: 'api-1  | fail: Shop.Cart[0]\napi-1  |       boom\napi-1  |       System.Exception: x\napi-1  |          at Shop.Cart.Pay()\napi-1  | info: Shop.Cart[0]',
        level: 'error',
        time: null,
        source: 'api-1',
        message: 'boom',
        stack: 'System.Exception: x\n   at Shop.Cart.Pay()',
      },
    ],
  },
  {
    kind: 'text',
    name: 'dotnet-console-timestamp',
    title: ".NET's console with a timestamp",
    after: 'time',
    first: 'a-z',
    has: ': ',
    pattern: CONSOLE,
    levels: LEVELS,
    examples: [
      {
        text: '2026-11-29 10:00:01 fail: Shop.Cart[0]\n      no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
      },
      {
        text: '10:00:01 warn: Shop.Cart[7] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
        attributes: { category: 'Shop.Cart', event_id: 7 },
      },
      {
        text: '2026-11-29T10:00:01.123Z info: Shop.Cart[0] fine',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'fine',
      },
      {
        text: '[10:00:01] fail: Shop.Cart[0]\n      no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
      },
    ],
  },
]
