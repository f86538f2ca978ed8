// Monolog's line format, which Laravel, Symfony and most PHP programs write.
import type { TextFormat } from '../format.ts'

const LEVEL = '(?<level>DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY)'

export const MONOLOG: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'monolog',
    title: 'Laravel, Symfony and other programs with Monolog (LineFormatter)',
    after: 'time',
    first: 'A-Za-z0-9_',
    has: ': ',
    // Laravel writes the exception into the context and goes on below it.
    pattern: new RegExp(
      String.raw`^(?<channel>[\w.\\/-]{1,80})\.${LEVEL}: (?:(?<message>[^{]{0,8000}?(?:\{(?!"(?:userId":[^,]{1,60},")?exception":"\[object\] )[^{]{0,4000}?){0,50}) (?<context>\{"(?:userId":[^,]{1,60},")?exception":"\[object\] .*)|(?<message>.*))$`,
      's',
    ),
    examples: [
      {
        text: '[2026-11-29 10:00:01] production.ERROR: SQLSTATE[HY000] [2002] Connection refused {"userId":7}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'SQLSTATE[HY000] [2002] Connection refused {"userId":7}',
        attributes: { channel: 'production' },
      },
      {
        text: '[2026-11-29T11:00:01.123456+01:00] local.CRITICAL: no disk [] []',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no disk [] []',
        attributes: { channel: 'local' },
      },
      {
        text: '[2026-11-29 10:00:01] security.my-channel.WARNING: login failed',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'login failed',
        attributes: { channel: 'security.my-channel' },
      },
      {
        text: '[2026-11-29 10:00:01] production.ERROR: no stock {"exception":"[object] (RuntimeException(code: 0): no stock at /app/Cart.php:42)\n[stacktrace]\n#0 /app/index.php(5): App\\Cart->pay()\n#1 {main}\n"} \n[2026-11-29 10:00:02] production.INFO: fine',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        stack: '[stacktrace]\n#0 /app/index.php(5): App\\Cart->pay()\n#1 {main}\n"}',
        attributes: {
          channel: 'production',
          context: '{"exception":"[object] (RuntimeException(code: 0): no stock at /app/Cart.php:42)',
        },
      },
      {
        text: '[2026-11-29 10:00:01] local.ERROR: no {stock} {"userId":7,"exception":"[object] (RuntimeException(code: 0): x at /app/Cart.php:42)\n[stacktrace]\n#0 {main}\n\n[previous exception] [object] (Error(code: 0): y at /app/Cart.php:7)\n[stacktrace]\n#0 {main}\n"}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no {stock}',
        stack: '[stacktrace]\n#0 {main}\n\n[previous exception] [object] (Error',
      },
      {
        text: '[2026-11-29T10:00:01.123456+00:00] request.CRITICAL: Uncaught PHP Exception RuntimeException: "no stock" at Cart.php line 42 {"exception":"[object] (RuntimeException(code: 0): no stock at /app/Cart.php:42)"} []',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Uncaught PHP Exception RuntimeException: "no stock" at Cart.php line 42',
      },
      {
        text: '[2026-11-29 10:00:01] app.NOTICE: n',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'n',
      },
      {
        text: '[2026-11-29 10:00:01] app.EMERGENCY: e',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'e',
      },
      {
        text: '{"message":"no stock","context":{},"level":400,"level_name":"ERROR","channel":"shop","datetime":"2026-11-29T11:00:01.123456+01:00","extra":{}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { channel: 'shop' },
      },
    ],
  },
]
