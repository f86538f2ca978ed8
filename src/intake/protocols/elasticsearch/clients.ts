// What the clients of Elasticsearch need, by the name that they send: how they try again, and which version they expect. Pure.

/**
 * Clients that drop items answered with 429, and send a request again that is answered with 503; all others do the opposite
 * or both. rsyslog's omelasticsearch sends no name. Sources: `request_retry_partial` of Vector, `max_retries` of the bulk
 * helper of elasticsearch-py, `BulkIndexer` of go-elasticsearch, `retryfailures` of omelasticsearch.
 */
const RETRIES_WHOLE_REQUESTS =
  /^(?:vector|go-elasticsearch|opensearch-go|opensearch-py|elasticsearch-py|elastic-transport-python|python-|elasticsearch-rs|elasticsearch-php)/i

/** Whether a client tries items again that are answered with 429. */
export function retriesItems(headers: Headers): boolean {
  const agent = headers.get('user-agent') ?? ''
  return agent !== '' && !RETRIES_WHOLE_REQUESTS.test(agent)
}

/** The version that clients which name none are shown: the last of the eighth. */
const VERSION = '8.19.0'

/** The version to show to a client: Beats and Logstash refuse a server that is older than they are. */
export function versionFor(headers: Headers): string {
  const agent = headers.get('user-agent') ?? ''
  return /(?:beat|logstash|elastic-agent)[^/]{0,40}\/(\d{1,3}\.\d{1,3}\.\d{1,3})/i.exec(agent)?.[1] ?? VERSION
}
