// The performance table: `npm run bench`, or `npm run bench -- pings` for one part of it.
import { benchAbuse } from './abuse.ts'
import { benchIdle } from './idle.ts'
import { benchLogs } from './logs.ts'
import { benchLogStore } from './logs-store.ts'
import { benchPings } from './pings.ts'
import { printTable, type Row } from './table.ts'

const PARTS: Record<string, () => Promise<Row[]>> = {
  pings: benchPings,
  idle: benchIdle,
  logs: benchLogs,
  store: benchLogStore,
  abuse: benchAbuse,
}

const wanted = process.argv.slice(2)
for (const [name, bench] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) printTable(name, await bench())
}
