// Modals the rules must refuse: sizes, duplicates and rows.

import { expect, test } from 'vitest'
import { modalErrors } from './command-rules.ts'
import { requestErrors } from './oracle.ts'

const input = (id: string, more = {}) => ({ type: 4, custom_id: id, style: 1, label: 'Why', ...more })
const row = (...components: unknown[]) => ({ type: 1, components })
const errors = (data: Record<string, unknown>) => {
  const modal = { custom_id: 'm', title: 'Silence', ...data }
  const described = requestErrors('POST', '/interactions/{interaction_id}/{interaction_token}/callback', {
    type: 9,
    data: modal,
  })
  return [...described, ...modalErrors(modal)].map(e => e.code)
}

test.each([
  ['6 rows', { components: Array.from({ length: 6 }, (_, i) => row(input(`${i}`))) }],
  ['two inputs in a row', { components: [row(input('a'), input('b'))] }],
  ['the same id twice', { components: [row(input('a')), row(input('a'))] }],
  ['a title of 46', { title: 'x'.repeat(46), components: [row(input('a'))] }],
  ['no title', { title: '', components: [row(input('a'))] }],
  ['no rows', { components: [] }],
  ['no label', { components: [row(input('a', { label: undefined }))] }],
  [
    'a label of 46',
    { components: [{ type: 18, label: 'x'.repeat(46), component: { type: 4, custom_id: 'a', style: 1 } }] },
  ],
  ['a value of 4001', { components: [row(input('a', { value: 'x'.repeat(4001) }))] }],
  ['a placeholder of 101', { components: [row(input('a', { placeholder: 'x'.repeat(101) }))] }],
  ['a minimum over the maximum', { components: [row(input('a', { min_length: 5, max_length: 4 }))] }],
])('a modal with %s is refused', (_name, data) => {
  expect(errors(data)).not.toEqual([])
})

test('a good modal passes', () => {
  expect(errors({ components: Array.from({ length: 5 }, (_, i) => row(input(`${i}`))) })).toEqual([])
})
