// The lines of a file of the user's own, as they stand, one after another and again from the start.
import type { SourceKind } from './source-kind.ts'

export const file: SourceKind = {
  kind: 'file',
  contentType: 'text/plain',
  query: ({ name, host }) => ({ source: name, host }),
  write: ({ record, message }) => record?.line ?? message,
}
