// The rotations of people on call, and who stands in for whom.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { overrides, rotations } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import { changedRotation, dayOfTurn, type Override, onCallAt, type Rotation, type Turn } from './on-call.ts'
import { referencesTo } from './references.ts'

const OVERRIDES_KEPT = 35 * DAY

/** All rotations by name. */
export function listRotations(state: State): Rotation[] {
  return state.db.select().from(rotations).orderBy(asc(rotations.name)).all()
}

/** The rotation of a name, or the only one when none is named; throws `not_found` or `invalid`. */
export function findRotation(state: State, name: string | undefined): Rotation {
  const all = listRotations(state)
  const found = name === undefined && all.length === 1 ? all[0] : all.find(one => one.name === name)
  if (found) return found
  if (name === undefined && all.length > 1)
    throw new Problem('invalid', `Say which rotation: ${all.map(one => one.name).join(', ')}.`, {
      fields: { name: 'is missing' },
    })
  const which = name === undefined ? 'is no rotation yet' : `is no rotation "${name}"`
  throw new Problem('not_found', `There ${which}. "oncall add primary --members ann,ben" makes one.`, {
    fields: { name: 'no such rotation' },
  })
}

/** Adds a rotation; the first member's turn is the one that runs now. Throws `conflict` when the name is taken. */
export function addRotation(state: State, row: Omit<Rotation, 'id' | 'firstDay' | 'createdAt'>, now: number): Rotation {
  return state.transaction(() => {
    if (state.db.select().from(rotations).where(eq(rotations.name, row.name)).get())
      throw new Problem('conflict', `There is a rotation "${row.name}" already.`, { fields: { name: 'is taken' } })
    return state.db
      .insert(rotations)
      .values({ ...row, firstDay: dayOfTurn(row, now), createdAt: now })
      .returning()
      .get()
  })
}

/** Changes a rotation; whose turn it is stays on call until the next handover. */
export function editRotation(
  state: State,
  rotation: Rotation,
  changes: Partial<Pick<Rotation, 'members' | 'every' | 'day' | 'minute' | 'timeZone'>>,
  now: number,
): Rotation {
  const changed = changedRotation(rotation, changes, now)
  state.transaction(() => state.db.update(rotations).set(changed).where(eq(rotations.id, rotation.id)).run())
  return changed
}

/** Removes a rotation with its stand-ins; throws `conflict` while a route or an escalation calls whoever is on call there. */
export function removeRotation(state: State, rotation: Rotation): void {
  const isLast = listRotations(state).length === 1
  const calls = (word: string) => word === `oncall:${rotation.name}` || (isLast && word === 'oncall')
  const leads = referencesTo(state, calls)
  if (leads.length > 0)
    throw new Problem(
      'conflict',
      `Whoever is on call in ${rotation.name} is still called by ${leads.join(', ')}. Change that first.`,
    )
  state.transaction(() => state.db.delete(rotations).where(eq(rotations.id, rotation.id)).run())
}

/** Has somebody stand in for a while; throws `conflict` when that very time is theirs already. */
export function addOverride(state: State, row: Omit<Override, 'id'>): Override {
  const { rotationId, who, from, until } = row
  const same = { rotationId, who, from, until }
  const equal = Object.entries(same).map(([column, value]) => eq(overrides[column as keyof typeof same], value))
  const there = state.db
    .select()
    .from(overrides)
    .where(and(...equal))
    .get()
  if (there) throw new Problem('conflict', `${who} stands in then already: that is stand-in ${there.id}.`)
  return state.transaction(() => state.db.insert(overrides).values(row).returning().get())
}

/** The stand-ins of a rotation that are not over at `now`. */
export function listOverrides(state: State, rotation: Rotation, now: number): Override[] {
  const open = and(eq(overrides.rotationId, rotation.id), sql`${overrides.until} > ${now}`)
  return state.db.select().from(overrides).where(open).orderBy(asc(overrides.from)).all()
}

/** Drops the stand-ins that were over a month ago. */
export function pruneOverrides(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from overrides where until_at < ?').run(now - OVERRIDES_KEPT))
}

/** Ends a stand-in; throws `not_found`. */
export function removeOverride(state: State, rotation: Rotation, id: number): void {
  const which = and(eq(overrides.id, id), eq(overrides.rotationId, rotation.id))
  if (state.transaction(() => state.db.delete(overrides).where(which).run()).changes === 0)
    throw new Problem('not_found', `The rotation ${rotation.name} has no stand-in ${id}. "oncall" shows those to come.`)
}

/** Who is on call now in the rotation named (or the only one); null when there is none. */
export function onCallNow(state: State, name: string | undefined, now: number): Turn | null {
  const all = listRotations(state)
  const rotation = name === undefined ? all[0] : all.find(one => one.name === name)
  return rotation ? onCallAt(rotation, listOverrides(state, rotation, now), now) : null
}
