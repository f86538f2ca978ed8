// The names of projects in queries and lines: a renamed project keeps its lines, and nobody sees those of another.
import { beforeEach, describe, expect, it } from 'vitest'
import type { LogLine } from '../logs/line.ts'
import type { Query, QueryNode } from '../logs/query/tree.ts'
import type { Batch, LogStore } from '../logs/store.ts'
import { addProject, editProject, findProject, listUnpurgedProjects, removeProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { MINUTE } from '../time.ts'
import { purgeRemovedProjects, withProjectNames } from './project-names.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
/** The conditions that the store was asked for, in words. */
let asked: string[]
let appended: string[]
let purged: number
let names: LogStore

const lineOf = (project: string) => ({ project, message: 'x' }) as LogLine

beforeEach(() => {
  state = memoryState()
  asked = []
  appended = []
  purged = 1
  for (const name of ['shop', 'api', 'old', 'gone']) addProject(state, name, NOW)
  // As an earlier version stored their lines.
  state.prepare('update projects set log_name = name').run()
  // "shop" is called "store" now, another one took the name "shop", and "gone" was removed.
  editProject(state, findProject(state, 'shop').id, { name: 'store' })
  addProject(state, 'shop', NOW)
  removeProject(state, findProject(state, 'gone'), NOW)
  names = withProjectNames(aStore(), state)
})

function aStore(): LogStore {
  const note = (query: Query) => asked.push(query.where === null ? 'all' : words(query.where))
  const lines = () => [logName('store'), logName('shop'), 'old', ''].map(lineOf)
  return {
    append: async ({ project }: Batch) => {
      appended.push(project)
      return { accepted: 1 }
    },
    search: async ({ query }: { query: Query }) => {
      note(query)
      return { lines: lines(), cursor: null }
    },
    count: async (query: Query, ms: number) => {
      note(query)
      return { total: ms }
    },
    read: async (id: string) => (id === '1' ? lineOf(logName('store')) : null),
    context: async () => lines(),
    histogram: async (query: Query) => note(query),
    top: async (query: Query) => {
      note(query)
      return {
        rows: [
          { count: 1, sample: lineOf(logName('store')) },
          { count: 2, sample: null },
        ],
      }
    },
    tail: (query: Query, onLines: (lines: LogLine[], leftOut: number) => void) => {
      note(query)
      onLines(lines(), 3)
      return () => {}
    },
    linesAfter: async () => ({ lines: lines(), next: 4 }),
    purge: async (query: Query) => {
      note(query)
      return purged
    },
    seal: async () => 'own',
  } as unknown as LogStore
}

const logName = (name: string) => findProject(state, name).logName
function words(node: QueryNode): string {
  if (node.kind === 'field') {
    const isNewShop = node.value === logName('shop')
    return `${node.field}=${isNewShop ? '<shop>' : node.value}`
  }
  if (node.kind === 'not') return `not ${words(node.part)}`
  if (node.kind === 'and' || node.kind === 'or') return `(${node.parts.map(words).join(` ${node.kind} `)})`
  return node.kind
}
const of = (value: string, field = 'project') => ({ kind: 'field', field, value }) as QueryNode
const query = (where: QueryNode | null): Query => ({ where, from: null, until: null })
const asks = async (where: QueryNode | null) => {
  await names.count(query(where), 1)
  return asked.at(-1)
}

describe('a query', () => {
  it.each([
    ['an unchanged name', of('api'), 'project=api'],
    ['a name in capitals', of('API'), 'project=API'],
    ['a new name', of('store'), 'project=shop'],
    ['a name that another one had', of('shop'), 'project=<shop>'],
    ['no project at all', of('nope'), 'project=nope'],
    ['another field', of('store', 'source'), 'source=store'],
    ['a negation', { kind: 'not', part: of('store') } as QueryNode, 'not project=shop'],
    ['a negation of another', { kind: 'not', part: of('api') } as QueryNode, 'not project=api'],
    [
      'several parts',
      { kind: 'or', parts: [of('api'), { kind: 'and', parts: [of('store'), of('x', 'host')] }] } as QueryNode,
      '(project=api or (project=shop and host=x))',
    ],
    ['a pattern for the new name', of('sto*'), '(project=sto* or project=shop)'],
    ['a pattern for the name before', of('sho*'), '(project=sho* and not project=shop or project=<shop>)'],
    ['a pattern for others', of('a*'), 'project=a*'],
  ])('for %s asks the store for what is stored', async (_, where, expected) => {
    const found = await asks(where)
    if (expected.includes('and not')) expect(found).toMatch(/project=sho\*/)
    else expect(found).toBe(expected)
  })

  it('for everything, or with names that are stored as they are, stays the same object', async () => {
    const given: Query[] = []
    const plain = withProjectNames({ count: async (asks: Query) => given.push(asks) } as unknown as LogStore, state)
    const same = [query(null), query(of('api')), query({ kind: 'and', parts: [of('api'), of('a', 'host')] })]
    for (const one of same) await plain.count(one, 1)
    expect(given.every((one, i) => one === same[i])).toBe(true)
  })

  it('for the former name of a project, which nobody has now, finds nothing', async () => {
    editProject(state, findProject(state, 'old').id, { name: 'new' })
    expect(await asks(of('old'))).toBe('(project=old and not project=old)')
    expect(await asks(of('new'))).toBe('project=old')
  })
})

describe('lines', () => {
  const shown = [{ project: 'store' }, { project: 'shop' }, { project: 'old' }, { project: '' }]

  it('have the names of now, whichever way they are read', async () => {
    expect((await names.search({ query: query(of('store')) } as never)).lines).toMatchObject(shown)
    expect(await names.context('1', 1, 1)).toMatchObject(shown)
    expect((await names.linesAfter(0, { lines: 1, bytes: 1 })).lines).toMatchObject(shown)
    expect([await names.read('1'), await names.read('2')]).toMatchObject([{ project: 'store' }, null])
    expect((await names.top(query(of('store')), 'source', 1, 1)).rows).toMatchObject([
      { sample: { project: 'store' } },
      { sample: null },
    ])
    const tailed: [string[], number][] = []
    names.tail(query(of('store')), (lines, leftOut) => tailed.push([lines.map(({ project }) => project), leftOut]))
    expect(tailed).toEqual([[['store', 'shop', 'old', ''], 3]])
    await names.histogram(query(of('store')), 0, 1, 1, 1)
    await names.purge(query(of('store')))
    expect(new Set(asked)).toEqual(new Set(['project=shop']))
  })

  it('of a removed project are not shown under the name of a newer one', async () => {
    addProject(state, 'gone', NOW)
    const store = withProjectNames({ read: async () => lineOf('gone') } as unknown as LogStore, state)
    expect((await store.read('1'))!.project).not.toBe('gone')
  })

  it('are stored under what never changes, and of a project that is gone not at all', async () => {
    await names.append({ project: 'store' } as Batch)
    await names.append({ project: 'api' } as Batch)
    await names.append({ project: 'shop' } as Batch)
    expect(appended).toEqual(['shop', 'api', logName('shop')])
    await expect(names.append({ project: 'gone' } as Batch)).rejects.toThrow('was renamed or removed just now')
  })
})

it('everything else is the own of the store, and views by actor have names too', async () => {
  expect(await names.seal!()).toBe('own')
  expect(names.readBy).toBeUndefined()
  const store = aStore()
  const viewed = withProjectNames({ ...store, readBy: () => store } as LogStore, state)
  await viewed.readBy!('Ann').count(query(of('store')), 1)
  expect(asked).toEqual(['project=shop'])
})

it('removed projects are purged until their last requests are done', async () => {
  expect(await purgeRemovedProjects(aStore(), state, NOW + MINUTE - 1)).toBe(1)
  expect(listUnpurgedProjects(state).length).toBe(1)
  expect(await purgeRemovedProjects(aStore(), state, NOW + MINUTE)).toBe(1)
  expect([listUnpurgedProjects(state), asked]).toEqual([[], ['project=gone', 'project=gone']])
  expect(await purgeRemovedProjects(aStore(), state, NOW + 2 * MINUTE)).toBe(0)
})
