// The people that alerts can call: who they are on each platform.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { asc, eq, sql } from '../../state/orm.ts'
import { overrides, people, rotations } from '../../state/schema/index.ts'
import { referencesTo } from './references.ts'

export type Person = typeof people.$inferSelect

/** All people by name. */
export function listPeople(state: State): Person[] {
  return state.db.select().from(people).orderBy(asc(people.name)).all()
}

/** The person of a name, letter case aside, or undefined. */
export function readPerson(state: State, name: string): Person | undefined {
  return state.db.select().from(people).where(sql`lower(${people.name}) = ${name.toLowerCase()}`).get()
}

/** The person of a name; throws `not_found`. */
export function findPerson(state: State, name: string): Person {
  const found = readPerson(state, name)
  if (found) return found
  const known = listPeople(state).map(one => one.name)
  const hint = known.length > 0 ? ` Known are ${known.join(', ')}.` : ''
  throw new Problem(
    'not_found',
    `There is no person "${name}".${hint} "oncall member add ${name} --slack U012" makes one.`,
  )
}

/** Adds a person, or adds to what is known of one. */
export function savePerson(state: State, { name, ...ids }: Partial<Person> & { name: string }): Person {
  return state.transaction(() => {
    const old = readPerson(state, name)
    if (!old)
      return state.db
        .insert(people)
        .values({ name, ...ids })
        .returning()
        .get()
    return state.db.update(people).set(ids).where(eq(people.name, old.name)).returning().get() ?? old
  })
}

/** Removes a person; throws `conflict` while a rotation has them, or a route or an escalation calls them. */
export function removePerson(state: State, name: string): Person {
  return state.transaction(() => {
    const person = findPerson(state, name)
    const held = state.db
      .select()
      .from(rotations)
      .all()
      .filter(one => one.members.includes(person.name))
    if (held.length > 0)
      throw new Problem(
        'conflict',
        `${person.name} has turns in ${held.map(one => one.name).join(', ')}. "oncall edit ${held[0]!.name} --members …" takes them out.`,
      )
    const leads = referencesTo(state, word => word === `person:${person.name}`)
    if (leads.length > 0)
      throw new Problem('conflict', `${person.name} is still called by ${leads.join(', ')}. Change that first.`)
    // For whom they stand in is on call again.
    state.db.delete(overrides).where(eq(overrides.who, person.name)).run()
    state.db.delete(people).where(eq(people.name, person.name)).run()
    return person
  })
}
