// The list of protocols by which other programs send log lines and alerts.
import { alertmanager } from './alertmanager.ts'
import { githubActions } from './alerts/github-actions.ts'
import { grafana } from './alerts/grafana.ts'
import { prometheus } from './alerts/prometheus.ts'
import { sentry } from './alerts/sentry.ts'
import { uptimeKuma } from './alerts/uptime-kuma.ts'
import { webhook } from './alerts/webhook.ts'
import { datadog } from './datadog.ts'
import { elasticsearchBulk, elasticsearchDocuments } from './elasticsearch/elasticsearch.ts'
import { fluentForward } from './fluent-forward.ts'
import { gelf } from './gelf.ts'
import { genericAlerts } from './generic-alerts.ts'
import { logplex } from './logplex.ts'
import { loki } from './loki.ts'
import { nativeLogs } from './native-logs.ts'
import { OTLP } from './otlp.ts'
import type { Protocol } from './protocol.ts'
import { seq } from './seq.ts'
import { splunk } from './splunk.ts'
import { syslog } from './syslog.ts'

export const PROTOCOLS: readonly Protocol[] = [
  nativeLogs,
  loki,
  ...OTLP,
  splunk,
  seq,
  datadog,
  logplex,
  elasticsearchBulk,
  elasticsearchDocuments,
  syslog,
  gelf,
  fluentForward,
  genericAlerts,
  alertmanager,
  prometheus,
  grafana,
  uptimeKuma,
  sentry,
  githubActions,
  webhook,
]
