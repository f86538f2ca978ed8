// Which records a body has, by its format, and which bodies are refused as a whole.
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../problem.ts'
import type { Batch } from '../store.ts'
import { aBatch } from './batches.testing.ts'
import { readerOf } from './read-batch.ts'
import { findRecords, NOT_A_LOG } from './records.ts'

const CONTEXT = { receivedAt: 0, timeZone: 'UTC', formats: readerOf(undefined) }
const find = (body: string, format: Batch['format'], lines = 9) =>
  findRecords(aBatch(body, { format, limits: { lines, messageBytes: 100 } }), CONTEXT)
const refusal = (body: string, format: Batch['format'], lines = 9) => {
  try {
    return find(body, format, lines)
  } catch (error) {
    const { code, fields, message } = error as Problem
    return [code, Object.keys(fields ?? {}).join(), message]
  }
}
const EXPECTED = 'Send {"message": "…"}, an array of such objects, or {"logs": […]}.'

describe('the records of a body', () => {
  it.each<[Batch['format'], string, unknown[]]>([
    ['json', '[1,"a"]', [1, 'a']],
    ['json', '{"a":1}', [{ a: 1 }]],
    ['json', '{"logs":[1],"events":[2],"Events":[3]}', [1]],
    ['json', '{"logs":"no","events":[2],"Events":[3]}', [2]],
    ['json', '{"logs":{},"Events":[3]}', [3]],
    ['json', '{"logs":{}}', [{ logs: {} }]],
    ['ndjson', '', []],
    ['ndjson', ' \n\n', []],
    ['ndjson', '{"a":1}', [{ a: 1 }]],
    ['ndjson', '{"a":1}\n\n  \n {"b":2}', [{ a: 1 }, { b: 2 }]],
    ['ndjson', '{"a":1}\nno\n{"b":2}\n', [{ a: 1 }, 'no', { b: 2 }]],
    ['ndjson', '5\n"b"', [5, 'b']],
    ['ndjson', '[1,2]', [1, 2]],
    ['ndjson', '[1]\n[2]', [[1], [2]]],
    ['ndjson', '{"logs":[1,2]}', [{ logs: [1, 2] }]],
    ['ndjson', '{\n"logs":\n[1,2]}', [1, 2]],
    [
      'ndjson',
      '{"a":9007199254740993}\n{"a":1}\n{"a":9007199254740995}',
      [{ a: '9007199254740993' }, { a: 1 }, { a: '9007199254740995' }],
    ],
    ['text', 'a\nb', [{ message: 'a' }, { message: 'b' }]],
    ['frames', 'a\0b', [{ message: 'a' }, { message: 'b' }]],
  ])('%s %s', (format, body, expected) => expect(find(body, format)).toEqual(expected))

  it.each<[Batch['format'], string, string[]]>([
    ['json', '[', ['invalid', 'body', expect.stringMatching(/^The body is not JSON: .+\.$/)]],
    ['json', 'null', ['invalid', NOT_A_LOG, `The body is null, not a log. ${EXPECTED}`]],
    ['json', '7', ['invalid', NOT_A_LOG, `The body is a number, not a log. ${EXPECTED}`]],
    ['json', '{}', ['invalid', NOT_A_LOG, `The body is an empty object, not a log. ${EXPECTED}`]],
    ['ndjson', 'a\nb', ['invalid', 'body', expect.stringMatching(/^No line of the body is JSON: .*'?a/)]],
    ['ndjson', '{\n}', ['invalid', NOT_A_LOG, `The body is an empty object, not a log. ${EXPECTED}`]],
  ])('%s %s is refused', (format, body, expected) => expect(refusal(body, format)).toEqual(expected))
})

describe('a body with as many records as its limit', () => {
  const many = 'The request has more than 3 lines, its limit. Send smaller batches.'
  it.each<[Batch['format'], string, string]>([
    ['json', '[1,2,3]', '[1,2,3,4]'],
    ['json', '{"logs":[1,2,3]}', '{"logs":[1,2,3,4]}'],
    // Large ones are counted before they are parsed.
    ['json', `[1,2,"${'x'.repeat(300_000)}"]`, `[1,2,3,"${'x'.repeat(300_000)}"]`],
    ['ndjson', '{"a":1}\n{"a":2}\n{"a":3}\n', '{"a":1}\n{"a":2}\n{"a":3}\n{"a":4}'],
    ['ndjson', '[\n1,\n2,\n3\n]', '[\n1,\n2,\n3,\n4\n]'],
    ['ndjson', '\n[\n1,\n2,\n3\n]', '[1]\n[2]\n[3]\n[4]'],
    ['text', 'a\nb\nc', 'a\nb\nc\nd'],
    ['frames', 'a\0b\0c', 'a\0b\0c\0d'],
  ])('%s is read, and with one more refused', (format, body, more) => {
    expect(find(body, format, 3)).toHaveLength(3)
    expect(refusal(more, format, 3)).toEqual(['too_large', '', many])
  })

  it('of which one is broken is refused for the number', () => {
    expect(refusal('[\n1,\n2,\n3', 'ndjson', 2)).toMatchObject(['too_large', '', expect.any(String)])
    expect(refusal(`[${'"x",'.repeat(100_000)}`, 'json', 3)).toEqual(['too_large', '', many])
  })
})

it('a body of a wire format has the same limit', () => {
  const body = {
    streams: [
      {
        stream: { a: 'b' },
        values: [
          ['1', 'x'],
          ['2', 'y'],
        ],
      },
    ],
  }
  expect(find(JSON.stringify(body), 'wire:loki-json', 2)).toHaveLength(2)
  expect(refusal(JSON.stringify(body), 'wire:loki-json', 1)).toMatchObject(['too_large', '', expect.any(String)])
})
