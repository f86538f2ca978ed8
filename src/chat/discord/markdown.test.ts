// Texts as Discord shows them: data stays data, cut texts count what is missing, and no formatting stays open.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Span } from '../../card.ts'
import { ansiBlock, codeBlock, escapeMarkdown, markdown, size } from './markdown.ts'

test.each([
  ['*bold* _it_ ~~gone~~ ||secret|| `code`', '\\*bold\\* \\_it\\_ \\~\\~gone\\~\\~ \\|\\|secret\\|\\| \\`code\\`'],
  ['<@123> <@&77> <#5> <t:1:R>', '\\<@123> \\<@&77> \\<#5> \\<t:1:R>'],
  ['my_check_1 __x__ a_b_ c', 'my_check_1 \\_\\_x\\_\\_ a_b\\_ c'],
  ['@everyone and @HERE', '@\u200beveryone and @\u200bHERE'],
  ['# title\n- item\n1. one\n> quote', '\\# title\n\\- item\n1\\. one\n\\> quote'],
  ['[click](https://evil.example/a_b_c)', '\\[click\\](https://evil.example/a_b_c)'],
  ['see https://a.example/x_y?z=1 now', 'see https://a.example/x_y?z=1 now'],
  ['C:\\new\\*', 'C:\\\\new\\\\\\*'],
  ['\x1b[31mred\x07 \u202egnp.exe\r\nnext', '␛\\[31mred␇ �gnp.exe\nnext'],
  ['half \ud83d a pair', 'half \ufffd a pair'],
])('data %j is shown literally', (data, shown) => {
  expect(escapeMarkdown(data)).toBe(shown)
})

test('each kind of span has its own markdown', () => {
  const spans: Span[] = [
    { bold: ' a*b ' },
    ' ',
    { code: 'x`y' },
    ' ',
    { code: 'ls' },
    ' ',
    { time: 1_700_000_000_999, style: 'relative' },
    { time: 1_700_000_000_000, style: 'moment' },
    { time: 1_700_000_000_000, style: 'clock' },
    ' ',
    { link: 'https://a.example/(x)', label: 'the [book]' },
    { link: 'javascript:alert(1)', label: 'no' },
  ]
  expect(markdown(spans, 1_000)).toBe(
    '**a\\*b** `` x`y `` `ls` <t:1700000000:R><t:1700000000:f><t:1700000000:T> [the \\[book\\]](<https://a.example/%28x%29>)no (javascript:alert(1))',
  )
})

test('empty and impossible spans do not break the line', () => {
  expect(markdown([{ bold: ' ' }, { code: '' }, { time: Number.NaN, style: 'clock' }], 100)).toBe('an unknown time')
})

test('a cut text counts what was left out, in visible characters', () => {
  expect(markdown('0123456789'.repeat(3), 20)).toBe('01234567890… 19 more')
  expect(markdown(['ab', { bold: 'cdefghijklmnopqrstuvwxyz' }], 20)).toBe('ab**cdefg**… 19 more')
  expect(markdown(['012345678901', { code: 'x'.repeat(48) }], 20)).toBe('01234567890… 49 more')
  expect(markdown('😀'.repeat(30), 20)).toBe(`${'😀'.repeat(11)}… 19 more`)
})

test('a time or a link is never cut in half', () => {
  const cut = markdown(['x'.repeat(20), { time: 1_700_000_000_000, style: 'relative' }, 'y'.repeat(40)], 40)
  expect(cut).toBe(`${'x'.repeat(20)}… 46 more`)
})

test('any text fits and leaves no mark of formatting open', () => {
  const span = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ maxLength: 80 }),
    fc.record({ bold: fc.string({ maxLength: 60 }) }),
    fc.record({ code: fc.string({ maxLength: 60 }) }),
    fc.record({ link: fc.webUrl(), label: fc.string({ maxLength: 40 }) }),
    fc.record({ time: fc.integer(), style: fc.constantFrom('relative' as const, 'moment' as const, 'clock' as const) }),
  )
  fc.assert(
    fc.property(fc.array(span, { maxLength: 8 }), fc.integer({ min: 30, max: 300 }), (spans, max) => {
      const written = markdown(spans, max)
      expect(size(written)).toBeLessThanOrEqual(max)
      expect(written.isWellFormed()).toBe(true)
      expect(written).not.toMatch(/@(everyone|here)/i)
      expect(
        written
          .replace(/\\./gs, '')
          .replace(/`` .*? ``|`[^`]*`|\(<[^>]*>\)/gs, '')
          .match(/\*\*/g)?.length ?? 0,
      ).toSatisfy((n: number) => n % 2 === 0)
    }),
  )
})

test('a code block is always closed, and cut inside its fence', () => {
  expect(codeBlock('a\n```\nb', 'json', 100)).toBe('```json\na\n`\u200b``\nb\n```')
  expect(codeBlock('x'.repeat(100), undefined, 40)).toMatch(/^```\nx+… \d+ more\n```$/)
  expect(codeBlock('x', 'not a language', 40)).toBe('```\nx\n```')
  expect(codeBlock('x', undefined, 10)).toBe('')
})

test('colours are for who asks: codes of Vakt around the level, none of the data', () => {
  const block = ansiBlock('> 10:00:00 ERROR api \u001b[35mboom ```')
  const [start, dim, red, bold, end] = ['', '[30m', '[31m', '[1m', '[0m'].map(code => (code ? `\u001b${code}` : ''))
  expect(block).toContain(`${start}> ${dim}10:00:00${end} ${red}ERROR${end}${bold} api `)
  expect(block).not.toContain('\u001b[35m')
  expect(block.match(/```/g)).toHaveLength(2)
})

test('no control or bidi character reaches Discord', () => {
  const evil = '\x1b[1m\u202edp\u0007'
  const spans: Span[] = [evil, { bold: evil }, { code: evil }, { link: 'https://a.example/', label: evil }]
  const written = markdown(spans, 1_000) + codeBlock(evil, undefined, 1_000)
  expect(written).not.toMatch(/[[\p{Cc}\p{Bidi_Control}]--\n]/v)
})
