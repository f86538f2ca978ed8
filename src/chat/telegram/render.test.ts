import { expect, it } from 'vitest'
import type { Button, Card, Mention, Span } from '../../card.ts'
import { readPress, renderCard } from './render.ts'

it.each<[Mention, string]>([
  [{ kind: 'person', id: '42', name: 'Ann <x>' }, '<a href="tg://user?id=42">Ann &lt;x&gt;</a> '],
  [{ kind: 'person', id: null, name: 'Ann' }, 'Ann: '],
  [{ kind: 'person', id: 'U42', name: 'Ann' }, 'Ann: '],
  [{ kind: 'group', id: '42', name: 'ops' }, 'ops: '],
  [{ kind: 'here', id: null, name: 'here' }, 'here: '],
])('the mention %j is a link for a person with the id of a user, else a name', (mention, start) => {
  const { text } = renderCard({ title: 'Down', tone: 'critical', mention: [mention] }, 'UTC')
  expect(text.slice(0, start.length)).toBe(start)
})

const textOf = (card: Partial<Card>) => renderCard({ title: 'T', tone: 'plain', ...card }, 'UTC').text

it.each<[Partial<Card>, string]>([
  [{ title: '  a\n b  ' }, '<b>a b</b>'],
  [{ title: ' ' }, '<b>Vakt</b>'],
  [{ tone: 'good' }, '🟢 <b>T</b>'],
  [{ fields: [{ name: 'A', value: 'b' }] }, '<b>T</b>\n<b>A:</b> b'],
  [{ code: { text: '<x>' } }, '<b>T</b>\n<pre>&lt;x&gt;</pre>'],
  [{ code: { text: ' ' } }, '<b>T</b>'],
  [{ footer: 'end' }, '<b>T</b>\n<i>end</i>'],
])('the card %j is %s', (card, text) => expect(textOf(card)).toBe(text))

it.each<[Span, string]>([
  [{ bold: 'a&b' }, '<b>a&amp;b</b>'],
  [{ code: 'evil.sh /stop' }, '<code>evil.sh /stop</code>'],
  ['evil.sh', 'evil.\u2060sh'],
  ['run /stop now', 'run /\u2060stop now'],
  ['see https://evil.sh/a', 'see https://evil.sh/a'],
  ['a/b 1.5 "q"', 'a/b 1.5 &quot;q&quot;'],
  ['@ann', '@\u2060ann'],
  [{ link: 'https://x.org/a?b=1&c', label: 'x' }, '<a href="https://x.org/a?b=1&amp;c">x</a>'],
  [{ link: 'javascript:a', label: 'x' }, 'x (javascript:a)'],
  [{ link: 'no address', label: 'x' }, 'x (no address)'],
])('the span %j is %s', (span, html) => {
  expect(textOf({ lines: [[span]] })).toBe(`<b>T</b>\n${html}`)
})

it('parts that do not fit are counted, never cut', () => {
  const lines = Array.from({ length: 6 }, (_, i) => String(i).repeat(1_000))
  const text = textOf({ lines })
  expect(text).toBe(`<b>T</b>\n${lines.slice(0, 4).join('\n')}\n… 2 more`)
})

it.each([
  [60, false],
  [61, true],
])('a last part of %i characters is left out, where four thousand stand before it: %s', (length, isLeftOut) => {
  const lines = [...Array.from({ length: 4 }, () => 'x'.repeat(1_000)), 'y'.repeat(length)]
  expect(textOf({ lines }).endsWith('… 1 more')).toBe(isLeftOut)
})

it('an instant is written in the zone of Vakt', () => {
  expect(textOf({ lines: [[{ time: 0, style: 'clock' }]] })).toBe('<b>T</b>\n1970-01-01 00:00:00 UTC')
})

it('long parts are cut: a title after 300 characters, a text after 1,000, a name after 100, code after 2,000', () => {
  const shown = (max: number, show: (text: string) => Partial<Card>) =>
    [max, max + 1].map(length => textOf(show('x'.repeat(length))).includes('x'.repeat(max)))
  expect(shown(300, title => ({ title }))).toEqual([true, false])
  for (const span of [(text: string) => text, (bold: string) => ({ bold }), (code: string) => ({ code })])
    expect(shown(1_000, text => ({ lines: [[span(text)]] }))).toEqual([true, false])
  expect(shown(100, name => ({ fields: [{ name, value: 'y' }] }))).toEqual([true, false])
  expect(shown(2_000, text => ({ code: { text } }))).toEqual([true, false])
})

it('at most twenty people are mentioned', () => {
  const mention: Mention[] = Array.from({ length: 21 }, (_, i) => ({ kind: 'person', id: null, name: `p${i}` }))
  expect(textOf({ mention })).toContain('p19: <b>')
})

it.each<[Partial<Button>, string | undefined, object | null]>([
  [{ line: 'ack 1' }, undefined, { text: 'L', callback_data: 'ack 1' }],
  [{ line: 'ack 1' }, 'vakt1', { text: 'L', callback_data: 'vakt1|ack 1' }],
  [{ line: 'x'.repeat(58) }, 'vakt1', { text: 'L', callback_data: `vakt1|${'x'.repeat(58)}` }],
  [{ line: 'x'.repeat(59) }, 'vakt1', { text: 'L', callback_data: 'x'.repeat(59) }],
  [{ line: 'x'.repeat(64) }, 'vakt1', { text: 'L', callback_data: 'x'.repeat(64) }],
  [{ line: 'x'.repeat(65) }, 'vakt1', null],
  [{ line: '' }, 'vakt1', null],
  [{ line: '', url: 'https://x' }, 'vakt1', { text: 'L', url: 'https://x' }],
  [{ line: 'ack 1', url: 'ftp://x' }, 'vakt1', null],
  [{ line: 'ack 1', label: '' }, undefined, { text: '–', callback_data: 'ack 1' }],
])('the button %j of %s is %j', (button, instance, expected) => {
  const { keyboard } = renderCard(
    { title: 'T', tone: 'plain', buttons: [{ label: 'L', line: '', ...button }] },
    'UTC',
    instance,
  )
  expect(keyboard.inline_keyboard).toEqual(expected === null ? [] : [[expected]])
})

it('buttons stand three in a row, thirty at most', () => {
  const buttons = Array.from({ length: 32 }, (_, i) => ({ label: `${i}`, line: `ack ${i}` }))
  const { keyboard } = renderCard({ title: 'T', tone: 'plain', buttons }, 'UTC')
  expect(keyboard.inline_keyboard.map(row => row.length)).toEqual(Array.from({ length: 10 }, () => 3))
})

it.each([
  ['vakt1|ack 1', 'vakt1', 'ack 1'],
  ['ack 1', null, 'ack 1'],
  ['long-id|ack 1', null, 'long-id|ack 1'],
  ['vakt1|note\n2', 'vakt1', 'note\n2'],
])('the press %j is of %s', (data, instance, line) => expect(readPress(data)).toEqual({ instance, line }))

it('what a form would have to ask for is typed, and no button of it is refused', () => {
  const buttons = [
    { label: 'End', line: 'silence end 1' },
    { label: 'Extend', line: 'silence extend 1', ask: ['for'], example: '--for 2h' },
    { label: 'Snooze', line: 'snooze 4', ask: ['for'] },
  ]
  const { text, keyboard } = renderCard({ title: 'Silence 1', tone: 'muted', buttons }, 'UTC')
  expect(text).toContain('Type <code>/silence extend 1 --for 2h</code> (Extend).')
  expect(keyboard.inline_keyboard.flat()).toMatchObject([{ text: 'End' }, { text: 'Snooze' }])
})

it('a question whose button has no room for its line says what to type, and other buttons are left out', () => {
  const line = `ack all "${'x'.repeat(60)}" --yes`
  const buttons = [
    { label: 'Acknowledge all', line, tone: 'primary' as const },
    { label: 'Logs', line: `logs search ${'x'.repeat(60)}` },
    { label: 'Remove', line: 'checks remove a --yes', tone: 'danger' as const },
  ]
  const { text, keyboard } = renderCard({ title: 'Acknowledge?', tone: 'warning', buttons }, 'UTC')
  expect(text).toContain(`Type <code>/ack all &quot;${'x'.repeat(60)}&quot; --yes</code> (Acknowledge all).`)
  expect(text.match(/Type /g)).toHaveLength(1)
  expect(keyboard.inline_keyboard.flat()).toMatchObject([{ text: 'Remove' }])
})
