// The projects: each has its checks, its keys and the ping key of its slug URLs.
import { randomInt } from 'node:crypto'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { asc, eq, sql } from '../state/orm.ts'
import { projects } from '../state/schema/index.ts'
import { HOUR } from '../time.ts'

export type Project = typeof projects.$inferSelect
export type ProjectChanges = Partial<Omit<Project, 'id' | 'pingKey' | 'createdAt'>>

/** The project that things belong to when none is named. */
export const FIRST_PROJECT = 'default'
const REMIND_EVERY = 4 * HOUR

/** Adds a project with a ping key of its own. Throws `invalid` for what is no name, `conflict` for one that is taken. */
export function addProject(state: State, name: string, now: number): Project {
  refuseName(state, name, 'name')
  return state.transaction(() =>
    state.db
      .insert(projects)
      .values({ name, pingKey: randomWord(22), remindEvery: REMIND_EVERY, createdAt: now })
      .returning()
      .get(),
  )
}

/** The project called `name`, by default the first one; throws `not_found`. */
export function findProject(state: State, name: string = FIRST_PROJECT): Project {
  const found = readProject(state, name)
  if (found) return found
  const names = listProjects(state).map(project => project.name)
  throw new Problem(
    'not_found',
    `There is no project "${name}". There is ${names.join(', ')}; "projects add" makes another.`,
    {
      fields: { project: 'no such project' },
    },
  )
}

/** The project called `name`, or undefined; kept in memory, because every log request asks. */
export function readProject(state: State, name: string): Project | undefined {
  const kept = state.memory<Project>('projects by name')
  const known = kept.get(name)
  if (known) return known
  const byName = eq(projects.name, sql.placeholder('name'))
  const found = state
    .prepared('project by name', db => db.select().from(projects).where(byName).prepare())
    .get({ name })
  if (found) kept.set(name, found)
  return found
}

/** The project of a row that belongs to one; prepared, because every alert card asks. */
export function readProjectById(state: State, id: number): Project | undefined {
  const byId = eq(projects.id, sql.placeholder('id'))
  return state.prepared('project by id', db => db.select().from(projects).where(byId).prepare()).get({ id })
}

/** The project whose slug ping URLs begin with `pingKey`. */
export function readProjectByPingKey(state: State, pingKey: string): Project | undefined {
  return state.db.select().from(projects).where(eq(projects.pingKey, pingKey)).get()
}

/** All projects by name. */
export function listProjects(state: State): Project[] {
  return state.db.select().from(projects).orderBy(asc(projects.name)).all()
}

/** Changes the limits or the name of a project; its name follows the rules of a new one, and the first keeps its own. */
export function editProject(state: State, id: number, changes: ProjectChanges): Project {
  const project = readProjectById(state, id)!
  if (Object.keys(changes).length === 0) return project
  if (changes.name !== undefined && changes.name !== project.name) {
    if (project.name === FIRST_PROJECT) throw firstProjectStays('renamed')
    refuseName(state, changes.name, 'rename')
  }
  forgetProjects(state)
  // Rules remember which series they are about, by the names of projects too.
  if (changes.name !== undefined) state.forget('series of rules')
  return state.transaction(() => state.db.update(projects).set(changes).where(eq(projects.id, id)).returning().get()!)
}

/** Gives the project a new ping key; its old slug URLs stop working at once. */
export function rotatePingKey(state: State, id: number): Project {
  const changes = { pingKey: randomWord(22) }
  forgetProjects(state)
  return state.transaction(() => state.db.update(projects).set(changes).where(eq(projects.id, id)).returning().get()!)
}

/** Removes a project with its checks, beats and keys. The first project stays. */
export function removeProject(state: State, project: Project): void {
  if (project.name === FIRST_PROJECT) throw firstProjectStays('removed')
  // Its checks go with it, also those kept in memory; and what is kept by its number, which another may be given.
  state.transaction(() => {
    state.prepare('delete from quiet_hours where project_id = ?').run(project.id)
    state.prepare('delete from suppression_settings where project_id = ?').run(project.id)
    state.db.delete(projects).where(eq(projects.id, project.id)).run()
  })
  state.forget('checks by uuid')
  forgetProjects(state)
  for (const name of ['log series', 'all series', 'series of a project', 'kinds of the minute', 'sources'] as const)
    state.forget(name)
}

function forgetProjects(state: State): void {
  state.forget('keys in use')
  state.forget('projects by name')
}

function refuseName(state: State, name: string, field: 'name' | 'rename'): void {
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)) {
    throw new Problem(
      'invalid',
      `"${name}" cannot be a project name. Use up to 64 lowercase letters, digits, - and _, a letter or digit first.`,
      { fields: { [field]: 'must be lowercase letters, digits, - and _' } },
    )
  }
  if (readProject(state, name)) {
    throw new Problem('conflict', `There is a project "${name}" already.`, { fields: { [field]: 'is taken' } })
  }
}

function firstProjectStays(what: string): Problem {
  return new Problem(
    'conflict',
    `The project "${FIRST_PROJECT}" is where things go when none is named; it cannot be ${what}.`,
  )
}

/** How long a project's log lines are kept; `general` (ms) is for projects that do not say. */
export function retentionOf(project: Project, general: number) {
  return { project: project.name, retentionMs: project.retention ?? general, tagRetentionMs: project.tagRetention }
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Letters and digits from the system's secure source. */
export function randomWord(length: number): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}
