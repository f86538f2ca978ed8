// Proofs: long or heavy checks beside the tests, each by its name: `npm run proof -- openapi --examples 200 --seed 7`.

import { alertmanager } from './alertmanager.ts'
import { backup } from './backup.ts'
import { bodies } from './bodies.ts'
import { cards } from './cards.ts'
import { ciClients } from './clients/ci-clients.ts'
import { clients } from './clients/clients.ts'
import { connect } from './connect.ts'
import { cronProof } from './cron/cron.ts'
import { engine } from './engine.ts'
import { healthchecksApi } from './healthchecks-api.ts'
import { kills } from './kills.ts'
import { lines } from './lines.ts'
import { mutation } from './mutation.ts'
import { onCalendarProof } from './on-calendar.ts'
import { openapi } from './openapi.ts'
import { planted } from './planted.ts'
import { plantedSample } from './planted-sample.ts'
import { satellite } from './satellite.ts'
import { soak } from './soak.ts'
import { stalls } from './stalls.ts'
import { standby } from './standby.ts'
import { statusPage } from './status-page.ts'
import { storeKills } from './store-kills.ts'
import { storeTrees } from './store-trees.ts'
import { streams } from './streams.ts'

/** A proof resolves with whether it holds; it prints what it did. `options` are its `--name value` pairs. */
export type Proof = (options: Readonly<Record<string, string>>) => Promise<boolean>

const PROOFS: Readonly<Record<string, Proof>> = {
  alertmanager,
  backup,
  bodies,
  cards,
  'ci-clients': ciClients,
  clients,
  connect,
  cron: cronProof,
  engine,
  'healthchecks-api': healthchecksApi,
  kills,
  lines,
  mutation,
  'on-calendar': onCalendarProof,
  openapi,
  'planted-sample': plantedSample,
  satellite,
  soak,
  planted,
  stalls,
  standby,
  'status-page': statusPage,
  streams,
  'store-kills': storeKills,
  'store-trees': storeTrees,
}

const [name = '', ...rest] = process.argv.slice(2)
const proof = Object.hasOwn(PROOFS, name) ? PROOFS[name] : undefined
if (!proof) {
  console.error(`Usage: npm run proof -- <name> [--option value]…\nNames: ${Object.keys(PROOFS).join(', ')}`)
  process.exitCode = 2
} else {
  const holds = await proof(readOptions(rest))
  console.log(holds ? `\n${name}: holds` : `\n${name}: FAILED`)
  process.exitCode = holds ? 0 : 1
}

function readOptions(words: readonly string[]): Record<string, string> {
  const options: Record<string, string> = {}
  for (let i = 0; i < words.length; i += 2) options[words[i]!.replace(/^--/, '')] = words[i + 1] ?? ''
  return options
}
