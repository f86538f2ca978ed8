// Lines that are the rows of a table: its columns are the fields, "level" and "message" count as such when they are there.
import type { SourceKind } from './source-kind.ts'

export const csv: SourceKind = {
  kind: 'csv',
  contentType: 'application/json',
  query: () => ({}),
  write: ({ at, level, message, source, host, record }) =>
    JSON.stringify({ ...record, timestamp: new Date(at).toISOString(), level, message, source, host }),
}
