// Access logs of web servers and proxies: the status of the answer gives the level.
import type { TextFormat } from '../format.ts'

export const ACCESS_LOGS: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'http-access',
    title: 'access logs of nginx, Apache, Caddy, Traefik, Gunicorn, Varnish and others (common and combined)',
    after: 'start',
    first: '0-9a-fA-F:[*-z',
    has: '"',
    pattern:
      /^(?:(?<vhost>[\w.-]{1,250}(?::\d{1,5})?) )?(?<client>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F:.]{2,45}|\[[0-9a-fA-F:.]{2,45}\]|[\w.-]{1,250}|\*|-) (?<ident>\S{1,100}) (?<user>\S{1,100}|"[^"]{0,100}") \[(?<time>[^\]]{10,40})\] "(?:(?<method>[A-Z]{1,20}) (?<path>\S{0,4000})(?: (?<protocol>[A-Z]{1,10}\/[\d.]{1,5}))?|(?:[^"\\]|\\.){0,4000})" (?<status>\d{3}) (?<bytes>\d{1,15}|-)(?= |$)/,
    examples: [
      {
        text: '203.0.113.9 - - [29/Nov/2026:10:00:01 +0000] "GET /pay HTTP/1.1" 502 12',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '203.0.113.9 - - [29/Nov/2026:10:00:01 +0000] "GET /pay HTTP/1.1" 502 12',
        attributes: { client: '203.0.113.9', method: 'GET', path: '/pay', status: 502, bytes: 12 },
      },
      {
        text: '::1 - alice [29/Nov/2026:11:00:01 +0100] "POST /login HTTP/2.0" 404 153 "https://shop.example/" "Mozilla/5.0 (X11)"',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message:
          '::1 - alice [29/Nov/2026:11:00:01 +0100] "POST /login HTTP/2.0" 404 153 "https://shop.example/" "Mozilla/5.0 (X11)"',
        attributes: { user: 'alice', status: 404 },
      },
      {
        text: 'shop.example:443 10.0.0.7 - - [29/Nov/2026:10:00:01 +0000] "GET /error HTTP/1.1" 200 5 "-" "curl/8.5"',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message:
          'shop.example:443 10.0.0.7 - - [29/Nov/2026:10:00:01 +0000] "GET /error HTTP/1.1" 200 5 "-" "curl/8.5"',
        attributes: { vhost: 'shop.example:443', status: 200 },
      },
      {
        text: '203.0.113.9 - - [29/Nov/2026:10:00:01 +0000] "\\x16\\x03\\x01\\x00" 400 150 "-" "-"',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: '203.0.113.9 - - [29/Nov/2026:10:00:01 +0000] "\\x16\\x03\\x01\\x00" 400 150 "-" "-"',
        attributes: { status: 400 },
      },
      {
        text: '203.0.113.9 - - [29/Nov/2026:10:00:01 +0000] "-" 408 - "-" "-"',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: '203.0.113.9 - - [29/Nov/2026:10:00:01 +0000] "-" 408 - "-" "-"',
        attributes: { status: 408 },
      },
      {
        text: '10.0.0.1 - - [29/Nov/2026 10:00:01] "GET /pay HTTP/1.1" 500 -',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '10.0.0.1 - - [29/Nov/2026 10:00:01] "GET /pay HTTP/1.1" 500 -',
        attributes: { status: 500, path: '/pay' },
      },
      {
        text: '10.0.0.1 - - [29/Nov/2026:10:00:01 +0000] "GET /pay HTTP/2.0" 502 150 "-" "curl/8.5" 80 0.001 [default-web-80] [] 10.1.0.5:8080 0 0.001 502 0123456789abcdef',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message:
          '10.0.0.1 - - [29/Nov/2026:10:00:01 +0000] "GET /pay HTTP/2.0" 502 150 "-" "curl/8.5" 80 0.001 [default-web-80] [] 10.1.0.5:8080 0 0.001 502 0123456789abcdef',
        attributes: { status: 502 },
      },
      {
        text: '10.0.0.1 - - [29/Nov/2026:10:00:01 +0000] "GET /pay HTTP/1.1" 503 19 "-" "-" 7 "shop@docker" "http://10.0.0.2:80" 3ms',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message:
          '10.0.0.1 - - [29/Nov/2026:10:00:01 +0000] "GET /pay HTTP/1.1" 503 19 "-" "-" 7 "shop@docker" "http://10.0.0.2:80" 3ms',
        attributes: { status: 503 },
      },
    ],
  },
]
