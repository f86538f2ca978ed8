// Records of other programs that happen to have the names of a format are read all the same, and lose nothing.
import { describe, expect, it } from 'vitest'
import { lineOf } from '../intake/batches.testing.ts'
import { readLogfmt } from '../intake/logfmt.ts'
import type { Fields, RecordFormat } from './format.ts'
import { FORMATS } from './formats.ts'

const RECORDS = FORMATS.filter((format): format is RecordFormat => format.kind === 'record')
const OTHERS = [null, 7, 'other', true, [], ['a'], {}, { other: 1 }]
/** The record of an example, which is JSON or logfmt below a time or a priority. */
const recordOf = (text: string): Fields =>
  text.startsWith('{') ? JSON.parse(text) : readLogfmt(text.slice(text.search(/[a-z]\w*=/)))!
const byName = (name: string) => RECORDS.find(format => format.name === name)!

it.each(RECORDS.map(format => [format.name, format] as const))(
  'a record with values of another kind: %s',
  (_, { names, examples }) => {
    for (const { text } of examples) {
      const example = recordOf(text)
      for (const name of names)
        for (const other of OTHERS) {
          const line = lineOf({ ...example, [name]: other, kept: 'a value of its own' })
          expect(JSON.stringify(line)).toContain('a value of its own')
        }
    }
  },
)

describe('the fields of a record', () => {
  it.each<[string, Fields, object | null]>([
    ['kubernetes-event', { type: 'Custom', reason: 'r', involvedObject: {} }, null],
    ['kubernetes-event', { type: 'Warning', reason: 'r' }, null],
    [
      'kubernetes-event',
      { type: 'Warning', reason: 'r', regarding: {}, reportingController: 'c' },
      { level: 'warn', source: 'c' },
    ],
    [
      'kubernetes-event',
      { type: 'Normal', reason: 'r', involvedObject: {}, source: null },
      { level: 'info', source: undefined },
    ],
    ['kubernetes-shipper', { kubernetes: null }, null],
    ['kubernetes-shipper', { kubernetes: [] }, null],
    ['kubernetes-shipper', { kubernetes: {}, source: 'stdout' }, { stream: 'stdout' }],
    ['kubernetes-shipper', { kubernetes: {}, source: 'stderr' }, { stream: 'stderr' }],
    ['kubernetes-shipper', { kubernetes: {}, source: '' }, { stream: '' }],
    ['kubernetes-shipper', { kubernetes: {}, source: 7 }, { stream: 7 }],
    ['kubernetes-shipper', { kubernetes: {}, source: 'cart' }, { source: 'cart' }],
    ['container-shipper', { container_name: 7 }, null],
    ['gelf', { short_message: 7 }, null],
    ['gelf', { short_message: 'a', full_message: ' a ' }, { message: 'a' }],
    ['gelf', { short_message: 'a', full_message: '' }, { message: 'a' }],
    ['gelf', { short_message: 'a…', full_message: 'a b' }, { message: 'a b' }],
    ['gelf', { short_message: 'a', full_message: 'b' }, { message: 'a', full_message: 'b' }],
    ['gelf', { short_message: 'a', _level: 3, _x: 1, x: 2, _: 4 }, { message: 'a', _level: 3, _x: 1, x: 2, _: 4 }],
    ['gelf', { short_message: 'a', service: 's', _logger: 'l' }, { service: 's', logger: 'l' }],
    ['gelf', { short_message: 'a', service: 's', _container_name: '/c' }, { source: 'c' }],
    ['gelf', { short_message: 'a', level: 6 }, { level: 6 }],
    ['gelf', { short_message: 'a', level: 4, _container_name: 'c' }, { level: 4 }],
    ['traefik-json-access', { DownstreamStatus: 200, msg: 'm', message: 'n' }, { message: 'm', level: 'info' }],
    ['traefik-json-access', { DownstreamStatus: 200, msg: '', message: 'n' }, { message: 'n' }],
    [
      'traefik-json-access',
      { DownstreamStatus: 200, level: 'warn', RequestMethod: 'GET' },
      { message: 'GET 200', level: 'warn' },
    ],
    ['traefik-json-access', { DownstreamStatus: 99, RequestPath: '' }, { message: '99', level: undefined }],
    ['traefik-json-access', { DownstreamStatus: 600, level: 'warn' }, { level: 'warn' }],
    ['traefik-json-access', { DownstreamStatus: 404, level: 'info' }, { level: 'warn' }],
    ['caddy-json-access', { request: null, status: 200, logger: 'l' }, null],
    ['caddy-json-access', { request: 'x', status: 200, logger: 'l' }, null],
    ['gcp-json', { jsonPayload: null }, null],
    ['gcp-json', { jsonPayload: 'x' }, null],
  ])('%s reads %j as %j', (name, record, expected) => {
    const read = byName(name).read(record)
    if (expected === null) expect(read).toBe(null)
    else expect(read).toMatchObject(expected)
  })

  it.each<[string, Fields, string[]]>([
    ['gelf', { short_message: 'a', full_message: 'a' }, ['full_message', 'level', 'source', 'stack']],
    ['gelf', { short_message: 'a', level: 6, _container_name: 'c' }, ['level']],
    ['gelf', { short_message: 'a', service: 's', _logger: 'l' }, ['source']],
    ['kubernetes-shipper', { kubernetes: {}, source: 'cart' }, ['stream']],
    ['kubernetes-event', { type: 'Normal', reason: 'r', involvedObject: {} }, ['host']],
  ])('%s reads of %j no %j', (name, record, absent) => {
    const read = byName(name).read(record)!
    expect(Object.keys(read).filter(own => absent.includes(own))).toEqual([])
  })

  it('of a journal may be bytes, or several texts', () => {
    const journal = RECORDS.find(({ names }) => names.includes('MESSAGE'))!
    const message = (MESSAGE: unknown) => journal.read({ MESSAGE })?.message ?? null
    expect([message('a'), message([104, 105]), message(['a', 'b'])]).toEqual(['a', 'hi', 'a\nb'])
    expect([message([0, 255]), message([256]), message([-1]), message([1.5]), message(['a', 1]), message(7)]).toEqual([
      ...['\0\ufffd', null, null, null, null, null],
    ])
    expect(journal.read({ MESSAGE: 'a', PRIORITY: 6 })).not.toHaveProperty('level')
    expect(journal.read({ MESSAGE: 'a', PRIORITY: '4' })).toHaveProperty('level', '4')
  })
})
