// An app with logs and a simulated model, for stories of analyses.
import { startApp, type TestAppOptions } from './app.ts'
import { openStoreInFolder, shareLogStore } from './log-store.ts'
import { MODEL_KEY, type ModelServer, startModelServer } from './model/model-server.ts'
import { answerHonestly } from './model/reader.ts'

export type LogLineDraft = { message: string; level?: string; source?: string; host?: string; ago?: number }

/** Returns a function that starts apps on one log store, each a week after the one before; call it at the top of a test file. */
export function prepareAppsWithModel(): (options?: TestAppOptions) => Promise<AppWithModel> {
  const nextStore = shareLogStore()
  return async options => startAppWithModel({ ...(await nextStore()), ...options })
}

/**
 * Starts an app with a provider that answers honestly by default, on `options.store` or a log store of its own; `close` ends
 * all of it.
 */
export async function startAppWithModel(options: TestAppOptions = {}) {
  const own = options.store ? null : await openStoreInFolder()
  const store = options.store ?? own!.store
  const model: ModelServer = await startModelServer()
  model.otherwise(answerHonestly)
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
    /** Sends log lines, each `ago` ms before now. */
    async logs(lines: readonly LogLineDraft[]): Promise<void> {
      const body = JSON.stringify(
        lines.map(({ ago = 0, ...line }) => ({ ...line, timestamp: new Date(app.clock.now() - ago).toISOString() })),
      )
      const headers = { 'x-api-key': secret, 'content-type': 'application/json' }
      const answer = await app.request('/api/logs', { method: 'POST', body, headers })
      if (answer.status !== 200) throw new Error(await answer.text())
    },
    /** Sends the lines of an incident with a cause: settings are reloaded, then orders fail. */
    async incident(): Promise<void> {
      const normal = Array.from({ length: 100 }, (_, i) => ({
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
        ...normal,
        { message: 'settings reloaded: pool_size=2', level: 'info', source: 'config', ago: 600_000 },
        ...failing,
      ])
    },
    async close(): Promise<void> {
      await app.stop()
      model.release()
      await model.close()
      await own?.close()
    },
  }
}

export type AppWithModel = Awaited<ReturnType<typeof startAppWithModel>>
