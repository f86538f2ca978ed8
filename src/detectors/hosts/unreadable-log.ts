// Finds logs of a host that can no longer be read, though the host itself is reached.
import { quoteWord } from '../../command/command-line.ts'
import type { Host } from '../../hosts/host.ts'
import type { RemoteLog } from '../../hosts/remote-logs/remote-log.ts'
import { listRemoteLogs } from '../../hosts/remote-logs/remote-logs.ts'
import type { State } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'
import type { Finding } from '../finding.ts'
import { hostFinding } from './host-finding.ts'

/** A fetch that fails now and then mends itself; only what lasts is told. */
const FAILURES = 3
const HOLD_OFF = 5 * MINUTE

/** One finding for each log whose fetches have failed for five minutes; a host that is not reached is told of as such. */
export function findUnreadLogs(state: State, host: Host): Finding[] {
  if (host.status !== 'up') return []
  return listRemoteLogs(state, host.id)
    .filter(isUnread)
    .map(log => ({ ...unread(state, host, log), projectId: log.projectId }))
}

function isUnread({ error, failures, failingSince, failedAt }: RemoteLog): boolean {
  if (error === null || failingSince === null || failedAt === null) return false
  return failures >= FAILURES && failedAt - failingSince >= HOLD_OFF
}

function unread(state: State, host: Host, log: RemoteLog): Finding {
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
          ? 'It was never read.'
          : ['Last read at ', { time: log.fetchedAt, style: 'moment' }, '.'],
        [
          'It is tried again by itself, and what is still there then is read. To try now: ',
          { code: `hosts logs fetch ${host.name} --${log.kind} ${quoteWord(log.target)}` },
        ],
      ],
    },
    { source: log.source },
  )
}
