// The list of clients that are tried against a real Vakt.
import type { ClientProof } from './client.ts'
import { elasticsearch8, elasticsearch9, openSearch } from './elasticsearch.ts'
import { fluentLogger } from './fluent-logger.ts'
import { gelfProTcp, gelfProUdp } from './gelf-pro.ts'
import { pinoLoki, winstonLokiJson, winstonLokiProtobuf } from './loki.ts'
import { omelasticsearch } from './omelasticsearch.ts'
import { otelJson, otelProtobuf } from './opentelemetry.ts'
import { rsyslogTcp, rsyslogTls } from './rsyslog.ts'
import { seqLogging } from './seq-logging.ts'
import { splunkLogging } from './splunk-logging.ts'
import { syslogNg } from './syslog-ng.ts'
import { winstonSyslogTcp, winstonSyslogUdp } from './winston-syslog.ts'

export const CLIENTS: readonly ClientProof[] = [
  rsyslogTcp,
  rsyslogTls,
  syslogNg,
  winstonSyslogTcp,
  winstonSyslogUdp,
  gelfProTcp,
  gelfProUdp,
  fluentLogger,
  pinoLoki,
  winstonLokiJson,
  winstonLokiProtobuf,
  otelProtobuf,
  otelJson,
  seqLogging,
  splunkLogging,
  elasticsearch9,
  elasticsearch8,
  openSearch,
  omelasticsearch,
]
