import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { folderStorage } from './folder-storage.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-archive-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const signal = () => new AbortController().signal
const options = () => ({ signal: signal(), onProgress: () => {} })

it('a file comes and goes with its folders, and others stay', async () => {
  const storage = folderStorage(join(folder, 'target'))
  const file = join(folder, 'file')
  writeFileSync(file, 'content')
  expect(await storage.list('', signal())).toEqual([])
  await storage.put(file, 'a/b/one', options())
  await storage.put(file, 'a/two', options())
  expect(await storage.list('a/', signal())).toEqual(['a/b/one', 'a/two'])
  expect(await storage.list('a/b', signal())).toEqual(['a/b/one'])
  await storage.get('a/b/one', join(folder, 'back'), options())
  expect(readFileSync(join(folder, 'back'), 'utf8')).toBe('content')
  await storage.remove('a/b/one', signal())
  expect(existsSync(join(folder, 'target/a/b'))).toBe(false)
  expect(await storage.list('', signal())).toEqual(['a/two'])
  // What is gone already is removed.
  await storage.remove('a/b/one', signal())
  await storage.remove('a/two', signal())
  expect(await storage.list('', signal())).toEqual([])
})

it('a file that cannot be removed, written or read is a problem that names it', async () => {
  writeFileSync(join(folder, 'file'), '')
  const storage = folderStorage(join(folder, 'file'))
  for (const fails of [
    () => storage.remove('one', signal()),
    () => storage.put(join(folder, 'file'), 'one', options()),
    () => storage.get('one', join(folder, 'back'), options()),
    () => storage.list('one', signal()),
  ])
    await expect(fails()).rejects.toMatchObject({ message: expect.stringContaining(join(folder, 'file')) })
  mkdirSync(join(folder, 'full/one'), { recursive: true })
  writeFileSync(join(folder, 'full/one/file'), '')
  await expect(folderStorage(join(folder, 'full')).remove('one', signal())).rejects.toMatchObject({ name: 'Problem' })
})
