// The kinds of sources of log lines.
import type { LineSource } from '../scenario.ts'
import { accessLog } from './access-log.ts'
import { csv } from './csv.ts'
import { json } from './json.ts'
import { minimal } from './minimal.ts'
import { noise } from './noise.ts'
import type { SourceKind } from './source-kind.ts'
import { syslog } from './syslog.ts'

export const sourceKinds: Record<LineSource['kind'], SourceKind> = {
  json,
  csv,
  minimal,
  noise,
  syslog,
  'access-log': accessLog,
}
