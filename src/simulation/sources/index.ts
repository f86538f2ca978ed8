// The kinds of sources of log lines. Users add their own as modules, which read-module.ts reads.
import type { LineSource } from '../scenario.ts'
import { accessLog } from './access-log.ts'
import { csv } from './csv.ts'
import { file } from './file.ts'
import { json } from './json.ts'
import { kafka } from './kafka.ts'
import { minimal } from './minimal.ts'
import { noise } from './noise.ts'
import type { SourceKind } from './source-kind.ts'
import { syslog } from './syslog.ts'

export const sourceKinds: Record<Exclude<LineSource['kind'], 'module'>, SourceKind> = {
  json,
  csv,
  minimal,
  noise,
  syslog,
  kafka,
  file,
  'access-log': accessLog,
}
