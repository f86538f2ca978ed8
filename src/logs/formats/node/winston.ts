// Layouts of winston and of programs in many languages that write the level in small letters.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LOWER = '(?<level>silly|verbose|trace|debug|http|info|notice|warn(?:ing)?|error|crit(?:ical)?|alert|emerg|fatal)'

export const SMALL_LEVELS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'winston',
    title: 'winston and others: time [label] level: message',
    after: 'time',
    first: 'a-z[-',
    has: ':',
    pattern: new RegExp(
      String.raw`^(?:- )?(?:\[(?<logger>[\w .-]{1,80})\]:? )?(?:${LOWER}|\[${LOWER}\]): {1,2}${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z error: no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
      },
      {
        text: '2026-11-29T10:00:01.123Z [shop] warn: slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
        attributes: { logger: 'shop' },
      },
      {
        text: '2026-11-29 10:00:01 [error]: no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
      },
      {
        text: '2026-11-29 10:00:01 http: GET /pay',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'GET /pay',
      },
    ],
  },
  {
    kind: 'text',
    name: 'lower-level',
    title: 'time level message, in small letters',
    after: 'time',
    first: 'a-z',
    has: ' ',
    pattern: new RegExp(
      String.raw`^(?<level>trace|debug|info|warn|warning|error|fatal) {1,6}(?!(?:occurred|while|in|from|at|for|is|was|of|log|logs|message|messages|code)\b)${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29 10:00:01 error something bad',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'something bad',
      },
      {
        text: '2026-11-29T10:00:01Z warn  slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
      },
    ],
  },
]
