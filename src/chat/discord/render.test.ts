// Cards as Discord messages: what people see, and that Discord accepts any card.

import { expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { carelessParts, isEmptyMessage, type Json, messageErrors } from '../../testing/discord/message-rules.ts'
import { requestErrors } from '../../testing/discord/oracle.ts'
import { readPress } from './buttons.ts'
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
