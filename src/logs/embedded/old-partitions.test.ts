// Partitions that an earlier version wrote are read and purged with the words of their time, and take no more lines.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { DAY } from '../../time.ts'
import { parseQuery } from '../query/parse.ts'
import { ALL, AMPLE_MS, allPages, batchOf, NOON } from '../store.testing.ts'
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
