// Layouts of java.util.logging and of frameworks for Java: Dropwizard, Play, times since the start of Log4j.
import type { TextFormat } from '../format.ts'
import { DOTTED, LEVEL, REST } from '../words.ts'

export const JAVA_SERVERS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'java-util-logging',
    title: 'java.util.logging (SimpleFormatter), Jetty, older Tomcat, GlassFish',
    after: 'time',
    first: 'a-zA-Z',
    has: ': ',
    // Time and place stand on a line of their own; the level and the message follow on the next one.
    pattern: new RegExp(
      String.raw`^(?<logger>[A-Za-z_][\w$.]{0,200})(?: (?<method>[\w$<>]{1,120}))? (?<level>SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): ${REST}`,
      's',
    ),
    examples: [
      {
        text: 'Nov 29, 2026 10:00:01 AM com.shop.Cart pay\nSEVERE: no route to the bank',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no route to the bank',
        attributes: { logger: 'com.shop.Cart', method: 'pay' },
      },
      {
        text: 'Nov 29, 2026 10:00:01\u202fAM com.shop.Cart pay\nWARNING: slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
      },
      {
        text: 'Nov 28, 2026 10:00:01 PM com.shop.Cart pay\nSEVERE: lost\njava.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay(Cart.java:42)\nNov 28, 2026 10:00:02 PM com.shop.Cart pay\nINFO: fine',
        level: 'error',
        time: '2026-11-28T22:00:01Z',
        message: 'lost',
        stack: 'java.lang.IllegalStateException: closed\n\tat com.shop.Cart.pay(Cart.java:42)',
      },
      {
        text: 'Nov 29, 2026 10:00:01 AM org.apache.catalina.startup.Catalina start\nINFO: Server startup in 1234 ms',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'Server startup in 1234 ms',
      },
    ],
  },
  {
    kind: 'text',
    name: 'level-bracketed-time',
    title: 'Dropwizard and Play: LEVEL [time] logger: message',
    after: 'start',
    first: 'A-Z',
    has: ' [',
    pattern: new RegExp(
      String.raw`^${LEVEL} {1,4}\[(?<time>\d{4}-\d\d-\d\d[T ][\d:.,]{8,18}(?:Z|[+-]\d\d:?\d\d)?)\](?: \[(?<thread>[^\]]{1,120})\])? ${DOTTED}(?::| -) ${REST}`,
      's',
    ),
    examples: [
      {
        text: 'ERROR [2026-11-29 10:00:01,123] com.shop.Cart: declined',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'declined',
        attributes: { logger: 'com.shop.Cart' },
      },
      {
        text: 'INFO  [2026-11-29 10:00:01,123] org.eclipse.jetty.server.Server: Started @1234ms',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Started @1234ms',
      },
      {
        text: 'WARN [2026-11-29 10:00:01.123] [main] com.shop.Cart - slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
        attributes: { thread: 'main' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'play',
    title: 'Play and Akka: [LEVEL] from logger in thread - message',
    after: 'time',
    first: '[',
    has: '] from ',
    pattern: new RegExp(String.raw`^\[${LEVEL}\] from (?<logger>[\w$.]{1,150}) in (?<thread>\S{1,120}) - ${REST}`, 's'),
    examples: [
      {
        text: '2026-11-29 10:00:01 [ERROR] from application in application-akka.actor.default-dispatcher-5 - @7abc: Internal server error',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '@7abc: Internal server error',
        attributes: { logger: 'application' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'log4j-ttcc',
    title: "Log4j's TTCCLayout: ms since the start [thread] LEVEL logger - message",
    after: 'start',
    first: '0-9[',
    has: '] ',
    pattern: new RegExp(
      String.raw`^(?:(?<elapsed_ms>\d{1,12}) {1,8})?\[(?<thread>[A-Za-z][^\]]{0,120})\] ${LEVEL} {1,4}(?<logger>[\w$.]{1,150})(?: \S{1,80})? --? ${REST}`,
      's',
    ),
    examples: [
      {
        text: '176 [main] ERROR com.shop.Cart - declined',
        level: 'error',
        time: null,
        message: 'declined',
        attributes: { elapsed_ms: 176, thread: 'main', logger: 'com.shop.Cart' },
      },
      {
        text: '[main] INFO com.shop.Cart - started',
        level: 'info',
        time: null,
        message: 'started',
      },
    ],
  },
  {
    kind: 'text',
    name: 'level-logger-start',
    title: 'LEVEL package.logger - message, without a time',
    after: 'start',
    first: 'A-Z',
    has: ' ',
    pattern: new RegExp(
      String.raw`^${LEVEL} {1,4}(?:\[(?<thread>[^\]]{1,120})\] )?${DOTTED}(?:\(\d{1,6}\)|:\d{1,6})?(?::| {1,40}-) ${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: 'ERROR [main] com.shop.Cart - declined',
        level: 'error',
        time: null,
        message: 'declined',
        attributes: { thread: 'main', logger: 'com.shop.Cart' },
      },
      {
        text: 'WARN  com.shop.Cart - slow\n\tat com.shop.Cart.pay(Cart.java:42)',
        level: 'warn',
        time: null,
        message: 'slow',
        stack: '\tat com.shop.Cart.pay(Cart.java:42)',
      },
    ],
  },
]
