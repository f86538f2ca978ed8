// A daemon that writes syslog lines (RFC 5424), severity in the priority.
import type { Level } from '../scenario.ts'
import type { SourceKind } from './source-kind.ts'

/** The facility "daemon", and the severities of RFC 5424. */
const DAEMON = 3
const SEVERITY: Record<Level, number> = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7, trace: 7 }

export const syslog: SourceKind = {
  kind: 'syslog',
  contentType: 'text/plain',
  query: () => ({}),
  write: ({ at, level, message, source, host, number }) =>
    `<${DAEMON * 8 + SEVERITY[level]}>1 ${new Date(at).toISOString()} ${word(host)} ${word(source)} ${1000 + (number % 50)} - - ${message.replaceAll(/\s+/g, ' ')}`,
}

function word(text: string): string {
  return text.replaceAll(' ', '-')
}
