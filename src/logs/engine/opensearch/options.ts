// How the OpenSearch driver is opened; plain data, because the shipping worker opens one, too.

export type OpenSearchOptions = {
  /** The nodes, tried in turn, such as `https://a:9200`. */
  urls: readonly string[]
  user: string | null
  password: string | null
  apiKey: string | null
  /** Certificates (PEM) to trust beside the known ones. */
  ca: string | null
  /** Of the names of all indexes. */
  prefix: string
  shards: number
  replicas: number
  /** How long a question waits before it is tried a third time, ms (default: 500); only tests change it. */
  retryPauseMs?: number
  /** How long the cluster may take for a list of its indexes, ms (default: 3,000); only tests change it. */
  listTimeoutMs?: number
}
