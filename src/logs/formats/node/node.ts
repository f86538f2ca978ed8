// Node: pino-pretty, bunyan's viewer, winston, NestJS, log4js, debug, npm, process warnings, PM2.
import type { Level } from '../../line.ts'
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const UPPER = '(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)'
const NPM: { readonly [spelling: string]: Level } = {
  'ERR!': 'error',
  WARN: 'warn',
  notice: 'info',
  http: 'debug',
  timing: 'debug',
  sill: 'trace',
  verb: 'trace',
}

export const NODE: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'pino-pretty',
    title: "pino-pretty and bunyan's viewer: [time] LEVEL (pid): message",
    after: 'time',
    first: 'A-Z',
    has: ': ',
    pattern: new RegExp(
      String.raw`^${UPPER}(?: \([^)]{1,150}\))?:(?: (?<logger>[\w.-]{1,80})\/(?<pid>\d{1,8}) on (?<host>[\w.-]{1,100}):)? ${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '[10:00:01.123] ERROR (7): no stock\n    err: {\n      "type": "Error"\n    }',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
      },
      {
        text: '[2026-11-29 10:00:01.123 +0000] INFO (shop/7 on web-1): started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
      },
      {
        text: '[10:00:01.123] \u001b[33mWARN\u001b[39m (7): \u001b[36mslow\u001b[39m',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
      {
        text: '[2026-11-29T10:00:01.123Z] ERROR: shop/7 on web-1: no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        host: 'web-1',
        attributes: { logger: 'shop', pid: 7 },
      },
      {
        text: '[10:00:01.123] FATAL (7): no disk',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no disk',
      },
    ],
  },
  {
    kind: 'text',
    name: 'nestjs',
    title: 'NestJS',
    after: 'start',
    first: '[',
    has: '[Nest] ',
    pattern:
      /^\[Nest\] (?<pid>\d{1,8}) {1,3}- (?<time>[\d/., :-]{12,30}(?: ?[AP]M)?) {1,8}(?<level>LOG|ERROR|WARN|DEBUG|VERBOSE|FATAL) (?:\[(?<logger>[^\]]{1,100})\] )?(?<message>.*)$/s,
    levels: { LOG: 'info', VERBOSE: 'trace' },
    examples: [
      {
        text: '[Nest] 7  - 11/29/2026, 10:00:01 AM   ERROR [CartService] no stock +3ms',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock +3ms',
        attributes: { pid: 7, logger: 'CartService' },
      },
      {
        text: '\u001b[32m[Nest] 7  - \u001b[39m11/29/2026, 10:00:01 AM \u001b[32m    LOG\u001b[39m \u001b[38;5;3m[NestFactory] \u001b[39m\u001b[32mStarting Nest application...\u001b[39m',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'Starting Nest application...',
        attributes: { logger: 'NestFactory' },
      },
      {
        text: '[Nest] 7  - 2026-11-29 10:00:01   WARN [Cart] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'text',
    name: 'winston-simple',
    title: "winston's simple format, for levels that are words of prose elsewhere",
    after: 'start',
    first: 'sv',
    has: ': ',
    pattern: new RegExp(`^(?<level>silly|verbose): ${REST}`, 's'),
    examples: [
      { text: 'verbose: cache is warm {"order":7}', level: 'trace', time: null, message: 'cache is warm {"order":7}' },
      { text: 'silly: 7', level: 'trace', time: null, message: '7' },
    ],
  },
  {
    kind: 'text',
    name: 'log4js',
    title: 'log4js: [LEVEL] category - message',
    after: 'time',
    first: '[',
    has: '] ',
    pattern: new RegExp(
      String.raw`^\[(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\] (?<logger>[\w.:-]{1,100}) - ${REST}`,
      's',
    ),
    examples: [
      {
        text: '[2026-11-29T10:00:01.123] [ERROR] cart - no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { logger: 'cart' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'npm',
    title: 'npm, and tools with npmlog',
    after: 'start',
    first: 'npm',
    has: 'npm ',
    pattern: /^npm (?<level>ERR!|WARN|warn|error|notice|http|timing|verb|verbose|sill|silly|info) (?<message>.*)$/s,
    levels: NPM,
    examples: [
      { text: 'npm ERR! code ELIFECYCLE', level: 'error', time: null, message: 'code ELIFECYCLE' },
      { text: 'npm error code E404', level: 'error', time: null, message: 'code E404' },
      {
        text: 'npm WARN deprecated request@2.88.2: request has been deprecated',
        level: 'warn',
        time: null,
        message: 'deprecated request@2.88.2: request has been deprecated',
      },
      { text: 'npm notice created a lockfile', level: 'info', time: null, message: 'created a lockfile' },
    ],
  },
  {
    kind: 'text',
    name: 'node-warning',
    title: "Node's process warnings",
    after: 'start',
    first: '(',
    has: '(node:',
    pattern: /^\(node:(?<pid>\d{1,8})\) (?<message>(?:\[[\w-]{1,40}\] )?(?!Unhandled)\w{0,40}Warning: .*)$/s,
    level: 'warn',
    examples: [
      {
        text: '(node:7) [DEP0005] DeprecationWarning: Buffer() is deprecated.',
        level: 'warn',
        time: null,
        message: '[DEP0005] DeprecationWarning: Buffer() is deprecated.',
        attributes: { pid: 7 },
      },
      {
        text: '(node:7) MaxListenersExceededWarning: Possible EventEmitter memory leak detected.',
        level: 'warn',
        time: null,
        message: 'MaxListenersExceededWarning: Possible EventEmitter memory leak detected.',
      },
    ],
  },
  {
    kind: 'text',
    name: 'node-unhandled-rejection',
    title: "Node's unhandled rejections before version 15",
    after: 'start',
    first: '(',
    has: 'UnhandledPromiseRejectionWarning',
    pattern: /^\(node:(?<pid>\d{1,8})\) (?<message>UnhandledPromiseRejectionWarning: .*)$/s,
    level: 'error',
    examples: [
      {
        text: '(node:7) UnhandledPromiseRejectionWarning: Error: no stock\n    at pay (/app/cart.js:10:5)',
        level: 'error',
        time: null,
        message: 'UnhandledPromiseRejectionWarning: Error: no stock',
        stack: '    at pay (/app/cart.js:10:5)',
      },
    ],
  },
  {
    kind: 'text',
    name: 'morgan-dev',
    title: "morgan's dev and tiny formats",
    after: 'start',
    first: 'A-Z',
    has: ' ms',
    pattern:
      /^(?<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (?<path>\S{1,4000}) (?<status>\d{3}) (?:(?<duration_ms>[\d.]{1,15}) ms - (?<bytes>\d{1,15}|-)|(?<bytes>\d{1,15}|-) - (?<duration_ms>[\d.]{1,15}) ms)$/,
    examples: [
      {
        text: '\u001b[0mGET /pay \u001b[31m500\u001b[0m 1.234 ms - 12\u001b[0m',
        level: 'error',
        time: null,
        message: 'GET /pay 500 1.234 ms - 12',
        attributes: { method: 'GET', path: '/pay', status: 500, bytes: 12 },
      },
      { text: 'GET /pay 404 12 - 1.234 ms', level: 'warn', time: null, message: 'GET /pay 404 12 - 1.234 ms' },
      { text: 'GET /error 200 1.234 ms - -', level: 'info', time: null, message: 'GET /error 200 1.234 ms - -' },
    ],
  },
  {
    kind: 'text',
    name: 'pm2',
    title: 'pm2 logs: id|name | message',
    after: 'start',
    first: '0-9',
    has: '|',
    pattern: /^(?<pm_id>\d{1,4})\|(?<source>[\w.@-]{1,80}) {0,30}\| (?<message>.*)$/s,
    isPrefix: true,
    examples: [
      {
        text: '0|shop  | 2026-11-29T10:00:01: error: no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'shop',
        message: 'no stock',
      },
      {
        text: '0|shop  | Error: no stock\n0|shop  |     at pay (/app/cart.js:10:5)',
        level: 'error',
        time: null,
        source: 'shop',
        message: 'Error: no stock',
        stack: '    at pay (/app/cart.js:10:5)',
      },
    ],
  },
]
