// Groups of alerts that share one card: how a group forms and grows, and what becomes of it as its members change.

import { isWorse, SEVERITIES, type Severity, severityRankSql } from '../../severity.ts'
import type { State } from '../../state/database.ts'
import { and, sql } from '../../state/orm.ts'
import { alerts, type Observation } from '../../state/schema/index.ts'
import {
  type Alert,
  type AlertChanges,
  type AlertTransition,
  CARD_UPDATE_INTERVAL_MS,
  type HistoryEntry,
  NOT_ACKNOWLEDGED,
  nextReminder,
  resolve,
} from '../alert.ts'
import {
  bumpVersion,
  readAlert,
  readOpenAlert,
  recordChange,
  requestDelivery,
  updateAlert,
  writeHistory,
} from '../alerts.ts'
import { scheduleCardUpdate } from '../card-updates.ts'
import { GROUP } from '../suppression/inhibition.ts'
import { requestReevaluation } from '../suppression/reevaluation.ts'
import { groupSuppression, type Suppression, suppressionColumns } from '../suppression/suppression.ts'
import { commonLabels, groupTitle, type MemberCounts } from './group.ts'
import type { GroupMembers } from './group-card.ts'

/** From this size on a group is counted only when its cards are updated, not with every member. */
const LARGE_GROUP = 200
/** How many different titles the title of a group is made of. */
const MAX_TITLES = 20

/** The members of a group, each alert once: an alert that fired again is its newest row. */
const NEWEST_MEMBERS = 'id in (select max(id) from alerts where group_id = :groupId group by key)'

/**
 * The group that a new alert of this group key joins, or null when no other alert of the key is open. The second alert of a
 * key forms the group: the first one's card becomes that of the group, so that no chat gets another.
 */
export function joinGroup(state: State, projectId: number | null, groupKey: string, now: number): number | null {
  const open = readOpenAlert(state, keyOf(projectId, groupKey))
  if (open) return open.id
  const query = `select id from alerts where group_key = ? and project_id is ? and group_id is null and detector <> '${GROUP}'
    and state <> 'resolved' order by id limit 1`
  const first = state.prepare<[string, number | null], { id: number }>(query).get(groupKey, projectId)
  return first ? formGroup(state, readAlert(state, first.id)!, now) : null
}

/** Adds an alert that fired now, as `groupId` of its row says, to its group. */
export function welcomeMember(state: State, member: Alert, now: number): void {
  const group = join(state, readAlert(state, member.groupId!)!, member)
  // A card that somebody works on, or that is resolved, says nothing of a new alert unless people are notified of it.
  const isQuiet = group.state !== 'firing' || group.snoozedUntil !== null
  if (isQuiet && (member.suppression === 'group' || group.state === 'resolved'))
    recordArrival(state, group, member, now)
  else {
    writeMemberLine(state, group, { kind: 'joined', what: `fired: ${member.title} (alert ${member.id})` }, now)
    if (group.count > LARGE_GROUP && !isWorse(member.severity, group.severity)) scheduleUpdate(state, group, now)
    else updateGroup(state, group, now)
  }
}

/** An open member was resolved: the timeline of its group says so, and its card is brought up to date. */
export function endMember(state: State, member: Alert, now: number): void {
  const group = readAlert(state, member.groupId!)
  if (!group) return
  const what = `${member.resolvedBy === null ? 'resolved automatically' : 'resolved'}: ${member.title} (alert ${member.id})`
  writeMemberLine(state, group, { kind: 'left', what, by: member.resolvedBy }, now)
  refreshGroup(state, group.id, now)
}

/** Brings a group up to date after an open member changed: it was resolved, became more severe, or something else suppresses it. */
export function refreshGroup(state: State, groupId: number, now: number): void {
  const group = readAlert(state, groupId)
  if (!group || group.state === 'resolved') return
  if (group.count > LARGE_GROUP && hasOpenMember(state, groupId)) scheduleUpdate(state, group, now)
  else updateGroup(state, group, now)
}

/** Nothing but its group suppresses this firing member any more: people hear of it, where the group itself is quiet. */
export function noticeMember(state: State, member: Alert, now: number): void {
  const group = readAlert(state, member.groupId!)
  if (!group || group.state === 'resolved') return
  const isQuiet = group.state === 'acknowledged' || group.snoozedUntil !== null
  if (isQuiet && member.state === 'firing') recordArrival(state, group, member, now)
  else refreshGroup(state, group.id, now)
}

/** The card of a group is due: its title, severity and number of members are counted again. */
export function updateGroupCard(state: State, group: Alert, now: number): void {
  if (group.state === 'resolved') return void bumpVersion(state, group, { seenAt: now })
  updateGroup(state, { ...group, seenAt: now - CARD_UPDATE_INTERVAL_MS }, now)
}

/** Gives all open members of a group its acknowledgement, or takes theirs. */
export function syncMembers(state: State, group: Alert): void {
  const columns = 'state = ?, acknowledged_at = ?, acknowledged_by = ?, acknowledged_until = ?'
  const { acknowledgedAt, acknowledgedBy, acknowledgedUntil } = group
  state
    .prepare(`update alerts set ${columns}, version = version + 1 where group_id = ? and state <> 'resolved'`)
    .run(group.state, acknowledgedAt, acknowledgedBy, acknowledgedUntil, group.id)
}

/** The ids of the open members of a group, oldest first. */
export function listOpenMemberIds(state: State, groupId: number): number[] {
  const query = `select id from alerts where group_id = ? and state in ('firing', 'acknowledged') order by id`
  return state
    .prepare<[number], { id: number }>(query)
    .all(groupId)
    .map(({ id }) => id)
}

/** The members of a group for its card in a channel (or for all of them); null for any other alert. */
export function readGroupMembers(state: State, alert: Alert, limit: number, channelId?: string): GroupMembers | null {
  if (alert.detector !== GROUP) return null
  const counts = countMembers(state, alert.id)
  const elsewhere = channelId === undefined ? 0 : countElsewhere(state, alert.id, channelId)
  const all = listMembers(state, alert.id, limit)
  return { shown: elsewhere === 0 ? all : listMembers(state, alert.id, limit, channelId), all, counts, elsewhere }
}

/** The members of a group: the open ones first, the worst and the oldest of them before the others; then the resolved ones. */
export function listMembers(state: State, groupId: number, limit: number, channelId?: string): Alert[] {
  return state.db
    .select()
    .from(alerts)
    .where(and(isNewestOf(groupId), channelId === undefined ? undefined : sql`not ${goesElsewhere(channelId)}`))
    .orderBy(
      sql`state = 'resolved'`,
      sql`suppression is not 'group'`,
      sql.raw(`${severityRankSql()} desc`),
      sql`case when state = 'resolved' then -resolved_at else id end`,
    )
    .limit(limit)
    .all()
}

const isNewestOf = (groupId: number) =>
  sql`${alerts.id} in (select max(id) from alerts where group_id = ${groupId} group by key)`

/** Whether an alert has recipients, but not this channel. */
const goesElsewhere = (channelId: string) =>
  sql`(exists (select 1 from recipients r where r.alert_id = ${alerts.id})
    and not exists (select 1 from recipients r where r.alert_id = ${alerts.id} and r.channel_id = ${channelId}))`

function countElsewhere(state: State, groupId: number, channelId: string): number {
  const which = and(isNewestOf(groupId), goesElsewhere(channelId))
  return state.db.select({ n: sql<number>`count(*)` }).from(alerts).where(which).get()!.n
}

/** How many members a group has, each alert once. */
export function countMembers(state: State, groupId: number): MemberCounts & { severity: Severity } {
  const query = `select count(*) as total, coalesce(sum(state <> 'resolved'), 0) as open,
    coalesce(sum(state = 'firing' and suppression is 'group'), 0) as active,
    coalesce(sum(state = 'acknowledged'), 0) as acknowledged,
    max(case when state <> 'resolved' then ${severityRankSql()} end) as rank
    from alerts where ${NEWEST_MEMBERS}`
  const row = state.prepare<[{ groupId: number }], MemberCounts & { rank: number | null }>(query).get({ groupId })!
  const { rank, ...counts } = row
  return { ...counts, severity: SEVERITIES[rank ?? 0]! }
}

/** What suppresses a group: the reason of its open members when each of them is suppressed by something else; else null. */
export function readGroupSuppression(state: State, groupId: number): Suppression | null {
  // Two questions, because most groups answer the first one with their first member.
  const isOpen = `group_id = ? and state in ('firing', 'acknowledged')`
  const active = state.prepare(
    `select 1 from alerts where ${isOpen} and (suppression = 'group' or suppression is null) limit 1`,
  )
  if (active.get(groupId) !== undefined) return null
  const query = `select suppression_reason as reason from alerts where ${isOpen} limit 1`
  const row = state.prepare<[number], { reason: string | null }>(query).get(groupId)
  return row ? groupSuppression(null, row.reason ?? '') : null
}

/** The alerts that a card stands for: the members of a group (the first 200), or the alert itself. */
export function listMatchables(state: State, alert: Alert): Alert[] {
  return alert.detector === GROUP ? listMembers(state, alert.id, LARGE_GROUP) : [alert]
}

function keyOf(projectId: number | null, groupKey: string): string {
  return `group:${projectId ?? 0}:${groupKey}`
}

/**
 * Makes an alert the group of its key, and a new row the alert that it was: its card, its thread, its escalations and its
 * acknowledgement are those of the group from now on.
 */
function formGroup(state: State, first: Alert, now: number): number {
  const { id, ...row } = first
  const labels = commonLabels(first.labels, first.labels)
  const { evidence: _, chart: __, ...observation } = first.observation
  const group = { flappingSince: null, stableAt: null, transitionTimes: [], suppressedCount: 0, count: 1 }
  const key = keyOf(first.projectId, first.groupKey!)
  updateAlert(state, id, {
    ...group,
    key,
    detector: GROUP,
    role: null,
    checkId: null,
    hostId: null,
    labels,
    observation,
  })
  const isOther = first.suppression !== null && first.suppression !== 'storm'
  const member = state.db
    .insert(alerts)
    .values({
      ...row,
      ...(isOther ? {} : suppressionColumns(groupSuppression(id))),
      groupId: id,
      version: 1,
      mentionCount: 0,
      mentionReason: null,
      snoozedUntil: null,
      snoozedBy: null,
      wakeAt: null,
      note: null,
      undelivered: true,
      routedVersion: 0,
      threadLine: 0,
      cardUpdateAt: null,
    })
    .returning()
    .get()
  writeHistory(state, member.id, { kind: 'fired', what: `fired: ${first.title}` }, first.firedAt)
  writeHistory(
    state,
    id,
    { kind: 'grouped', what: `the card stands for a group now; it was that of alert ${member.id}` },
    now,
  )
  // What the first alert was the cause of has another cause from now on.
  requestReevaluation(state)
  return id
}

/** What a group has in common with a new member. */
function join(state: State, group: Alert, member: Alert): Alert {
  const labels = commonLabels(group.labels, member.labels)
  const observation = commonObservation(group.observation, member.observation)
  const owner = group.owner === member.owner ? group.owner : null
  const changes = { labels, observation, owner, count: group.count + 1, since: Math.min(group.since, member.since) }
  const joined = updateAlert(state, group.id, changes)
  // The member may go to channels that the others do not go to.
  requestDelivery(state, group.id)
  return { ...joined, routedVersion: 0, undelivered: true }
}

function commonObservation(observation: Observation, other: Observation): Observation {
  const shared = <T>(items: readonly T[] = [], others: readonly T[] = []) => {
    const known = new Set(others.map(item => JSON.stringify(item)))
    return items.filter(item => known.has(JSON.stringify(item)))
  }
  const fields = shared(observation.fields, other.fields)
  return { lines: shared(observation.lines, other.lines), ...(fields.length > 0 ? { fields } : {}) }
}

/** A line about a member; the timeline of a large group would be nothing else. */
function writeMemberLine(state: State, group: Alert, line: HistoryEntry, now: number): void {
  if (group.count <= LARGE_GROUP) writeHistory(state, group.id, line, now)
}

function recordArrival(state: State, group: Alert, member: Alert, now: number): void {
  const { title, severity, ...counts } = countAndName(state, group)
  const wasResolved = group.state === 'resolved'
  const changes: AlertChanges = {
    title,
    severity,
    count: counts.total,
    state: 'firing',
    ...NOT_ACKNOWLEDGED,
    resolvedAt: null,
    resolvedBy: null,
    snoozedUntil: null,
    snoozedBy: null,
    mentionCount: group.mentionCount + 1,
    mentionReason: wasResolved ? 'fired again' : 'joined',
    seenAt: now,
    wakeAt: nextReminder(group, now),
  }
  recordChange(
    state,
    group,
    { kind: 'joined', what: `fired: ${member.title} (alert ${member.id})`, changes, thread: true },
    now,
  )
}

function updateGroup(state: State, group: Alert, now: number): void {
  const { title, severity, ...counts } = countAndName(state, group)
  const texts = { title, count: counts.total }
  if (counts.open === 0) {
    endGroup(state, group, texts, now)
    return
  }
  const worse = isWorse(severity, group.severity)
  const mention =
    worse && mentionsWorse(group) ? { mentionCount: group.mentionCount + 1, mentionReason: 'worse' as const } : {}
  const taken =
    group.state === 'firing' && counts.acknowledged === counts.open ? lastAcknowledgement(state, group) : null
  if (taken !== null) {
    recordChange(state, group, { ...taken, changes: { ...taken.changes, ...texts, severity, seenAt: now } }, now)
    return
  }
  const sinceUpdate = now - group.seenAt
  const isDue = sinceUpdate < 0 || sinceUpdate >= CARD_UPDATE_INTERVAL_MS
  if (worse || isDue || group.version === 1) bumpVersion(state, group, { ...texts, severity, ...mention, seenAt: now })
  else {
    updateAlert(state, group.id, { ...texts, severity })
    scheduleUpdate(state, group, now)
  }
}

function endGroup(state: State, group: Alert, texts: AlertChanges, now: number): void {
  const last = `select resolved_by as "by" from alerts where group_id = ? order by resolved_at desc, id desc limit 1`
  const by = state.prepare<[number], { by: string | null }>(last).get(group.id)?.by ?? null
  const transition = resolve(group, by, now)
  recordChange(state, group, { ...transition, changes: { ...transition.changes, ...texts } }, now)
}

/** All open members are acknowledged, so the group is. */
function lastAcknowledgement(state: State, group: Alert): AlertTransition | null {
  const query = `select acknowledged_at as acknowledgedAt, acknowledged_by as acknowledgedBy,
    acknowledged_until as acknowledgedUntil from alerts where group_id = ? and state = 'acknowledged'
    order by acknowledged_at desc limit 1`
  type Row = Pick<Alert, 'acknowledgedAt' | 'acknowledgedBy' | 'acknowledgedUntil'>
  const row = state.prepare<[number], Row>(query).get(group.id)
  if (!row) return null
  const changes = {
    ...row,
    state: 'acknowledged' as const,
    snoozedUntil: null,
    snoozedBy: null,
    wakeAt: row.acknowledgedUntil,
  }
  return {
    kind: 'acknowledged',
    what: 'acknowledged: no other alert of the group fires',
    by: row.acknowledgedBy,
    changes,
  }
}

/** Edits notify nobody, so a worse severity is a new mention; only once, in case it goes back and forth. */
function mentionsWorse(group: Alert): boolean {
  return group.state === 'firing' && group.snoozedUntil === null && group.mentionReason !== 'worse'
}

function scheduleUpdate(state: State, group: Alert, now: number): void {
  scheduleCardUpdate(state, group.id, Math.max(now, group.seenAt + CARD_UPDATE_INTERVAL_MS))
}

function countAndName(state: State, group: Alert): MemberCounts & { severity: Severity; title: string } {
  const { severity, ...counts } = countMembers(state, group.id)
  const query = `select distinct title from alerts where ${NEWEST_MEMBERS} limit ${MAX_TITLES}`
  const titles = state.prepare<[{ groupId: number }], { title: string }>(query).all({ groupId: group.id })
  const title = groupTitle(
    titles.map(row => row.title),
    counts,
  )
  return { ...counts, title, severity: counts.open === 0 ? group.severity : severity }
}

function hasOpenMember(state: State, groupId: number): boolean {
  const query = `select 1 from alerts where group_id = ? and state in ('firing', 'acknowledged') limit 1`
  return state.prepare(query).get(groupId) !== undefined
}
