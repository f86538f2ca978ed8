// Access logs in JSON: Traefik, Caddy, Envoy, nginx and Apache with the usual names; the status gives the level.
import type { Fields, RecordFormat } from '../format.ts'
import { statusLevel } from '../number-levels.ts'

/** An example of each of nginx' times. */
const NGINX_TIMES: { readonly [name: string]: string } = {
  time_iso8601: '2026-11-29T10:00:01+00:00',
  time_local: '29/Nov/2026:10:00:01 +0000',
  msec: '1795946401.000',
}

export const WEB_RECORDS: readonly RecordFormat[] = [
  {
    kind: 'record',
    name: 'traefik-json-access',
    title: "Traefik's access log in JSON",
    names: ['DownstreamStatus'],
    read: ({ msg, message, level, StartUTC, ...rest }) =>
      request(rest, {
        status: rest.DownstreamStatus,
        method: rest.RequestMethod,
        path: rest.RequestPath,
        time: rest.time ?? StartUTC,
        message: msg || message,
        level,
      }),
    examples: [
      {
        text: '{"ClientAddr":"10.0.0.1:1","DownstreamStatus":502,"RequestMethod":"GET","RequestPath":"/pay","level":"info","msg":"","time":"2026-11-29T10:00:01Z"}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'GET /pay 502',
        attributes: { DownstreamStatus: 502, ClientAddr: '10.0.0.1:1' },
      },
      {
        text: '{"ClientAddr":"10.0.0.1:1","DownstreamStatus":200,"RequestPath":"/pay","level":"info","msg":"","time":"2026-11-29T10:00:01Z"}',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: '/pay 200',
      },
    ],
  },
  {
    kind: 'record',
    name: 'caddy-json-access',
    title: "Caddy's access log in JSON",
    names: ['request', 'status', 'logger'],
    read: record => {
      const { request: asked, status, level, msg, ...rest } = record
      if (typeof asked !== 'object' || asked === null) return null
      const { method, uri, host } = asked as Fields
      return request(
        { ...rest, request: asked, status },
        { status, method, path: uri, time: rest.ts, level, message: msg === 'handled request' ? undefined : msg, host },
      )
    },
    examples: [
      {
        text: '{"level":"info","ts":1795946401.123,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.1","method":"GET","host":"shop.example","uri":"/pay"},"duration":0.001,"size":0,"status":502}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'GET /pay 502',
        source: 'http.log.access',
        attributes: { status: 502 },
      },
    ],
  },
  {
    kind: 'record',
    name: 'envoy-json-access',
    title: "Envoy's and Istio's access log in JSON",
    names: ['response_code', 'start_time'],
    read: ({ start_time, level, message, ...rest }) =>
      request(rest, {
        status: rest.response_code,
        method: rest.method,
        path: rest.path,
        time: start_time,
        level,
        message,
      }),
    examples: [
      {
        text: '{"start_time":"2026-11-29T10:00:01.123Z","method":"GET","path":"/pay","protocol":"HTTP/1.1","response_code":503,"response_flags":"UF","duration":3}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'GET /pay 503',
        attributes: { response_code: 503, response_flags: 'UF' },
      },
    ],
  },
  ...['time_iso8601', 'time_local', 'msec'].map(
    (timeName): RecordFormat => ({
      kind: 'record',
      name: `nginx-json-${timeName.replaceAll('_', '-')}`,
      title: `nginx' access log in JSON with $${timeName}`,
      names: [timeName, 'status'],
      read: record => {
        const { [timeName]: time, level, message, ...rest } = record
        return request(rest, {
          status: rest.status,
          method: rest.request ?? rest.request_method ?? rest.method,
          path: rest.request === undefined ? (rest.request_uri ?? rest.uri ?? rest.path) : undefined,
          time: rest.timestamp ?? rest['@timestamp'] ?? rest.time ?? time,
          level,
          message,
        })
      },
      examples: [
        {
          text: `{"${timeName}":"${NGINX_TIMES[timeName]}","remote_addr":"10.0.0.1","request":"GET /pay HTTP/1.1","status":"502","body_bytes_sent":"12"}`,
          level: 'error',
          time: '2026-11-29T10:00:01Z',
          message: 'GET /pay HTTP/1.1 502',
          attributes: { remote_addr: '10.0.0.1', status: '502' },
        },
        {
          text: `{"${timeName}":"${NGINX_TIMES[timeName]}","request_method":"GET","request_uri":"/x","status":404}`,
          level: 'warn',
          time: '2026-11-29T10:00:01Z',
          message: 'GET /x 404',
          attributes: { status: 404 },
        },
      ],
    }),
  ),
]

type Request = {
  status: unknown
  method?: unknown
  path?: unknown
  time?: unknown
  level?: unknown
  message?: unknown
  host?: unknown
}

/** The record of a request: the worse of its own level and that of its status; what was asked is the message. */
function request(rest: Fields, { status, method, path, time, level, message }: Request): Fields {
  const code = Number(status)
  const fromStatus = code >= 100 && code < 600 ? statusLevel(code) : undefined
  const asked = [method, path, status].filter(part => part !== undefined && part !== '' && part !== null).join(' ')
  return {
    ...rest,
    ...(time === undefined ? {} : { timestamp: time }),
    level: fromStatus === undefined || fromStatus === 'info' ? (level ?? fromStatus) : fromStatus,
    message: typeof message === 'string' && message !== '' ? message : asked,
  }
}
