// Loggers of Go that write short levels: klog and glog, zerolog's console, logrus on a terminal, apex, charm.
import type { Level } from '../../line.ts'
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const SHORT: { readonly [spelling: string]: Level } = {
  TRC: 'trace',
  TRAC: 'trace',
  DBG: 'debug',
  DEBU: 'debug',
  INF: 'info',
  WRN: 'warn',
  ERR: 'error',
  ERRO: 'error',
  FTL: 'fatal',
  FATA: 'fatal',
  PNC: 'fatal',
  PANI: 'fatal',
  CRIT: 'fatal',
}
const ZEROLOG = '(?<level>TRC|DBG|INF|WRN|ERR|FTL|PNC)'
const FOUR = '(?<level>TRAC|DEBU|ERRO|FATA|PANI)'

export const GO_SHORT_LEVELS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'klog',
    title: 'klog, glog and abseil: Kubernetes, C++ and Python',
    after: 'start',
    first: 'IWEFC',
    has: '] ',
    pattern:
      /^(?<level>[IWEFC])(?<time>\d{4}(?:\d{2,4})? \d\d:\d\d:\d\d\.\d{1,9}) {1,8}(?<thread>\d{1,20}) (?:\[[^\]]{0,60}\] )?(?<caller>[\w./-]{1,150}:\d{1,7})\] (?:⋮ )?(?<message>.*)$/s,
    examples: [
      {
        text: 'E1129 10:00:01.123456       1 reflector.go:138] Failed to watch *v1.Pod: the server has asked for the client to provide credentials',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Failed to watch *v1.Pod: the server has asked for the client to provide credentials',
        attributes: { caller: 'reflector.go:138', thread: 1 },
      },
      {
        text: 'W1129 10:00:01.123456    7 x.go:7] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
      {
        text: 'I1129 10:00:01.123456 140123456789 cart.cc:42] started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
      },
      {
        text: 'F20261129 10:00:01.123456 7 cart.cc:42] Check failed: x > 0',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Check failed: x > 0',
      },
      {
        text: 'E1129 10:00:01.123456       1 server.go:7] "Unhandled error" err="no route" pod="shop/cart-1"',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '"Unhandled error" err="no route" pod="shop/cart-1"',
      },
    ],
  },
  {
    kind: 'text',
    name: 'zerolog-console',
    title: "zerolog's console, Traefik 3",
    after: 'time',
    first: 'A-Z',
    pattern: new RegExp(String.raw`^${ZEROLOG} (?!\(\d\): )(?:(?<caller>[\w.\/@-]{1,200}:\d{1,7}) > )?${REST}`, 's'),
    levels: SHORT,
    examples: [
      {
        text: '2026-11-29T10:00:01Z ERR no stock order=7',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock order=7',
      },
      {
        text: '\u001b[90m2026-11-29T10:00:01Z\u001b[0m \u001b[31mERR\u001b[0m no stock \u001b[36merror=\u001b[0m"closed"',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock error="closed"',
      },
      { text: '10:00AM INF started', level: 'info', time: '2026-11-29T10:00:00Z', message: 'started' },
      { text: '10:00AM WRN slow', level: 'warn', time: '2026-11-29T10:00:00Z', message: 'slow' },
      {
        text: '2026-11-29T11:00:01+01:00 ERR github.com/traefik/traefik/v3/pkg/server/x.go:42 > no route error="closed"',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no route error="closed"',
        attributes: { caller: 'github.com/traefik/traefik/v3/pkg/server/x.go:42' },
      },
      { text: '2026-11-29 10:00:01 FTL no disk', level: 'fatal', time: '2026-11-29T10:00:01Z', message: 'no disk' },
      { text: '2026-11-29T10:00:01Z TRC t', level: 'trace', time: '2026-11-29T10:00:01Z', message: 't' },
      { text: '2026-11-29T10:00:01Z PNC p', level: 'fatal', time: '2026-11-29T10:00:01Z', message: 'p' },
    ],
  },
  {
    kind: 'text',
    name: 'logrus-terminal',
    title: 'logrus on a terminal: ERRO[0003] message',
    after: 'start',
    first: 'TDIWEFP',
    has: '[',
    pattern: new RegExp(
      String.raw`^(?<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[(?:(?<elapsed_s>\d{1,10})|(?<time>\d{4}-\d\d-\d\d[T ][^\]]{5,25}))\] ?${REST}`,
      's',
    ),
    levels: SHORT,
    examples: [
      {
        text: 'ERRO[0003] no stock',
        level: 'error',
        time: null,
        message: 'no stock',
        attributes: { elapsed_s: '0003' },
      },
      {
        text: '\u001b[31mERRO\u001b[0m[0012] no stock                                      \u001b[31morder\u001b[0m=7',
        level: 'error',
        time: null,
        message: 'no stock                                      order=7',
      },
      {
        text: 'WARN[2026-11-29T11:00:01+01:00] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
      },
      { text: 'FATA[0000] no disk', level: 'fatal', time: null, message: 'no disk' },
      { text: 'DEBU[0000] d', level: 'debug', time: null, message: 'd' },
      { text: 'INFO[0000] started', level: 'info', time: null, message: 'started' },
    ],
  },
  {
    kind: 'text',
    name: 'four-letter-levels',
    title: 'charmbracelet/log, slog-rs, log15 and others: levels of four letters',
    after: 'time',
    first: 'A-Z[',
    pattern: new RegExp(String.raw`^(?:\[${FOUR}\]|${FOUR}) (?:<(?<caller>[^>]{1,120})> ?)?${REST}`, 's'),
    levels: SHORT,
    examples: [
      {
        text: '2026/11/29 10:00:01 ERRO no stock order=7',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock order=7',
      },
      {
        text: '2026/11/29 10:00:01 ERRO <cart/pay.go:42> no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'no stock',
        attributes: { caller: 'cart/pay.go:42' },
      },
      {
        text: 'Nov 29 10:00:01.123 ERRO no stock, order: 7',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock, order: 7',
      },
      {
        text: '2026-11-29T10:00:01 DEBU d',
        level: 'debug',
        time: '2026-11-29T10:00:01Z',
        message: 'd',
      },
    ],
  },
  {
    kind: 'text',
    name: 'geth',
    title: 'log15 and go-ethereum: LEVEL [time] message',
    after: 'start',
    first: 'A-Z',
    has: '[',
    pattern: new RegExp(
      String.raw`^(?<level>TRACE|DEBUG|INFO|WARN|ERROR|CRIT|EROR|DBUG)\s?\[(?<time>\d\d-\d\d\|\d\d:\d\d:\d\d(?:\.\d{1,3})?)\] ${REST}`,
      's',
    ),
    levels: { EROR: 'error', DBUG: 'debug', CRIT: 'fatal' },
    examples: [
      {
        text: 'ERROR[11-29|10:00:01.123] no peers                         err="closed"',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no peers                         err="closed"',
      },
      { text: 'INFO [11-29|10:00:01] started', level: 'info', time: '2026-11-29T10:00:01Z', message: 'started' },
    ],
  },
]
