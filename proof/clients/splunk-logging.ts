// Splunk's own logger for JavaScript, which repeats a batch with other events behind it.
import type { ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const PACKAGES = ['splunk-logging@0.11.1']

export const splunkLogging: ClientProof = {
  name: 'splunk-logging',
  kind: 'acknowledged',
  source: 'proof',
  host: 'proof-host',
  packages: PACKAGES,
  maxRepeated: 100,
  start: assignment =>
    startScript(
      `
import splunk from 'splunk-logging'
const logger = new splunk.Logger({ token: key, url, maxRetries: 8, batchInterval: 0, maxBatchCount: 50 })
logger.error = error => console.error(String(error))
await sendAll((message, level) => logger.send({ message, severity: level, metadata: { source: 'proof', host: 'proof-host' } }))
await wait(5_000)
await new Promise(done => logger.flush(done))
`,
      PACKAGES,
      assignment,
    ),
}
