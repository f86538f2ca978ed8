// The tables of on-call rotations and their overrides.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { overrides, rotations } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import { changeRotation, type Override, onCallAt, type Rotation, type Shift, shiftStartDay } from './on-call.ts'
import { referencesTo } from './references.ts'

const OVERRIDE_RETENTION_MS = 35 * DAY

/** All rotations by name. */
export function listRotations(state: State): Rotation[] {
  return state.db.select().from(rotations).orderBy(asc(rotations.name)).all()
}

/** The rotation with this name, or the only one without a name; throws `not_found` or `invalid`. */
export function findRotation(state: State, name: string | undefined): Rotation {
  const all = listRotations(state)
  const found = name === undefined && all.length === 1 ? all[0] : all.find(rotation => rotation.name === name)
  if (found) return found
  if (name === undefined && all.length > 1)
    throw new Problem(
      'invalid',
      `There are several rotations: ${all.map(rotation => rotation.name).join(', ')}. Name one of them.`,
      {
        fields: { name: 'is missing' },
      },
    )
  const missing = name === undefined ? 'no rotation yet' : `no rotation "${name}"`
  throw new Problem('not_found', `There is ${missing}. "oncall add primary --members ann,ben" adds one.`, {
    fields: { name: 'no such rotation' },
  })
}

/** Adds a rotation; the first member has the shift that runs now. Throws `conflict` when the name is taken. */
export function addRotation(state: State, row: Omit<Rotation, 'id' | 'firstDay' | 'createdAt'>, now: number): Rotation {
  return state.transaction(() => {
    if (state.db.select().from(rotations).where(eq(rotations.name, row.name)).get())
      throw new Problem('conflict', `There is a rotation "${row.name}" already.`, { fields: { name: 'is taken' } })
    return state.db
      .insert(rotations)
      .values({ ...row, firstDay: shiftStartDay(row, now), createdAt: now })
      .returning()
      .get()
  })
}

/** Edits a rotation; the person on call stays until the next handover. */
export function editRotation(
  state: State,
  rotation: Rotation,
  changes: Partial<Pick<Rotation, 'members' | 'every' | 'day' | 'minute' | 'timeZone'>>,
  now: number,
): Rotation {
  const changed = changeRotation(rotation, changes, now)
  state.transaction(() => state.db.update(rotations).set(changed).where(eq(rotations.id, rotation.id)).run())
  return changed
}

/** Removes a rotation with its overrides; throws `conflict` while a route or an escalation mentions it. */
export function removeRotation(state: State, rotation: Rotation): void {
  const isFirst = firstRotation(listRotations(state))?.id === rotation.id
  const isRotation = (word: string) => word === `oncall:${rotation.name}` || (isFirst && word === 'oncall')
  const references = referencesTo(state, isRotation)
  if (references.length > 0)
    throw new Problem(
      'conflict',
      `The rotation ${rotation.name} is used by ${references.join(', ')}. Change that first.`,
    )
  state.transaction(() => state.db.delete(rotations).where(eq(rotations.id, rotation.id)).run())
}

/** Adds an override; throws `conflict` when the same one exists. */
export function addOverride(state: State, row: Omit<Override, 'id'>): Override {
  const { rotationId, who, from, until } = row
  const values = { rotationId, who, from, until }
  const isSame = Object.entries(values).map(([column, value]) => eq(overrides[column as keyof typeof values], value))
  const existing = state.db
    .select()
    .from(overrides)
    .where(and(...isSame))
    .get()
  if (existing) throw new Problem('conflict', `There is already an override of ${who} for that time: ${existing.id}.`)
  return state.transaction(() => state.db.insert(overrides).values(row).returning().get())
}

/** The overrides of a rotation that have not ended at `now`, the earliest first. */
export function listOverrides(state: State, rotation: Rotation, now: number): Override[] {
  const open = and(eq(overrides.rotationId, rotation.id), sql`${overrides.until} > ${now}`)
  return state.db.select().from(overrides).where(open).orderBy(asc(overrides.from)).all()
}

/** Deletes the overrides that ended more than 35 days ago. */
export function pruneOverrides(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from overrides where until_at < ?').run(now - OVERRIDE_RETENTION_MS))
}

/** Removes an override; throws `not_found`. */
export function removeOverride(state: State, rotation: Rotation, id: number): void {
  const which = and(eq(overrides.id, id), eq(overrides.rotationId, rotation.id))
  if (state.transaction(() => state.db.delete(overrides).where(which).run()).changes === 0)
    throw new Problem('not_found', `The rotation ${rotation.name} has no override ${id}. "oncall" shows them.`)
}

/**
 * The shift at `now` in the rotation with this name; without a name in the one that was added first, so that another
 * rotation changes nothing for what says just `oncall`. Null when there is none.
 */
export function onCallNow(state: State, name: string | undefined, now: number): Shift | null {
  const all = listRotations(state)
  const rotation = name === undefined ? firstRotation(all) : all.find(rotation => rotation.name === name)
  return rotation ? onCallAt(rotation, listOverrides(state, rotation, now), now) : null
}

/** The rotation that just `oncall` means: the one that was added first. */
function firstRotation(all: readonly Rotation[]): Rotation | undefined {
  return all.toSorted((a, b) => a.id - b.id)[0]
}
