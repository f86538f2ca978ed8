// Azure, Heroku, Vercel, Fly.io and Cloudflare.
import type { Fields, Format } from '../format.ts'
import { statusLevel } from '../number-levels.ts'
import { objectOf } from './google.ts'

export const CLOUDS: readonly Format[] = [
  {
    kind: 'record',
    name: 'azure',
    title: 'resource logs of Azure Monitor',
    names: ['resourceId', 'category'],
    read: readAzure,
    examples: [
      {
        text: '{"time":"2026-11-29T10:00:01.1234567Z","resourceId":"/SUBSCRIPTIONS/1/X","category":"AppServiceConsoleLogs","operationName":"Microsoft.Web/sites/log","level":"Error","resultDescription":"no stock"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: {
          resourceId: '/SUBSCRIPTIONS/1/X',
          category: 'AppServiceConsoleLogs',
          operationName: 'Microsoft.Web/sites/log',
          resultDescription: 'no stock',
        },
      },
      {
        text: '{"time":"2026-11-29T10:00:01Z","resourceId":"/SUBSCRIPTIONS/1/X","category":"FunctionAppLogs","level":"Warning","properties":{"message":"slow","roleInstance":"1"}}',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'slow',
        attributes: {
          resourceId: '/SUBSCRIPTIONS/1/X',
          category: 'FunctionAppLogs',
          properties: { message: 'slow', roleInstance: '1' },
        },
      },
      {
        text: '{"time":"2026-11-29T10:00:01Z","resourceId":"/SUBSCRIPTIONS/1/X","category":"Administrative","operationName":"MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE","level":"Information","resultType":"Success"}',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE',
        attributes: {
          resourceId: '/SUBSCRIPTIONS/1/X',
          category: 'Administrative',
          operationName: 'MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE',
          resultType: 'Success',
        },
      },
    ],
  },
  {
    kind: 'record',
    name: 'heroku-router',
    title: 'router of Heroku',
    names: ['at', 'method', 'path', 'status'],
    read: readRouter,
    examples: [
      {
        text: '2026-11-29T10:00:01.123456+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=GET path="/pay" host=shop.herokuapp.com request_id=8f5d fwd="203.0.113.9" dyno=web.1 connect=1ms service=30000ms status=503 bytes=0 protocol=https',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'heroku',
        host: 'shop.herokuapp.com',
        message: 'H12 Request timeout: GET /pay 503',
        attributes: {
          at: 'error',
          code: 'H12',
          desc: 'Request timeout',
          method: 'GET',
          path: '/pay',
          request_id: '8f5d',
          fwd: '203.0.113.9',
          dyno: 'web.1',
          connect: '1ms',
          service: '30000ms',
          status: '503',
          bytes: '0',
          protocol: 'https',
          pid: 'router',
        },
      },
      {
        text: '<158>1 2026-11-29T10:00:01.123456+00:00 host heroku router - at=info method=GET path="/" host=shop.herokuapp.com dyno=web.1 connect=1ms service=9ms status=200 bytes=12',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        source: 'heroku',
        host: 'shop.herokuapp.com',
        message: 'GET / 200',
        attributes: {
          at: 'info',
          method: 'GET',
          path: '/',
          dyno: 'web.1',
          connect: '1ms',
          service: '9ms',
          status: '200',
          bytes: '12',
          pid: 'router',
        },
      },
    ],
  },
  {
    kind: 'text',
    name: 'fly',
    title: 'flyctl logs',
    after: 'time',
    first: 'a-z',
    has: '] ',
    pattern:
      /^(?<source>app|runner|proxy|init|health|machine)\[(?<instance>[0-9a-f]{4,20})\] (?<region>[a-z]{3}) \[(?<level>[a-z]{4,7})\] ?(?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z app[148e272b] ams [info] {"level":"error","msg":"no stock"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'app',
        message: 'no stock',
        attributes: { instance: '148e272b', region: 'ams' },
      },
      {
        text: '2026-11-29T10:00:01Z proxy[148e272b] ams [error] [PC01] instance refused connection',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'proxy',
        message: '[PC01] instance refused connection',
        attributes: { instance: '148e272b', region: 'ams' },
      },
    ],
  },
  {
    kind: 'record',
    name: 'fly-json',
    title: 'log shipper of Fly.io',
    names: ['fly', 'message'],
    isEnvelope: true,
    read: readFly,
    examples: [
      {
        text: '{"event":{"provider":"app"},"fly":{"app":{"instance":"148e272b","name":"cart"},"region":"ams"},"host":"edge-1","log":{"level":"error"},"message":"no stock","timestamp":"2026-11-29T10:00:01.123Z"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'cart',
        host: 'edge-1',
        message: 'no stock',
        attributes: { event: { provider: 'app' }, fly: { app: { instance: '148e272b', name: 'cart' }, region: 'ams' } },
      },
    ],
  },
  {
    kind: 'record',
    name: 'vercel',
    title: 'log drains of Vercel',
    names: ['deploymentId', 'message'],
    isEnvelope: true,
    read: readVercel,
    examples: [
      {
        text: '{"id":"1","message":"no stock","timestamp":1795946401123,"type":"stderr","source":"lambda","projectId":"p","deploymentId":"d","host":"shop.vercel.app","statusCode":500}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'lambda',
        host: 'shop.vercel.app',
        message: 'no stock',
        attributes: { id: '1', type: 'stderr', projectId: 'p', deploymentId: 'd', statusCode: 500 },
      },
      {
        text: '{"id":"2","message":"ERROR no stock","timestamp":1795946401123,"type":"stdout","source":"edge","projectId":"p","deploymentId":"d","host":"shop.vercel.app"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'edge',
        host: 'shop.vercel.app',
        message: 'ERROR no stock',
        attributes: { id: '2', type: 'stdout', projectId: 'p', deploymentId: 'd' },
      },
    ],
  },
  {
    kind: 'record',
    name: 'cloudflare-http',
    title: 'Logpush of Cloudflare (HTTP requests)',
    names: ['EdgeResponseStatus'],
    read: readEdge,
    examples: [
      {
        text: '{"ClientRequestHost":"shop.example","ClientRequestMethod":"GET","ClientRequestURI":"/pay","EdgeResponseStatus":502,"EdgeStartTimestamp":"2026-11-29T10:00:01Z","RayID":"3f1"}',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'GET shop.example/pay 502',
        attributes: {
          ClientRequestHost: 'shop.example',
          ClientRequestMethod: 'GET',
          ClientRequestURI: '/pay',
          EdgeResponseStatus: 502,
          EdgeStartTimestamp: '2026-11-29T10:00:01Z',
          RayID: '3f1',
        },
      },
      {
        text: '{"ClientRequestHost":"shop.example","ClientRequestMethod":"GET","ClientRequestURI":"/x","EdgeResponseStatus":404,"EdgeStartTimestamp":1795946401123456789,"RayID":"3f2"}',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'GET shop.example/x 404',
        attributes: {
          ClientRequestHost: 'shop.example',
          ClientRequestMethod: 'GET',
          ClientRequestURI: '/x',
          EdgeResponseStatus: 404,
          EdgeStartTimestamp: '1795946401123456789',
          RayID: '3f2',
        },
      },
    ],
  },
  {
    kind: 'record',
    name: 'cloudflare-workers',
    title: 'Logpush of Cloudflare Workers',
    names: ['Outcome', 'ScriptName'],
    read: readWorker,
    examples: [
      {
        text: '{"Event":{"Request":{"Method":"GET","URL":"https://shop.example/pay"}},"EventTimestampMs":1795946401123,"EventType":"fetch","Exceptions":[{"Name":"TypeError","Message":"x is undefined"}],"Logs":[],"Outcome":"exception","ScriptName":"cart"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'cart',
        message: 'TypeError: x is undefined',
        attributes: {
          Event: { Request: { Method: 'GET', URL: 'https://shop.example/pay' } },
          EventTimestampMs: 1795946401123,
          EventType: 'fetch',
          Exceptions: [{ Name: 'TypeError', Message: 'x is undefined' }],
          Logs: [],
          Outcome: 'exception',
          ScriptName: 'cart',
        },
      },
      {
        text: '{"EventTimestampMs":1795946401123,"EventType":"cron","Exceptions":[],"Logs":[{"Level":"log","Message":["done","fast"]}],"Outcome":"ok","ScriptName":"cart"}',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        source: 'cart',
        message: 'done fast',
        attributes: {
          EventTimestampMs: 1795946401123,
          EventType: 'cron',
          Exceptions: [],
          Logs: [{ Level: 'log', Message: ['done', 'fast'] }],
          Outcome: 'ok',
          ScriptName: 'cart',
        },
      },
    ],
  },
]

function readAzure({ properties, ...rest }: Fields): Fields {
  const details = objectOf(properties)
  const message = rest.resultDescription ?? details.message ?? details.Message ?? rest.operationName
  return { ...rest, ...(properties === undefined ? {} : { properties }), ...(message === undefined ? {} : { message }) }
}

function readRouter(record: Fields): Fields | null {
  const { at, method, path, status, code, desc } = record
  if (at !== 'error' && at !== 'info' && at !== 'warning') return null
  const failure = code === undefined ? '' : `${code} ${desc}: `
  return {
    ...record,
    level: at === 'info' ? statusLevel(Number(status)) : at,
    message: `${failure}${method} ${path} ${status}`,
  }
}

function readFly(record: Fields): Fields {
  const { log, fly, ...rest } = record
  const app = objectOf(objectOf(fly).app)
  const level = objectOf(log).level
  return {
    ...rest,
    fly,
    ...(app.name === undefined ? {} : { source: app.name }),
    ...(level === undefined ? {} : { level }),
  }
}

function readVercel(record: Fields): Fields {
  const status = Number(record.statusCode)
  return record.level === undefined && status >= 400 ? { ...record, level: statusLevel(status) } : record
}

function readEdge(record: Fields): Fields {
  const { ClientRequestMethod, ClientRequestHost, ClientRequestURI, EdgeResponseStatus, EdgeStartTimestamp } = record
  const parts = [ClientRequestMethod, `${ClientRequestHost ?? ''}${ClientRequestURI ?? ''}`, EdgeResponseStatus]
  return {
    ...record,
    level: statusLevel(Number(EdgeResponseStatus)),
    message: parts.filter(part => part !== undefined && part !== '').join(' '),
    timestamp: EdgeStartTimestamp,
  }
}

function readWorker(record: Fields): Fields {
  const { Outcome, ScriptName, Exceptions, Logs, EventTimestampMs, EventType } = record
  const first = objectOf(Array.isArray(Exceptions) ? Exceptions[0] : undefined)
  const logged = Array.isArray(Logs) ? Logs.map(entry => [objectOf(entry).Message].flat().join(' ')).join('\n') : ''
  const exception = first.Message === undefined ? '' : `${first.Name}: ${first.Message}`
  return {
    ...record,
    level: Outcome === 'ok' || Outcome === 'canceled' ? 'info' : 'error',
    source: ScriptName,
    message: exception || logged || `${EventType} ${Outcome}`,
    timestamp: EventTimestampMs,
  }
}
