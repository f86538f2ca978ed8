// Forwards lines by OTLP over HTTP: POST /v1/logs as JSON.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp, https://opentelemetry.io/docs/specs/otel/logs/data-model/
import type { Json, Level, LogLine } from '../../logs/line.ts'
import { endpoint, type LineKind } from '../forward.ts'
import { post } from '../http.ts'

const SEVERITY_NUMBERS: { readonly [level in Level]: number } = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
}

export const otlp: LineKind = {
  name: 'otlp',
  schemes: ['otlp+https', 'otlp+http'],
  written: 'otlp+https://<host>',
  async send(lines, target) {
    const { url, headers } = endpoint(target, '/v1/logs')
    const answer = await post(url, JSON.stringify({ resourceLogs: resourcesOf(lines) }), 'application/json', headers)
    return { refused: Math.min(rejectedOf(answer), lines.length) }
  },
}

function resourcesOf(lines: readonly LogLine[]) {
  const groups = Map.groupBy(lines, ({ source, host, project }) => JSON.stringify([source, host, project]))
  return [...groups.values()].map(own => {
    const { source, host, project } = own[0]!
    const attributes = {
      'service.name': source || 'unknown_service',
      ...(host === '' ? {} : { 'host.name': host }),
      'vakt.project': project,
    }
    return {
      resource: { attributes: attributesOf(attributes) },
      scopeLogs: [{ scope: { name: 'vakt' }, logRecords: own.map(recordOf) }],
    }
  })
}

function recordOf(line: LogLine) {
  const { timestamp, receivedAt, level, message, stack, group, tags, traceId, spanId, attributes } = line
  const all: { [name: string]: Json } = {
    ...attributes,
    ...(stack === '' ? {} : { 'exception.stacktrace': stack }),
    ...(group === '' ? {} : { 'vakt.group': group }),
    ...(tags.length === 0 ? {} : { 'vakt.tags': tags }),
  }
  return {
    timeUnixNano: `${timestamp}000000`,
    observedTimeUnixNano: `${receivedAt}000000`,
    severityNumber: SEVERITY_NUMBERS[level],
    severityText: level.toUpperCase(),
    body: { stringValue: message },
    attributes: attributesOf(all),
    ...(/^[0-9a-f]{32}$/i.test(traceId) ? { traceId } : {}),
    ...(/^[0-9a-f]{16}$/i.test(spanId) ? { spanId } : {}),
  }
}

function attributesOf(fields: { readonly [name: string]: Json }) {
  return Object.entries(fields).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: Json): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  if (value === null) return {}
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: attributesOf(value as { readonly [name: string]: Json }) } }
}

/** The receiver took the request, and says how many records it did not: they must not be sent again. */
function rejectedOf(answer: string): number {
  try {
    const { partialSuccess } = JSON.parse(answer) as { partialSuccess?: { rejectedLogRecords?: string | number } }
    return Math.max(0, Math.trunc(Number(partialSuccess?.rejectedLogRecords ?? 0)) || 0)
  } catch {
    return 0
  }
}
