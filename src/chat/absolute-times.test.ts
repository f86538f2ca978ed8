// Cards without relative times.
import { expect, test } from 'vitest'
import type { Card, Text } from '../card.ts'
import { withAbsoluteTimes } from './absolute-times.ts'

const at = 1_764_413_505_000
const moment = { time: at, style: 'moment' } as const
const relative = { time: at, style: 'relative' } as const

test('an instant followed by its distance from now is shown once; a distance alone becomes the instant', () => {
  const card: Card = {
    title: 'nightly is down',
    tone: 'critical',
    lines: ['No beat.', ['Last beat ', relative, '.'], [moment, ' (', { ...relative, time: at + 1 }, ')']],
    fields: [{ name: 'Since', value: [moment, ' (', relative, ')'] }],
    footer: ['Alert 1, ', relative],
  }
  expect(withAbsoluteTimes(card)).toEqual({
    title: 'nightly is down',
    tone: 'critical',
    lines: ['No beat.', ['Last beat ', moment, '.'], [moment, ' (', { ...moment, time: at + 1 }, ')']],
    fields: [{ name: 'Since', value: [moment] }],
    footer: ['Alert 1, ', moment],
  })
})

test('an instant that is said in two ways is shown once, with what follows it', () => {
  const shown = (line: Text) => withAbsoluteTimes({ title: '', tone: 'plain', lines: [line] }).lines
  expect(shown(['Last beat ', relative, ', at ', moment, '.'])).toEqual([['Last beat ', moment, '.']])
  expect(shown(['Since ', moment, ' (', relative, ') on web-1'])).toEqual([['Since ', moment, ' on web-1']])
  expect(shown(['From ', moment, ' to ', relative])).toEqual([['From ', moment, ' to ', moment]])
})

test('a card without times stays as it is', () => {
  const card: Card = { title: 'A test', tone: 'info', lines: ['Hello', [{ bold: 'there' }]] }
  expect(withAbsoluteTimes(card)).toEqual(card)
})
