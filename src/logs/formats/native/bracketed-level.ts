// The layout that loggers of many languages share: a level in brackets behind the time.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const WORDS =
  '(?<level>[Tt]race|TRACE|[Dd]ebug|DEBUG|[Ii]nfo|INFO|[Nn]otice|NOTICE|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Aa]lert|ALERT|[Ee]merg(?:ency)?|EMERG(?:ENCY)?|[Ff]atal|FATAL|SEVERE|[TDIWEF])'

export const BRACKETED_LEVELS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'bracketed-level',
    title: 'spdlog, Boost.Log, Gunicorn, Mojolicious, Yii and others: [name] [level] message',
    after: 'time',
    first: '[',
    has: ']',
    pattern: new RegExp(
      String.raw`^(?:\[(?:(?<pid>\d{1,10})|(?<logger>[A-Za-z_][\w .:\/#-]{0,80}|0x[0-9a-f]{1,16}|-))\] {0,2})?\[${WORDS} {0,8}\](?:\[(?<category>[A-Za-z_][\w .:\\\/-]{0,80})\])?:? {0,4}(?! ?\[)${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '[2026-11-29 10:00:01.123] [cart] [error] no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { logger: 'cart' },
      },
      {
        text: '[2026-11-29 10:00:01.123456] [0x00007f12] [warning] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
      {
        text: '[2026-11-29 10:00:01 +0000] [7] [ERROR] Exception in worker process',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'Exception in worker process',
        attributes: { pid: 7 },
      },
      {
        text: '[2026-11-29 10:00:01.12345] [7] [error] no stock at cart.pl line 42.',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock at cart.pl line 42.',
      },
      {
        text: '2026-11-29 10:00:01 [INFO] started',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'started',
      },
      {
        text: '2026-11-29T10:00:01Z [FATAL] no disk',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'no disk',
      },
      {
        text: '2026/11/29 10:00:01.123 [E] [main.go:42]  no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '[E] [main.go:42]  no stock',
      },
    ],
  },
]
