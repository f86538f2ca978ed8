// The minimum that a program can send: a level and a message; the URL names the source.
import type { SourceKind } from './source-kind.ts'

export const minimal: SourceKind = {
  kind: 'minimal',
  contentType: 'application/json',
  query: ({ name, host }) => ({ source: name, host }),
  write: ({ level, message }) => JSON.stringify({ level, message }),
}
