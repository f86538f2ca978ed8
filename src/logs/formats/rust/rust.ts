// Rust: env_logger, tracing, fern, log4rs and pretty_env_logger.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LEVEL = '(?<level>TRACE|DEBUG|INFO|WARN|ERROR)'

export const RUST: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'env-logger',
    title: 'env_logger: [time LEVEL target] message',
    after: 'time',
    first: '[A-Z',
    has: '] ',
    pattern: new RegExp(
      String.raw`^(?:\[ ?${LEVEL} {1,2}(?<logger>[\w:.-]{1,150})\]|${LEVEL} {1,2}\[(?<logger>[a-z_][\w-]{0,60}(?:::\w{1,60}){0,10})\]) ${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '[2026-11-29T10:00:01Z ERROR shop::cart] no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { logger: 'shop::cart' },
      },
      {
        text: '[2026-11-29T10:00:01.123456Z INFO  shop] started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
        attributes: { logger: 'shop' },
      },
      {
        text: '2026-11-29T10:00:01.123Z WARN  [shop::cart] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
        attributes: { logger: 'shop::cart' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'tracing',
    title: "tracing's console (full and compact)",
    after: 'time',
    first: 'A-Z ',
    has: ': ',
    // Spans with their fields stand before the target; a thread may stand before them.
    pattern: new RegExp(
      String.raw`^ ?${LEVEL} (?:(?<thread>[\w-]{1,60}) )?(?:ThreadId\(\d{1,8}\) )?(?:(?<spans>[\w:.-]{1,100}\{[^}]{0,500}\}(?::[\w:.-]{1,100}\{[^}]{0,500}\}){0,10}): )?(?<logger>[a-z_]\w{0,60}(?:::\w{1,60}){0,10}): (?:(?<caller>[\w.\/-]{1,200}\.rs:\d{1,7}): )?${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29T10:00:01.123456Z ERROR request{method=GET path="/pay"}: shop::cart: no stock order=7',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock order=7',
        attributes: { logger: 'shop::cart', spans: 'request{method=GET path="/pay"}' },
      },
      {
        text: '\u001b[2m2026-11-29T10:00:01.123456Z\u001b[0m \u001b[31mERROR\u001b[0m \u001b[2mshop\u001b[0m\u001b[2m:\u001b[0m no stock \u001b[3morder\u001b[0m\u001b[2m=\u001b[0m7',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock order=7',
        attributes: { logger: 'shop' },
      },
      {
        text: '2026-11-29T10:00:01.123456Z  INFO shop: src/main.rs:42: started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
        attributes: { caller: 'src/main.rs:42' },
      },
      {
        text: '2026-11-29T10:00:01.123456Z  WARN main ThreadId(01) shop::cart: slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'text',
    name: 'fern',
    title: 'fern: [date][time][target][LEVEL] message',
    after: 'time',
    first: '[',
    has: '][',
    pattern: new RegExp(
      String.raw`^(?:\[(?<logger>[\w:.-]{1,150})\]\[${LEVEL} {0,2}\]|\[${LEVEL} {0,2}\]\[(?<logger>[\w:.-]{1,150})\]) ${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '[2026-11-29][10:00:01][shop::cart][ERROR] no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { logger: 'shop::cart' },
      },
      {
        text: '[2026-11-29][10:00:01][INFO ][shop] started',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'started',
      },
    ],
  },
  {
    kind: 'text',
    name: 'pretty-env-logger',
    title: 'pretty_env_logger: LEVEL target > message',
    after: 'start',
    first: ' A-Z',
    has: ' > ',
    pattern: new RegExp(String.raw`^ {0,2}${LEVEL} {1,2}(?<logger>[\w:.-]{1,150}) {0,40}> ${REST}`, 's'),
    examples: [
      {
        text: ' ERROR shop::cart > no stock',
        level: 'error',
        time: null,
        message: 'no stock',
        attributes: { logger: 'shop::cart' },
      },
      { text: ' INFO  shop > started', level: 'info', time: null, message: 'started' },
    ],
  },
]
