// The table of forwards.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { freshId } from '../state/key-value.ts'
import { asc, eq, sql } from '../state/orm.ts'
import { forwards } from '../state/schema/index.ts'
import type { Forward } from './forward.ts'

/** More would read every line too often. */
const MAX_FORWARDS = 20

/** Adds a forward. Throws `conflict` when the name is taken, or there are too many. */
export function addForward(state: State, values: typeof forwards.$inferInsert): Forward {
  return state.transaction(() => {
    const all = listForwards(state)
    if (all.length >= MAX_FORWARDS)
      throw new Problem('conflict', `There are at most ${MAX_FORWARDS} forwards. "forwards remove" removes one.`)
    if (all.some(({ name }) => name.toLowerCase() === values.name.toLowerCase()))
      throw new Problem('conflict', `A forward named "${values.name}" already exists. Give another --name.`, {
        fields: { name: 'is taken' },
      })
    const added = state.db
      .insert(forwards)
      .values({ ...values, id: freshId(state, 'forwards') })
      .returning()
      .get()
    state.emit('forwards')
    return added
  })
}

/** The forwards by name. */
export function listForwards(state: State): Forward[] {
  return state.prepared('forwards', db => db.select().from(forwards).orderBy(asc(forwards.name)).prepare()).all()
}

/** The forward of a name or number. Throws `not_found`. */
export function findForward(state: State, text: string): Forward {
  const wanted = text.trim().toLowerCase()
  const all = listForwards(state)
  const found = all.find(({ name, id }) => name.toLowerCase() === wanted || String(id) === wanted)
  if (found) return found
  const hint = all.length === 0 ? '"forwards add" adds one.' : `Forwards: ${all.map(({ name }) => name).join(', ')}.`
  throw new Problem('not_found', `There is no forward "${text}". ${hint}`, { fields: { forward: 'no such forward' } })
}

/** The forward of an id as it is now; undefined when it was removed. */
export function readForward(state: State, id: number): Forward | undefined {
  return state.db.select().from(forwards).where(eq(forwards.id, id)).get()
}

export function removeForward(state: State, { id }: Forward): void {
  state.transaction(() => {
    state.db.delete(forwards).where(eq(forwards.id, id)).run()
    state.emit('forwards')
  })
}

/** Records that everything up to `position` is done, of which `sent` arrived and `refused` never will. */
export function recordSent(
  state: State,
  { id }: Pick<Forward, 'id'>,
  done: { position?: number; sent: number; refused?: number; error?: string; now: number },
): void {
  const { position, sent, refused = 0, error, now } = done
  const changes = {
    ...(position === undefined ? {} : { position }),
    ...(sent === 0 ? {} : { sent: sql`${forwards.sent} + ${sent}`, lastSentAt: now }),
    ...(refused === 0 ? {} : { refused: sql`${forwards.refused} + ${refused}` }),
    failures: 0,
    failingSince: null,
    ...(error === undefined ? (sent === 0 ? {} : { lastError: null }) : { lastError: error }),
  }
  state.transaction(() => state.db.update(forwards).set(changes).where(eq(forwards.id, id)).run())
}

/** Records a failure; how many there are in a row now. */
export function recordFailure(state: State, { id }: Pick<Forward, 'id'>, message: string, now: number): number {
  const changes = {
    failures: sql`${forwards.failures} + 1`,
    failingSince: sql`coalesce(${forwards.failingSince}, ${now})`,
    lastError: message,
  }
  return state.transaction(() => {
    const row = state.db.update(forwards).set(changes).where(eq(forwards.id, id)).returning().get()
    return row?.failures ?? 0
  })
}
