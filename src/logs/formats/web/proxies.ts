// Access logs of HAProxy, Envoy, IIS (W3C), Squid and others that do not write the common format.
import type { TextFormat } from '../format.ts'

export const PROXIES: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'haproxy-http',
    title: "HAProxy's HTTP log",
    after: 'start',
    first: '0-9a-fA-F:[',
    has: ' [',
    pattern:
      /^(?<client>[\w.:[\]]{2,50}:\d{1,5}) \[(?<time>\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] (?<frontend>\S{1,100}) (?<backend>[^\s/]{1,100})\/(?<server>\S{1,100}) (?<timers>[\d/+-]{5,60}) (?<status>-?\d{1,3}) \+?(?<bytes>\d{1,15}) \S{1,200} \S{1,200} (?<termination>[A-Za-z-]{4}) [\d/+]{5,60} \d{1,8}\/\d{1,8}(?: \{[^}]{0,1000}\}){0,2} "(?:(?<method>[A-Z]{1,20}) )?(?<path>[^" ]{0,4000})[^"]{0,20}"?/,
    examples: [
      {
        text: '10.0.0.1:5000 [29/Nov/2026:10:00:01.123] http-in shop/web-1 10/0/30/69/109 502 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /pay HTTP/1.1"',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message:
          '10.0.0.1:5000 [29/Nov/2026:10:00:01.123] http-in shop/web-1 10/0/30/69/109 502 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /pay HTTP/1.1"',
        attributes: { frontend: 'http-in', backend: 'shop', server: 'web-1', status: 502, path: '/pay' },
      },
      {
        text: '<134>Nov 29 10:00:01 lb-1 haproxy[7]: 10.0.0.1:5000 [29/Nov/2026:10:00:01.123] http-in shop/<NOSRV> 0/-1/-1/-1/0 503 212 - - SC-- 1/1/0/0/0 0/0 "GET /pay HTTP/1.1"',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'haproxy',
        host: 'lb-1',
        message:
          '10.0.0.1:5000 [29/Nov/2026:10:00:01.123] http-in shop/<NOSRV> 0/-1/-1/-1/0 503 212 - - SC-- 1/1/0/0/0 0/0 "GET /pay HTTP/1.1"',
      },
    ],
  },
  {
    kind: 'text',
    name: 'envoy-access',
    title: "Envoy's and Istio's access log",
    after: 'time',
    first: '"',
    has: '" ',
    pattern:
      /^"(?<method>[A-Z-]{1,20}) (?<path>\S{0,4000}) (?<protocol>HTTP\/[\d.]{1,3}|-)" (?<status>\d{1,3}) (?<response_flags>[\w,-]{1,60}) /,
    examples: [
      {
        text: '[2026-11-29T10:00:01.123Z] "GET /pay HTTP/1.1" 503 UF 0 91 3 - "-" "curl/8.5" "550e8400" "shop" "10.0.0.1:80"',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '"GET /pay HTTP/1.1" 503 UF 0 91 3 - "-" "curl/8.5" "550e8400" "shop" "10.0.0.1:80"',
        attributes: { status: 503, response_flags: 'UF', path: '/pay' },
      },
      {
        text: '[2026-11-29T10:00:01.123Z] "GET /pay HTTP/2" 200 - via_upstream - "-" 0 12 3 2 "-" "curl/8.5"',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: '"GET /pay HTTP/2" 200 - via_upstream - "-" 0 12 3 2 "-" "curl/8.5"',
      },
    ],
  },
  {
    kind: 'text',
    name: 'envoy',
    title: "Envoy's own log: [thread][level][component] [file] message",
    after: 'time',
    first: '[',
    has: '][',
    pattern:
      /^\[(?<thread>\d{1,10})\]\[(?<level>trace|debug|info|warning|warn|error|critical)\]\[(?<component>[\w.]{1,60})\] (?:\[(?<caller>[\w./-]{1,150}:\d{1,6})\] )?(?<message>.*)$/s,
    examples: [
      {
        text: '[2026-11-29 10:00:01.123][7][error][upstream] [source/common/upstream/x.cc:42] no healthy host',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no healthy host',
        attributes: { thread: 7, component: 'upstream', caller: 'source/common/upstream/x.cc:42' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'iis-w3c',
    title: 'IIS and other W3C extended logs of requests',
    after: 'time',
    first: '0-9A-Z:',
    has: ' ',
    // The usual fields in their usual order: s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip agent referer status.
    pattern:
      /^(?:(?<site>W3SVC\d{1,6}) (?:(?<server>[\w-]{1,60}) )?)?(?<server_ip>[\da-fA-F.:]{2,45}) (?<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|[A-Z]{3,12}) (?<path>\S{1,4000}) (?<query>\S{1,4000}) (?<port>\d{1,5}) (?<user>\S{1,100}) (?<client>[\da-fA-F.:]{2,45}) (?:HTTP\/[\d.]{1,3} )?(?<user_agent>\S{1,1000}) (?:(?<referer>\S{1,4000}) )?(?<status>\d{3}) (?<substatus>\d{1,4}) (?<win32_status>\d{1,10})(?: |$)/,
    examples: [
      {
        text: '2026-11-29 10:00:01 10.0.0.1 GET /pay id=1 443 - 203.0.113.9 Mozilla/5.0+(X11) - 500 0 0 12',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '10.0.0.1 GET /pay id=1 443 - 203.0.113.9 Mozilla/5.0+(X11) - 500 0 0 12',
        attributes: { status: 500, path: '/pay', client: '203.0.113.9' },
      },
      {
        text: '2026-11-29 10:00:01 10.0.0.1 GET /x - 80 - 203.0.113.9 curl/8.5 404 0 2 5',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: '10.0.0.1 GET /x - 80 - 203.0.113.9 curl/8.5 404 0 2 5',
        attributes: { status: 404 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'squid-access',
    title: "Squid's native access log",
    after: 'time',
    first: ' 0-9',
    has: '/',
    pattern:
      /^ {0,8}(?=(?<message>.*))(?<duration_ms>\d{1,9}) (?<client>[\w.:-]{2,80}) (?<result>[A-Z_]{3,40})\/(?<status>\d{3}) (?<bytes>\d{1,15}) (?<method>[A-Z_]{1,20}) (?<url>\S{1,4000}) /,
    examples: [
      {
        text: '1795946401.123    123 10.0.0.1 TCP_MISS/502 512 GET http://shop/ - HIER_DIRECT/10.0.0.2 text/html',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '123 10.0.0.1 TCP_MISS/502 512 GET http://shop/ - HIER_DIRECT/10.0.0.2 text/html',
        attributes: { status: 502, result: 'TCP_MISS', duration_ms: 123 },
      },
    ],
  },
]
