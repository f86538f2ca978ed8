// Celery, Gunicorn, Uvicorn, Django's and Werkzeug's servers, Tornado and Jupyter.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LEVEL = '(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)'

export const PYTHON_SERVICES: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'python-warning',
    title: "Python's warnings, with the line of code below",
    after: 'start',
    first: 'A-Za-z_/.<',
    has: 'Warning: ',
    pattern: /^(?<caller>\S{1,300}\.py:\d{1,7}): \w{0,60}Warning: /,
    level: 'warn',
    examples: [
      {
        text: '/app/shop/cart.py:12: DeprecationWarning: utcnow() is deprecated\n  now = datetime.utcnow()',
        level: 'warn',
        time: null,
        message: '/app/shop/cart.py:12: DeprecationWarning: utcnow() is deprecated',
        stack: '  now = datetime.utcnow()',
        attributes: { caller: '/app/shop/cart.py:12' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'celery',
    title: 'Celery',
    after: 'time',
    first: '[',
    has: '/',
    pattern: new RegExp(
      String.raw`^\[${LEVEL}\/(?<process>[\w-]{1,60})\] (?:(?<task>[\w.]{1,150})\[(?<task_id>[\w-]{1,60})\]: )?${REST}`,
      's',
    ),
    examples: [
      {
        text: '[2026-11-29 10:00:01,123: ERROR/MainProcess] consumer: Cannot connect to amqp://guest@rabbit:5672//: [Errno 111] Connection refused.',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'consumer: Cannot connect to amqp://guest@rabbit:5672//: [Errno 111] Connection refused.',
        attributes: { process: 'MainProcess' },
      },
      {
        text: '[2026-11-29 10:00:01,123: INFO/ForkPoolWorker-1] shop.tasks.pay[550e8400-e29b-41d4-a716-446655440000]: started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
        attributes: { process: 'ForkPoolWorker-1', task: 'shop.tasks.pay' },
      },
      {
        text: '[2026-11-29 10:00:01,123: ERROR/ForkPoolWorker-2] Task shop.tasks.pay[550e8400-e29b-41d4-a716-446655440000] raised unexpected: KeyError(1)\nTraceback (most recent call last):\n  File "a.py", line 3, in f\nKeyError: 1',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Task shop.tasks.pay[550e8400-e29b-41d4-a716-446655440000] raised unexpected: KeyError(1)',
        stack: 'Traceback (most recent call last):',
      },
      {
        text: '[2026-11-29 10:00:01,123: WARNING/MainProcess] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'text',
    name: 'uvicorn-access',
    title: 'Uvicorn, Hypercorn and FastAPI: requests',
    after: 'start',
    first: 'I',
    has: ' - "',
    pattern:
      /^INFO:? {1,8}(?<client>[\w.:[\]]{2,50}) - "(?<method>[A-Z]{1,20}) (?<path>\S{0,4000}) (?<protocol>HTTP\/[\d.]{1,3})" (?<status>\d{3})(?: [A-Z][\w' -]{1,40})?$/,
    examples: [
      {
        text: 'INFO:     10.0.0.1:54321 - "GET /pay HTTP/1.1" 500 Internal Server Error',
        level: 'error',
        time: null,
        message: 'INFO:     10.0.0.1:54321 - "GET /pay HTTP/1.1" 500 Internal Server Error',
        attributes: { client: '10.0.0.1:54321', method: 'GET', path: '/pay', status: 500 },
      },
      {
        text: 'INFO:     10.0.0.1:54321 - "GET /pay HTTP/1.1" 200 OK',
        level: 'info',
        time: null,
        message: 'INFO:     10.0.0.1:54321 - "GET /pay HTTP/1.1" 200 OK',
      },
    ],
  },
  {
    kind: 'text',
    name: 'uvicorn',
    title: 'Uvicorn: LEVEL:     message',
    after: 'start',
    first: 'A-Z',
    has: ':  ',
    pattern: new RegExp(String.raw`^${LEVEL}: {2,9}${REST}`, 's'),
    isGeneral: true,
    examples: [
      {
        text: 'ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n  File "a.py", line 3, in f\nKeyError: 1',
        level: 'error',
        time: null,
        message: 'Exception in ASGI application',
        stack: 'Traceback (most recent call last):',
      },
      {
        text: 'INFO:     Application startup complete.',
        level: 'info',
        time: null,
        message: 'Application startup complete.',
      },
      { text: 'WARNING:  slow', level: 'warn', time: null, message: 'slow' },
    ],
  },
  {
    kind: 'text',
    name: 'django-server',
    title: "Django's development server",
    after: 'time',
    first: '"',
    has: '" ',
    pattern:
      /^"(?<method>[A-Z]{1,20}) (?<path>\S{0,4000})(?: (?<protocol>HTTP\/[\d.]{1,3}))?" (?<status>\d{3}) (?<bytes>\d{1,15}|-)$/,
    isGeneral: true,
    examples: [
      {
        text: '[29/Nov/2026 10:00:01] "GET /pay HTTP/1.1" 500 145',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '"GET /pay HTTP/1.1" 500 145',
        attributes: { method: 'GET', path: '/pay', status: 500, bytes: 145 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'tornado',
    title: 'Tornado, Jupyter, Dask: [E time place] message',
    after: 'start',
    first: '[',
    has: '] ',
    pattern:
      /^\[(?<level>[DIWEC]) (?<time>\d{6} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?|\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)(?: (?<logger>[\w.:-]{1,100}))?\] (?<message>.*)$/s,
    examples: [
      {
        text: '[E 261129 10:00:01 web:1789] Uncaught exception GET /pay (10.0.0.1)',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'Uncaught exception GET /pay (10.0.0.1)',
        attributes: { logger: 'web:1789' },
      },
      {
        text: '[W 2026-11-29 10:00:01.123 ServerApp] 404 GET /x',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: '404 GET /x',
        attributes: { logger: 'ServerApp' },
      },
      {
        text: '[I 10:00:01.123 NotebookApp] Kernel started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Kernel started',
      },
    ],
  },
]
