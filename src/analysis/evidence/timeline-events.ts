// What happened beside the logs in a stretch of time, read from the state: alerts, failed beats, absences, restarts.
import type { State } from '../../state/database.ts'
import type { history } from '../../state/schema/index.ts'
import { aboutDuration, formatRelative } from '../../time.ts'
import type { TimelineEvent } from './pack.ts'
import { shortened } from './read-logs.ts'

export type Scope = { projectId: number | null; from: number; until: number }
type Found = Omit<TimelineEvent, 'id'>

const MOST = 60
const EARLIER = 3

/**
 * What happened between two instants, oldest first; `projectId` null is every project. Of too much, what came first, which
 * may be the cause, and what came last, which is how things are now.
 */
export function readTimelineEvents(state: State, scope: Scope): Found[] {
  const all = [
    ...alertSteps(state, scope),
    ...failedBeats(state, scope),
    ...absences(state, scope),
    ...containers(state, scope),
  ].sort((a, b) => a.at - b.at)
  return all.length <= MOST ? all : [...all.slice(0, MOST / 2), ...all.slice(-MOST / 2)]
}

/** The last few times that the same trouble was there before, for the alert `id` with `key`, before the instant `at`. */
export function earlierAlerts(state: State, key: string, id: number, at: number): Found[] {
  const query = `select id, title, fired_at, resolved_at, note, acknowledged_by from alerts
    where key = ? and id < ? order by id desc limit ?`
  type Row = { id: number; title: string; fired_at: number; resolved_at: number | null; note: string | null }
  const rows = state
    .prepare<[string, number, number], Row & { acknowledged_by: string | null }>(query)
    .all(key, id, EARLIER)
  return rows.map(row => {
    const lasted = row.resolved_at === null ? '' : `, lasted ${aboutDuration(row.resolved_at - row.fired_at)}`
    const note = row.note === null ? '' : `, note by ${row.acknowledged_by ?? 'somebody'}: ${row.note}`
    const when = formatRelative(row.fired_at, at)
    const text = `the same alert fired before, ${when}: ${row.title}${lasted}${note}`
    return { at: row.fired_at, text, command: `alerts show ${row.id}` }
  })
}

/** The first and the last `most` rows of a query without an order, by its column `place`; each once. */
function endsOf<Row>(state: State, query: string, values: object): Row[] {
  const read = (way: string) =>
    state.prepare<[object], Row & { place: number }>(`${query} order by place ${way} limit @most`).all(values)
  return [...new Map([...read('asc'), ...read('desc')].map(row => [row.place, row])).values()]
}

function alertSteps(state: State, { projectId, from, until }: Scope): Found[] {
  const query = `select h.id as place, h.at, h.kind, h.what, h.by, h.note, a.id, a.title, a.severity from alert_history h
    join alerts a on a.id = h.alert_id
    where a.fired_at < @until and (a.resolved_at is null or a.resolved_at >= @from) and h.at >= @from and h.at < @until
      and (@project is null or a.project_id is null or a.project_id = @project)`
  type Entry = Pick<typeof history.$inferSelect, 'at' | 'kind' | 'what' | 'by' | 'note'>
  type Row = Entry & { id: number; title: string; severity: string }
  return endsOf<Row>(state, query, {
    from,
    until,
    project: projectId,
    most: MOST / 2,
  }).map(row => {
    const by = row.by === null ? '' : ` by ${row.by}`
    const note = row.note === null ? '' : `, note: ${row.note}`
    const what = row.kind === 'fired' ? 'fired' : row.what
    const text = `alert ${row.id} (${row.severity}) "${row.title}" ${what}${by}${note}`
    return { at: row.at, text, command: `alerts show ${row.id}` }
  })
}

function failedBeats(state: State, { projectId, from, until }: Scope): Found[] {
  const query = `select b.id as place, b.received_at as at, c.name, b.exit_status, b.body, b.body_bytes from checks c
    join beats b on b.check_id = c.id
    where b.kind = 'fail' and b.received_at >= @from and b.received_at < @until
      and (@project is null or c.project_id = @project)`
  type Row = { at: number; name: string; exit_status: number | null; body: Buffer | null; body_bytes: number }
  return endsOf<Row>(state, query, { from, until, project: projectId, most: MOST / 6 }).map(row => {
    const status = row.exit_status ? ` with exit status ${row.exit_status}` : ''
    // The end of a body that was cut when it came may be half of something that no rule would know.
    const whole = row.body !== null && row.body.length >= row.body_bytes
    const said = whole ? shortened(row.body!.toString('utf8').trim().split('\n').at(-1) ?? '', 300) : ''
    const text = `check ${row.name} reported a failure${status}${said ? `, saying: ${said}` : ''}`
    return { at: row.at, text, command: `checks show ${JSON.stringify(row.name)}` }
  })
}

function absences(state: State, { from, until }: Scope): Found[] {
  const query = `select from_at, to_at, kind from downtimes where to_at >= ? and from_at < ? order by id limit 20`
  const says = {
    stopped: 'Vakt itself was stopped',
    asleep: 'the machine of Vakt was asleep',
    offline: 'Vakt was offline (connectivity lost)',
  }
  return state
    .prepare<[number, number], { from_at: number; to_at: number; kind: keyof typeof says }>(query)
    .all(from, until)
    .map(row => ({
      at: row.from_at,
      text: `${says[row.kind]} for ${aboutDuration(row.to_at - row.from_at)}; nothing could be heard then`,
      command: null,
    }))
}

function containers(state: State, { projectId, from, until }: Scope): Found[] {
  const query = `select h.name as host, c.name, c.started_at, c.died_at, c.exit_code, c.oom_killed, c.unhealthy_since
    from containers c join hosts h on h.id = c.host_id
    where (@project is null or h.project_id is null or h.project_id = @project)
      and ((c.started_at >= @from and c.started_at < @until) or (c.died_at >= @from and c.died_at < @until)
        or (c.unhealthy_since >= @from and c.unhealthy_since < @until)) limit @most`
  type Row = { host: string; name: string; started_at: number | null; died_at: number | null }
  type More = { exit_code: number | null; oom_killed: number; unhealthy_since: number | null }
  const within = (at: number | null): at is number => at !== null && at >= from && at < until
  return state
    .prepare<[object], Row & More>(query)
    .all({ from, until, project: projectId, most: MOST / 3 })
    .flatMap(row => {
      const name = `container ${row.name} on ${row.host}`
      const found: Found[] = []
      const why = row.oom_killed ? ' (killed for memory)' : row.exit_code ? ` with exit status ${row.exit_code}` : ''
      if (within(row.died_at)) found.push({ at: row.died_at, text: `${name} ended${why}`, command: null })
      if (within(row.started_at)) found.push({ at: row.started_at, text: `${name} started`, command: null })
      if (within(row.unhealthy_since))
        found.push({ at: row.unhealthy_since, text: `${name} became unhealthy`, command: null })
      return found
    })
}
