// The table of projects: each has its own checks, keys, limits, and a ping key for slug URLs.
import { randomBytes, randomInt } from 'node:crypto'
import { MEBIBYTE } from '../bytes.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { freshId } from '../state/key-value.ts'
import { asc, eq, isNull, sql } from '../state/orm.ts'
import { projects, removedProjects } from '../state/schema/index.ts'
import { HOUR } from '../time.ts'

export type Project = typeof projects.$inferSelect
export type ProjectChanges = Partial<Omit<Project, 'id' | 'logName' | 'pingKey' | 'createdAt'>>

/** The project of everything that names none. */
export const FIRST_PROJECT = 'default'
const DEFAULT_REMINDER_MS = 4 * HOUR
const PING_KEY_LENGTH = 22
/** What shippers send at once: Vector up to 10 MB, Fluentd chunks of 8 MB. */
const DEFAULT_BODY_LIMIT_BYTES = 10 * MEBIBYTE
const DEFAULT_LINE_LIMIT = 50_000

/** Adds a project with its own ping key. Throws `invalid` for a wrong name, `conflict` for one that is taken. */
export function addProject(state: State, name: string, now: number): Project {
  refuseName(state, name, 'name')
  state.forget('projects by log name')
  return state.transaction(() =>
    state.db
      .insert(projects)
      .values({
        id: freshId(state, 'projects'),
        name,
        logName: newLogName(name),
        pingKey: randomWord(PING_KEY_LENGTH),
        remindEvery: DEFAULT_REMINDER_MS,
        bodyLimit: DEFAULT_BODY_LIMIT_BYTES,
        lineLimit: DEFAULT_LINE_LIMIT,
        createdAt: now,
      })
      .returning()
      .get(),
  )
}

/** The project called `name` (default: the first project); throws `not_found`. */
export function findProject(state: State, name: string = FIRST_PROJECT): Project {
  const found = readProject(state, name)
  if (found) return found
  const names = listProjects(state).map(project => project.name)
  throw new Problem(
    'not_found',
    `There is no project "${name}". Projects: ${names.join(', ')}. "projects add" adds one.`,
    {
      fields: { project: 'no such project' },
    },
  )
}

/** The project called `name`, or undefined; cached in memory, because every log request asks. */
export function readProject(state: State, name: string): Project | undefined {
  const cache = state.memory<Project>('projects by name')
  const cached = cache.get(name)
  if (cached) return cached
  const byName = eq(projects.name, sql.placeholder('name'))
  const found = state
    .prepared('project by name', db => db.select().from(projects).where(byName).prepare())
    .get({ name })
  if (found) cache.set(name, found)
  return found
}

/** The project of an id, or undefined; prepared, because every alert card asks. */
export function readProjectById(state: State, id: number): Project | undefined {
  const byId = eq(projects.id, sql.placeholder('id'))
  return state.prepared('project by id', db => db.select().from(projects).where(byId).prepare()).get({ id })
}

/** The project whose log lines are stored under `logName`; cached in memory, because every line that is shown asks. */
export function readProjectByLogName(state: State, logName: string): Project | undefined {
  const cache = state.memory<{ project: Project | undefined }>('projects by log name')
  const cached = cache.get(logName)
  if (cached) return cached.project
  const project = state.db.select().from(projects).where(eq(projects.logName, logName)).get()
  cache.set(logName, { project })
  return project
}

/** What people call the project whose log lines are stored under `logName`; never the name that a newer project has. */
export function shownProjectName(state: State, logName: string): string {
  const found = readProjectByLogName(state, logName)
  if (found) return found.name
  const name = logName.split('~', 1)[0]!
  return readProject(state, name) ? `${name} (removed)` : name
}

/** The project whose slug ping URLs begin with `pingKey`. */
export function readProjectByPingKey(state: State, pingKey: string): Project | undefined {
  return state.db.select().from(projects).where(eq(projects.pingKey, pingKey)).get()
}

/** All projects, in order of their names. */
export function listProjects(state: State): Project[] {
  return state.prepared('projects', db => db.select().from(projects).orderBy(asc(projects.name)).prepare()).all()
}

/** Changes the settings or the name of a project. Throws as `addProject`; the first project cannot be renamed. */
export function editProject(state: State, id: number, changes: ProjectChanges): Project {
  const project = readProjectById(state, id)!
  if (Object.keys(changes).length === 0) return project
  if (changes.name !== undefined && changes.name !== project.name) {
    if (project.name === FIRST_PROJECT) throw firstProjectStays('renamed')
    refuseName(state, changes.name, 'rename')
  }
  forgetProjects(state)
  // The cached series of rules depend on the names of projects.
  if (changes.name !== undefined) state.forget('series of rules')
  return state.transaction(() => state.db.update(projects).set(changes).where(eq(projects.id, id)).returning().get()!)
}

/** Gives the project a new ping key; its old slug URLs stop working immediately. */
export function rotatePingKey(state: State, id: number): Project {
  const changes = { pingKey: randomWord(PING_KEY_LENGTH) }
  forgetProjects(state)
  return state.transaction(() => state.db.update(projects).set(changes).where(eq(projects.id, id)).returning().get()!)
}

/** What is kept in memory of rows that are deleted with their project. */
const REMEMBERED_OF_PROJECTS = [
  'log series',
  'all series',
  'series of a project',
  'series of the minute',
  'sources',
  'rules',
] as const

/**
 * Removes a project with its checks, beats, keys and saved searches, and notes that its log lines must be purged. Throws
 * `conflict` for the first project.
 */
export function removeProject(state: State, project: Project, now: number): void {
  if (project.name === FIRST_PROJECT) throw firstProjectStays('removed')
  // Rows without a foreign key go first, because the id may be given to another project; then the caches.
  state.transaction(() => {
    state.prepare('delete from quiet_hours where project_id = ?').run(project.id)
    state.forget('active silences')
    state.prepare('delete from suppression_settings where project_id = ?').run(project.id)
    state.prepare('delete from saved_searches where project_id = ?').run(project.id)
    const { name, logName } = project
    state.db.insert(removedProjects).values({ name, logName, removedAt: now }).run()
    state.db.delete(projects).where(eq(projects.id, project.id)).run()
    state.emit('keys')
  })
  state.forget('checks by uuid')
  forgetProjects(state)
  for (const name of REMEMBERED_OF_PROJECTS) state.forget(name)
}

/** The removed projects whose lines may still be stored. */
export function listUnpurgedProjects(state: State) {
  return state.db.select().from(removedProjects).where(isNull(removedProjects.purgedAt)).all()
}

/** Records that all lines of a removed project are purged. */
export function markPurged(state: State, logName: string, now: number): void {
  state.transaction(() =>
    state.db.update(removedProjects).set({ purgedAt: now }).where(eq(removedProjects.logName, logName)).run(),
  )
}

function forgetProjects(state: State): void {
  state.forget('projects by log name')
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
    throw new Problem('conflict', `A project "${name}" already exists.`, { fields: { [field]: 'is taken' } })
  }
}

function firstProjectStays(what: string): Problem {
  return new Problem(
    'conflict',
    `The project "${FIRST_PROJECT}" holds everything that names no project; it cannot be ${what}.`,
  )
}

/** The retention of a project's log lines; `defaultMs` is the RETENTION setting. */
export function retentionOf(project: Project, defaultMs: number) {
  return { project: project.name, retentionMs: project.retention ?? defaultMs, tagRetentionMs: project.tagRetention }
}

/**
 * What lines of a new project are stored under: never used before, whatever the name was used for. The first project can
 * neither be renamed nor removed, so its name is enough.
 */
function newLogName(name: string): string {
  return name === FIRST_PROJECT ? name : `${name}~${randomBytes(6).toString('hex')}`
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A random word of letters and digits, from the cryptographic source of the system. */
export function randomWord(length: number): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}
