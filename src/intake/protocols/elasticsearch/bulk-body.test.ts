// Bulk bodies by hand and by chance: which lines are documents, what each item becomes, and what refuses the whole.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../../problem.ts'
import { bulkReply, refusedBulkReply } from './answers.ts'
import { readBulk } from './bulk-body.ts'
import { retriesItems, versionFor } from './clients.ts'
import { filterPaths } from './filter-path.ts'

const read = (text: string, index: string | null = null) => readBulk(Buffer.from(text), index)
const documents = (text: string, index: string | null = null) => read(text, index).documents.toString('utf8')

describe('a bulk body', () => {
  it.each<[string, string, string | null, string]>([
    ['create', '{"create":{}}\n{"message":"a"}\n', null, '{"_index":"logs","message":"a"}\n'],
    ['index with a name', '{"index":{"_index":"app"}}\n{"message":"a"}\n', null, '{"_index":"app","message":"a"}\n'],
    ['the index of the path', '{"create":{}}\n{"a":1}\n', 'shop', '{"_index":"shop","a":1}\n'],
    ['a name before that of the path', '{"index":{"_index":"b"}}\n{"a":1}\n', 'shop', '{"_index":"b","a":1}\n'],
    ['no line feed at the end', '{"index":{}}\n{"a":1}', 'x', '{"_index":"x","a":1}\n'],
    ['CR LF', '{"index":{}}\r\n{"a":1}\r\n', 'x', '{"_index":"x","a":1}\r\n'],
    [
      'empty lines between items',
      '\n{"index":{}}\n{"a":1}\n\n{"index":{}}\n{"b":2}\n\n',
      'x',
      '{"_index":"x","a":1}\n{"_index":"x","b":2}\n',
    ],
    ['spaces', ' { "index" : { } } \n { "a":1}\n', 'x', '{"_index":"x", "a":1}\n'],
    ['an empty document', '{"index":{}}\n{}\n', 'x', '{}\n'],
    ['a name that needs quotes', '{"index":{"_index":"a\\"b"}}\n{"a":1}\n', null, '{"_index":"a\\"b","a":1}\n'],
    [
      'metadata of every kind',
      '{"index":{"_index":"a","_type":"_doc","_id":"7","routing":"r","require_alias":false}}\n{"a":1}\n',
      null,
      '{"_index":"a","a":1}\n',
    ],
    [
      'a delete and an update among them',
      '{"delete":{"_id":"1"}}\n{"update":{"_id":"2"}}\n{"doc":{}}\n{"create":{}}\n{"a":1}\n',
      'x',
      '{"_index":"x","a":1}\n',
    ],
    [
      'documents that are none',
      '{"create":{}}\n[1]\n{"create":{}}\ntext\n{"create":{}}\n\n{"create":{}}\n{"a":1}\n',
      'x',
      '{"_index":"x","a":1}\n',
    ],
  ])('with %s', (_what, body, index, expected) => {
    expect(documents(body, index)).toBe(expected)
  })

  it.each<[string, string, RegExp]>([
    ['nothing', '', /body is empty/],
    ['empty lines', '\n\n', /body is empty/],
    ['an unknown action', '{"upsert":{}}\n{"a":1}\n', /action\/metadata line \[1\].*Nothing is stored/],
    ['an action that is no JSON', '{"index":{}}\n{"a":1}\nindex\n{"a":1}\n', /line \[3\]/],
    ['an action with two names', '{"index":{},"create":{}}\n{"a":1}\n', /line \[1\]/],
    ['an action without an object', '{"index":null}\n{"a":1}\n', /line \[1\]/],
    ['a list as an action', '[{"index":{}}]\n{"a":1}\n', /line \[1\]/],
    ['documents without actions', '{"message":"a"}\n{"message":"b"}\n', /line \[1\]/],
    ['an action at the end', '{"index":{}}\n{"a":1}\n{"index":{}}\n', /after the action on line 3.*Nothing is stored/],
  ])('with %s is refused as a whole', (_what, body, message) => {
    expect(() => read(body)).toThrow(message)
  })

  it('of any bytes is read or refused with a sentence, and every document is one line', () => {
    const line = fc.oneof(
      fc.constantFrom('{"index":{}}', '{"create":{"_index":"a"}}', '{"delete":{}}', '{"update":{}}', '', ' ', '{'),
      fc.json(),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        try {
          const { items, documents: ndjson } = read(lines.join(end), 'x')
          const stored = items.filter(item => item.line !== null)
          expect(stored.map(item => item.line)).toEqual(stored.map((_, place) => place))
          expect(items.every(item => (item.line === null) === (item.error !== null))).toBe(true)
          expect(ndjson.toString('utf8').split('\n').length - 1).toBe(stored.length)
        } catch (error) {
          expect(error).toBeInstanceOf(Problem)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('the answer to a bulk request', () => {
  const { items } = read('{"create":{}}\n{"a":1}\n{"delete":{"_id":"7"}}\n{"index":{"_id":"q"}}\n{"b":1}\n', 'x')

  it('has the items in their order, each with its status', () => {
    const { body } = bulkReply(items, [{ index: 1, field: '', message: 'It is empty.' }], null, 'r')
    expect(body).toMatchObject({
      errors: true,
      items: [
        { create: { _index: 'x', _id: 'r0', status: 201, result: 'created' } },
        { delete: { _id: '7', status: 400, error: { type: 'illegal_argument_exception' } } },
        { index: { _id: 'q', status: 400, error: { type: 'document_parsing_exception', reason: 'It is empty.' } } },
      ],
    })
  })

  it.each([
    ['limited', 429, 'es_rejected_execution_exception'],
    ['busy', 429, 'es_rejected_execution_exception'],
    ['invalid', 400, 'illegal_argument_exception'],
    ['not_a_log', 400, 'document_parsing_exception'],
  ] as const)('refused as %s gives every item %i', (code, status, type) => {
    const { body } = refusedBulkReply(items, new Problem(code, 'Wait.'), null)
    const error = { type, reason: 'Wait.' }
    expect(body).toMatchObject({
      errors: true,
      items: [{ create: { status, error } }, { delete: { status: 400 } }, {}],
    })
  })

  it.each<[string, object]>([
    ['errors', { errors: true }],
    ['errors,items.*.status', { errors: true, items: [{ a: { status: 201 } }, { b: { status: 400 } }] }],
    ['items.*.error', { items: [{ b: { error: { type: 't', reason: 'r' } } }] }],
    ['items.*.error.type,took', { took: 0, items: [{ b: { error: { type: 't' } } }] }],
    ['**.type', { items: [{ b: { error: { type: 't' } } }] }],
    ['items.b', { items: [{ b: { status: 400, error: { type: 't', reason: 'r' } } }] }],
    ['err*', { errors: true }],
    ['-items', { took: 0, errors: true }],
    ['-items.*.error,-took', { errors: true, items: [{ a: { status: 201 } }, { b: { status: 400 } }] }],
    ['nothing', {}],
    [
      `${'**.'.repeat(2000)}x`,
      {
        took: 0,
        errors: true,
        items: [{ a: { status: 201 } }, { b: { status: 400, error: { type: 't', reason: 'r' } } }],
      },
    ],
  ])('filtered by %s', (filter, expected) => {
    const answer = {
      took: 0,
      errors: true,
      items: [{ a: { status: 201 } }, { b: { status: 400, error: { type: 't', reason: 'r' } } }],
    }
    expect(filterPaths(answer, filter)).toEqual(expected)
  })
})

it.each<[string | null, boolean, string]>([
  ['elastic-transport-js/9.2.0 (linux)', true, '8.19.0'],
  ['opensearch-js/3.5.1', true, '8.19.0'],
  ['Elastic-filebeat/9.1.3 (linux; amd64)', true, '9.1.3'],
  ['Logstash/8.15.2 (OS=Linux)', true, '8.15.2'],
  ['Fluent-Bit', true, '8.19.0'],
  ['Vector/0.40.0', false, '8.19.0'],
  ['elasticsearch-py/8.15.0', false, '8.19.0'],
  ['go-elasticsearch/8.15.0', false, '8.19.0'],
  [null, false, '8.19.0'],
])('the client %s tries items again: %s; it sees version %s', (agent, expected, version) => {
  const headers = new Headers(agent === null ? {} : { 'user-agent': agent })
  expect([retriesItems(headers), versionFor(headers)]).toEqual([expected, version])
})
