// Layouts of scripts and exports: a level between signs, as in a row of CSV or with stars around it.
import type { TextFormat } from '../format.ts'
import { LEVEL, REST } from '../words.ts'

const TIME = String.raw`(?<time>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?)`

export const SEPARATED_LEVELS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'level-between-signs',
    title: 'levels between quotes, stars, braces or angle brackets: time *LEVEL* message',
    after: 'time',
    first: '"{*<(',
    pattern: new RegExp(String.raw`^["{*<(]{1,3}${LEVEL}["}*>)]{1,3} ?[;,:]? ?${REST}`, 's'),
    isGeneral: true,
    examples: [
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
  levelBefore(';', 'semicolons'),
  levelBefore(',', 'commas'),
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

function levelBefore(sign: string, name: string): TextFormat {
  return {
    kind: 'text',
    name: `level-with-${name}`,
    title: `rows with ${name}: time${sign}LEVEL${sign}message`,
    after: 'time',
    first: 'A-Z',
    has: sign,
    pattern: new RegExp(`^${LEVEL}${sign} ?${REST}`, 's'),
    isGeneral: true,
    examples: [
      {
        text: `2026-11-29 10:00:01${sign}ERROR${sign}no stock`,
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
      },
    ],
  }
}
