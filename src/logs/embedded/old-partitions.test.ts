// Partitions that an earlier version wrote are read and purged with the words of their time, and take no more lines.
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { Sqlite } from '../../state/sqlite.ts'
import { DAY } from '../../time.ts'
import { parseQuery } from '../query/parse.ts'
import { ALL, AMPLE_MS, allPages, batchOf, NOON } from '../store.testing.ts'
import { PIECES, type Piece } from './blocks/block.ts'
import { openBlock, readBlocks } from './blocks/block-table.ts'
import { ByteWriter } from './blocks/columns/byte-io.ts'
import { ValueColumnBuilder, writeValues } from './blocks/columns/value-column.ts'
import { compress } from './blocks/compression.ts'
import { LAYOUT_VERSION, PIECES_PER_BLOCK } from './blocks/schema.ts'
import { aFolder, aStore } from './store.testing.ts'

const FIXTURE = join(import.meta.dirname, '../../testing/fixtures/3ed0b34/data/logs')
const query = (text: string) => parseQuery(text, NOON, 'UTC')

it('partitions of layout 2 answer with their own words, lose what is purged, and new lines go to new ones', async () => {
  const folder = aFolder()
  cpSync(FIXTURE, folder, { recursive: true })
  const store = await aStore({ folder })
  const before = await allPages(store, ALL)
  const old = before.find(line => /^\w{5,} \w{5,}/.test(line.message))!
  const [word] = /\w+/.exec(old.message)!
  const having = before.filter(line => new RegExp(`\\b${word}\\b`, 'i').test(`${line.message} ${line.stack}`))
  expect((await allPages(store, query(word))).map(line => line.id)).toEqual(having.map(line => line.id))
  const partitions = (await store.status()).partitions.map(({ name, lines }) => ({ name, lines }))

  const receivedAt = Math.max(...before.map(line => line.receivedAt))
  const line = { message: '数据库连接失败', req: 'only-in-attributes' }
  for (const idempotencyKey of ['a', 'b', 'c', 'd'])
    await store.append(batchOf([line], { receivedAt, idempotencyKey, retentionMs: 90 * DAY }))
  expect((await store.status()).partitions.map(({ name, lines }) => ({ name, lines }))).toEqual(
    expect.arrayContaining(partitions),
  )
  expect(await store.count(query('连接'), AMPLE_MS)).toMatchObject({ total: 4 })
  expect(await store.count(query('only-in-attributes'), AMPLE_MS)).toMatchObject({ total: 4 })
  expect(await store.count(query(`-${word} -数据`), AMPLE_MS)).toMatchObject({ total: before.length - having.length })

  expect(await store.purge(query(word))).toBe(having.length)
  expect(await store.purge(query('连接'))).toBe(4)
  const left = before.filter(line => !having.includes(line))
  expect((await allPages(store, ALL)).map(line => line.id)).toEqual(left.map(line => line.id))
  await store.close()
  for (const { name } of partitions) {
    const db = new Database(join(folder, `${name}.db`))
    const indexed = db.prepare('select count(distinct doc) as n from terms').get()
    expect(indexed).toEqual(db.prepare('select count(*) as n from lines').get())
    expect(() => db.exec("insert into words (words) values ('integrity-check')")).not.toThrow()
    db.close()
  }
})

it('blocks of layout 4, with all attributes in one piece, answer the same and may take more lines', async () => {
  const folder = aFolder()
  const lines = Array.from({ length: 300 }, (_, i) => {
    return { message: `request ${i} done`, user_id: i, ...(i % 3 === 0 ? { note: `ü ${i}`, nested: { at: i } } : {}) }
  })
  const first = await aStore({ folder })
  await first.append(batchOf(lines))
  await first.seal()
  const before = await allPages(first, ALL)
  await first.close()
  const [name] = readdirSync(folder).filter(file => file.endsWith('.db'))
  makeLayout4(join(folder, name!))

  const store = await aStore({ folder })
  expect(await allPages(store, ALL)).toEqual(before)
  expect(await allPages(store, query('user_id>=298'))).toHaveLength(2)
  expect(await allPages(store, query('nested.at=297'))).toHaveLength(1)
  await store.append(batchOf([{ message: 'one more', user_id: 300 }]))
  await store.seal()
  expect(await allPages(store, query('user_id>=298'))).toHaveLength(3)
  expect((await allPages(store, ALL)).slice(1)).toEqual(before)
  await store.close()
  expect(layoutOf(join(folder, name!))).toBe(LAYOUT_VERSION)
})

/** Writes the attributes of all blocks as the version before did. */
function makeLayout4(file: string): void {
  const db = new Sqlite(file)
  const piece = (block: number, name: Piece) => block * PIECES_PER_BLOCK + PIECES.indexOf(name)
  for (const block of readBlocks(db)) {
    const reader = openBlock(db, block)
    const rows = Array.from({ length: reader.lines }, (_, row) => reader.attributes!.at(row))
    const names = [...new Set(rows.flatMap(Object.keys))]
    const shapes = new ValueColumnBuilder(rows.length)
    for (const row of rows) shapes.add(JSON.stringify(Object.keys(row)))
    const writer = new ByteWriter()
    writeValues(writer, shapes.build())
    for (const name of names) {
      writer.json(name)
      writer.text(rows.flatMap(row => (name in row ? [JSON.stringify(row[name])] : [])).join('\n'))
    }
    for (const later of PIECES.slice(PIECES.indexOf('attributeDirectory')))
      db.prepare('delete from pieces where id = ?').run(piece(block.id, later))
    db.prepare('insert into pieces values (?, ?)').run(piece(block.id, 'attributes'), compress(writer.finish()))
  }
  db.pragma('user_version = 4')
  db.close()
}

function layoutOf(file: string): number {
  const db = new Sqlite(file)
  const layout = db.pragma('user_version', { simple: true }) as number
  db.close()
  return layout
}
