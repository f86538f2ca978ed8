// What container engines and their tools put before the line of a program.
import type { TextFormat } from '../format.ts'

const STAMP = String.raw`(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d))`

export const CONTAINER_ENGINES: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'cri',
    title: 'log files of Kubernetes (CRI: containerd, CRI-O)',
    after: 'start',
    first: '0-9',
    has: ' std',
    // `partial` is P on a line that the next one continues.
    pattern:
      /^(?<time>\d{4}-\d\d-\d\dT\S{8,30}) (?<stream>stdout|stderr) (?<partial>[FP])(?::[^ ]{0,40})? (?<message>.*)$/,
    isPrefix: true,
    examples: [
      {
        text: '2026-11-29T10:00:01.123000000Z stderr F ERROR: no',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'ERROR: no',
        attributes: { stream: 'stderr' },
      },
      {
        text: '2026-11-29T11:00:01.123456789+01:00 stdout P {"level":"warn",\n2026-11-29T11:00:01.123456790+01:00 stdout F "msg":"half"}',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'half',
      },
    ],
  },
  {
    kind: 'text',
    name: 'engine-timestamps',
    title: 'docker logs -t, podman logs -t, kubectl logs --timestamps',
    after: 'start',
    first: '0-9',
    has: 'T',
    pattern: new RegExp(`^${STAMP.replace('{1,9}', '{7,9}')} (?<message>.*)$`, 's'),
    isPrefix: true,
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29T10:00:01.123456789Z 2026-11-29 09:59:59 ERROR boom',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'ERROR boom',
      },
      {
        text: '2026-11-29T10:00:01.123456789Z java.lang.IllegalStateException: closed\n2026-11-29T10:00:01.123456790Z \tat com.shop.Cart.pay(Cart.java:42)',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'java.lang.IllegalStateException: closed',
        stack: '\tat com.shop.Cart.pay(Cart.java:42)',
      },
    ],
  },
  {
    kind: 'text',
    name: 'compose',
    title: 'docker compose logs',
    after: 'start',
    first: 'a-z0-9',
    has: ' | ',
    pattern: /^(?<source>[a-z0-9][a-z0-9_.-]{0,80}(?:[-_]\d{1,4} | {2})) {0,60}\| (?<message>.*)$/s,
    isPrefix: true,
    examples: [
      {
        text: 'api-1  | ERROR no route to the bank',
        level: 'error',
        time: null,
        source: 'api-1',
        message: 'ERROR no route to the bank',
      },
      {
        text: 'api-1  | Traceback (most recent call last):\ndb-1   | ready\napi-1  |   File "a.py", line 3, in f\napi-1  | KeyError: 1',
        level: 'error',
        time: null,
        source: 'api-1',
        message: 'KeyError: 1',
        stack: 'Traceback (most recent call last):',
      },
    ],
  },
]
