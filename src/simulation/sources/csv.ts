// Lines from the rows of a table: its columns are the fields; "level" and "message" are used as such.
import type { SourceKind } from './source-kind.ts'

export const csv: SourceKind = {
  kind: 'csv',
  contentType: 'application/json',
  query: () => ({}),
  write: ({ at, level, message, source, host, record }) =>
    JSON.stringify({ ...record, timestamp: new Date(at).toISOString(), level, message, source, host }),
}
