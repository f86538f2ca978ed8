// Contract of log stores, hostile texts in lines and queries: nothing of them is read as SQL, as an index's syntax or as a field.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogLine } from '../line.ts'
import { matches } from '../query/matches.ts'
import type { FieldName, QueryNode } from '../query/tree.ts'
import { ALL, AMPLE_MS, allPages, batchOf, NOON, where, word } from '../store.testing.ts'
import type { Made, Open } from './made.testing.ts'

const HOSTILE = [
  `"; drop table lines; --`,
  `' or '1'='1`,
  'a AND b OR c NOT d NEAR(e f, 2)',
  'message : secret',
  '{message stack} : x',
  '^start * end*',
  '"unclosed',
  'nul\0inside',
  'half \ud800 pair \udc00',
  'emoji 😀👩‍👩‍👧 flags 🇳🇴',
  'עברית العربية \u202eoverride\u202c',
  'combining e\u0301\u0327 and Ünïcödé',
  '漢字カタカナ한글',
  '%like_ \\% [glob]* ?',
  'ªh0web',
  'x'.repeat(20_000),
  `${'y'.repeat(60_000)} tail`,
  '\u2028 \u2029 \ufeff \u200b',
  '__proto__ constructor toString',
  '$1 :name ?1 @x',
]
const FIELDS_OF: FieldName[] = ['project', 'source', 'host', 'group', 'tag', 'fingerprint', 'trace', 'span']

export function hostileContract(open: Open): void {
  let made: Made
  let texts: readonly string[]
  let all: readonly LogLine[]

  beforeAll(async () => {
    made = await open()
    texts = [...HOSTILE, `${(made.indexWords ?? []).join(' ')} forged`]
    const lines = texts.flatMap((text, i) => [
      { message: text, timestamp: NOON + i, stack: `at ${text}` },
      { message: 'plain', timestamp: NOON + i, source: text, host: text, group: `a/${text}`, tags: [text, 'x'] },
      { message: 'more', timestamp: NOON + i, trace_id: text, span_id: text, attributes: { [text]: text, k: [text] } },
    ])
    const { accepted, errors } = await made.store.append(batchOf(lines))
    expect([accepted, errors]).toEqual([lines.length, []])
    await made.settle()
    all = await allPages(made.store, ALL, 'oldest')
  })
  afterAll(() => made.remove())

  const expectSame = async (node: QueryNode) => {
    const wanted = all.filter(line => matches(node, line)).map(line => line.id)
    const found = (await allPages(made.store, where(node), 'oldest')).map(line => line.id)
    expect(found, JSON.stringify(node).slice(0, 200)).toEqual(wanted)
    expect((await made.store.count(where(node), AMPLE_MS)).total).toBe(wanted.length)
  }

  describe('hostile texts', () => {
    it('are stored and given back whole', async () => {
      expect(all.length).toBe(texts.length * 3)
      for (const line of all) expect(await made.store.read(line.id)).toEqual(line)
      for (const [i, text] of texts.entries()) {
        const shown = text.toWellFormed().replaceAll('\0', '␀').trimEnd()
        expect(all[i * 3]!.message).toBe(shown)
      }
    })

    it.each<[name: string, text: string | null]>([
      ...HOSTILE.map((text): [string, string] => [JSON.stringify(text.slice(0, 40)), text]),
      ['words of the index', null],
    ])('find as a query what brute force finds: %s', async (_, own) => {
      const text = own ?? texts.at(-1)!
      for (const node of queriesOf(text)) await expectSame(node)
      expect(await made.store.values('host', text, 10)).toBeInstanceOf(Array)
    })

    it('cannot pass for a field', async () => {
      const host: QueryNode = { kind: 'field', field: 'host', value: 'web' }
      const fatal: QueryNode = { kind: 'level', comparison: '=', level: 'fatal' }
      expect(await made.store.count(where(host), AMPLE_MS)).toMatchObject({ total: 0 })
      expect(await made.store.count(where(fatal), AMPLE_MS)).toMatchObject({ total: 0 })
      for (const text of made.indexWords ?? [])
        for (const prefix of [false, true]) await expectSame({ kind: 'word', text, prefix })
    })

    it('do no harm by depth or length either', async () => {
      const total = async (node: QueryNode) => (await made.store.count(where(node), AMPLE_MS)).total
      let deep = word('plain')
      for (let i = 0; i < 400; i++)
        deep = i % 2 ? { kind: 'and', parts: [word('plain'), deep] } : { kind: 'or', parts: [word('absent'), deep] }
      expect(await total(deep)).toBe(texts.length)
      for (let i = 0; i < 400; i++) deep = { kind: 'not', part: deep }
      expect(await total(deep)).toBe(texts.length)
      const parts = Array.from({ length: 3_000 }, (_, i) => word(`w${i}`))
      expect(await total({ kind: 'or', parts })).toBe(0)
      expect(await total({ kind: 'not', part: { kind: 'or', parts } })).toBe(all.length)
    })
  })
}

/** Every kind of condition with a text in it. */
function queriesOf(text: string): QueryNode[] {
  const letters: QueryNode[] = [
    { kind: 'word', text, prefix: false },
    { kind: 'word', text: text.slice(0, 9), prefix: true },
    { kind: 'phrase', words: text.split(' ') },
    { kind: 'phrase', words: [text, text] },
    { kind: 'attribute', path: text, comparison: '=', value: text },
    { kind: 'attribute', path: 'k', comparison: '=', value: `${text.slice(0, 5)}*` },
    { kind: 'attribute', path: 'k', comparison: '>', value: text },
  ]
  const fields = FIELDS_OF.flatMap((field): QueryNode[] => [
    { kind: 'field', field, value: text },
    { kind: 'field', field, value: `${text.slice(0, 4)}*` },
    { kind: 'field', field, value: `a/${text}/*` },
  ])
  const nodes = [...letters, ...fields]
  return [...nodes, ...nodes.map((part): QueryNode => ({ kind: 'not', part }))]
}
