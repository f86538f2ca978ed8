// Services of hosts and homes: printing, file shares, VPNs, names, guards.
import type { Level } from '../../line.ts'
import type { TextFormat } from '../format.ts'

const SAMBA_LEVELS: { readonly [spelling: string]: Level } = {
  ...{ '0': 'error', '1': 'warn', '2': 'info', '3': 'info', '4': 'debug', '5': 'debug' },
  ...{ '6': 'debug', '7': 'debug', '8': 'debug', '9': 'debug', '10': 'trace' },
}
const VPN_LEVELS: { readonly [spelling: string]: Level } = {
  ...{
    'TLS Error': 'error',
    TLS_ERROR: 'error',
    'Options error': 'error',
    AUTH_FAILED: 'error',
    'VERIFY ERROR': 'error',
  },
  ...{ WARNING: 'warn', ERROR: 'error', 'Fatal TLS error': 'error', DEPRECATED: 'warn', NOTE: 'info' },
}
const VPN = String.raw`(?<message>(?<level>TLS Error|TLS_ERROR|Options error|AUTH_FAILED|VERIFY ERROR|Fatal TLS error|WARNING|ERROR|DEPRECATED|NOTE)?\b.*)$`
const VPN_CLIENT = String.raw`(?<client>(?:[\w.@-]{1,60}\/)?\d{1,3}(?:\.\d{1,3}){3}:\d{1,5})`

export const SERVICES: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'cups',
    title: 'error log of CUPS',
    after: 'start',
    first: 'XACEWNIDd',
    has: ' [',
    pattern: /^(?<level>[XACEWNIDd]) \[(?<time>[^\]]{20,40})\] (?<message>.*)$/s,
    levels: { X: 'fatal', A: 'fatal', C: 'fatal', N: 'info', d: 'trace' },
    examples: [
      {
        text: 'E [29/Nov/2026:11:00:01 +0100] [Job 42] Unable to queue job for destination "laser"',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '[Job 42] Unable to queue job for destination "laser"',
      },
      {
        text: 'W [29/Nov/2026:10:00:01 +0000] CreateProfile failed',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'CreateProfile failed',
      },
      {
        text: 'N [29/Nov/2026:10:00:01 +0000] Listening to [v1.::1]:631',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'Listening to [v1.::1]:631',
      },
    ],
  },
  {
    kind: 'text',
    name: 'samba',
    title: 'Samba',
    after: 'time',
    first: '[',
    has: '] ',
    pattern:
      /^\[ {0,3}(?<level>\d{1,2})(?:, pid=(?<pid>\d{1,10})[^\]]{0,200})?\] (?<place>[\w./-]{1,200}:\d{1,6}\([\w.]{1,100}\)) {0,2}(?<message>.*)$/s,
    levels: SAMBA_LEVELS,
    examples: [
      {
        text: '[2026/11/29 10:00:01.123456,  0] ../../source3/smbd/server.c:1738(main)\n  smbd version 4.17 started.\n[2026/11/29 10:00:02.123456,  3] ../../source3/smbd/x.c:1(y)\n  next',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'smbd version 4.17 started.',
        attributes: { place: '../../source3/smbd/server.c:1738(main)' },
      },
      {
        text: '[2026/11/29 10:00:01.123456,  1, pid=42, effective(0, 0), real(0, 0)] ../../source3/smbd/service.c:345(create_connection_session_info)\n  create_connection_session_info failed: NT_STATUS_ACCESS_DENIED',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'create_connection_session_info failed: NT_STATUS_ACCESS_DENIED',
        attributes: { pid: 42, place: '../../source3/smbd/service.c:345(create_connection_session_info)' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'openvpn',
    title: 'OpenVPN',
    after: 'time',
    first: 'A-Za-z0-9',
    has: ' ',
    pattern: new RegExp(
      String.raw`^(?:us=(?<us>\d{1,7}) )?(?:${VPN_CLIENT} ${VPN}|(?=TLS |TLS_|Options error|AUTH_FAILED|VERIFY ERROR|Fatal TLS)${VPN})`,
      's',
    ),
    levels: VPN_LEVELS,
    examples: [
      {
        text: '2026-11-29 10:00:01 us=123456 10.0.0.1:1194 TLS Error: TLS handshake failed',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'TLS Error: TLS handshake failed',
        attributes: { us: 123456, client: '10.0.0.1:1194' },
      },
      {
        text: 'Sun Nov 29 10:00:01 2026 alice/10.0.0.1:1194 VERIFY ERROR: depth=0, error=certificate has expired',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'VERIFY ERROR: depth=0, error=certificate has expired',
        attributes: { client: 'alice/10.0.0.1:1194' },
      },
      {
        text: '2026-11-29 10:00:01 alice/10.0.0.1:1194 SIGUSR1[soft,tls-error] received, client-instance restarting',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'SIGUSR1[soft,tls-error] received, client-instance restarting',
        attributes: { client: 'alice/10.0.0.1:1194' },
      },
      {
        text: '2026-11-29 10:00:01 Options error: In [CMD-LINE]:1: Error opening configuration file: x.conf',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'Options error: In [CMD-LINE]:1: Error opening configuration file: x.conf',
      },
    ],
  },
  {
    kind: 'text',
    name: 'openvpn-syslog',
    title: 'OpenVPN through syslog',
    after: 'start',
    first: 'A-Za-z0-9',
    has: ' ',
    pattern: new RegExp(
      String.raw`^(?:${VPN_CLIENT} ${VPN}|(?=TLS Error|TLS_|Options error|AUTH_FAILED|VERIFY ERROR|Fatal TLS)${VPN})`,
      's',
    ),
    levels: VPN_LEVELS,
    examples: [
      {
        text: 'Nov 29 10:00:01 vpn openvpn[42]: 10.0.0.1:1194 TLS Error: reading acknowledgement record from packet',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'openvpn',
        host: 'vpn',
        message: 'TLS Error: reading acknowledgement record from packet',
        attributes: { pid: 42, client: '10.0.0.1:1194' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'bind',
    title: 'BIND and other name servers',
    after: 'time',
    first: 'a-z',
    has: ': ',
    pattern:
      /^(?<category>[a-z][a-z-]{2,30}): (?<level>debug \d{1,2}|info|notice|warning|error|critical): (?<message>.*)$/s,
    levels: { 'debug 1': 'debug', 'debug 2': 'debug', 'debug 3': 'debug' },
    examples: [
      {
        text: '29-Nov-2026 10:00:01.123 general: error: zone example.com/IN: loading from master file failed: file not found',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'zone example.com/IN: loading from master file failed: file not found',
        attributes: { category: 'general' },
      },
      {
        text: '29-Nov-2026 10:00:01.123 security: info: client @0x7f 10.0.0.1#5000: query (cache) denied',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'client @0x7f 10.0.0.1#5000: query (cache) denied',
        attributes: { category: 'security' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'unbound',
    title: 'Unbound',
    after: 'time',
    first: 'u',
    has: 'unbound',
    pattern:
      /^(?<source>unbound(?:-[a-z]{2,20})?)\[(?<pid>\d{1,10}):(?<thread>\d{1,4})\] (?<level>fatal error|[a-z]{4,7}): (?<message>.*)$/s,
    levels: { query: 'info', reply: 'info', 'fatal error': 'fatal' },
    examples: [
      {
        text: '[1795946401] unbound[42:0] error: could not open ports',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'unbound',
        message: 'could not open ports',
        attributes: { pid: 42, thread: 0 },
      },
      {
        text: 'Nov 29 10:00:01 unbound[42:1] info: service stopped (unbound 1.19.0).',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        source: 'unbound',
        message: 'service stopped (unbound 1.19.0).',
        attributes: { pid: 42, thread: 1 },
      },
      {
        text: '[1795946401] unbound[42:0] fatal error: could not open ports',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        source: 'unbound',
        message: 'could not open ports',
        attributes: { pid: 42, thread: 0 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'fail2ban',
    title: 'fail2ban',
    after: 'time',
    first: 'f',
    has: 'fail2ban.',
    pattern: /^(?<logger>fail2ban\.\w{1,40}) {0,30}\[(?<pid>\d{1,10})\]: (?<level>[A-Z]{4,8}) {1,8}(?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01,123 fail2ban.actions        [42]: NOTICE  [sshd] Ban 203.0.113.9',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: '[sshd] Ban 203.0.113.9',
        attributes: { logger: 'fail2ban.actions', pid: 42 },
      },
      {
        text: '2026-11-29 10:00:01,123 fail2ban.filter         [42]: ERROR   Unable to open /var/log/auth.log',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Unable to open /var/log/auth.log',
        attributes: { logger: 'fail2ban.filter', pid: 42 },
      },
    ],
  },
]
