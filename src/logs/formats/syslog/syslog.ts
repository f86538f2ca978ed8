// Syslog: RFC 5424 and RFC 3164 with and without their priority, as daemons, routers and rsyslog's files write them.
import type { TextFormat } from '../format.ts'

export const PRIORITY = String.raw`<(?<pri>\d{1,3})>`
export const TAG = String.raw`(?!(?:\d{1,10}|CEF|LEEF):)(?<source>[\w.\/@+~-]{1,100}(?:\([\w.@:-]{1,60}\))?)(?:\[(?<pid>[\w.-]{1,20})\])?`
export const HOST = String.raw`(?!(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b)(?<host>[\w.:@\/-]{1,255})`
export const SPELLED_TIME = String.raw`(?<time>[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?: \d{4})?(?: (?:UTC|GMT|[A-Z]{3,4}))?)`
export const ISO_TIME = String.raw`(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))`
/** Notice and info say nothing: then the text decides. */
export const FACILITY =
  '(?<facility>kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|ntp|local[0-7])\\.(?:(?<level>emerg|alert|crit|err|error|warn|warning|debug)|notice|info)'
export const REST = '(?<message>.*)$'

export const SYSLOG: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'rfc5424',
    title: 'syslog of RFC 5424',
    after: 'start',
    first: '<',
    pattern: new RegExp(
      String.raw`^${PRIORITY}\d{1,2} (?<time>\S{1,40}) (?<host>\S{1,255}) (?<source>\S{1,100}) (?<pid>\S{1,128}) (?<msgid>\S{1,32}) (?:-|(?<structured_data>(?:\[(?:[^\]\\]|\\.){0,4000}\])+))(?: (?:\ufeff)?${REST}|(?<message>)$)`,
    ),
    isPrefix: true,
    examples: [
      {
        text: '<165>1 2026-11-29T10:00:01.003Z web-1 cart 42 ID47 [a@1 b="c"] no stock',
        level: 'info',
        time: '2026-11-29T10:00:01.003Z',
        host: 'web-1',
        source: 'cart',
        message: 'no stock',
        attributes: { pid: 42, msgid: 'ID47', facility: 'local4', 'a@1': { b: 'c' } },
      },
      {
        text: '<11>1 2026-11-29T11:00:01+01:00 db-1 postgres - - - \ufeffout of memory',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        host: 'db-1',
        source: 'postgres',
        message: 'out of memory',
      },
    ],
  },
  {
    kind: 'text',
    name: 'logplex',
    title: 'syslog of RFC 5424 without structured data, as Heroku sends it',
    after: 'start',
    first: '<',
    pattern: new RegExp(
      String.raw`^${PRIORITY}\d{1,2} (?<time>\d{4}-\S{1,40}|-) (?<host>\S{1,255}) (?<source>\S{1,100}) (?<pid>\S{1,128}) (?<msgid>\S{1,32})(?: (?:\ufeff)?${REST}|(?<message>)$)`,
    ),
    isPrefix: true,
    isGeneral: true,
    examples: [
      {
        text: '<45>1 2026-11-29T10:00:01.123456+00:00 host app web.1 - {"level":"error","msg":"card declined"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        host: 'host',
        source: 'app',
        message: 'card declined',
        attributes: { pid: 'web.1' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'rfc3164',
    title: 'syslog of RFC 3164, with or without its priority',
    after: 'start',
    first: '<A-Z',
    has: ':',
    pattern: new RegExp(
      String.raw`^(?:${PRIORITY} ?)?(?:\d{1,10}: )?\*?${SPELLED_TIME}:? {1,3}(?:${HOST} {1,3})?(?:${FACILITY} )?${TAG}: ?${REST}`,
      's',
    ),
    isPrefix: true,
    examples: [
      {
        text: '<131>Nov 29 10:00:01 web-1 cart[42]: no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        host: 'web-1',
        source: 'cart',
        message: 'no stock',
        attributes: { pid: 42 },
      },
      {
        text: 'Nov 29 10:00:01 combo sshd(pam_unix)[19939]: authentication failure; uid=0',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        host: 'combo',
        source: 'sshd(pam_unix)',
        message: 'authentication failure; uid=0',
      },
      {
        text: 'Nov 29 10:00:01 mac com.apple.xpc.launchd[1]: Service exited',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        host: 'mac',
        source: 'com.apple.xpc.launchd',
        message: 'Service exited',
      },
    ],
  },
  {
    kind: 'text',
    name: 'rsyslog-file',
    title: 'files of rsyslog and journald (ISO time, host, tag)',
    after: 'start',
    first: '0-9<',
    has: ': ',
    pattern: new RegExp(
      String.raw`^(?:${PRIORITY} ?)?${ISO_TIME} (?!(?:std(?:out|err) [FP]) )(?:${HOST} {1,3}(?:${FACILITY} )?${TAG}|(?<source>[\w.\/@+~-]{1,100})\[(?<pid>[\w.-]{1,20})\]): ${REST}`,
      's',
    ),
    isPrefix: true,
    examples: [
      {
        text: '2026-11-29T11:00:01.123456+01:00 web-1 kernel: usb 1-1: new device',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        host: 'web-1',
        source: 'kernel',
        message: 'usb 1-1: new device',
      },
      {
        text: '<27>2026-11-29T10:00:01Z web-1 cron[7]: job failed',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        host: 'web-1',
        source: 'cron',
        message: 'job failed',
      },
    ],
  },
]
