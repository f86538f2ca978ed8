// Forwards lines to Loki: POST /loki/api/v1/push as JSON, with the attributes as structured metadata.
// https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
import type { LogLine } from '../../logs/line.ts'
import { endpoint, ForwardError, type LineKind } from '../forward.ts'
import { post } from '../http.ts'

/** Loki refuses lines with more. */
const MAX_METADATA = 100

export const loki: LineKind = {
  name: 'loki',
  schemes: ['loki+https', 'loki+http'],
  written: 'loki+https://<host>',
  async send(lines, target) {
    const { url, headers } = endpoint(target, '/loki/api/v1/push')
    try {
      await post(url, JSON.stringify({ streams: streamsOf(lines) }), 'application/json', headers)
      return { refused: 0 }
    } catch (error) {
      if (!(error instanceof ForwardError && error.isRefused && WRONG_TIME.test(error.message))) throw error
      return { refused: ignoredOf(error.message, lines.length) }
    }
  },
}

/** Loki says so with status 400 of lines that it is not set up to take, when it has taken all others: sent again, they are refused again. */
const WRONG_TIME = /timestamp too (?:old|new)|entry too far behind|entry out of order/i

/** How many lines Loki left out: `total ignored: 5 out of 100`; at least one where it does not say. */
function ignoredOf(message: string, sent: number): number {
  return Math.min(Number(/total ignored: (\d{1,9})/.exec(message)?.[1] ?? 1), sent)
}

type Stream = { stream: Record<string, string>; values: [string, string, Record<string, string>][] }

/** Lines by their labels, which are few: Loki keeps a stream for each combination. */
function streamsOf(lines: readonly LogLine[]): Stream[] {
  const streams = new Map<string, Stream>()
  for (const line of lines) {
    const labels = labelsOf(line)
    const key = JSON.stringify(labels)
    let stream = streams.get(key)
    if (!stream) {
      stream = { stream: labels, values: [] }
      streams.set(key, stream)
    }
    stream.values.push([`${line.timestamp}000000`, textOf(line), metadataOf(line)])
  }
  return [...streams.values()]
}

function labelsOf({ source, host, level, project, group }: LogLine): Record<string, string> {
  return {
    service_name: source || 'unknown_service',
    level,
    project,
    ...(host === '' ? {} : { host }),
    ...(group === '' ? {} : { group }),
  }
}

function textOf({ message, stack }: LogLine): string {
  return stack === '' ? message : `${message}\n${stack}`
}

function metadataOf({ attributes, traceId, spanId, tags }: LogLine): Record<string, string> {
  const pairs: [string, string][] = Object.entries(attributes).map(([name, value]) => [
    name.replace(/[^\w:]/g, '_'),
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  if (traceId !== '') pairs.unshift(['trace_id', traceId])
  if (spanId !== '') pairs.unshift(['span_id', spanId])
  if (tags.length > 0) pairs.unshift(['tags', tags.join(',')])
  return Object.fromEntries(pairs.slice(0, MAX_METADATA))
}
