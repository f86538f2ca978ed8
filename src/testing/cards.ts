// Any card at all, for tests of renderers: every part, hostile data, and sizes from nothing to far too much.
import fc from 'fast-check'
import type { Button, Card, Evidence, Field, Row, Text } from '../card.ts'

/** Data that would act in some chat if it were not shown as data, or break what counts characters. */
const HOSTILE = [
  '',
  ' ',
  '@everyone',
  '<!channel>',
  '<@123456789012345678>',
  '<@U00KARI>',
  '```',
  '`',
  '**bold** _it_ ~s~ ||spoiler||',
  '# heading',
  '> quote',
  '-# small',
  '[a](https://evil.example)',
  '<script>alert(1)</script>',
  '<b>&amp;</b>',
  ':ab: :fire:',
  'evil.sh /stop',
  '\u202eRTL \u0627\u0644\u0639\u0631\u0628\u064a\u0629',
  '😀😀😀',
  '\ud83d',
  '\u001b[31m',
  'a\r\nb\n\nc',
  '\n\n\n',
  '"\\'.repeat(40),
]

/** Beyond what one part of a card can show. */
const LONG = ['x'.repeat(4_200), 'word '.repeat(300), '\n'.repeat(200), '😀'.repeat(150)]

const data = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 5, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(...LONG) },
)
const at = fc.integer({ min: 0, max: 4_000_000_000_000 })
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const list = <T>(arbitrary: fc.Arbitrary<T>, maxLength: number) => fc.array(arbitrary, { maxLength })

const text: fc.Arbitrary<Text> = fc.oneof(
  data,
  list(
    fc.oneof(
      data,
      fc.record({ bold: data }),
      fc.record({ code: data }),
      fc.record({ link: fc.oneof(fc.webUrl(), data), label: data }),
      fc.record({ time: at, style: fc.constantFrom('relative' as const, 'moment' as const, 'clock' as const) }),
    ),
    5,
  ),
)

const button = fc.record({
  label: data,
  line: fc.oneof(
    fc.constantFrom('ack 7', 'alerts show 7', 'logs search "a b" --last 1h'),
    fc.string({ maxLength: 160 }),
  ),
  tone: maybe(fc.constantFrom('primary' as const, 'danger' as const, 'plain' as const)),
  ask: maybe(fc.constantFrom(['for', 'note'], [])),
  url: maybe(fc.webUrl()),
}) as fc.Arbitrary<Button>

const evidence: fc.Arbitrary<Evidence> = fc.oneof(
  fc.record({
    kind: fc.constant('log' as const),
    entries: list(
      fc.record({
        at,
        level: fc.constantFrom('info', 'warn', 'error'),
        source: data,
        message: text,
        isTarget: fc.boolean(),
      }),
      6,
    ),
  }),
  fc.record({ kind: fc.constant('output' as const), text: data }),
  fc.record({
    kind: fc.constant('table' as const),
    columns: fc.constant([{ name: 'Name' }, { name: 'CPU', align: 'right' as const }, { name: '' }]),
    cells: list(fc.tuple(data, data, text), 4),
  }),
  fc.record({
    kind: fc.constant('chart' as const),
    name: data,
    values: list(fc.option(fc.integer({ min: 0, max: 1_000 })), 10),
  }),
)

const field = fc.record({ name: data, value: text, inline: maybe(fc.boolean()) }) as fc.Arbitrary<Field>
const row = fc.record({ name: data, text, action: maybe(button), more: maybe(list(button, 1)) }) as fc.Arbitrary<Row>

/** More than a message can have buttons. */
const MANY_BUTTONS: Button[] = Array.from({ length: 30 }, (_, i) => ({
  label: `Button ${i}`,
  line: `alerts show ${i}`,
}))
const MANY_ROWS: Row[] = MANY_BUTTONS.map((action, i) => ({
  name: `${i}`,
  text: [{ bold: `Row ${i}` }, ' is here'],
  action,
}))

/** Any card, with or without each of its parts. */
export const anyCard = fc.record({
  title: data,
  tone: fc.constantFrom('plain', 'good', 'info', 'warning', 'critical', 'muted'),
  lines: maybe(list(text, 4)),
  fields: maybe(list(field, 4)),
  evidence: maybe(list(evidence, 3)),
  code: maybe(fc.record({ text: data })),
  rows: maybe(fc.oneof(list(row, 4), fc.constant(MANY_ROWS))),
  page: maybe(fc.record({ text: maybe(data), previous: maybe(button), next: maybe(button) })),
  progress: maybe(fc.record({ done: fc.nat(), total: fc.nat() })),
  menus: maybe(list(fc.record({ label: data, options: fc.oneof(list(button, 4), fc.constant(MANY_BUTTONS)) }), 2)),
  buttons: maybe(list(button, 7)),
  facts: maybe(list(field, 3)),
  footer: maybe(text),
}) as unknown as fc.Arbitrary<Card>
