// Go: zap's console, the standard library, hclog, and the request lines of its web frameworks.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

export const GO: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'zap-console',
    title: "zap's console, Caddy, controller-runtime: fields with tabs between them",
    after: 'time',
    first: 'A-Za-z',
    has: '\t',
    pattern: new RegExp(
      String.raw`^(?<level>[Dd]ebug|DEBUG|[Ii]nfo|INFO|[Ww]arn|WARN|[Ee]rror|ERROR|DPANIC|dpanic|PANIC|panic|FATAL|fatal)\t(?:(?<logger>[\w.-]{1,120})\t(?=[^\t]))?(?:(?<caller>[\w.\/@-]{1,200}:\d{1,7})\t)?${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z\tERROR\tshop/cart.go:42\tno stock\t{"order": 7}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock\t{"order": 7}',
        attributes: { caller: 'shop/cart.go:42' },
      },
      {
        text: '2026-11-29T10:00:01.123Z\tERROR\tshop/cart.go:42\tno stock\nmain.(*Cart).Pay\n\t/app/shop/cart.go:42\nmain.main\n\t/app/main.go:7',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        stack: 'main.(*Cart).Pay\n\t/app/shop/cart.go:42\nmain.main\n\t/app/main.go:7',
      },
      {
        text: '2026-11-29T11:00:01.123+0100\tinfo\tshop.cart\tshop/cart.go:42\tstarted',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
        attributes: { logger: 'shop.cart' },
      },
      {
        text: '2026/11/29 10:00:01.123\tERROR\thttp.log.error\tdial tcp 10.0.0.1:80: connect: connection refused',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'dial tcp 10.0.0.1:80: connect: connection refused',
        attributes: { logger: 'http.log.error' },
      },
      {
        text: '2026-11-29T10:00:01.123Z\tFATAL\tno disk',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no disk',
      },
      {
        text: '1795946401.123\twarn\tslow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'text',
    name: 'go-http-panic',
    title: "Go's net/http: a panic while a request was served",
    after: 'time',
    first: 'h',
    has: 'http: panic serving ',
    pattern: /^(?<message>http: panic serving .*)$/s,
    level: 'error',
    examples: [
      {
        text: '2026/11/29 10:00:01 http: panic serving 10.0.0.1:5: runtime error: index out of range\ngoroutine 34 [running]:\nnet/http.(*conn).serve.func1()\n\t/usr/local/go/src/net/http/server.go:1947 +0xbe\nmain.pay(0x1)\n\t/src/cart.go:12 +0x1d',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'http: panic serving 10.0.0.1:5: runtime error: index out of range',
        stack: 'goroutine 34 [running]:\nnet/http.(*conn).serve.func1()',
      },
    ],
  },
  {
    kind: 'text',
    name: 'go-log',
    title: "Go's log with the place of the call",
    after: 'time',
    first: '\\w/.',
    has: '.go:',
    pattern: new RegExp(
      String.raw`^(?<caller>[\w.\/@-]{1,200}\.go:\d{1,7}): (?:\[(?<level>[A-Z]{4,8})\] )?${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026/11/29 10:00:01 main.go:42: ERROR no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'ERROR no stock',
        attributes: { caller: 'main.go:42' },
      },
      {
        text: '2026/11/29 10:00:01.123456 /src/cart/main.go:42: listening',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'listening',
      },
    ],
  },
  {
    kind: 'text',
    name: 'hclog',
    title: 'hclog: Consul, Vault, Nomad, Terraform',
    after: 'time',
    first: '[',
    has: ']',
    pattern: new RegExp(
      String.raw`^\[(?<level>TRACE|DEBUG|INFO|WARN|ERROR|ERR)\] {1,2}(?:(?<caller>[\w.\/-]{1,100}\.go:\d{1,7}): )?(?<logger>[a-z][\w-]{0,60}(?:\.[\w-]{1,60}){0,8}): ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z [ERROR] agent.server: failed to join: error="no route"',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'failed to join: error="no route"',
        attributes: { logger: 'agent.server' },
      },
      {
        text: '2026-11-29T10:00:01.123Z [WARN]  core.cluster-listener: no TLS config found',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no TLS config found',
      },
      {
        text: '2026/11/29 10:00:01 [ERR] consul: failed to establish leadership',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'failed to establish leadership',
      },
    ],
  },
  {
    kind: 'text',
    name: 'gin',
    title: 'Gin: requests',
    after: 'start',
    first: '[',
    has: '[GIN] ',
    pattern:
      /^\[GIN\] (?<time>\d{4}\/\d\d\/\d\d - \d\d:\d\d:\d\d) \| {0,3}(?<status>\d{3}) {0,3}\| {0,20}(?<duration>[\d.]{1,20}[a-zµ]{1,3}) {0,3}\| {0,40}(?<client>\S{1,60}) \| {0,3}(?<method>[A-Z]{1,10}) {1,9}"(?<path>[^"]{0,4000})"/,
    examples: [
      {
        text: '[GIN] 2026/11/29 - 10:00:01 | 502 |    1.234567ms |       10.0.0.1 | GET      "/pay"',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '[GIN] 2026/11/29 - 10:00:01 | 502 |    1.234567ms |       10.0.0.1 | GET      "/pay"',
        attributes: { status: 502, client: '10.0.0.1', method: 'GET', path: '/pay' },
      },
      {
        text: '[GIN] 2026/11/29 - 10:00:01 |\u001b[97;42m 200 \u001b[0m|      12.5µs |             ::1 |\u001b[97;44m GET     \u001b[0m "/"',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: '[GIN] 2026/11/29 - 10:00:01 | 200 |      12.5µs |             ::1 | GET      "/"',
      },
    ],
  },
  {
    kind: 'text',
    name: 'chi',
    title: 'chi: requests',
    after: 'time',
    first: '"[',
    has: ' from ',
    pattern:
      /^(?:\[(?<request_id>[^\]]{1,100})\] )?"(?<method>[A-Z]{1,10}) (?<path>\S{1,4000}) HTTP\/[\d.]{1,3}" from (?<client>\S{1,80}) - (?<status>\d{3}) (?<bytes>\d{1,15})B in (?<duration>\S{1,20})$/,
    examples: [
      {
        text: '2026/11/29 10:00:01 [web/abc-000007] "GET http://shop/pay HTTP/1.1" from 10.0.0.1:5 - 500 12B in 1.2ms',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '[web/abc-000007] "GET http://shop/pay HTTP/1.1" from 10.0.0.1:5 - 500 12B in 1.2ms',
        attributes: { status: 500, bytes: 12 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'status-with-bars',
    title: 'Fiber, Iris and others: status | duration | client | method | path',
    after: 'time',
    first: '|0-9',
    has: ' | ',
    pattern:
      /^(?:\| )?(?<status>[1-5]\d\d) \| {1,14}(?<duration>[\d.]{1,20}[a-zµ]{1,3}) \| {1,30}(?<client>[\w.:]{2,60}) \| (?<method>[A-Z]{1,10}) {1,9}\| (?<path>\S{1,4000})/,
    examples: [
      {
        text: '10:00:01 | 500 |   1.2ms | 10.0.0.1 | GET     | /pay | no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '| 500 |   1.2ms | 10.0.0.1 | GET     | /pay | no stock',
        attributes: { status: 500, path: '/pay' },
      },
    ],
  },
]
