// Which field of a line a name means: the names of pino, winston, bunyan, zap, logrus, serilog, log4j, Python's logging, ECS,
// OpenTelemetry, journald and Docker, ranked.

export type FieldRole =
  | 'message'
  | 'level'
  | 'timestamp'
  | 'source'
  | 'host'
  | 'group'
  | 'tags'
  | 'fingerprint'
  | 'stack'
  | 'traceId'
  | 'spanId'
  | 'attributes'
  | 'error'

/** Names in order of rank: when a line has several names of a role, the first here wins and the others become attributes. */
const NAMES: { [role in FieldRole]: string } = {
  message:
    'message msg @m short_message rendered_message renderedmessage text log body @mt messagetemplate log.message event.original',
  level:
    'level severity lvl log.level severity_text severitytext loglevel log_level levelname level_name @l severity_number severitynumber levelno priority',
  timestamp:
    'timestamp ts time @timestamp @t datetime date timeunixnano time_unix_nano asctime created_at eventtime __realtime_timestamp timereported timegenerated',
  source:
    'source service service.name service_name app logger logger_name application appname app_name program sourcecontext syslog_identifier programname ddsource name',
  host: 'host hostname host.name host_name machinename _hostname fromhost',
  group: 'group',
  tags: 'tags tag labels ddtags',
  fingerprint: 'fingerprint',
  stack:
    'stack stack_trace stacktrace error.stack_trace err.stack error.stack exc_info exception @x exc_text traceback',
  traceId: 'trace_id traceid trace.id @tr dd.trace_id trace',
  spanId: 'span_id spanid span.id @sp dd.span_id span',
  attributes: 'attributes',
  error: 'err error',
}

const roles = new Map<string, { role: FieldRole; rank: number }>()
for (const [role, names] of Object.entries(NAMES) as [FieldRole, string][])
  for (const [rank, name] of names.split(' ').entries()) roles.set(name, { role, rank })

/** Roles of names in other cases; programs use few names, and a sender of ever new ones must not fill the memory. */
const spellings = new Map<string, { role: FieldRole; rank: number } | null>()

/** The role of a top-level name, ignoring case; null when it is an attribute. */
export function fieldRoleOf(name: string): { role: FieldRole; rank: number } | null {
  const known = roles.get(name) ?? spellings.get(name)
  if (known !== undefined) return known
  const found = name.length <= 24 ? (roles.get(name.toLowerCase()) ?? null) : null
  if (spellings.size >= 2_000) spellings.clear()
  if (name.length <= 100) spellings.set(name, found)
  return found
}
