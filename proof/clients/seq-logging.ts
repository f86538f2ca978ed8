// seq-logging, which carries winston-seq, pino-seq and bunyan-seq: it repeats the same batch after a failure.
import type { ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const PACKAGES = ['seq-logging@3.2.0']

export const seqLogging: ClientProof = {
  name: 'seq-logging',
  kind: 'acknowledged',
  source: 'proof',
  packages: PACKAGES,
  start: assignment =>
    startScript(
      `
import { Logger } from 'seq-logging'
const logger = new Logger({ serverUrl: url, apiKey: key, maxRetries: 20, retryDelay: 500, onError: error => console.error(String(error)) })
await sendAll((message, level, number) => logger.emit({ timestamp: new Date(), level: level === 'error' ? 'Error' : 'Information', messageTemplate: message, properties: { Application: 'proof', number } }))
await wait(5_000)
await logger.close()
`,
      PACKAGES,
      assignment,
    ),
}
