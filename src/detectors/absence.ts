// The finding for Vakt's own absence: from when to when it heard nothing, and whose beats may have been lost.
import type { Text } from '../card.ts'
import type { Absence } from '../checks/absences.ts'
import type { Check } from '../checks/check.ts'
import { aboutDuration, HOUR, MINUTE } from '../time.ts'
import type { Finding } from './finding.ts'

/** Shorter absences, a restart for an update say, are told only when a check is judged much later because of them. */
const WORTH_TELLING = 5 * MINUTE
const MUCH_LATER = HOUR
const NAMED = 10

/** What to tell people of an absence, or null when it is not worth a card. */
export function absenceFinding(absence: Omit<Absence, 'id'>, unheard: readonly Check[]): Finding | null {
  const late = unheard.filter(check => (check.downAt ?? 0) - absence.to > MUCH_LATER)
  const lasted = absence.to - absence.from
  if (lasted < WORTH_TELLING && late.length === 0) return null
  const was = { stopped: 'was not running', asleep: 'was asleep', offline: 'was offline' }[absence.kind]
  const lines: Text[] = [
    [
      'From ',
      { time: absence.from, style: 'moment' },
      ' to ',
      { time: absence.to, style: 'moment' },
      ' no beat could arrive.',
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
    key: `absence:${absence.from}`,
    detector: 'absence',
    projectId: null,
    severity: late.length > 0 ? 'warning' : 'info',
    title: `Vakt ${was} for ${aboutDuration(lasted)}`,
    since: absence.from,
    occurrences: 0,
    labels: {},
    owner: null,
    remindEvery: 0,
    seen: { lines },
  }
}
