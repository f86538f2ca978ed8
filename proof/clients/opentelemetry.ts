// The exporters of OpenTelemetry for JavaScript: protobuf with gzip, and JSON. They repeat the same request after a failure.
import type { ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const VERSION = '0.223.1'

const otel = (name: string, exporter: string, compression: string): ClientProof => {
  const packages = [
    ...['api-logs', 'sdk-logs', exporter].map(part => `@opentelemetry/${part}@${VERSION}`),
    '@opentelemetry/resources@2.12.1',
  ]
  return {
    ...{ name, kind: 'acknowledged', source: 'proof', host: 'proof-host', packages },
    start: assignment =>
      startScript(
        `
import { SeverityNumber } from '@opentelemetry/api-logs'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { OTLPLogExporter } from '@opentelemetry/${exporter}'
const exporter = new OTLPLogExporter({ url: url + '/v1/logs', headers: { authorization: 'Bearer ' + key }, compression: '${compression}' })
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'proof', 'host.name': 'proof-host' }),
  processors: [new BatchLogRecordProcessor({ exporter, maxQueueSize: 20_000, scheduledDelayMillis: 200 })],
})
const logger = provider.getLogger('proof')
await sendAll((message, level) => logger.emit({ body: message, severityNumber: level === 'error' ? SeverityNumber.ERROR : SeverityNumber.INFO, attributes: { number: 7 } }))
await wait(10_000)
await provider.forceFlush()
`,
        packages,
        assignment,
      ),
  }
}

export const otelProtobuf = otel('opentelemetry-protobuf', 'exporter-logs-otlp-proto', 'gzip')
export const otelJson = otel('opentelemetry-json', 'exporter-logs-otlp-http', 'none')
