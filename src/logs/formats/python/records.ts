// JSON of structlog and loguru.
import type { Fields, RecordFormat } from '../format.ts'

export const PYTHON_RECORDS: readonly RecordFormat[] = [
  {
    kind: 'record',
    name: 'loguru-json',
    title: 'loguru with serialize=True',
    names: ['text', 'record'],
    read: readLoguru,
    examples: [
      {
        text: '{"text":"2026-11-29 10:00:01.123 | ERROR | shop:pay:42 - no stock\\n","record":{"elapsed":{"seconds":1},"exception":null,"extra":{"order":7},"function":"pay","level":{"icon":"x","name":"ERROR","no":40},"line":42,"message":"no stock","module":"cart","name":"shop","process":{"id":7},"thread":{"id":8},"time":{"repr":"2026-11-29 10:00:01.123+00:00","timestamp":1795946401.123}}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { extra: { order: 7 }, function: 'pay', logger: 'shop' },
      },
      {
        text: '{"text":"x\\nTraceback (most recent call last):\\n  File \\"a.py\\", line 3, in f\\nKeyError: 1\\n","record":{"exception":{"type":"KeyError","value":"1","traceback":true},"level":{"name":"CRITICAL","no":50},"message":"lost","name":"shop","time":{"timestamp":1795946401}}}',
        level: 'fatal',
        time: '2026-11-29T10:00:01Z',
        message: 'lost',
        stack: 'Traceback (most recent call last):',
      },
    ],
  },
  {
    kind: 'record',
    name: 'structlog-json',
    title: "structlog's JSONRenderer: event",
    names: ['event'],
    read: readStructlog,
    examples: [
      {
        text: '{"event":"payment declined","level":"error","timestamp":"2026-11-29T10:00:01.123Z","order":7}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'payment declined',
        attributes: { order: 7 },
      },
      {
        text: '{"order":7,"event":"user login failed","level":"warning","logger":"shop.auth","timestamp":"2026-11-29T11:00:01+01:00"}',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'user login failed',
        source: 'shop.auth',
      },
      {
        text: '{"event":"lost","level":"critical","timestamp":1795946401.123,"exception":"Traceback (most recent call last):\\n  File \\"a.py\\", line 3, in f\\nKeyError: 1"}',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'lost',
        stack: 'Traceback (most recent call last):',
      },
    ],
  },
]

const MESSAGE_NAMES = ['message', 'msg', 'text', 'log']

/** The event is the message, unless the record has another one. */
function readStructlog(record: Fields): Fields | null {
  const { event, ...rest } = record
  if (typeof event !== 'string' || MESSAGE_NAMES.some(name => Object.hasOwn(record, name))) return null
  return { ...rest, message: event }
}

function readLoguru({ text, record, ...outer }: Fields): Fields | null {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return null
  const { level, time, message, name, exception, ...rest } = record as Fields
  const whole = typeof text === 'string' ? text : ''
  const trace = whole.indexOf('Traceback (most recent call last)')
  const { name: levelName = level } = (level ?? {}) as Fields
  const { timestamp = time } = (time ?? {}) as Fields
  return {
    ...outer,
    message: typeof message === 'string' ? message : whole,
    level: levelName,
    timestamp,
    ...(exception == null || trace < 0 ? {} : { stack: whole.slice(trace) }),
    attributes: { ...rest, logger: name },
  }
}
