// The list of what log lines can be forwarded to.
import type { LineKind } from '../forward.ts'
import { loki } from './loki.ts'
import { otlp } from './otlp.ts'
import { syslog } from './syslog.ts'
import { webhook } from './webhook.ts'

export const LINE_KINDS: readonly LineKind[] = [webhook, loki, otlp, syslog]
