// Times of the day on a card: with their dates where they are of another day.
import { expect, it } from 'vitest'
import { type Card, datedCard, plainText } from './card.ts'
import { formatMoment } from './time.ts'

const NOW = Date.parse('2026-11-21T18:00:00Z')
const at = (iso: string) => ({ time: Date.parse(iso), style: 'clock' as const })
const styles = (card: Card) =>
  [...(card.lines ?? []), card.footer ?? ''].map(text =>
    plainText(text, (time, style) => (style === 'clock' ? 'clock' : formatMoment(time, 'UTC'))),
  )

it('a card of today is left as it is, also over midnight', () => {
  const card: Card = {
    title: '',
    tone: 'plain',
    lines: ['a', [at('2026-11-21T17:00:00Z')], [at('2026-11-22T02:00:00Z')]],
  }
  expect(datedCard(card, NOW)).toBe(card)
})

it('has all dates where one time is of another day, in the footer too', () => {
  const lines = [[at('2026-11-21T17:00:00Z'), ' x'], [at('2026-11-18T17:00:00Z')], 'bare']
  expect(styles(datedCard({ title: '', tone: 'plain', lines }, NOW))).toEqual([
    '2026-11-21 17:00:00 UTC x',
    '2026-11-18 17:00:00 UTC',
    'bare',
    '',
  ])
  const footed: Card = { title: '', tone: 'plain', footer: ['to ', at('2026-11-30T17:00:00Z')] }
  expect(styles(datedCard(footed, NOW))).toEqual(['to 2026-11-30 17:00:00 UTC'])
})
