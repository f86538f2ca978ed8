// fluent-logger with acknowledgements. It takes a chunk off its queue before the answer, and does not send it again: with a kill, the
// one chunk that waits for its answer is lost, and nothing else is.
import type { ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const PACKAGES = ['fluent-logger@3.4.1']

const SCRIPT = `
import fluent from 'fluent-logger'
const logger = fluent.createFluentSender('proof', { host: '127.0.0.1', port: ports.FLUENT_PORT, requireAckResponse: true, ackResponseTimeout: 5_000, reconnectInterval: 500, milliseconds: true })
logger.on('error', () => {})
await sendAll((message, level) => { logger.emit({ message, level, host: 'proof-host' }) })
await wait(60_000)
`

export const fluentLogger: ClientProof = {
  name: 'fluent-logger',
  kind: 'unanswered',
  source: 'proof',
  host: 'proof-host',
  packages: PACKAGES,
  portSettings: ['FLUENT_PORT'],
  start: assignment => startScript(SCRIPT, PACKAGES, assignment),
}
