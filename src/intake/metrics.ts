// The metrics that Prometheus reads.
import { countAlerts } from '../alerts/alerts.ts'
import type { PlatformStatus } from '../chat/channel.ts'
import { countByShownStatus } from '../checks/checks.ts'
import type { State } from '../state/database.ts'

/** The metrics in the text format of Prometheus. */
export function metrics(
  state: State,
  now: number,
  scheduler: { healthy: boolean },
  platforms: readonly { name: string; status: PlatformStatus }[],
  uptime: number,
): string {
  const rows: string[] = []
  const gauge = (name: string, help: string, values: Record<string, number>) => {
    rows.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`)
    for (const [labels, value] of Object.entries(values)) rows.push(`${name}${labels} ${value}`)
  }
  const checks = Object.entries(countByShownStatus(state, now)).map(
    ([status, count]) => [`{status="${status}"}`, count] as const,
  )
  gauge('vakt_uptime_seconds', 'Time since the start of the process.', { '': uptime / 1000 })
  gauge('vakt_checks', 'Checks by status.', Object.fromEntries(checks))
  gauge('vakt_open_alerts', 'Alerts that are not resolved.', { '': countAlerts(state, { open: true }) })
  gauge('vakt_scheduler_healthy', 'Whether the scheduler runs.', { '': scheduler.healthy ? 1 : 0 })
  const chats = platforms.map(
    ({ name, status }) => [`{platform="${name}"}`, status.state === 'online' ? 1 : 0] as const,
  )
  gauge('vakt_chat_online', 'Whether a chat platform is connected.', Object.fromEntries(chats))
  gauge('vakt_memory_bytes', 'Resident memory.', { '': process.memoryUsage.rss() })
  return `${rows.join('\n')}\n`
}
