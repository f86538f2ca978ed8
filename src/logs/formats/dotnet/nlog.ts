// NLog's default layout: fields with bars between them; also loguru's and everything that writes like them.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LEVEL =
  '(?<level>TRACE|Trace|DEBUG|Debug|INFO|Info|SUCCESS|NOTICE|WARN(?:ING)?|Warn(?:ing)?|ERROR|Error|CRITICAL|Critical|FATAL|Fatal)'

export const NLOG: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'loguru',
    title: "Python's loguru",
    after: 'time',
    first: '|A-Z',
    has: ' | ',
    pattern: new RegExp(
      String.raw`^(?:\| )?${LEVEL} {0,6} \| (?<logger>[\w.<>-]{1,150}:[\w.<>-]{1,100}:\d{1,7}) - ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01.123 | ERROR    | shop.cart:pay:42 - no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { logger: 'shop.cart:pay:42' },
      },
      {
        text: '2026-11-29 10:00:01.123 | SUCCESS  | __main__:<module>:7 - done',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'done',
      },
      {
        text: '\u001b[32m2026-11-29 10:00:01.123\u001b[0m | \u001b[33m\u001b[1mWARNING \u001b[0m | \u001b[36mshop\u001b[0m:\u001b[36mpay\u001b[0m:\u001b[36m7\u001b[0m - \u001b[33m\u001b[1mslow\u001b[0m',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
      {
        text: '2026-11-29 10:00:01.123 | CRITICAL | shop.cart:pay:42 - lost\nTraceback (most recent call last):\n\n  File "a.py", line 3, in f\n    g()\nKeyError: 1',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'lost',
        stack: 'Traceback (most recent call last):',
      },
    ],
  },
  {
    kind: 'text',
    name: 'bars',
    title: 'NLog: time|LEVEL|logger|message, and other layouts with bars',
    after: 'time',
    first: '|0-9A-Z',
    has: '|',
    pattern: new RegExp(
      String.raw`^(?:\| ?)?(?:(?<event_id>\d{1,10}) ?\| ?)?${LEVEL} {0,6}\| ?(?:(?<logger>[\w.$+\`:-]{1,200}) ?\| ?)?${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29 10:00:01.1234|ERROR|Shop.Cart|no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { logger: 'Shop.Cart' },
      },
      {
        text: '2026-11-29 10:00:01.1234|WARN|Shop.Cart|slow|System.TimeoutException: x',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow|System.TimeoutException: x',
      },
      {
        text: '2026-11-29 10:00:01.1234|7|ERROR|Shop.Cart|no stock |url: https://shop/pay|action: Pay',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock |url: https://shop/pay|action: Pay',
        attributes: { event_id: 7, logger: 'Shop.Cart' },
      },
      {
        text: '2026-11-29 10:00:01.1234 | INFO | Shop.Cart | started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
        attributes: { logger: 'Shop.Cart' },
      },
      {
        text: '2026-11-29 10:00:01.1234|FATAL|no disk',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no disk',
      },
    ],
  },
]
