// The journal of systemd as JSON (journalctl -o json, Vector, Promtail and others), and what systemd says of failed units.
import type { Fields, Format } from '../format.ts'

export const JOURNAL: readonly Format[] = [
  {
    kind: 'text',
    name: 'systemd-failure',
    title: 'units that systemd could not start',
    after: 'start',
    first: 'FD',
    has: ' ',
    pattern: /^(?:Failed to (?:start|mount|activate|listen on) \S|Dependency failed for )/,
    level: 'error',
    examples: [
      {
        text: 'Nov 29 10:00:01 web-1 systemd[1]: Failed to start cart.service - The cart.',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'systemd',
        host: 'web-1',
        message: 'Failed to start cart.service - The cart.',
        attributes: { pid: 1 },
      },
      {
        text: 'Nov 29 10:00:01 web-1 systemd[1]: Dependency failed for Local File Systems.',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'systemd',
        host: 'web-1',
        message: 'Dependency failed for Local File Systems.',
        attributes: { pid: 1 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'systemd-unit',
    title: 'units that systemd saw fail',
    after: 'start',
    first: 'a-zA-Z0-9_-',
    has: ': ',
    pattern:
      /^(?<unit>[\w@.:\\-]{1,200}\.(?:service|socket|mount|timer|scope|slice|target|swap)): (?:Main process exited, code=(?!exited, status=0\b)|Failed with result |Start request repeated too quickly|Unit entered failed state|Control process exited, code=(?!exited, status=0\b)|A process of this unit has been killed by the OOM killer|State '[a-z-]{1,40}' timed out)/,
    level: 'warn',
    examples: [
      {
        text: 'Nov 29 10:00:01 web-1 systemd[1]: cart.service: Main process exited, code=exited, status=1/FAILURE',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'systemd',
        host: 'web-1',
        message: 'cart.service: Main process exited, code=exited, status=1/FAILURE',
        attributes: { pid: 1, unit: 'cart.service' },
      },
      {
        text: "Nov 29 10:00:01 web-1 systemd[1]: cart@1.service: Failed with result 'exit-code'.",
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'systemd',
        host: 'web-1',
        message: "cart@1.service: Failed with result 'exit-code'.",
        attributes: { pid: 1, unit: 'cart@1.service' },
      },
      {
        text: 'Nov 29 10:00:01 web-1 systemd[1]: cart.service: A process of this unit has been killed by the OOM killer.',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'systemd',
        host: 'web-1',
        message: 'cart.service: A process of this unit has been killed by the OOM killer.',
        attributes: { pid: 1, unit: 'cart.service' },
      },
    ],
  },
  {
    kind: 'record',
    name: 'journald',
    title: 'the journal of systemd as JSON',
    names: ['MESSAGE'],
    isEnvelope: true,
    read: readJournal,
    examples: [
      {
        text: '{"MESSAGE":[110,111,32,115,116,111,99,107,32,195,165],"PRIORITY":"3","__REALTIME_TIMESTAMP":"1795946401123456","_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"cart","_PID":"42"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'cart',
        host: 'web-1',
        message: 'no stock å',
        attributes: { _PID: '42', SYSLOG_IDENTIFIER: 'cart', __REALTIME_TIMESTAMP: '1795946401123456' },
      },
      {
        text: '{"MESSAGE":"{\\"level\\":\\"error\\",\\"msg\\":\\"no stock\\"}","PRIORITY":"6","__REALTIME_TIMESTAMP":"1795946401123456","_HOSTNAME":"web-1","_SYSTEMD_UNIT":"cart.service"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'cart',
        host: 'web-1',
        message: 'no stock',
        attributes: { _SYSTEMD_UNIT: 'cart.service', __REALTIME_TIMESTAMP: '1795946401123456' },
      },
      {
        text: '{"MESSAGE":"2026-11-29 10:00:00 ERROR no stock","PRIORITY":"6","__REALTIME_TIMESTAMP":"1795946401123456","_HOSTNAME":"web-1","CONTAINER_NAME":"cart-1","SYSLOG_IDENTIFIER":"a1b2c3"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'cart-1',
        host: 'web-1',
        message: 'ERROR no stock',
        attributes: { CONTAINER_NAME: 'cart-1', SYSLOG_IDENTIFIER: 'a1b2c3', __REALTIME_TIMESTAMP: '1795946401123456' },
      },
      {
        text: '{"MESSAGE":"Out of memory: Killed process 42 (java)","PRIORITY":"4","__REALTIME_TIMESTAMP":"1795946401123456","_HOSTNAME":"web-1","SYSLOG_IDENTIFIER":"kernel","_TRANSPORT":"kernel"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'kernel',
        host: 'web-1',
        message: 'Out of memory: Killed process 42 (java)',
        attributes: { _TRANSPORT: 'kernel', SYSLOG_IDENTIFIER: 'kernel', __REALTIME_TIMESTAMP: '1795946401123456' },
      },
    ],
  },
]

const decoder = new TextDecoder()

function readJournal({ MESSAGE, PRIORITY, ...rest }: Fields): Fields | null {
  const message = textOf(MESSAGE)
  if (message === null) return null
  const unit = rest._SYSTEMD_UNIT ?? rest._SYSTEMD_USER_UNIT ?? rest.UNIT
  const source =
    rest.CONTAINER_NAME ??
    rest.SYSLOG_IDENTIFIER ??
    (typeof unit === 'string' ? unit.replace(/\.service$/, '') : undefined) ??
    rest._COMM
  // Notice and info say nothing: programs that only print have them.
  const level = PRIORITY === undefined || /^[56]$/.test(String(PRIORITY)) ? {} : { level: PRIORITY }
  return {
    ...rest,
    ...level,
    message,
    ...(source === undefined ? {} : { source }),
    timestamp: rest._SOURCE_REALTIME_TIMESTAMP ?? rest.__REALTIME_TIMESTAMP ?? rest.timestamp,
  }
}

/** A text that is no UTF-8, or has control characters, is a list of bytes; a name with several values a list of texts. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return null
  if (value.every(byte => Number.isInteger(byte) && byte >= 0 && byte < 256))
    return decoder.decode(Uint8Array.from(value))
  return value.every(text => typeof text === 'string') ? value.join('\n') : null
}
