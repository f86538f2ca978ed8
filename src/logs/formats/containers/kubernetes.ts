// Kubernetes and the tools that follow its logs, Swarm, and process managers that write like compose.
import type { Fields, Format } from '../format.ts'
import { statusLevel } from '../number-levels.ts'

const POD = String.raw`(?<pod>[a-z][a-z0-9.-]{0,200}-[a-z0-9]{6,10}-[a-z0-9]{5})`

export const KUBERNETES: readonly Format[] = [
  {
    kind: 'text',
    name: 'kubectl-prefix',
    title: 'kubectl logs --prefix, and kubetail',
    after: 'start',
    first: '[',
    has: '] ',
    pattern: new RegExp(
      String.raw`^\[(?:pod\/(?<pod>[a-z0-9.-]{1,253})\/(?<source>[a-z0-9-]{1,63})|${POD}(?: (?<source>[a-z][a-z0-9-]{0,62}))?)\] (?<message>.*)$`,
      's',
    ),
    isPrefix: true,
    examples: [
      {
        text: '[pod/cart-7d9f4b5c6-x2x4z/api] 2026-11-29T10:00:01Z ERROR no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'api',
        message: 'ERROR no stock',
        attributes: { pod: 'cart-7d9f4b5c6-x2x4z' },
      },
      {
        text: '[cart-7d9f4b5c6-x2x4z] {"level":"warn","msg":"slow"}',
        level: 'warn',
        time: null,
        message: 'slow',
        attributes: { pod: 'cart-7d9f4b5c6-x2x4z' },
      },
      {
        text: '[cart-7d9f4b5c6-x2x4z api] panic: no stock',
        level: 'fatal',
        time: null,
        source: 'api',
        message: 'panic: no stock',
        attributes: { pod: 'cart-7d9f4b5c6-x2x4z' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'stern',
    title: 'stern',
    after: 'start',
    first: 'a-z0-9+',
    has: '-',
    pattern:
      /^(?:\+ )?(?:(?<namespace>[a-z][a-z0-9-]{0,62}) )?(?<pod>[a-z0-9][a-z0-9.-]{0,200}-[a-z0-9]{6,10}-[a-z0-9]{5}) (?:› )?(?<source>[a-z][a-z0-9-]{0,62}) (?:│ )?(?<message>.*)$/s,
    isPrefix: true,
    examples: [
      {
        text: 'cart-7d9f4b5c6-x2x4z api ERROR no stock',
        level: 'error',
        time: null,
        source: 'api',
        message: 'ERROR no stock',
        attributes: { pod: 'cart-7d9f4b5c6-x2x4z' },
      },
      {
        text: 'shop cart-7d9f4b5c6-x2x4z api 2026-11-29T10:00:01.123456789Z Traceback (most recent call last):\nshop cart-7d9f4b5c6-x2x4z api 2026-11-29T10:00:01.123456789Z   File "a.py", line 3, in f\nshop cart-7d9f4b5c6-x2x4z api 2026-11-29T10:00:01.123456789Z KeyError: 1',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        source: 'api',
        message: 'KeyError: 1',
        stack: 'Traceback (most recent call last):',
        attributes: { namespace: 'shop', pod: 'cart-7d9f4b5c6-x2x4z' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'swarm',
    title: 'docker service logs (Swarm)',
    after: 'start',
    first: 'a-zA-Z0-9',
    has: ' | ',
    pattern:
      /^(?<source>[\w.-]{1,100}\.\d{1,5})\.(?<task>[a-z0-9]{10,25})@(?<host>[\w.-]{1,100}) {1,60}\| (?<message>.*)$/s,
    isPrefix: true,
    examples: [
      {
        text: 'shop_cart.1.x2x4zabcdefg@node-1    | ERROR no stock',
        level: 'error',
        time: null,
        source: 'shop_cart.1',
        host: 'node-1',
        message: 'ERROR no stock',
        attributes: { task: 'x2x4zabcdefg' },
      },
      {
        text: 'cart.12.x2x4zabcdefghijklmnopqrst@node-1 | {"level":"error","msg":"no stock"}',
        level: 'error',
        time: null,
        source: 'cart.12',
        host: 'node-1',
        message: 'no stock',
        attributes: { task: 'x2x4zabcdefghijklmnopqrst' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'foreman',
    title: 'foreman, overmind, honcho and other runners of a Procfile',
    after: 'start',
    first: '0-9',
    has: '| ',
    pattern: /^(?<time>\d\d:\d\d:\d\d) (?<source>[a-z][\w-]{0,40}(?:\.\d{1,4})?) {0,40}\| (?<message>.*)$/s,
    isPrefix: true,
    examples: [
      {
        text: '10:00:01 web.1     | ERROR no stock',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'web.1',
        message: 'ERROR no stock',
      },
      {
        text: '10:00:01 worker.2  | {"level":"warn","msg":"slow"}',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'worker.2',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'record',
    name: 'kubernetes-audit',
    title: 'audit log of Kubernetes',
    names: ['auditID', 'verb', 'requestURI'],
    read: readAudit,
    examples: [
      {
        text: '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api/v1/secrets","verb":"list","user":{"username":"eve"},"sourceIPs":["10.0.0.1"],"responseStatus":{"code":403},"requestReceivedTimestamp":"2026-11-29T10:00:01.123456Z"}',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'list /api/v1/secrets 403',
        attributes: {
          kind: 'Event',
          apiVersion: 'audit.k8s.io/v1',
          auditID: 'a-1',
          stage: 'ResponseComplete',
          user: { username: 'eve' },
          sourceIPs: ['10.0.0.1'],
          requestReceivedTimestamp: '2026-11-29T10:00:01.123456Z',
          verb: 'list',
          requestURI: '/api/v1/secrets',
          responseStatus: { code: 403 },
          audit_level: 'Metadata',
        },
      },
    ],
  },
  {
    kind: 'record',
    name: 'kubernetes-event',
    title: 'events of Kubernetes',
    names: ['reason', 'message', 'type'],
    read: readEvent,
    examples: [
      {
        text: '{"kind":"Event","metadata":{"name":"cart.1"},"involvedObject":{"kind":"Pod","namespace":"shop","name":"cart-7d9f4b5c6-x2x4z"},"reason":"BackOff","message":"Back-off restarting failed container","source":{"component":"kubelet","host":"node-1"},"lastTimestamp":"2026-11-29T10:00:01Z","type":"Warning"}',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        source: 'kubelet',
        host: 'node-1',
        message: 'Back-off restarting failed container',
        attributes: {
          kind: 'Event',
          metadata: { name: 'cart.1' },
          involvedObject: { kind: 'Pod', namespace: 'shop', name: 'cart-7d9f4b5c6-x2x4z' },
          reason: 'BackOff',
          lastTimestamp: '2026-11-29T10:00:01Z',
        },
      },
      {
        text: '{"kind":"Event","involvedObject":{"kind":"Pod","name":"cart-1"},"reason":"Pulled","message":"Container image already present","source":{"component":"kubelet"},"eventTime":"2026-11-29T10:00:01.123456Z","lastTimestamp":null,"type":"Normal"}',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        source: 'kubelet',
        message: 'Container image already present',
        attributes: {
          kind: 'Event',
          involvedObject: { kind: 'Pod', name: 'cart-1' },
          reason: 'Pulled',
          lastTimestamp: null,
          eventTime: '2026-11-29T10:00:01.123456Z',
        },
      },
    ],
  },
]

function readAudit({ level, verb, requestURI, responseStatus, ...rest }: Fields): Fields {
  const code = Number((responseStatus as Fields | null | undefined)?.code)
  const answer = code > 0 ? ` ${code}` : ''
  return {
    ...rest,
    verb,
    requestURI,
    responseStatus,
    audit_level: level,
    level: statusLevel(code),
    message: `${verb} ${requestURI}${answer}`,
    timestamp: rest.stageTimestamp ?? rest.requestReceivedTimestamp,
  }
}

function readEvent({ type, source, ...rest }: Fields): Fields | null {
  if (type !== 'Warning' && type !== 'Normal') return null
  if (rest.involvedObject === undefined && rest.regarding === undefined) return null
  const { component, host } = (typeof source === 'object' && source !== null ? source : {}) as Fields
  return {
    ...rest,
    level: type === 'Warning' ? 'warn' : 'info',
    source: component ?? rest.reportingComponent ?? rest.reportingController,
    ...(host === undefined ? {} : { host }),
    timestamp: rest.lastTimestamp ?? rest.eventTime ?? rest.firstTimestamp ?? rest.deprecatedLastTimestamp,
  }
}
