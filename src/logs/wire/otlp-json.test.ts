// OTLP as JSON, field by field: the spellings of times, severities, ids and values, and where records are looked for.
import { describe, expect, it } from 'vitest'
import { readOtlpJson } from './otlp-json.ts'
import type { OtlpRecord } from './otlp-record.ts'

/** What a request says, in order. */
function read(request: unknown): unknown[] {
  const said: unknown[] = []
  readOtlpJson(request, {
    resource: attributes => said.push(['resource', attributes]),
    scope: ({ name, version, attributes }) => said.push(['scope', name, version, attributes]),
    record: record => said.push(record),
  })
  return said
}
const one = (record: object) => read({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }).at(-1) as OtlpRecord
const body = (value: unknown) => one({ body: value }).body

describe('a record of OTLP as JSON', () => {
  it.each<[unknown, number]>([
    [9, 9],
    ['17', 17],
    ['SEVERITY_NUMBER_TRACE', 1],
    ['SEVERITY_NUMBER_TRACE4', 4],
    ['SEVERITY_NUMBER_INFO', 9],
    ['SEVERITY_NUMBER_WARN2', 14],
    ['SEVERITY_NUMBER_FATAL3', 23],
    ['SEVERITY_NUMBER_UNSPECIFIED', 0],
    ['SEVERITY_NUMBER_INFO5', 0],
    ['loud', 0],
    [undefined, 0],
  ])('of the severity %s has the number %d', (severityNumber, expected) => {
    expect(one({ severityNumber }).severityNumber).toBe(expected)
    expect(one({ severity_number: severityNumber }).severityNumber).toBe(expected)
  })

  it.each<[object, string | null]>([
    [{ timeUnixNano: '1700000000000000000' }, '1700000000000000000'],
    [{ timeUnixNano: 1_700_000_000_000_000_000 }, '1700000000000000000'],
    [{ timeUnixNano: 5.4, observedTimeUnixNano: '7' }, '5'],
    [{ timeUnixNano: '0', observedTimeUnixNano: '7' }, '7'],
    [{ timeUnixNano: 0, observed_time_unix_nano: '7' }, '7'],
    [{ timeUnixNano: '', observedTimeUnixNano: 7 }, '7'],
    [{ timeUnixNano: '000' }, null],
    [{ timeUnixNano: true }, null],
    [{}, null],
  ])('%j has the time %s', (record, time) => {
    expect(one(record).time).toBe(time)
  })

  it.each<[unknown, string]>([
    ['0af7651916cd43dd8448eb211c80319c', '0af7651916cd43dd8448eb211c80319c'],
    ['0AF7651916CD43DD8448EB211C80319C', '0af7651916cd43dd8448eb211c80319c'],
    ['CvdlGRbNQ92ESOshHIAxnA==', '0af7651916cd43dd8448eb211c80319c'],
    ['t61rcWkgMzE=', 'b7ad6b7169203331'],
    // As long as a span in base64, but hex.
    ['b7ad6b716920', 'b7ad6b716920'],
    ['not-an-id', 'not-an-id'],
    ['00000000000000000000000000000000', ''],
    ['', ''],
    [null, ''],
  ])('of the id %s has %s', (id, expected) => {
    expect(one({ traceId: id }).traceId).toBe(expected)
    expect(one({ span_id: id }).spanId).toBe(expected)
  })

  it.each<[unknown, unknown]>([
    [null, null],
    ['plain', 'plain'],
    [7, 7],
    [false, false],
    [{}, null],
    [{ stringValue: '' }, ''],
    [{ string_value: 'a' }, 'a'],
    [{ stringValue: 5 }, '5'],
    [{ intValue: '42' }, 42],
    [{ int_value: 0 }, 0],
    [{ intValue: '9007199254740991' }, 9_007_199_254_740_991],
    [{ intValue: '9007199254740993' }, '9007199254740993'],
    [{ doubleValue: 0 }, 0],
    [{ doubleValue: '2.5' }, 2.5],
    [{ double_value: 'NaN' }, 'NaN'],
    [{ boolValue: false }, false],
    [{ arrayValue: {} }, []],
    [{ arrayValue: null }, null],
    [{ array_value: { values: [{ intValue: 1 }, { boolValue: true }] } }, [1, true]],
    [{ kvlistValue: { values: [{ key: 'a', value: { intValue: 1 } }] } }, { a: 1 }],
    [{ kvlist_value: {} }, {}],
    [{ bytesValue: 'AAEC' }, 'AAEC'],
  ])('with the body %j has %j', (value, expected) => {
    expect(body(value)).toEqual(expected)
  })

  it('has the attributes with a name, and its event', () => {
    const record = one({
      event_name: 'login',
      severity_text: 'High',
      attributes: [
        { key: 'a', value: { stringValue: 'x' } },
        { key: '', value: { stringValue: 'x' } },
        { key: 7, value: {} },
        { key: '__proto__', value: { stringValue: 'x' } },
      ],
    })
    expect([record.attributes, record.eventName, record.severityText]).toEqual([{ a: 'x', 7: null }, 'login', 'High'])
    expect(Object.getPrototypeOf(record.attributes)).toBe(Object.prototype)
  })

  it('is refused when a value is nested more than 60 deep', () => {
    const nested = (depth: number, wrap: (value: unknown) => unknown) => {
      let value: unknown = { intValue: 1 }
      for (let i = 0; i < depth; i++) value = wrap(value)
      return () => body(value)
    }
    const inList = (value: unknown) => ({ arrayValue: { values: [value] } })
    const inPairs = (value: unknown) => ({ kvlistValue: { values: [{ key: 'a', value }] } })
    for (const wrap of [inList, inPairs]) {
      expect(nested(60, wrap)).not.toThrow()
      expect(nested(61, wrap)).toThrow('nested too deep')
    }
  })
})

it('the records of all scopes are read in order, those of versions before 2022 too', () => {
  expect(
    read({
      resource_logs: [
        {
          resource: { attributes: [{ key: 'a', value: { intValue: 1 } }] },
          scopeLogs: [{ scope: { name: 'new', version: '2' }, logRecords: [] }],
          instrumentationLibraryLogs: [{ instrumentationLibrary: { name: 'old', attributes: [] } }],
        },
        { instrumentation_library_logs: [{}] },
      ],
    }),
  ).toEqual([
    ['resource', { a: 1 }],
    ['scope', 'new', '2', {}],
    ['scope', 'old', '', {}],
    ['resource', {}],
    ['scope', '', '', {}],
  ])
  expect(read({})).toEqual([])
  expect(() => read([])).toThrow('the request is not an object')
  expect(() => read({ resourceLogs: [{ resource: [] }] })).toThrow('the resource is not an object')
  expect(() => read({ resourceLogs: [{ scopeLogs: [{ scope: 7 }] }] })).toThrow('the scope is not an object')
  expect(() => read({ resourceLogs: [null] })).toThrow('an element of "resourceLogs" is not an object')
})
