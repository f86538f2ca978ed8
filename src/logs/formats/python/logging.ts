// Python's logging in the layouts that its documentation and frameworks use: name, level and message in any order.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LEVEL = '(?<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)'

export const PYTHON_LOGGING: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'python-basic',
    title: "Python's logging.basicConfig: LEVEL:name:message",
    after: 'start',
    first: 'A-Z',
    has: ':',
    pattern: new RegExp(String.raw`^${LEVEL}:(?<logger>[\w.-]{1,150}):${REST}`, 's'),
    examples: [
      {
        text: 'ERROR:root:no stock',
        level: 'error',
        time: null,
        message: 'no stock',
        attributes: { logger: 'root' },
      },
      {
        text: 'WARNING:shop.cart:slow',
        level: 'warn',
        time: null,
        message: 'slow',
        attributes: { logger: 'shop.cart' },
      },
      { text: 'CRITICAL:root:no disk', level: 'fatal', time: null, message: 'no disk' },
      {
        text: 'ERROR:root:failed\nTraceback (most recent call last):\n  File "a.py", line 3, in f\nKeyError: 1\nINFO:root:fine',
        level: 'error',
        time: null,
        message: 'failed',
        stack: 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nKeyError: 1',
      },
      {
        text: 'ERROR:root:failed\n  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 3, in f\n  | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: a\n    +---------------- 2 ----------------\n    | TypeError: b\n    +------------------------------------\n2026-11-29 10:00:01,000 INFO app request 7 served in 3 ms',
        level: 'error',
        time: null,
        message: 'failed',
        stack: '  + Exception Group Traceback (most recent call last):',
      },
    ],
  },
  {
    kind: 'text',
    name: 'python-dashes',
    title: "Python's logging cookbook: time - name - LEVEL - message",
    after: 'time',
    first: 'A-Za-z0-9_-',
    has: ' - ',
    pattern: new RegExp(
      String.raw`^(?:- )?(?:(?<logger>[\w.-]{1,150}) - (?:(?<pid>\d{1,8}) - )?${LEVEL}|${LEVEL} {0,5} - (?<logger>[\w.-]{1,150}(?=\.)[\w.-]{1,80}|__main__|root))(?: - (?<caller>[\w.-]{1,80}:\d{1,6}))? - ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01,123 - shop.cart - ERROR - no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { logger: 'shop.cart' },
      },
      {
        text: '2026-11-29 10:00:01,123 - shop - WARNING - slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
        attributes: { logger: 'shop' },
      },
      {
        text: '2026-11-29 10:00:01,123 - __main__ - INFO - started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
      },
      {
        text: '2026-11-29 10:00:01,123 - CRITICAL - shop.cart - lost',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'lost',
        attributes: { logger: 'shop.cart' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'python-level-in-module',
    title: 'Flask: LEVEL in module: message',
    after: 'time',
    first: 'A-Z',
    has: ' in ',
    pattern: new RegExp(String.raw`^${LEVEL} in (?<logger>[\w.]{1,100}): ${REST}`, 's'),
    examples: [
      {
        text: '[2026-11-29 10:00:01,123] ERROR in app: Exception on /pay [GET]\nTraceback (most recent call last):\n  File "/app/app.py", line 3, in pay\nKeyError: 1',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Exception on /pay [GET]',
        stack: 'Traceback (most recent call last):',
        attributes: { logger: 'app' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'python-logger-level',
    title: 'Scrapy and others: [logger] LEVEL: message',
    after: 'time',
    first: '[{',
    has: ' ',
    pattern: new RegExp(
      String.raw`^(?:\[(?<logger>[A-Za-z_][\w.-]{0,120})\]|\{(?<caller>[\w./-]{1,150}:\d{1,6})\}) ${LEVEL}(?::| -) ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01 [scrapy.core.engine] ERROR: Spider error processing <GET https://shop/>',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'Spider error processing <GET https://shop/>',
        attributes: { logger: 'scrapy.core.engine' },
      },
      {
        text: '[2026-11-29T11:00:01.123+0100] {taskinstance.py:1851} ERROR - Task failed with exception',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Task failed with exception',
        attributes: { caller: 'taskinstance.py:1851' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'level-first-time',
    title: 'LEVEL before the time, as Django and others write it',
    after: 'start',
    first: 'A-Z[',
    has: ' ',
    pattern:
      /^(?:(?<level>TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL):?|\[(?<level>TRACE|DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL|trace|debug|info|notice|warning|warn|error|critical|fatal) {0,3}\]) {1,5}\[?(?<time>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?)\]? (?:(?<logger>[\w.]{1,80}) (?<pid>\d{1,8}) (?<thread>\d{1,20}) )?(?:(?<caller>[\w./-]{1,100}\.\w{1,4}:\d{1,6}):? )?(?:[-:|] )?(?<message>.*)$/s,
    isGeneral: true,
    examples: [
      {
        text: 'ERROR 2026-11-29 10:00:01,123 views 7 140123456789 no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { logger: 'views', pid: 7 },
      },
      {
        text: '[ERROR] 2026-11-29 10:00:01,123 no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
      },
      {
        text: '[ERROR] 2026-11-29T10:00:01.123Z 550e8400-e29b-41d4-a716-446655440000 Task timed out',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '550e8400-e29b-41d4-a716-446655440000 Task timed out',
      },
      {
        text: 'ERROR: 2026/11/29 10:00:01 main.go:42: no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { caller: 'main.go:42' },
      },
      {
        text: '[WARN] 2026/11/29 10:00:01 slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
      },
      {
        text: 'WARNING 2026-11-29T10:00:01Z slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'text',
    name: 'structlog-console',
    title: "structlog's console",
    after: 'time',
    first: '[',
    has: ' ',
    pattern:
      /^\[(?<level>debug|info|warning|error|critical|exception) {0,5}\] (?<message>.*?)(?:(?<! ) {2,60}(?! )(?<context>\[?[\w.]{1,60}[\]=].*))?$/s,
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29T10:00:01.123456Z [error    ] payment declined               order=7 user=ann',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'payment declined',
        attributes: { context: 'order=7 user=ann' },
      },
      {
        text: '2026-11-29 10:00:01 [warning  ] slow                           [shop.cart] ms=900',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
      },
      {
        text: '2026-11-29 10:00:01 [info     ] started',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'started',
      },
    ],
  },
]
