// The performance table: `npm run bench`, or `npm run bench -- pings` for one part of it; `--page docs/performance.md` also writes it
// there. `npm run bench -- peers` compares log stores.
import { benchAbuse } from './abuse.ts'
import { benchIdle } from './idle.ts'
import { benchLogs } from './logs.ts'
import { benchLogFormats } from './logs-formats.ts'
import { benchLogStore } from './logs-store.ts'
import { writePage } from './page.ts'
import { benchPeers } from './peers.ts'
import { benchPings } from './pings.ts'
import { benchProtocols } from './protocols.ts'
import { benchScale } from './scale.ts'
import { printTable, type Row } from './table.ts'

const PARTS: Record<string, () => Promise<Row[]>> = {
  pings: benchPings,
  idle: benchIdle,
  formats: benchLogFormats,
  logs: benchLogs,
  protocols: benchProtocols,
  store: benchLogStore,
  abuse: benchAbuse,
  scale: benchScale,
}

const words = process.argv.slice(2)
if (words[0] === 'peers') await benchPeers(readOptions(words.slice(1)))
else await runParts(words)

async function runParts(words: readonly string[]): Promise<void> {
  const { page } = readOptions(words)
  const named = Object.keys(PARTS).filter(name => words.includes(name))
  const measured = new Map<string, Row[]>()
  for (const name of named.length > 0 ? named : Object.keys(PARTS)) {
    const rows = await PARTS[name]!()
    measured.set(name, rows)
    printTable(name, rows)
  }
  if (page !== undefined) writePage(page, measured)
}

/** The `--name value` pairs; a name without a value has the empty text. */
function readOptions(words: readonly string[]): Record<string, string> {
  const options: Record<string, string> = {}
  let name = ''
  for (const word of words) {
    if (word.startsWith('--')) {
      name = word.slice(2)
      options[name] = ''
    } else options[name] = word
  }
  return options
}
