// The events beside the logs in a period: changes of alerts, failed beats, downtimes of Vakt, and restarts of containers.
import type { State } from '../../state/database.ts'
import type { downtimes, history } from '../../state/schema/index.ts'
import { aboutDuration, formatRelative } from '../../time.ts'
import type { TimelineEvent } from './pack.ts'
import { shorten } from './read-logs.ts'

export type TimelineScope = { projectId: number | null; from: number; until: number }
type UnnumberedEvent = Omit<TimelineEvent, 'id'>

const MAX_EVENTS = 60
const MAX_EARLIER_ALERTS = 3

/**
 * The events between two instants, oldest first; `projectId` null means every project. Of too many, the first, which may be
 * the cause, and the last, which show the current state.
 */
export function readTimelineEvents(state: State, scope: TimelineScope): UnnumberedEvent[] {
  const all = [
    ...readAlertChanges(state, scope),
    ...readFailedBeats(state, scope),
    ...readDowntimes(state, scope),
    ...readContainerChanges(state, scope),
  ].sort((a, b) => a.at - b.at)
  return all.length <= MAX_EVENTS ? all : [...all.slice(0, MAX_EVENTS / 2), ...all.slice(-MAX_EVENTS / 2)]
}

/** The latest earlier alerts with the same dedup key `key` as the alert `id`; `at` is the instant they are relative to. */
export function readEarlierAlerts(state: State, key: string, id: number, at: number): UnnumberedEvent[] {
  const query = `select id, title, fired_at, resolved_at, note, acknowledged_by from alerts
    where key = ? and id < ? order by id desc limit ?`
  type Row = { id: number; title: string; fired_at: number; resolved_at: number | null; note: string | null }
  const rows = state
    .prepare<[string, number, number], Row & { acknowledged_by: string | null }>(query)
    .all(key, id, MAX_EARLIER_ALERTS)
  return rows.map(row => {
    const duration = row.resolved_at === null ? '' : `, lasted ${aboutDuration(row.resolved_at - row.fired_at)}`
    const note = row.note === null ? '' : `, note by ${row.acknowledged_by ?? 'somebody'}: ${row.note}`
    const when = formatRelative(row.fired_at, at)
    const text = `the same alert fired before, ${when}: ${row.title}${duration}${note}`
    return { at: row.fired_at, text, command: `alerts show ${row.id}` }
  })
}

/** The first and the last `limit` rows of a query without an order, by its column `place`; each once. */
function readFirstAndLast<Row>(state: State, query: string, values: object): Row[] {
  const read = (direction: string) =>
    state.prepare<[object], Row & { place: number }>(`${query} order by place ${direction} limit @limit`).all(values)
  return [...new Map([...read('asc'), ...read('desc')].map(row => [row.place, row])).values()]
}

function readAlertChanges(state: State, { projectId, from, until }: TimelineScope): UnnumberedEvent[] {
  const query = `select h.id as place, h.at, h.kind, h.what, h.by, h.note, a.id, a.title, a.severity from alert_history h
    join alerts a on a.id = h.alert_id
    where a.fired_at < @until and (a.resolved_at is null or a.resolved_at >= @from) and h.at >= @from and h.at < @until
      and (@project is null or a.project_id is null or a.project_id = @project)`
  type Entry = Pick<typeof history.$inferSelect, 'at' | 'kind' | 'what' | 'by' | 'note'>
  type Row = Entry & { id: number; title: string; severity: string }
  return readFirstAndLast<Row>(state, query, {
    from,
    until,
    project: projectId,
    limit: MAX_EVENTS / 2,
  }).map(row => {
    const by = row.by === null ? '' : ` by ${row.by}`
    const note = row.note === null ? '' : `, note: ${row.note}`
    const what = row.kind === 'fired' ? 'fired' : row.what
    const text = `alert ${row.id} (${row.severity}) "${row.title}" ${what}${by}${note}`
    return { at: row.at, text, command: `alerts show ${row.id}` }
  })
}

function readFailedBeats(state: State, { projectId, from, until }: TimelineScope): UnnumberedEvent[] {
  const query = `select b.id as place, b.received_at as at, c.name, b.exit_status, b.body, b.body_bytes from checks c
    join beats b on b.check_id = c.id
    where b.kind = 'fail' and b.received_at >= @from and b.received_at < @until
      and (@project is null or c.project_id = @project)`
  type Row = { at: number; name: string; exit_status: number | null; body: Buffer | null; body_bytes: number }
  return readFirstAndLast<Row>(state, query, { from, until, project: projectId, limit: MAX_EVENTS / 6 }).map(row => {
    const status = row.exit_status ? ` with exit status ${row.exit_status}` : ''
    // The end of a cut body may be half a secret that no rule recognizes.
    const isComplete = row.body !== null && row.body.length >= row.body_bytes
    const lastLine = isComplete ? shorten(row.body!.toString('utf8').trim().split('\n').at(-1) ?? '', 300) : ''
    const text = `check ${row.name} reported a failure${status}${lastLine ? `, saying: ${lastLine}` : ''}`
    return { at: row.at, text, command: `checks show ${JSON.stringify(row.name)}` }
  })
}

function readDowntimes(state: State, { from, until }: TimelineScope): UnnumberedEvent[] {
  const query = `select from_at, to_at, kind from downtimes where to_at >= ? and from_at < ? order by id limit 20`
  type Row = { from_at: number; to_at: number; kind: keyof typeof DOWNTIMES }
  return state
    .prepare<[number, number], Row>(query)
    .all(from, until)
    .map(row => {
      const { what, effect } = DOWNTIMES[row.kind]
      const text = `${what} for ${aboutDuration(row.to_at - row.from_at)}; ${effect}`
      return { at: row.from_at, text, command: null }
    })
}

const NOTHING_RECEIVED = 'no beats or logs were received then'
const DOWNTIMES: Readonly<Record<(typeof downtimes.$inferSelect)['kind'], { what: string; effect: string }>> = {
  stopped: { what: 'Vakt itself was stopped', effect: NOTHING_RECEIVED },
  asleep: { what: 'the machine of Vakt was asleep', effect: NOTHING_RECEIVED },
  offline: { what: 'Vakt was offline (connectivity lost)', effect: NOTHING_RECEIVED },
  storage: { what: 'Vakt could not write its database', effect: 'beats were refused then' },
  'log-storage': { what: 'Vakt could not store log lines', effect: 'log lines were refused then' },
  takeover: { what: 'no Vakt served until this one took over', effect: NOTHING_RECEIVED },
}

function readContainerChanges(state: State, { projectId, from, until }: TimelineScope): UnnumberedEvent[] {
  const query = `select h.name as host, c.name, c.started_at, c.died_at, c.exit_code, c.oom_killed, c.unhealthy_since
    from containers c join hosts h on h.id = c.host_id
    where (@project is null or h.project_id is null or h.project_id = @project)
      and ((c.started_at >= @from and c.started_at < @until) or (c.died_at >= @from and c.died_at < @until)
        or (c.unhealthy_since >= @from and c.unhealthy_since < @until)) limit @limit`
  type Row = { host: string; name: string; started_at: number | null; died_at: number | null }
  type More = { exit_code: number | null; oom_killed: number; unhealthy_since: number | null }
  const isInWindow = (at: number | null): at is number => at !== null && at >= from && at < until
  return state
    .prepare<[object], Row & More>(query)
    .all({ from, until, project: projectId, limit: MAX_EVENTS / 3 })
    .flatMap(row => {
      const name = `container ${row.name} on ${row.host}`
      const found: UnnumberedEvent[] = []
      const reason = row.oom_killed ? ' (killed for memory)' : row.exit_code ? ` with exit status ${row.exit_code}` : ''
      if (isInWindow(row.died_at)) found.push({ at: row.died_at, text: `${name} ended${reason}`, command: null })
      if (isInWindow(row.started_at)) found.push({ at: row.started_at, text: `${name} started`, command: null })
      if (isInWindow(row.unhealthy_since))
        found.push({ at: row.unhealthy_since, text: `${name} became unhealthy`, command: null })
      return found
    })
}
