// Detects logs of a host that cannot be read any more, although the host is reached.
import { quoteWord } from '../../command/command-line.ts'
import type { Host } from '../../hosts/host.ts'
import type { RemoteLog } from '../../hosts/remote-logs/remote-log.ts'
import { listRemoteLogs } from '../../hosts/remote-logs/remote-logs.ts'
import type { State } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'
import { hostFinding } from './host-finding.ts'

/** A few failed fetches are normal: only this many, over this time, are reported. */
const MIN_FAILURES = 3
const REPORT_AFTER_MS = 5 * MINUTE

/** One finding for each log whose fetches have failed for five minutes; none while the host itself is not reached. */
export function detectUnreadableLogs(state: State, host: Host): Finding[] {
  if (host.status !== 'up') return []
  return listRemoteLogs(state, host.id)
    .filter(isUnreadable)
    .map(log => ({ ...unreadable(state, host, log), projectId: log.projectId }))
}

function isUnreadable({ error, failures, failingSince, failedAt }: RemoteLog): boolean {
  if (error === null || failingSince === null || failedAt === null) return false
  return failures >= MIN_FAILURES && failedAt - failingSince >= REPORT_AFTER_MS
}

function unreadable(state: State, host: Host, log: RemoteLog): Finding {
  const name = log.target === '*' ? 'The journal' : log.target
  return hostFinding(
    state,
    host,
    {
      key: `host:${host.id}:log:${log.id}`,
      detector: 'unread-log',
      severity: 'warning',
      title: `${name} of ${host.name} cannot be read`,
      since: log.failingSince!,
      lines: [
        log.error!,
        log.fetchedAt === null
          ? 'It has never been read.'
          : ['Last read at ', { time: log.fetchedAt, style: 'moment' }, '.'],
        [
          'Vakt retries automatically and then reads the lines that are still there. To retry now: ',
          { code: `hosts logs fetch ${host.name} --${log.kind} ${quoteWord(log.target)}` },
        ],
      ],
    },
    { source: log.source },
  )
}
