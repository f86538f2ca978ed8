// Layouts of scripts and exports: a level between signs, as in a row of CSV or with stars around it.
import type { TextFormat } from '../format.ts'
import { LEVEL, REST } from '../words.ts'

const TIME = String.raw`(?<time>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?)`

export const SEPARATED_LEVELS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'level-between-signs',
    title: 'rows of CSV, and levels between stars, braces or arrows: time;LEVEL;message',
    after: 'time',
    first: '"{*<(|A-Z-',
    pattern: new RegExp(
      String.raw`^(?:["{*<(|-]{1,3}${LEVEL}["}*>)]{0,3}|${LEVEL})(?:(?<=["}*>)])|[;,]) ?[;,:]? ?${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29 10:00:01;ERROR;no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
      },
      {
        text: '"2026-11-29 10:00:01","WARN","slow"',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: '"slow"',
      },
      {
        text: '2026-11-29 10:00:01 *ERROR* no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
      },
      {
        text: '<2026-11-29 10:00:01> {FATAL} no disk',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'no disk',
      },
    ],
  },
  {
    kind: 'text',
    name: 'level-before-time',
    title: 'LEVEL | time | message',
    after: 'start',
    first: 'A-Z',
    pattern: new RegExp(String.raw`^${LEVEL} ?[|;,] ?${TIME} ?[|;,] ?${REST}`, 's'),
    examples: [
      {
        text: 'ERROR | 2026-11-29 10:00:01 | cart | no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'cart | no stock',
      },
      {
        text: 'INFO,2026-11-29T10:00:01.123Z,started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
      },
    ],
  },
]
