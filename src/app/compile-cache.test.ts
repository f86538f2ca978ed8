import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cacheFolder, useCompileCache } from './compile-cache.ts'

it('compiled code is kept beside the packages, else in the data folder, and nowhere that others may write', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-cache-'))
  const missing = join(folder, 'missing')
  expect(cacheFolder(folder, missing)).toBe(join(folder, '.cache/vakt'))
  expect(cacheFolder(missing, folder)).toBe(join(folder, 'cache'))
  expect(cacheFolder(missing, missing)).toBeNull()
  expect(cacheFolder(missing, undefined)).toBeNull()
  rmSync(folder, { recursive: true })
})

it('a cache that somebody chose, or refused, stays what it is', () => {
  for (const environment of [{ NODE_COMPILE_CACHE: '/chosen' }, { NODE_DISABLE_COMPILE_CACHE: '1' }]) {
    const before = { ...environment }
    useCompileCache(environment)
    expect(environment).toEqual(before)
  }
})
