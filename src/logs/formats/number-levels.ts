// Numbers that mean something in more than one format: the status of an HTTP answer, and the priority of syslog.
import type { Level } from '../line.ts'

/** Syslog severities (RFC 5424), 0 to 7; OpenTelemetry maps 2 and worse to fatal or the highest errors likewise. */
export const SYSLOG_SEVERITIES: readonly Level[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug']

/** 5xx is an error, 4xx a warning, everything else info. */
export function statusLevel(status: number): Level {
  return status >= 500 && status < 600 ? 'error' : status >= 400 && status < 500 ? 'warn' : 'info'
}

/**
 * The level of a syslog priority (`<131>`), which is facility × 8 + severity. Undefined for info and notice, which engines and
 * daemons write for everything they relay: then the text decides.
 */
export function priorityLevel(priority: number): Level | undefined {
  const level = SYSLOG_SEVERITIES[priority & 7]!
  return level === 'info' ? undefined : level
}

const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  )

/** The facility of a syslog priority, by its usual name (RFC 5424, section 6.2.1); undefined beyond the last one. */
export function priorityFacility(priority: number): string | undefined {
  return FACILITIES[priority >> 3]
}
