// What cards say about lines that are missing.
import { expect, it } from 'vitest'
import { cardText } from '../../src/chat/card-text.ts'
import { missingTexts } from './log-query.ts'

const DAY = 86_400_000
const at = Date.UTC(2026, 2, 1)
const shown = (missing: Parameters<typeof missingTexts>[0]) =>
  cardText({ title: '', tone: 'plain', lines: missingTexts(missing) }, { timeZone: 'UTC', now: at + DAY }).trim()
const damaged = { partition: 'p1', from: at, until: at + DAY, message: 'The log partition p1 is damaged.' }

it('names the time of what is missing, and how much more there is', () => {
  expect(missingTexts([])).toEqual([])
  expect(shown([damaged, { ...damaged, partition: 'p2' }])).toBe(
    '⚠️ Lines are missing from 2026-03-01 00:00:00 UTC to 2026-03-02 00:00:00 UTC (and of 1 other log file). The log partition p1 is damaged.',
  )
})

it('names no time when the whole folder is gone', () => {
  const all = { partition: 'all', from: 0, until: 2 ** 42 - 1, message: 'The folder of the log files was removed.' }
  expect(shown([all, damaged])).toBe('⚠️ All earlier lines are missing. The folder of the log files was removed.')
})
