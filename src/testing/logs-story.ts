// The set-up of stories about logs: an app with a real log store, and a key to send lines with.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { silentLogger } from '../logger.ts'
import { openLogStore } from '../logs/embedded/open-log-store.ts'
import type { LogStore } from '../logs/store.ts'
import { startApp, type TestApp, type TestAppOptions } from './app.ts'

export type LogsStory = {
  /** The app of the running test; a test that restarts it assigns the new one. */
  app: TestApp
  store: LogStore
  /** An intake key of the project `default`. */
  key: string
  /** Sends lines as JSON. */
  sends(lines: object | readonly object[], headers?: Record<string, string>): Promise<Response>
  /** Waits until the threads of the store have answered everything, however busy the machine is. */
  idle(): Promise<void>
}

/**
 * Gives each test of the file an app of its own. Its log store is shared by the tests and emptied in between, which is fast
 * for few lines; with `freshStore` each test has its own, which is fast for many.
 */
export function useLogs({ freshStore = false, ...options }: StoryOptions = {}): LogsStory {
  let folder: string
  const story = {
    sends: (lines, headers = {}) =>
      story.app.request('/api/logs', {
        method: 'POST',
        body: JSON.stringify(lines),
        headers: { 'x-api-key': story.key, 'content-type': 'application/json', ...headers },
      }),
  } as LogsStory

  const open = async () => {
    folder = mkdtempSync(join(tmpdir(), 'vakt-logs-'))
    const watched = watchCalls(await openLogStore({ folder, logger: silentLogger }))
    story.store = watched.store
    story.idle = watched.idle
  }
  const close = async () => {
    await story.store.close()
    rmSync(folder, { recursive: true, force: true })
  }
  if (!freshStore) beforeAll(open)
  beforeEach(async () => {
    if (freshStore) await open()
    story.app = await startApp({ ...options, store: story.store })
    story.key = (await story.app.result<{ key: { secret: string } }>('keys create default')).key.secret
  })
  afterEach(async () => {
    await story.app.stop()
    if (freshStore) await close()
    else await story.store.purge({ where: null, from: null, until: null })
  })
  if (!freshStore) afterAll(close)
  return story
}

/** The store, and a wait for the calls that are not answered. */
function watchCalls(store: LogStore): { store: LogStore; idle(): Promise<void> } {
  const pending = new Set<Promise<unknown>>()
  const watch = <T extends object>(watched: T): T =>
    new Proxy(watched, {
      get(target, name) {
        const member = Reflect.get(target, name, target) as unknown
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          const answer = Reflect.apply(member, target, args) as unknown
          // A view for one reader is watched, too.
          if (name === 'readBy') return watch(answer as object)
          if (!(answer instanceof Promise)) return answer
          pending.add(answer)
          const forget = () => pending.delete(answer)
          answer.then(forget, forget)
          return answer
        }
      },
    })
  const idle = async () => {
    for (let quiet = 0; quiet < 3; quiet = pending.size === 0 ? quiet + 1 : 0) {
      await Promise.allSettled(pending)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  return { store: watch(store), idle }
}

type StoryOptions = Omit<TestAppOptions, 'store'> & { freshStore?: boolean }
