// The performance table: `npm run bench`, or `npm run bench -- pings` for one part of it. `npm run bench -- peers` compares log stores.
import { benchAbuse } from './abuse.ts'
import { benchIdle } from './idle.ts'
import { benchLogs } from './logs.ts'
import { benchLogFormats } from './logs-formats.ts'
import { benchLogStore } from './logs-store.ts'
import { benchPeers } from './peers.ts'
import { benchPings } from './pings.ts'
import { benchProtocols } from './protocols.ts'
import { printTable, type Row } from './table.ts'

const PARTS: Record<string, () => Promise<Row[]>> = {
  pings: benchPings,
  idle: benchIdle,
  formats: benchLogFormats,
  logs: benchLogs,
  protocols: benchProtocols,
  store: benchLogStore,
  abuse: benchAbuse,
}

const words = process.argv.slice(2)
if (words[0] === 'peers') await benchPeers(readOptions(words.slice(1)))
else
  for (const [name, bench] of Object.entries(PARTS)) {
    if (words.length === 0 || words.includes(name)) printTable(name, await bench())
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
