// The people whom alerts can notify, with their accounts on each platform.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { asc, eq, sql } from '../../state/orm.ts'
import { overrides, people, peopleAccounts, rotations } from '../../state/schema/index.ts'
import { removePersonChannels } from './channels.ts'
import { referencesTo } from './references.ts'

/** A person; `accounts` are ids by the name of the platform. */
export type Person = { name: string; accounts: Readonly<Record<string, string>> }

/** All people by name. */
export function listPeople(state: State): Person[] {
  const accounts = Map.groupBy(state.db.select().from(peopleAccounts).all(), account => account.person)
  const all = state.db.select().from(people).orderBy(asc(people.name)).all()
  return all.map(({ name }) => toPerson(name, accounts.get(name) ?? []))
}

/** The person with a name, letter case aside, or undefined. */
export function readPerson(state: State, name: string): Person | undefined {
  const found = state.db.select().from(people).where(sql`lower(${people.name}) = ${name.toLowerCase()}`).get()
  if (!found) return undefined
  const accounts = state.db.select().from(peopleAccounts).where(eq(peopleAccounts.person, found.name)).all()
  return toPerson(found.name, accounts)
}

/** The name of the person with an account, or undefined. */
export function personOf(people: readonly Person[], platform: string, accountId: string): string | undefined {
  return people.find(person => person.accounts[platform] === accountId)?.name
}

function toPerson(name: string, accounts: readonly (typeof peopleAccounts.$inferSelect)[]): Person {
  return { name, accounts: Object.fromEntries(accounts.map(({ platform, accountId }) => [platform, accountId])) }
}

/** The person with a name; throws `not_found`. */
export function findPerson(state: State, name: string): Person {
  const found = readPerson(state, name)
  if (found) return found
  const known = listPeople(state).map(person => person.name)
  const hint = known.length > 0 ? ` There is ${known.join(', ')}.` : ''
  throw new Problem(
    'not_found',
    `There is no person "${name}".${hint} "oncall member add ${name} --slack U012" adds a person.`,
  )
}

/** Adds a person, or updates the accounts of an existing one. */
export function savePerson(state: State, { name: wanted, accounts }: Person): Person {
  return state.transaction(() => {
    const old = readPerson(state, wanted)
    const name = old?.name ?? wanted
    if (!old) state.db.insert(people).values({ name }).run()
    for (const [platform, accountId] of Object.entries(accounts))
      state.db
        .insert(peopleAccounts)
        .values({ person: name, platform, accountId })
        .onConflictDoUpdate({ target: [peopleAccounts.person, peopleAccounts.platform], set: { accountId } })
        .run()
    return { name, accounts: { ...old?.accounts, ...accounts } }
  })
}

/** Deletes a person, to whom nothing more is sent; throws `conflict` while a rotation, a route or an escalation names them. */
export function removePerson(state: State, name: string, now: number): Person {
  return state.transaction(() => {
    const person = findPerson(state, name)
    const theirRotations = state.db
      .select()
      .from(rotations)
      .all()
      .filter(({ members }) => members.includes(person.name))
    if (theirRotations.length > 0)
      throw new Problem(
        'conflict',
        `${person.name} is a member of ${theirRotations.map(rotation => rotation.name).join(', ')}. "oncall edit ${theirRotations[0]!.name} --members …" sets other members.`,
      )
    const references = referencesTo(state, word => word === `person:${person.name}`)
    if (references.length > 0)
      throw new Problem('conflict', `${person.name} is used by ${references.join(', ')}. Change that first.`)
    // Those whom they replace are on call again.
    state.db.delete(overrides).where(eq(overrides.who, person.name)).run()
    state.db.delete(people).where(eq(people.name, person.name)).run()
    removePersonChannels(state, person.name, now)
    return person
  })
}
