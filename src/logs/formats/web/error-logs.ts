// Error logs of nginx, Apache, lighttpd, HAProxy and Squid.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LEVEL = '(?<level>trace\\d|debug|info|notice|warn|error|crit|alert|emerg)'

export const WEB_ERROR_LOGS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'nginx-error',
    title: "nginx's error log",
    after: 'time',
    first: '[',
    has: '#',
    pattern: new RegExp(
      String.raw`^\[${LEVEL}\] (?<pid>\d{1,8})#(?<tid>\d{1,8}): (?:\*(?<connection>\d{1,15}) )?${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026/11/29 10:00:01 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: shop, request: "GET /pay HTTP/1.1"',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message:
          'connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: shop, request: "GET /pay HTTP/1.1"',
        attributes: { pid: 7, connection: 1 },
      },
      {
        text: '2026/11/29 10:00:01 [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'bind() to 0.0.0.0:80 failed (98: Address already in use)',
      },
      {
        text: '2026/11/29 10:00:01 [warn] 7#7: *2 an upstream response is buffered to a temporary file',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'an upstream response is buffered to a temporary file',
      },
      {
        text: '2026/11/29 10:00:01 [notice] 1#1: start worker processes',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'start worker processes',
      },
      {
        text: '2026/11/29 10:00:01 [crit] 7#7: *1 open() "/run/x" failed (28: No space left on device)',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'open() "/run/x" failed (28: No space left on device)',
      },
    ],
  },
  {
    kind: 'text',
    name: 'apache-error',
    title: "Apache's error log since 2.4",
    after: 'time',
    first: '[',
    has: '] [pid ',
    pattern: new RegExp(
      String.raw`^\[(?:(?<module>[\w-]{1,40}):)?${LEVEL}\] \[pid (?<pid>\d{1,8})(?::tid (?<tid>\d{1,20}))?\] (?:(?<reason>\(\d{1,6}\)[^\[]{1,150}): (?=\[client ))?(?:\[client (?<client>[^\]]{1,80})\] )?${REST}`,
      's',
    ),
    examples: [
      {
        text: '[Sun Nov 29 10:00:01.123456 2026] [core:error] [pid 7:tid 8] [client 10.0.0.1:5000] AH00126: Invalid URI in request GET /..',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'AH00126: Invalid URI in request GET /..',
        attributes: { module: 'core', pid: 7, client: '10.0.0.1:5000' },
      },
      {
        text: '[Sun Nov 29 10:00:01.123456 2026] [mpm_event:notice] [pid 1:tid 8] AH00489: Apache/2.4.62 configured -- resuming normal operations',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'AH00489: Apache/2.4.62 configured -- resuming normal operations',
      },
      {
        text: '[Sun Nov 29 10:00:01.123456 2026] [php:error] [pid 7] [client 10.0.0.1:5000] PHP Fatal error:  Uncaught Exception: no stock in /app/cart.php:3',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'PHP Fatal error:  Uncaught Exception: no stock in /app/cart.php:3',
      },
    ],
  },
  {
    kind: 'text',
    name: 'apache-error-2.2',
    title: "Apache's error log before 2.4",
    after: 'time',
    first: '[',
    has: '] ',
    pattern: new RegExp(String.raw`^\[${LEVEL}\] (?<message>\[client (?<client>[^\]]{1,80})\] .*)$`, 's'),
    examples: [
      {
        text: '[Sun Nov 29 10:00:01 2026] [error] [client 10.0.0.1] File does not exist: /var/www/favicon.ico',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '[client 10.0.0.1] File does not exist: /var/www/favicon.ico',
        attributes: { client: '10.0.0.1' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'lighttpd-error',
    title: "lighttpd's error log",
    after: 'time',
    first: '(',
    has: '.c.',
    pattern: new RegExp(String.raw`^\((?<caller>[\w.]{1,60}\.c\.\d{1,6})\) ${REST}`, 's'),
    examples: [
      {
        text: '2026-11-29 10:00:01: (mod_fastcgi.c.421) FastCGI-stderr: ERROR no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'FastCGI-stderr: ERROR no stock',
        attributes: { caller: 'mod_fastcgi.c.421' },
      },
      {
        text: '2026-11-29 10:00:01: (server.c.1828) server started (lighttpd/1.4.76)',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'server started (lighttpd/1.4.76)',
      },
    ],
  },
  {
    kind: 'text',
    name: 'haproxy-alert',
    title: 'HAProxy: messages of its start',
    after: 'start',
    first: '[',
    has: ') : ',
    pattern: new RegExp(
      String.raw`^\[(?<level>ALERT|WARNING|NOTICE|DIAG|INFO)\] {1,4}(?:\d{1,3}\/\d{6} )?\((?<pid>\d{1,8})\) : ${REST}`,
      's',
    ),
    levels: { DIAG: 'debug' },
    examples: [
      {
        text: '[ALERT]    (7) : config : no backend is available',
        level: 'fatal',
        time: null,
        message: 'config : no backend is available',
        attributes: { pid: 7 },
      },
      {
        text: '[WARNING] 332/100001 (7) : Server shop/web-1 is DOWN',
        level: 'warn',
        time: null,
        message: 'Server shop/web-1 is DOWN',
      },
    ],
  },
  {
    kind: 'text',
    name: 'squid-cache',
    title: "Squid's cache.log",
    after: 'time',
    first: 'k',
    has: '| ',
    pattern: new RegExp(String.raw`^kid(?<kid>\d{1,3})\| ${REST}`, 's'),
    examples: [
      {
        text: '2026/11/29 10:00:01 kid1| ERROR: no forward-proxy ports configured',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'ERROR: no forward-proxy ports configured',
      },
    ],
  },
]
