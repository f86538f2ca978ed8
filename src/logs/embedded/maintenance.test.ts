// Maintenance of partition files: what is deleted is gone from the disk, messages name partitions, and full ones are merged.
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it, vi } from 'vitest'
import { DAY } from '../../time.ts'
import { ALL, AMPLE_MS, allPages, batchOf, maintained, messages, NOON, where, word } from '../store.testing.ts'
import { aFolder, aStore } from './store.testing.ts'

describe('a purge', () => {
  it('removes matching lines and their words in the index, and nothing else', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    for (let at = 0; at < 1_500; at += 250) {
      const lines = Array.from({ length: 250 }, (_, i) => ({
        message: `${(at + i) % 3 === 0 ? 'hushhushpassword' : 'harmless'} n${at + i}`,
        host: 'h',
        tags: ['t'],
        stack: 'at somewhere',
        attributes: { n: i },
      }))
      await store.append(batchOf(lines, { idempotencyKey: `part ${at}` }))
    }
    expect(await store.purge(where(word('hushhushpassword')))).toBe(500)
    expect(await store.purge(where(word('hushhushpassword')))).toBe(0)
    expect((await store.status()).lines).toBe(1_000)
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(1_000)
    expect((await allPages(store, where(word('n0')))).length).toBe(0)
    expect((await allPages(store, where(word('n1')))).length).toBe(1)
    await store.close()
    // Not on the disk either, neither as text nor as a word of the index.
    for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file)).includes('hushhush')).toBe(false)
  })
})

describe('partition files', () => {
  it('drops a partition when its last line is past it, with a message', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    await store.append(batchOf([{ message: 'short' }], { retentionMs: DAY }))
    await store.append(batchOf([{ message: 'long' }], { retentionMs: 7 * DAY }))
    const endOfDay = NOON + DAY / 2
    expect(await maintained(store, endOfDay + DAY - 1)).toEqual([])
    expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['short', 'long'])
    expect(await maintained(store, endOfDay + DAY)).toEqual([
      expect.stringMatching(
        /^Dropped the log partition 2026-11-21\.1d\.0 \(1 line, [\d.]+ kB\): its lines are past their retention\.$/,
      ),
    ])
    expect(messages(await allPages(store, ALL))).toEqual(['long'])
    expect(readdirSync(folder).some(file => file.includes('.1d.'))).toBe(false)
    await store.append(batchOf([{ message: 'short again' }], { retentionMs: DAY }))
    expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['long', 'short again'])
  })

  it('drops the oldest partition first, with a message, and never the open one', async () => {
    const store = await aStore({ diskBudgetBytes: 100_000 })
    for (const [day, name] of ['oldest', 'older', 'today'].entries()) {
      const lines = Array.from({ length: 400 }, (_, i) => ({ message: `${name} ${i} ${'text '.repeat(20)}` }))
      await store.append(batchOf(lines, { receivedAt: NOON + day * DAY }))
    }
    const dropped = await maintained(store, NOON + 2 * DAY)
    expect(dropped.length).toBe(2)
    expect(dropped[0]).toMatch(/^Dropped the log partition 2026-11-21\.3d\.0 \(400 lines, .* disk budget of 100 kB\.$/)
    expect(await store.count(where(word('oldest')), AMPLE_MS)).toMatchObject({ total: 0 })
    expect(await store.count(where(word('today')), AMPLE_MS)).toMatchObject({ total: 400 })
  })

  it('of a restore that fails do not stay behind', async () => {
    const [folder, to] = [aFolder(), aFolder()]
    const store = await aStore({ folder })
    await store.append(batchOf(Array.from({ length: 2_500 }, (_, i) => ({ message: `m${i}` }))))
    const { file } = await store.archive('2026-11-21.3d.0', to)
    await maintained(store, NOON + 5 * DAY)
    truncateSync(file, 2_000)
    await expect(store.restore(file, NOON + 9 * DAY)).rejects.toMatchObject({ code: 'invalid' })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('sealing', () => {
  it('takes the lines of a partition that was idle, and of past days, without a change in what is found', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    for (let i = 0; i < 40; i++) await store.append(batchOf([{ message: `piece n${i}` }, { message: 'common' }]))
    const before = await allPages(store, ALL)
    await store.maintain(NOON)
    expect(sealedLines(folder)).toBe(0)
    await store.maintain(NOON)
    expect(sealedLines(folder)).toBe(80)
    expect(await allPages(store, ALL)).toEqual(before)
    expect(await store.count(where(word('common')), AMPLE_MS)).toMatchObject({ total: 40 })
    for (const i of [0, 17, 39]) expect((await allPages(store, where(word(`n${i}`)))).length).toBe(1)
    await store.append(batchOf([{ message: 'late piece' }]))
    expect(await store.count(where(word('piece')), AMPLE_MS)).toMatchObject({ total: 41 })
    await store.maintain(NOON + DAY)
    expect(sealedLines(folder)).toBe(81)
    expect(await store.count(where(word('piece')), AMPLE_MS)).toMatchObject({ total: 41 })
  })

  it('gives the room of the lines as they arrived back to the disk', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    const lines = Array.from({ length: 3_000 }, (_, i) => ({
      message: `request ${i} of user ${i % 7} took ${i % 90} ms`,
    }))
    await store.append(batchOf(lines))
    const before = await allPages(store, ALL, 'newest', 3_000)
    await store.seal()
    const { bytes, projects } = await store.status()
    expect(bytes).toBeLessThan(projects![0]!.rawBytes / 2)
    expect(readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)).toBeLessThan(
      bytes + 64 * 1024,
    )
    expect(await allPages(store, ALL, 'newest', 3_000)).toEqual(before)
  })

  it('joins the last block as long as that has room, and takes what fills one at once', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    for (let i = 0; i < 3; i++) {
      await store.append(batchOf([{ message: `few ${i}` }]))
      await store.maintain(NOON + DAY)
    }
    expect(blockLines(folder)).toEqual([3])
    const many = Array.from({ length: 9_000 }, (_, i) => ({ message: `many ${i}`, timestamp: NOON + i }))
    await store.append(batchOf(many))
    await vi.waitFor(() => expect(blockLines(folder).length).toBeGreaterThan(1), { timeout: 10_000 })
    expect(await store.count(ALL, AMPLE_MS)).toMatchObject({ total: 9_003 })
    await store.maintain(NOON + DAY)
    expect(blockLines(folder).reduce((sum, lines) => sum + lines, 0)).toBe(9_003)
    expect(messages(await allPages(store, where(word('8999'))))).toEqual(['many 8999'])
  })
})

/** How many lines each block of the only partition has. */
function blockLines(folder: string): number[] {
  const file = new Database(join(folder, '2026-11-21.3d.0.db'), { readonly: true })
  const lines = file.prepare('select lines from blocks order by first_position').pluck().all() as number[]
  file.close()
  return lines
}

function sealedLines(folder: string): number {
  return blockLines(folder).reduce((sum, lines) => sum + lines, 0)
}
