// The bulk helpers of the JavaScript clients of Elasticsearch and OpenSearch: they send a request again that got no answer.
import type { Assignment, ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const PACKAGES = {
  'elasticsearch-js-9': '@elastic/elasticsearch@9.4.2',
  'elasticsearch-js-8': '@elastic/elasticsearch@8.19.1',
  'opensearch-js': '@opensearch-project/opensearch@3.5.1',
} as const
type Name = keyof typeof PACKAGES
/** Its helper hangs when its timer and its loop wait for a place at the same time, so its timer must not fire. */
const OPENSEARCH_FLUSH_MS = 20_000
/** It tries again at once, without a back-off. */
const OPENSEARCH_RETRIES = 1_000_000

const proofOf = (name: Name): ClientProof => ({
  name,
  kind: 'answered',
  packages: [PACKAGES[name]],
  source: 'proof',
  host: 'proof-host',
  start: assignment => start(name, assignment),
})

export const elasticsearch9 = proofOf('elasticsearch-js-9')
export const elasticsearch8 = proofOf('elasticsearch-js-8')
export const openSearch = proofOf('opensearch-js')

function start(name: Name, assignment: Assignment) {
  const module = PACKAGES[name].replace(/@[\d.]+$/, '')
  const auth = name === 'opensearch-js' ? "{ auth: { username: 'any', password: key } }" : '{ auth: { apiKey: key } }'
  return startScript(
    `import { Client } from '${module}'
const client = new Client({ node: url, maxRetries: ${name === 'opensearch-js' ? OPENSEARCH_RETRIES : 30}, requestTimeout: 10000, ...${auth} })
async function* documents() {
  let queue = []
  let wake = () => {}
  let isDone = false
  sendAll((message, level) => { queue.push({ '@timestamp': new Date().toISOString(), message, 'log.level': level, host: { name: 'proof-host' } }); wake() }).then(() => { isDone = true; wake() })
  while (!isDone || queue.length > 0) {
    const ready = queue
    queue = []
    yield* ready
    if (!isDone) await new Promise(resolve => { wake = resolve; setTimeout(resolve, 100) })
  }
}
await client.helpers.bulk({ datasource: documents(), onDocument: () => ({ create: { _index: 'logs-proof-default' } }), flushBytes: 20000, flushInterval: ${name === 'opensearch-js' ? OPENSEARCH_FLUSH_MS : 300}, concurrency: 2, retries: 10, wait: 500, onDrop: dropped => console.error(JSON.stringify(dropped)) })`,
    [PACKAGES[name]],
    assignment,
  )
}
