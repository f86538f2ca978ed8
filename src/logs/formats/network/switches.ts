// Switches of HP and Aruba (ProCurve, AOS-S): syslog with the number of the event before the tag, and their own event log.
import type { TextFormat } from '../format.ts'
import { HOST, PRIORITY, REST, SPELLED_TIME } from '../syslog/syslog.ts'

const EVENT = String.raw`(?<event_id>\d{5}) (?<source>[\w.\/-]{1,30}): {1,2}`

export const SWITCHES: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'procurve',
    title: 'switches of HP and Aruba (ProCurve, AOS-S) over syslog',
    after: 'start',
    first: '<A-Z',
    has: ': ',
    pattern: new RegExp(String.raw`^(?:${PRIORITY} ?)?${SPELLED_TIME} ${HOST} {1,2}${EVENT}${REST}`, 's'),
    isPrefix: true,
    examples: [
      {
        text: '<14> Nov 29 10:00:01 10.0.0.5 00076 ports:  port 3 is now on-line',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'ports',
        host: '10.0.0.5',
        message: 'port 3 is now on-line',
        attributes: { event_id: '00076', facility: 'user' },
      },
      {
        text: '<12>Nov 29 10:00:01 switch-5 00435 ports: ST1-CMDR: port A1 is blocked by STP',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'ports',
        host: 'switch-5',
        message: 'ST1-CMDR: port A1 is blocked by STP',
        attributes: { event_id: '00435', facility: 'user' },
      },
      {
        text: 'Nov 29 10:00:01 10.0.0.5 00179 mgr: SME SSH from 10.0.0.9 - MANAGER Mode',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'mgr',
        host: '10.0.0.5',
        message: 'SME SSH from 10.0.0.9 - MANAGER Mode',
        attributes: { event_id: '00179' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'procurve-event-log',
    title: 'event log of switches of HP and Aruba (show logging)',
    after: 'start',
    first: 'IWDME',
    has: ': ',
    pattern: new RegExp(String.raw`^(?<level>[IWDME]) (?<time>\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d) ${EVENT}${REST}`, 's'),
    levels: { M: 'fatal' },
    examples: [
      {
        text: 'I 11/29/26 10:00:01 00076 ports: port 3 is now on-line',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'ports',
        message: 'port 3 is now on-line',
        attributes: { event_id: '00076' },
      },
      {
        text: 'W 11/29/26 10:00:01 00331 FFI: AM1: port 5-Excessive broadcasts.',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'FFI',
        message: 'AM1: port 5-Excessive broadcasts.',
        attributes: { event_id: '00331' },
      },
      {
        text: 'M 11/29/26 10:00:01 00064 system: Operator cold reboot from CONSOLE session.',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        source: 'system',
        message: 'Operator cold reboot from CONSOLE session.',
        attributes: { event_id: '00064' },
      },
    ],
  },
]
