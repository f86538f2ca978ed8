// Long texts of every kind on every platform: what is shown is cut before it is written, and nothing is worse than linear.

import { expect, test } from 'vitest'
import { type Card, countCodePoints, cutText } from '../card.ts'
import { cardText } from './card-text.ts'
import { render as renderDiscord } from './discord/render.ts'
import { renderMail } from './email/render.ts'
import { fitText } from './fit-text.ts'
import { renderCard as renderSlack } from './slack/render.ts'
import { renderCard as renderTelegram } from './telegram/render.ts'

const RENDERERS: Record<string, (card: Card) => unknown> = {
  discord: card => renderDiscord(card),
  slack: card => renderSlack(card, { timeZone: 'UTC' }),
  telegram: card => renderTelegram(card, 'UTC'),
  email: card => renderMail(card, 'UTC', 0),
  text: card => cardText(card, { timeZone: 'UTC', now: 0 }),
}

/** Pieces whose repetition makes a careless expression read the same characters again and again. */
const PIECES = ['\n', ' ', '\t', '\r\n', '\r', '\u2028', '\u00a0', '>', '<a', '`', '_', '* ', '\n# ', '1', '1.', '-']
const MORE_PIECES = ['@here ', 'https://a', '&amp;', '\u001b', '\ud83d', '/stop ', 'a.', '[x](', '😀', '|', '```', '\\']
const LENGTH = 40_000

function longCard(text: string): Card {
  return {
    title: text,
    tone: 'info',
    lines: [text, [{ bold: text }, { code: text }, { link: 'https://a.example/', label: text }]],
    fields: [
      { name: text, value: text },
      { name: 'inline', value: text, inline: true },
    ],
    code: { text },
    footer: text,
  }
}

test.each(Object.entries(RENDERERS))('on %s a text of any repeated piece takes linear time', (_name, render) => {
  // With anything worse than linear time the test would exceed its timeout many times over.
  for (const piece of [...PIECES, ...MORE_PIECES]) render(longCard(`${piece.repeat(LENGTH / piece.length)}x`))
})

test('no more of a text is written than its place can show', () => {
  let written = 0
  const writer = {
    write: (span: unknown) => {
      const text = typeof span === 'string' ? span : (span as { code: string }).code
      written += text.length
      return text.replaceAll('\n', '\\n')
    },
    size: (text: string) => text.length,
  }
  const work = (length: number) => {
    written = 0
    const shown = fitText(['\n'.repeat(length), { code: 'x'.repeat(length) }, 'y'.repeat(length)], 1_000, writer)
    expect(shown.length).toBeLessThanOrEqual(1_000)
    expect(shown).toContain(`${3 * length - shown.lastIndexOf('\\n') / 2 - 1} more`)
    return written
  }
  expect(work(1_000_000)).toBeLessThanOrEqual(work(10_000) * 1.5)
})

test('a card with many lines or fields shows the first ones and counts the others', () => {
  const lines = Array.from({ length: 3_000 }, (_, i) => `line ${i}`)
  const fields = lines.map(name => ({ name, value: 'v', inline: true }))
  const shown = JSON.stringify(renderSlack({ title: 't', tone: 'info', lines, fields }, { timeZone: 'UTC' }))
  expect(shown).toContain('line 0')
  expect(shown).toContain(' more')
  const counted = Number(/… (\d+) more/.exec(shown)![1])
  expect(counted + new Set(shown.match(/line \d+/g)).size).toBe(6_000)
})

test('characters outside of the basic plane are counted once and never cut in half', () => {
  expect(countCodePoints('a😀b\ud83d')).toBe(4)
  expect(cutText('😀'.repeat(30), 20)).toBe(`${'😀'.repeat(11)}… 19 more`)
  for (let max = 0; max < 40; max++) expect(cutText('😀é'.repeat(30), max).isWellFormed()).toBe(true)
})

test('Telegram makes no link of a bare name or of a word with a slash', () => {
  const text =
    'run evil.sh, evil。com, еvil.рф or a.b.example now: /stop /start@bot (/help), see /var/log/x https://a.example/b'
  const { text: shown } = renderTelegram({ title: text, tone: 'info', lines: [text, [{ bold: text }]] }, 'UTC')
  expect(shown).not.toMatch(/evil\.sh|evil。com|еvil\.рф|b\.example|(?<![\w/])\/(?:stop|start|help)/)
  expect(shown).toContain('https://a.example/b')
  expect(shown).toContain('/var/log/x')
  expect(shown.replaceAll('\u2060', '')).toContain(text)
})

test('Telegram shows code as it is', () => {
  const { text } = renderTelegram({ title: 't', tone: 'info', code: { text: 'curl evil.sh; /stop' } }, 'UTC')
  expect(text).toContain('curl evil.sh; /stop')
})
