// The finding for Vakt's own absence: from when to when it heard nothing, and whose beats may have been lost.
import type { Text } from '../card.ts'
import type { Check } from '../checks/check.ts'
import type { Downtime } from '../checks/downtimes.ts'
import { aboutDuration, HOUR, MINUTE } from '../time.ts'
import type { Finding } from './finding.ts'

/** Shorter absences, a restart for an update say, are told only when a check is judged much later because of them. */
const WORTH_TELLING = 5 * MINUTE
const MUCH_LATER = HOUR
const NAMED = 10

/** The key of the alert that Vakt is offline. */
export const OFFLINE_KEY = 'connectivity'
const OFFLINE = { key: OFFLINE_KEY, detector: 'connectivity', labels: { role: 'offline' } }

/** What to tell people while Vakt is offline since `since`; the same card says when it was over. */
export function offlineFinding(since: number): Finding {
  const lines = [
    'Most connectivity targets do not answer. What needs the internet is not judged, its alerts wait, and so do the cards for the chats.',
    'Checks with --lan are judged all the same.',
  ]
  const about = { projectId: null, severity: 'warning' as const, title: 'Vakt is offline', since, owner: null }
  return { ...OFFLINE, ...about, remindEvery: 0, occurrences: 0, observation: { lines } }
}

/** What to tell people of an absence, or null when it is not worth a card. */
export function downtimeFinding(absence: Omit<Downtime, 'id'>, unheard: readonly Check[]): Finding | null {
  const late = unheard.filter(check => (check.downAt ?? 0) - absence.to > MUCH_LATER)
  const lasted = absence.to - absence.from
  const told = absence.kind === 'offline'
  if (!told && lasted < WORTH_TELLING && late.length === 0) return null
  const was = { stopped: 'was not running', asleep: 'was asleep', offline: 'was offline' }[absence.kind]
  const lines: Text[] = [
    [
      'From ',
      { time: absence.from, style: 'moment' },
      ' to ',
      { time: absence.to, style: 'moment' },
      // That it is offline is seen only after the last look that was good: some beats may have come in between.
      told ? ' beats may not have arrived.' : ' no beat could arrive.',
    ],
    'That time is held off every deadline.',
  ]
  if (late.length > 0) {
    lines.push('Beats due then may have been lost; these checks are judged at their next due time:')
    for (const check of late.slice(0, NAMED))
      lines.push([{ bold: check.name }, ', next due ', { time: check.lateAt!, style: 'moment' }])
    if (late.length > NAMED) lines.push(`… ${late.length - NAMED} more`)
  }
  return {
    ...(told ? OFFLINE : { key: `absence:${absence.from}`, detector: 'absence', labels: {} }),
    projectId: null,
    severity: late.length > 0 || told ? 'warning' : 'info',
    title: `Vakt ${was} for ${aboutDuration(lasted)}`,
    since: absence.from,
    occurrences: 0,
    owner: null,
    remindEvery: 0,
    observation: { lines },
  }
}
