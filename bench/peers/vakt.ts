// Vakt as one of the compared log stores: started as `npm start` does, asked over HTTP as programs do.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ADMIN_KEY, type Server, startServer } from '../server.ts'
import { countLines, type Engine, textOf, untilReady } from './engine.ts'
import { PAGE_SIZE, type Question } from './questions.ts'

const RANGE = '--last 2d'

/** Starts it, perhaps with further settings. */
export async function startVakt(
  folder: string,
  settings: Record<string, string> = {},
): Promise<Engine & { isShipped(): Promise<boolean>; search(query: string): Promise<number> }> {
  mkdirSync(folder, { recursive: true })
  const start = async (): Promise<Server> => {
    const server = await startServer('src/main.ts', { DATA_DIR: folder, LOG_DISK_BUDGET: '1TB', ...settings })
    await untilReady(`${server.url}/readyz`)
    return server
  }
  let server = await start()
  const { key } = await server.command<{ key: { secret: string } }>('keys create default')
  const headers = { authorization: `Bearer ${ADMIN_KEY}` }
  const status = () => server.command<Status>('logs status')
  return {
    name: 'Vakt',
    folder: join(folder, 'logs'),
    pid: () => server.process.pid!,
    async send(body) {
      const response = await fetch(`${server.url}/api/logs`, {
        method: 'POST',
        headers: { 'x-api-key': key.secret, 'content-type': 'application/x-ndjson' },
        body,
      })
      const { rejected } = JSON.parse(await textOf(response)) as { rejected: number }
      if (rejected > 0) throw new Error(`Vakt refused ${rejected} lines.`)
    },
    async ask(question) {
      if (question.kind === 'top' || question.kind === 'histogram') return askCommand(server, question)
      const isCount = question.kind === 'count'
      const wanted = isCount ? 'limit=1' : `limit=${PAGE_SIZE}&format=ndjson`
      const url = `${server.url}/api/logs?${wanted}&q=${encodeURIComponent(question.vakt)}`
      const text = await textOf(await fetch(url, { headers }))
      return isCount ? (JSON.parse(text) as { total: number }).total : countLines(text)
    },
    lines: async () => (await status()).lines,
    async isSealed() {
      const { queued, unsealed_lines: unsealed = 0 } = await status()
      return queued === 0 && unsealed === 0
    },
    /** The command, as people use it: it answers with what it found when its time is over. */
    search: async query =>
      (await server.command<{ logs: unknown[] }>(`logs search --query="${query}" ${RANGE}`)).logs.length,
    /** Whether every line is in the log engine. */
    isShipped: async () => (await server.command<{ done: boolean }>('logs move')).done,
    async restart() {
      await server.stop()
      const begunAt = performance.now()
      server = await start()
      return performance.now() - begunAt
    },
    stop: () => server.stop(),
  }
}

/** `unsealed_lines` are those of the hot part; absent in a store that has none. */
type Status = { lines: number; queued: number; unsealed_lines?: number }

async function askCommand(server: Server, { kind, vakt }: Question): Promise<number> {
  const query = vakt === '' ? '' : ` --query="${vakt}"`
  const line = kind === 'top' ? `logs top --by host${query} ${RANGE}` : `logs stats${query} ${RANGE}`
  const { rows } = await server.command<{ rows: unknown[] }>(line)
  return rows.length
}
