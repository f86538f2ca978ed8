// PHP's own errors and PHP-FPM, and the frameworks with layouts of their own: CodeIgniter, Yii, CakePHP, Laminas, WordPress.
import type { Level } from '../../line.ts'
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

/** PHP's names of errors; what ends the request is an error. */
const ERRORS: { readonly [spelling: string]: Level } = {
  'Fatal error': 'error',
  'Recoverable fatal error': 'error',
  'Catchable fatal error': 'error',
  'Parse error': 'error',
  'Core error': 'error',
  'Compile error': 'error',
  'User error': 'error',
  Warning: 'warn',
  'Core Warning': 'warn',
  'User Warning': 'warn',
  Deprecated: 'warn',
  'User Deprecated': 'warn',
  Notice: 'info',
  'User Notice': 'info',
  'Strict Standards': 'info',
}
const KIND = `(?<level>${Object.keys(ERRORS).join('|')})`

export const PHP: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'php-error',
    title: "PHP's error log, WordPress' debug.log",
    after: 'time',
    first: 'P',
    has: 'PHP ',
    pattern: new RegExp(`^(?<message>PHP ${KIND}: .*)$`, 's'),
    levels: ERRORS,
    examples: [
      {
        text: '[29-Nov-2026 10:00:01 UTC] PHP Fatal error:  Uncaught Exception: no stock in /app/cart.php:3\nStack trace:\n#0 /app/index.php(5): pay()\n#1 {main}\n  thrown in /app/cart.php on line 3',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'PHP Fatal error:  Uncaught Exception: no stock in /app/cart.php:3',
        stack: 'Stack trace:\n#0 /app/index.php(5): pay()',
      },
      {
        text: '[29-Nov-2026 11:00:01 Europe/Oslo] PHP Warning:  Undefined variable $order in /app/cart.php on line 3',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'PHP Warning:  Undefined variable $order in /app/cart.php on line 3',
      },
      {
        text: '[29-Nov-2026 10:00:01 UTC] PHP Deprecated:  Function x() is deprecated in /app/cart.php on line 3',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'PHP Deprecated:  Function x() is deprecated in /app/cart.php on line 3',
      },
      {
        text: '[29-Nov-2026 10:00:01 UTC] PHP Notice:  Undefined index: error in /app/cart.php on line 3',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'PHP Notice:  Undefined index: error in /app/cart.php on line 3',
      },
      {
        text: '[29-Nov-2026 10:00:01 UTC] PHP Parse error:  syntax error, unexpected token "}" in /app/cart.php on line 3',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'PHP Parse error:  syntax error, unexpected token "}" in /app/cart.php on line 3',
      },
    ],
  },
  {
    kind: 'text',
    name: 'php-error-stderr',
    title: 'PHP on the command line and in containers',
    after: 'start',
    first: 'PFWNDR',
    has: ' in ',
    pattern: new RegExp(`^(?<message>(?:PHP )?${KIND}: .{0,2000}? in \\S{1,400} on line \\d{1,7}.*)$`, 's'),
    levels: ERRORS,
    examples: [
      {
        text: 'PHP Warning:  Undefined variable $x in /app/cart.php on line 3',
        level: 'warn',
        time: null,
        message: 'PHP Warning:  Undefined variable $x in /app/cart.php on line 3',
      },
      {
        text: 'Fatal error: Allowed memory size of 134217728 bytes exhausted in /app/cart.php on line 3',
        level: 'error',
        time: null,
        message: 'Fatal error: Allowed memory size of 134217728 bytes exhausted in /app/cart.php on line 3',
      },
      {
        text: 'Deprecated: Function x() is deprecated in /app/cart.php on line 3',
        level: 'warn',
        time: null,
        message: 'Deprecated: Function x() is deprecated in /app/cart.php on line 3',
      },
    ],
  },
  {
    kind: 'text',
    name: 'wordpress-database-error',
    title: 'WordPress: database errors',
    after: 'time',
    first: 'W',
    has: 'WordPress database error',
    pattern: /^(?<message>WordPress database error .*)$/s,
    level: 'error',
    examples: [
      {
        text: "[29-Nov-2026 10:00:01 UTC] WordPress database error Table 'shop.wp_x' doesn't exist for query SELECT 1",
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: "WordPress database error Table 'shop.wp_x' doesn't exist for query SELECT 1",
      },
    ],
  },
  {
    kind: 'text',
    name: 'php-fpm',
    title: 'PHP-FPM',
    after: 'time',
    first: 'A-Z',
    has: ': ',
    pattern: new RegExp(
      String.raw`^(?<level>DEBUG|NOTICE|WARNING|ERROR|ALERT): (?:pid (?<pid>\d{1,8}), (?<function>\w{1,80}\(\), line \d{1,6}): )?(?:\[pool (?<pool>[\w.-]{1,80})\] )?(?=[a-z[(])(?![\w.-]{1,80}\/\d{1,8} on )${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '[29-Nov-2026 10:00:01] WARNING: [pool www] server reached pm.max_children setting (5), consider raising it',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'server reached pm.max_children setting (5), consider raising it',
        attributes: { pool: 'www' },
      },
      {
        text: '[29-Nov-2026 10:00:01] NOTICE: fpm is running, pid 1',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'fpm is running, pid 1',
      },
      {
        text: '[29-Nov-2026 10:00:01] ERROR: unable to bind listening socket for address 10.0.0.1:9000',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'unable to bind listening socket for address 10.0.0.1:9000',
      },
    ],
  },
  {
    kind: 'text',
    name: 'php-fpm-access',
    title: "PHP-FPM's access log",
    after: 'start',
    first: '0-9a-f:-',
    has: ' "',
    pattern:
      /^(?<client>[\w.:]{1,45}|-) - {1,2}(?:(?<user>[^\s"]{1,80}) )?(?<time>\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}) "(?<method>[A-Z]{1,20}) (?<path>[^" ]{0,4000})(?: [^"]{0,20})?" (?<status>\d{3})/,
    examples: [
      {
        text: '127.0.0.1 -  29/Nov/2026:10:00:01 +0000 "GET /index.php" 500',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '127.0.0.1 -  29/Nov/2026:10:00:01 +0000 "GET /index.php" 500',
        attributes: { status: 500, path: '/index.php' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'codeigniter',
    title: 'CodeIgniter: LEVEL - time --> message',
    after: 'start',
    first: 'A-Z',
    has: ' --> ',
    pattern: new RegExp(
      String.raw`^(?<level>[A-Z]{4,9}) {1,2}- (?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) --> ${REST}`,
      's',
    ),
    examples: [
      {
        text: 'CRITICAL - 2026-11-29 10:00:01 --> no stock',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
      },
      { text: 'ERROR - 2026-11-29 10:00:01 --> lost', level: 'error', time: '2026-11-29T10:00:01Z', message: 'lost' },
    ],
  },
  {
    kind: 'text',
    name: 'yii',
    title: 'Yii 2: time [ip][user][session][level][category] message',
    after: 'time',
    first: '[',
    has: '][',
    pattern: new RegExp(
      String.raw`^\[(?<client>[\w.:-]{1,45})\]\[(?<user>[^\]]{1,40})\]\[(?<session>[^\]]{1,80})\]\[(?<level>error|warning|info|trace|profile)\]\[(?<category>[^\]]{1,150})\] ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01 [10.0.0.1][7][-][error][yii\\db\\Exception] no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { client: '10.0.0.1', category: 'yii\\db\\Exception' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'laminas-log',
    title: 'Laminas and Zend: time LEVEL (number): message',
    after: 'time',
    first: 'A-Z',
    has: '): ',
    pattern: new RegExp(String.raw`^(?<level>EMERG|ALERT|CRIT|ERR|WARN|NOTICE|INFO|DEBUG) \([0-7]\): ${REST}`, 's'),
    examples: [
      {
        text: '2026-11-29T11:00:01+01:00 ERR (3): no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
      },
      {
        text: '2026-11-29T10:00:01+00:00 CRIT (2): lost',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'lost',
      },
    ],
  },
  {
    kind: 'text',
    name: 'symfony-console',
    title: "Symfony's console: clock LEVEL [channel] message",
    after: 'time',
    first: 'A-Z',
    has: ' [',
    pattern: new RegExp(
      String.raw`^(?<level>DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY) {1,6}\[(?<channel>(?:app|request|security|doctrine|console|event|php|cache|messenger|http_client|deprecation|router|mailer|lock|translation)\w{0,30})\] ${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '10:00:01 ERROR     [app] no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { channel: 'app' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'php-development-server',
    title: "PHP's development server",
    after: 'time',
    first: '0-9[',
    has: ']: ',
    pattern: /^(?<client>[\w.:[\]]{2,50}) \[(?<status>\d{3})\]: (?<method>[A-Z]{1,20}) (?<path>\S{0,4000})/,
    examples: [
      {
        text: '[Sun Nov 29 10:00:01 2026] 127.0.0.1:5000 [500]: GET /pay',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '127.0.0.1:5000 [500]: GET /pay',
        attributes: { status: 500, path: '/pay' },
      },
    ],
  },
]
