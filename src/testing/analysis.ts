// A app with logs and a simulated model, for stories of analyses.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../logger.ts'
import { openLogStore } from '../logs/embedded/open-log-store.ts'
import { startApp, type TestAppOptions } from './app.ts'
import { MODEL_KEY, type ModelServer, startModelServer } from './model/model-server.ts'
import { readsHonestly } from './model/reader.ts'

export type Said = { message: string; level?: string; source?: string; host?: string; ago?: number }

/** Opens app, store and provider; `close` ends all. Without changes the provider answers honestly. */
export async function startAppWithModel(options: TestAppOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-analysis-'))
  const store = await openLogStore({ folder, logger: silentLogger })
  const model: ModelServer = await startModelServer()
  model.otherwise(readsHonestly)
  const app = await startApp({
    store,
    start: new Date().toISOString(),
    ...options,
    environment: { ANTHROPIC_API_KEY: MODEL_KEY, ANTHROPIC_BASE_URL: model.url, ...options.environment },
  })
  const { secret } = (await app.result<{ key: { secret: string } }>('keys create default')).key

  return {
    app,
    model,
    store,
    /** Lines arrive, each `ago` ms before now. */
    async logs(lines: readonly Said[]): Promise<void> {
      const body = JSON.stringify(
        lines.map(({ ago = 0, ...line }) => ({ ...line, timestamp: new Date(app.clock.now() - ago).toISOString() })),
      )
      const headers = { 'x-api-key': secret, 'content-type': 'application/json' }
      const answer = await app.request('/api/logs', { method: 'POST', body, headers })
      if (answer.status !== 200) throw new Error(await answer.text())
    },
    /** A trouble with a cause: settings reloaded, then orders fail. */
    async trouble(): Promise<void> {
      const calm = Array.from({ length: 100 }, (_, i) => ({
        message: `GET /cart 200 in ${i} ms`,
        source: 'web',
        host: 'web-1',
        ago: 7_000_000 - i * 69_000,
      }))
      const failing = Array.from({ length: 30 }, (_, i) => ({
        message: `order ${1000 + i} failed: no free connection`,
        level: 'error',
        source: 'api',
        host: 'api-1',
        ago: 590_000 - i * 15_000,
      }))
      await this.logs([
        ...calm,
        { message: 'settings reloaded: pool_size=2', level: 'info', source: 'config', ago: 600_000 },
        ...failing,
      ])
    },
    async close(): Promise<void> {
      await app.stop()
      model.release()
      await model.close()
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type AppWithModel = Awaited<ReturnType<typeof startAppWithModel>>
