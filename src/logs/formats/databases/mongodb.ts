// MongoDB: JSON since 4.4, text before.
import type { Fields, Format } from '../format.ts'

export const MONGODB: readonly Format[] = [
  {
    kind: 'record',
    name: 'mongodb-json',
    title: 'MongoDB since 4.4',
    names: ['t', 's', 'c', 'msg'],
    read: readMongo,
    examples: [
      {
        text: '{"t":{"$date":"2026-11-29T10:00:01.123+00:00"},"s":"E","c":"NETWORK","id":23024,"ctx":"conn12","msg":"Failed to unlink socket file","attr":{"path":"/tmp/mongodb.sock"}}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Failed to unlink socket file',
        attributes: { id: 23024, attr: { path: '/tmp/mongodb.sock' }, component: 'NETWORK', context: 'conn12' },
      },
      {
        text: '{"t":{"$date":"2026-11-29T11:00:01.123+01:00"},"s":"I","c":"COMMAND","id":51803,"ctx":"conn7","msg":"Slow query","attr":{"durationMillis":1200}}',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Slow query',
        attributes: { id: 51803, attr: { durationMillis: 1200 }, component: 'COMMAND', context: 'conn7' },
      },
      {
        text: '{"t":{"$date":"2026-11-29T10:00:01.123Z"},"s":"W","c":"CONTROL","id":22120,"ctx":"initandlisten","msg":"Access control is not enabled for the database"}',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Access control is not enabled for the database',
        attributes: { id: 22120, component: 'CONTROL', context: 'initandlisten' },
      },
      {
        text: '{"t":{"$date":"2026-11-29T10:00:01.123Z"},"s":"F","c":"-","id":23089,"ctx":"ftdc","msg":"Fatal assertion"}',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Fatal assertion',
        attributes: { id: 23089, component: '-', context: 'ftdc' },
      },
      {
        text: '{"t":{"$date":"2026-11-29T10:00:01.123Z"},"s":"D2","c":"REPL","id":1,"ctx":"x","msg":"heartbeat"}',
        level: 'debug',
        time: '2026-11-29T10:00:01.123Z',
        message: 'heartbeat',
        attributes: { id: 1, component: 'REPL', context: 'x' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'mongodb',
    title: 'MongoDB before 4.4',
    after: 'time',
    first: 'DIWEF',
    has: ' [',
    pattern:
      /^(?<level>[DIWEF])[1-5]? {1,2}(?<component>[A-Z_]{1,20}|-) {1,10}\[(?<context>[^\]]{1,100})\] (?<message>.*)$/s,
    examples: [
      {
        text: '2026-11-29T10:00:01.123+0000 E STORAGE  [conn12] WiredTiger error (28) No space left on device',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'WiredTiger error (28) No space left on device',
        attributes: { component: 'STORAGE', context: 'conn12' },
      },
      {
        text: '2026-11-29T11:00:01.123+0100 I  NETWORK  [listener] connection accepted from 10.0.0.1:5000 #12 (3 connections now open)',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'connection accepted from 10.0.0.1:5000 #12 (3 connections now open)',
        attributes: { component: 'NETWORK', context: 'listener' },
      },
      {
        text: '2026-11-29T10:00:01.123+0000 D1 -        [main] starting',
        level: 'debug',
        time: '2026-11-29T10:00:01.123Z',
        message: 'starting',
        attributes: { context: 'main' },
      },
      {
        text: '2026-11-29T10:00:01.123+0000 F CONTROL  [main] Failed global initialization: FileNotOpen',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Failed global initialization: FileNotOpen',
        attributes: { component: 'CONTROL', context: 'main' },
      },
    ],
  },
]

function readMongo({ t, s, c, ctx, ...rest }: Fields): Fields | null {
  if (typeof t !== 'object' || t === null || typeof s !== 'string') return null
  return { ...rest, timestamp: t, level: /^D[1-5]$/.test(s) ? 'debug' : s, component: c, context: ctx }
}
