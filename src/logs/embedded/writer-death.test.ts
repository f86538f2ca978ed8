// A writer that dies while it stores: logged, replaced, and nobody waits for it.
import { describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../logger.ts'
import { ALL, AMPLE_MS, allPages, batchOf, messages } from '../store.testing.ts'
import { aStore } from './store.testing.ts'

describe('a writer that dies', () => {
  it('is logged and replaced; its batches are rejected as busy, the others are stored', async () => {
    const logged: string[] = []
    const logger = createLogger('info', [], line => logged.push(JSON.parse(line).message))
    const program = new URL('./mortal-writer.testing.ts', import.meta.url)
    const store = await aStore({ logger, programs: { writer: program } })
    await store.append(batchOf([{ message: 'before' }]))
    await expect(store.append(batchOf([{ message: 'DIE NOW' }]))).rejects.toMatchObject({
      code: 'busy',
      retryAfterMs: expect.any(Number),
    })
    await store.append(batchOf([{ message: 'after' }]))
    expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['before', 'after'])
    const expected = ['The log writer 1 stopped and is restarted', 'The log writer 1 is back']
    await vi.waitFor(() => expect(logged).toEqual(expected), { timeout: 10_000 })
    await store.append(batchOf([{ message: 'by the new one' }]))
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(3)
  })

  it('does not prevent the store from closing', async () => {
    const program = new URL('./mortal-writer.testing.ts', import.meta.url)
    const store = await aStore({ programs: { writer: program } })
    const dying = store.append(batchOf([{ message: 'DIE NOW' }])).catch(error => error.code)
    const lost = store.append(batchOf([{ message: 'once more: DIE NOW' }])).catch(error => error.code)
    await store.close()
    expect(await Promise.all([dying, lost])).toEqual(['busy', 'busy'])
  })

  it('leaves live tails running', async () => {
    const program = new URL('./mortal-writer.testing.ts', import.meta.url)
    const logged: string[] = []
    const logger = createLogger('info', [], line => logged.push(JSON.parse(line).message))
    const store = await aStore({ logger, programs: { writer: program } })
    const got: string[] = []
    await store.tail(ALL, lines => got.push(...messages(lines)))
    await store.append(batchOf([{ message: 'before' }]))
    await store.append(batchOf([{ message: 'DIE NOW' }])).catch(() => {})
    await vi.waitFor(() => expect(logged).toContain('The log writer 1 is back'), { timeout: 10_000 })
    await store.append(batchOf([{ message: 'after' }]))
    await vi.waitFor(() => expect(got).toEqual(['before', 'after']))
  })
})
