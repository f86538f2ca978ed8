// Cards as Discord messages: what people see, and that Discord accepts any card.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { carelessParts, isEmptyMessage, type Json, messageErrors } from '../../testing/discord/message-rules.ts'
import { requestErrors } from '../../testing/discord/oracle.ts'
import { readPress } from './buttons.ts'
import { size } from './markdown.ts'
import { render } from './render.ts'

/** Everything Discord and the simulator's rules hold against a card. */
function faults(card: Card, mark?: string): unknown[] {
  const { body, files } = render(card, mark)
  const json = JSON.parse(JSON.stringify(body)) as Json
  const empty = isEmptyMessage(json, files.length) ? ['empty'] : []
  const described = requestErrors('POST', '/channels/{channel_id}/messages', json)
  return [
    ...described,
    ...messageErrors(json),
    ...carelessParts(
      json,
      files.map(f => f.name),
    ),
    ...empty,
  ]
}

/** The custom ids of a card's buttons, in order. */
function customIds(card: Card): string[] {
  const rows = JSON.parse(JSON.stringify(render(card).body.components)) as { components: { custom_id?: string }[] }[]
  return rows.flatMap(row => row.components).flatMap(button => button.custom_id ?? [])
}

test('a card with everything is rendered in full', () => {
  const card: Card = {
    title: 'nightly is late',
    tone: 'warning',
    lines: ['No beat since ', [{ time: 1_700_000_000_000, style: 'relative' }, ', expected ', { code: '5m' }]],
    fields: [{ name: 'Owner', value: 'ada_l', inline: true }],
    code: { text: 'line 1\nline 2', language: 'log' },
    buttons: [
      { label: 'Acknowledge', line: 'ack 1', tone: 'primary' },
      { label: 'Runbook', line: '', url: 'https://example.org' },
    ],
    footer: ['Alert 1', ' · default'],
  }
  expect(render(card, 'https://vakt.invalid/n1').body).toEqual({
    content: '🟠 **nightly is late**',
    embeds: [
      {
        color: 0xe67e22,
        url: 'https://vakt.invalid/n1',
        description: 'No beat since \n<t:1700000000:R>, expected `5m`',
        fields: [{ name: 'Owner', value: 'ada_l', inline: true }],
      },
      { color: 0xe67e22, description: '```log\nline 1\nline 2\n```', footer: { text: 'Alert 1 · default' } },
    ],
    components: [
      {
        type: 1,
        components: [
          { type: 2, style: 1, label: 'Acknowledge', custom_id: '0||ack 1' },
          { type: 2, style: 5, label: 'Runbook', url: 'https://example.org' },
        ],
      },
    ],
    attachments: [],
    allowed_mentions: { parse: [], replied_user: false },
  })
})

test('a title cannot mention, format or get a preview', () => {
  const { content } = render({ title: '@everyone **x** https://a.example/b <@1>\nsecond', tone: 'plain' }).body
  expect(content).toBe('**@\u200beveryone \\*\\*x\\*\\* <https://a.example/b> \\<@1> second**')
})

test('fields beyond what fits are counted', () => {
  const fields = Array.from({ length: 40 }, (_, i) => ({ name: `f${i}`, value: 'x' }))
  const shown = render({ title: 'x', tone: 'plain', fields }).body.embeds?.[0]?.fields
  expect(shown).toHaveLength(25)
  expect(shown?.at(-1)).toEqual({ name: '…', value: '16 more' })
})

test('a file over 10 MiB is left out, and a line says so', () => {
  const content = new Uint8Array(10 * 1024 * 1024 + 1)
  const { body, files } = render({ title: 'x', tone: 'plain', file: { name: 'big.log', content } })
  expect(files).toEqual([])
  expect(body.embeds?.[0]?.description).toBe('big.log is too large to attach here (over 10 MiB).')
})

test('buttons keep their line and their form; a long line is remembered; bad links are left out', () => {
  const long = `ack 1 ${'x'.repeat(200)}`
  const card: Card = {
    title: 'x',
    tone: 'plain',
    buttons: [
      { label: 'a', line: 'snooze 1', ask: ['for', 'note'] },
      { label: 'b', line: 'snooze 1', ask: ['for', 'note'] },
      { label: 'c', line: long, ask: ['note'] },
      { label: 'd', line: '', url: 'javascript:alert(1)' },
      { label: ' ', line: '~odd|one' },
    ],
  }
  expect(faults(card)).toEqual([])
  expect(customIds(card).map(readPress)).toEqual([
    { line: 'snooze 1', ask: ['for', 'note'] },
    { line: 'snooze 1', ask: ['for', 'note'] },
    { line: long, ask: ['note'] },
    { line: '~odd|one', ask: [] },
  ])
  expect(readPress('3||~unknown')).toBe('forgotten')
  expect(readPress('somebody else')).toBeNull()
})

test('Discord accepts any card', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ maxLength: 6_000, size: 'max' }),
    fc.array(
      fc.oneof(
        fc.string(),
        fc.record({ bold: fc.string() }),
        fc.record({ code: fc.string({ maxLength: 5_000, size: 'max' }) }),
      ),
      { maxLength: 5 },
    ),
  )
  const bytes = fc.constant(new Uint8Array([1]))
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
  const card = fc.record({
    title: fc.string({ unit: 'binary', maxLength: 700, size: 'max' }),
    tone: fc.constantFrom('plain', 'good', 'info', 'warning', 'critical', 'muted'),
    lines: maybe(fc.array(text, { maxLength: 6 })),
    fields: maybe(
      fc.array(fc.record({ name: fc.string({ maxLength: 400, size: 'max' }), value: text }), { maxLength: 30 }),
    ),
    code: maybe(fc.record({ text: fc.string({ maxLength: 9_000, size: 'max' }) })),
    image: maybe(fc.record({ name: fc.string(), alt: fc.string(), png: bytes })),
    file: maybe(fc.record({ name: fc.string(), content: bytes })),
    buttons: maybe(
      fc.array(
        fc.record({
          label: fc.string({ maxLength: 120 }),
          line: fc.string({ maxLength: 150 }),
          url: maybe(fc.webUrl()),
        }),
        { maxLength: 30 },
      ),
    ),
    footer: maybe(text),
  }) as fc.Arbitrary<Card>
  fc.assert(
    fc.property(card, fc.boolean(), (any, marked) => {
      expect(faults(any, marked ? 'https://vakt.invalid/n' : undefined)).toEqual([])
      const embeds = render(any, marked ? 'https://vakt.invalid/n' : undefined).body.embeds ?? []
      if (marked) expect(embeds[0]?.url).toBe('https://vakt.invalid/n')
      for (const embed of embeds) expect((embed.description?.match(/^```/gm)?.length ?? 0) % 2).toBe(0)
      expect(size(render(any).body.content ?? '')).toBeLessThanOrEqual(2_000)
    }),
    // Shrinking texts of thousands of characters takes minutes and tells little more.
    { numRuns: 200, endOnFailure: true },
  )
})
