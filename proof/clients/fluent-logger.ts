// fluent-logger with acknowledgements.
import type { ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const PACKAGES = ['fluent-logger@3.4.1']

const SCRIPT = `
import fluent from 'fluent-logger'
const logger = fluent.createFluentSender('proof', { host: '127.0.0.1', port: ports.FLUENT_PORT, requireAckResponse: true, ackResponseTimeout: 20_000, reconnectInterval: 500, milliseconds: true })
logger.on('error', () => {})
await sendAll((message, level) => { logger.emit({ message, level, host: 'proof-host' }) })
await wait(60_000)
`

export const fluentLogger: ClientProof = {
  name: 'fluent-logger',
  kind: 'answered',
  // It makes a new chunk of what was not acknowledged.
  maxRepeated: 200,
  source: 'proof',
  host: 'proof-host',
  packages: PACKAGES,
  portSettings: ['FLUENT_PORT'],
  start: assignment => startScript(SCRIPT, PACKAGES, assignment),
}
