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
    pattern: new RegExp(String.raw`^(?<channel>[\w.\\/-]{1,80})\.${LEVEL}: (?<message>.*)$`, 's'),
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
    ],
  },
]
