// The table of log formats that users added to their projects.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq } from '../state/orm.ts'
import { logFormats } from '../state/schema/index.ts'
import { createUserFormat, type UserFormat } from './formats/user-format.ts'

export type LogFormat = typeof logFormats.$inferSelect

/** More would cost every line too much. */
const MAX_FORMATS = 50

/** Adds a format to a project, or replaces the one of its name. Throws `invalid` for a wrong pattern, `conflict` beyond the limit. */
export function saveLogFormat(state: State, format: LogFormat): void {
  createUserFormat(format)
  const { projectId, name: _, ...changes } = format
  state.transaction(() => {
    const others = listLogFormats(state, projectId).filter(({ name }) => name !== format.name)
    if (others.length >= MAX_FORMATS)
      throw new Problem('conflict', `A project has at most ${MAX_FORMATS} formats. "formats remove" removes one.`)
    state.db
      .insert(logFormats)
      .values(format)
      .onConflictDoUpdate({ target: [logFormats.projectId, logFormats.name], set: changes })
      .run()
  })
  state.forget('log formats')
}

/** Removes a format of a project. Throws `not_found`. */
export function removeLogFormat(state: State, projectId: number, name: string): void {
  readLogFormat(state, projectId, name)
  const isFormat = and(eq(logFormats.projectId, projectId), eq(logFormats.name, name))
  state.transaction(() => state.db.delete(logFormats).where(isFormat).run())
  state.forget('log formats')
}

/** The format of a name in a project. Throws `not_found`. */
export function readLogFormat(state: State, projectId: number, name: string): LogFormat {
  const found = listLogFormats(state, projectId).find(format => format.name === name)
  if (found) return found
  throw new Problem('not_found', `There is no format "${name}". "formats list" shows all formats.`, {
    fields: { name: 'no such format' },
  })
}

/** The formats of a project, by name. */
export function listLogFormats(state: State, projectId: number): LogFormat[] {
  return state.db
    .select()
    .from(logFormats)
    .where(eq(logFormats.projectId, projectId))
    .orderBy(asc(logFormats.name))
    .all()
}

/** The formats for the lines of a project; undefined without any. Cached, because every request asks. */
export function userFormats(state: State, projectId: number): readonly UserFormat[] | undefined {
  const cache = state.memory<{ formats: readonly UserFormat[] | undefined }>('log formats')
  const cached = cache.get(String(projectId))
  if (cached) return cached.formats
  const rows = listLogFormats(state, projectId).map(({ name, pattern }) => ({ name, pattern }))
  const formats = rows.length === 0 ? undefined : rows
  cache.set(String(projectId), { formats })
  return formats
}
