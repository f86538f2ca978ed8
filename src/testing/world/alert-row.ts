// An alert as the audit reads it from the state, and as it names it.
import { isoTime } from '../../time.ts'

export type AlertRow = {
  id: number
  key: string
  detector: string
  severity: 'critical' | 'warning' | 'info'
  title: string
  state: 'firing' | 'acknowledged' | 'resolved'
  fired_at: number
  resolved_at: number | null
  snoozed_until: number | null
  suppression: string | null
  check_id: number | null
  undelivered: number
}

export const ending = (at: number | null) => (at === null ? 'still open' : `resolved at ${isoTime(at)}`)
export const describe = ({ id, title, fired_at, resolved_at }: AlertRow) =>
  `alert ${id} "${title}" fired at ${isoTime(fired_at)}, ${ending(resolved_at)}`
