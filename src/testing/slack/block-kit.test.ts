// Every documented Block Kit limit, one row each: just inside it passes, one beyond is refused where it stands.
import { describe, expect, test } from 'vitest'
import { checkBlocks } from './block-kit.ts'
import { readView } from './view-rules.ts'
import type { Obj, SlackRefusal } from './wire.ts'

const plain = (length: number) => ({ type: 'plain_text', text: 'x'.repeat(length) })
const mrkdwn = (length: number) => ({ type: 'mrkdwn', text: 'x'.repeat(length) })
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index))
const button = (more: Obj = {}) => ({ type: 'button', text: plain(5), ...more })
const actions = (...elements: Obj[]) => ({ type: 'actions', elements })
const option = (index: number, text = 5) => ({ text: plain(text), value: `v${index}` })
const menu = (count: number) => ({ type: 'static_select', options: many(count, i => option(i)) })
const field = (element: Obj, more: Obj = {}) => ({ type: 'input', label: plain(5), element, ...more })
const confirm = (title: number, text: number, yes: number, no: number) =>
  actions(button({ confirm: { title: plain(title), text: plain(text), confirm: plain(yes), deny: plain(no) } }))

describe('blocks', () => {
  test.each<[string, (n: number) => unknown, number]>([
    ['header text', n => ({ type: 'header', text: plain(n) }), 150],
    ['section text', n => ({ type: 'section', text: mrkdwn(n) }), 3000],
    ['section fields', n => ({ type: 'section', fields: many(n, () => mrkdwn(5)) }), 10],
    ['field text', n => ({ type: 'section', fields: [mrkdwn(n)] }), 2000],
    ['context elements', n => ({ type: 'context', elements: many(n, () => mrkdwn(5)) }), 10],
    ['action elements', n => actions(...many(n, () => button())), 25],
    ['button text', n => actions(button({ text: plain(n) })), 75],
    ['button value', n => actions(button({ value: 'x'.repeat(n) })), 2000],
    ['button url', n => actions(button({ url: 'x'.repeat(n) })), 3000],
    ['action id', n => actions(button({ action_id: 'x'.repeat(n) })), 255],
    ['block id', n => ({ type: 'divider', block_id: 'x'.repeat(n) }), 255],
    ['options of a menu', n => actions(menu(n)), 100],
    ['options of an overflow menu', n => actions({ type: 'overflow', options: many(n, i => option(i)) }), 5],
    ['options of checkboxes', n => actions({ type: 'checkboxes', options: many(n, i => option(i)) }), 10],
    ['option text', n => actions({ type: 'overflow', options: [option(1, n)] }), 75],
    ['confirm title', n => confirm(n, 5, 5, 5), 100],
    ['confirm text', n => confirm(5, n, 5, 5), 300],
    ['confirm yes', n => confirm(5, 5, n, 5), 30],
    ['confirm no', n => confirm(5, 5, 5, n), 30],
    ['image alt text', n => ({ type: 'image', image_url: 'http://x', alt_text: 'x'.repeat(n) }), 2000],
    ['input label', n => ({ ...field({ type: 'plain_text_input' }), label: plain(n) }), 2000],
    ['input hint', n => field({ type: 'plain_text_input' }, { hint: plain(n) }), 2000],
    ['placeholder', n => field({ type: 'plain_text_input', placeholder: plain(n) }), 150],
    ['most characters of an input', n => field({ type: 'plain_text_input', max_length: n }), 3000],
    ['markdown text', n => ({ type: 'markdown', text: 'x'.repeat(n) }), 12_000],
  ])('%s', (_what, make, most) => {
    expect(checkBlocks([make(most)], 'message')).toEqual([])
    expect(checkBlocks([make(most + 1)], 'message')).toHaveLength(1)
  })

  test('50 blocks in a message, 100 in a modal', () => {
    const dividers = (count: number) => many(count, () => ({ type: 'divider' }))
    expect(checkBlocks(dividers(50), 'message')).toEqual([])
    expect(checkBlocks(dividers(51), 'message')).toEqual([
      '[ERROR] no more than 50 items allowed [json-pointer:/blocks]',
    ])
    expect(checkBlocks(dividers(100), 'modal')).toEqual([])
    expect(checkBlocks(dividers(101), 'modal')).toHaveLength(1)
  })

  test.each<[string, unknown[]]>([
    ['an unknown block', [{ type: 'nonsense' }]],
    ['an unknown element', [actions({ type: 'nonsense' })]],
    ['an unknown property', [{ type: 'divider', colour: 'red' }]],
    [
      'a block id used twice',
      [
        { type: 'divider', block_id: 'a' },
        { type: 'divider', block_id: 'a' },
      ],
    ],
    ['an action id used twice', [actions(button({ action_id: 'a' }), button({ action_id: 'a' }))]],
    ['an option value used twice', [actions({ type: 'overflow', options: [option(1), option(1)] })]],
    ['an empty text', [{ type: 'section', text: mrkdwn(0) }]],
    ['an empty section', [{ type: 'section' }]],
    ['no elements', [actions()]],
    ['mrkdwn in a header', [{ type: 'header', text: mrkdwn(5) }]],
    ['mrkdwn on a button', [actions(button({ text: mrkdwn(5) }))]],
    ['emoji in mrkdwn', [{ type: 'section', text: { ...mrkdwn(5), emoji: true } }]],
    ['a colour as a style', [actions(button({ style: 'red' }))]],
    ['an empty value', [actions(button({ value: '' }))]],
    ['an input among actions', [actions({ type: 'plain_text_input' })]],
  ])('refuses %s', (_what, blocks) => {
    expect(checkBlocks(blocks, 'message')).not.toEqual([])
  })
})

describe('modals', () => {
  const modal = (more: Obj = {}) => ({ type: 'modal', title: plain(24), blocks: [{ type: 'divider' }], ...more })
  const complaints = (view: Obj) => {
    try {
      readView(view)
      return []
    } catch (error) {
      return [(error as SlackRefusal).code, ...(error as SlackRefusal).messages]
    }
  }

  test.each<[string, (n: number) => Obj, number]>([
    ['title', n => modal({ title: plain(n) }), 24],
    ['submit', n => modal({ submit: plain(n) }), 24],
    ['close', n => modal({ close: plain(n) }), 24],
    ['private metadata', n => modal({ private_metadata: 'x'.repeat(n) }), 3000],
    ['callback id', n => modal({ callback_id: 'x'.repeat(n) }), 255],
  ])('%s', (_what, make, most) => {
    expect(complaints(make(most))).toEqual([])
    expect(complaints(make(most + 1))[0]).toBe('invalid_arguments')
  })

  test('a modal with a field needs a button to submit it', () => {
    const blocks = [field({ type: 'plain_text_input' })]
    expect(complaints(modal({ blocks }))[1]).toContain('/view/submit')
    expect(complaints(modal({ blocks, submit: plain(4) }))).toEqual([])
  })

  test('Slack’s own words', () => {
    expect(complaints(modal({ title: plain(25) }))).toEqual([
      'invalid_arguments',
      '[ERROR] must be less than 25 characters [json-pointer:/view/title/text]',
    ])
  })
})
