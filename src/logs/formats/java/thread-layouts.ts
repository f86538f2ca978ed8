// Logback, Log4j and log4net with the thread first: [thread] LEVEL logger - message.
import type { TextFormat } from '../format.ts'
import { LEVEL, REST } from '../words.ts'

const THREAD = String.raw`\[(?<thread>[^\]]{1,120})\]`
/** A diagnostic context, a line of code, or nothing. */
const CONTEXT = String.raw`(?:(?:\[(?:\(null\)|[^\]]{0,120})\]|\{[^}]{0,300}\}|\([\w$]{1,80}\.\w{1,10}:\d{1,6}\)|(?<caller>[\w$.]{1,100}:\d{1,6})) ?){0,2}`
const NAME = String.raw`(?<logger>[\w$.\/<>-]{1,150})`

export const JAVA_THREAD_LAYOUTS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'java-thread-level-logger',
    title: 'Logback, Log4j and log4net: [thread] LEVEL logger - message',
    after: 'time',
    first: '[(',
    has: '] ',
    pattern: new RegExp(
      String.raw`^(?:${THREAD}|\((?<thread>[^)]{1,120})\)) {1,2}(?:${LEVEL}|\[${LEVEL}\]) {1,6}(?:\[(?<logger>[\w$.]{1,150})\]|${NAME}) {0,8}${CONTEXT}(?: ?--? | {2,}|(?<=\.[\w$]{1,80}): )${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '10:00:01.123 [main] ERROR com.shop.Cart - no route to the bank',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no route to the bank',
        attributes: { thread: 'main', logger: 'com.shop.Cart' },
      },
      {
        text: '10:00:01.123 [pool-1-thread-3] WARN com.shop.Cart -- slow query',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow query',
        attributes: { thread: 'pool-1-thread-3' },
      },
      {
        text: '2026-11-29 10:00:01,123 [main] INFO  c.shop.Cart - started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
        attributes: { logger: 'c.shop.Cart' },
      },
      {
        text: '2026-11-29 10:00:01,123 [7] ERROR Shop.Cart [(null)] - no stock\nSystem.InvalidOperationException: closed\n   at Shop.Cart.Pay() in C:\\src\\Cart.cs:line 42',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        stack: 'System.InvalidOperationException: closed\n   at Shop.Cart.Pay()',
        attributes: { thread: 7, logger: 'Shop.Cart' },
      },
      {
        text: '2026-11-29T11:00:01.123+01:00 [http-nio-8080-exec-1] ERROR c.s.CartController - [payment] declined',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '[payment] declined',
        attributes: { logger: 'c.s.CartController' },
      },
      {
        text: '29 Nov 2026 10:00:01,123 [main] FATAL com.shop.Main - cannot bind',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'cannot bind',
      },
      {
        text: '[2026-11-29 10:00:01,123] [main] [ERROR] com.shop.Cart - lost\njava.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay(Cart.java:42)',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'lost',
        stack: 'java.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay',
      },
      {
        text: 'api-1  | 2026-11-29 10:00:01,123 [main] ERROR com.shop.Cart - lost\napi-1  | java.lang.IllegalStateException: closed\napi-1  | \tat com.shop.Cart.pay(Cart.java:42)\napi-1  | 2026-11-29 10:00:02,000 [main] INFO com.shop.Cart - fine',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'api-1',
        message: 'lost',
        stack: 'java.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay',
      },
    ],
  },
]
