// The table of what Healthchecks' API keeps of a check beside its settings: tags, description, its own keywords, channels.
import type { State } from '../../state/database.ts'
import { eq } from '../../state/orm.ts'
import { checkDetails, checks } from '../../state/schema/index.ts'
import type { Check } from '../check.ts'

export type CheckDetails = typeof checkDetails.$inferSelect
/** All channels, in the list of channels of a check. */
export const EVERY_CHANNEL = '*'

/** The details of a check; those of its settings where none are stored. */
export function readDetails(state: State, check: Check): CheckDetails {
  const stored = state.db.select().from(checkDetails).where(eq(checkDetails.checkId, check.id)).get()
  return withSettings(check, stored)
}

/** The details of many checks of one project, in their order. */
export function listDetails(state: State, projectId: number, all: readonly Check[]): CheckDetails[] {
  const rows = state.db
    .select({ details: checkDetails })
    .from(checkDetails)
    .innerJoin(checks, eq(checkDetails.checkId, checks.id))
    .where(eq(checks.projectId, projectId))
    .all()
  const byId = new Map(rows.map(({ details }) => [details.checkId, details]))
  return all.map(check => withSettings(check, byId.get(check.id)))
}

/** Stores the details of a check. */
export function saveDetails(state: State, details: CheckDetails): void {
  const { checkId: _, ...changes } = details
  state.transaction(() =>
    state.db
      .insert(checkDetails)
      .values(details)
      .onConflictDoUpdate({ target: checkDetails.checkId, set: changes })
      .run(),
  )
}

/** The check whose push URL an import kept; undefined when there is none. */
export function readCheckIdByPushToken(state: State, token: string): number | undefined {
  return state
    .prepare<[string], { id: number }>('select check_id as id from check_details where push_token = ?')
    .get(token)?.id
}

/** The channels that the API chose for the alerts of a check; null where the routes decide. */
export function readChosenChannels(state: State, checkId: number): readonly string[] | null {
  const stored = state
    .prepare<[number], { channels: string | null }>('select channels from check_details where check_id = ?')
    .get(checkId)?.channels
  return stored ? (JSON.parse(stored) as string[]) : null
}

/** A setting that a command changed since counts more than what the API stored. */
function withSettings(check: Check, stored: CheckDetails | undefined): CheckDetails {
  const details: CheckDetails = stored ?? {
    checkId: check.id,
    apiName: check.name,
    forName: check.name,
    tags: '',
    description: '',
    startKeywords: '',
    successKeywords: '',
    failureKeywords: '',
    filterSubject: false,
    filterBody: false,
    filterHttpBody: false,
    filterDefaultFail: false,
    channels: null,
    pushToken: null,
  }
  const named = details.forName === check.name ? details : { ...details, apiName: check.name, forName: check.name }
  const { startKeywords, successKeywords, failureKeywords, defaultFail } = check
  const isFiltered = startKeywords !== '' || successKeywords !== '' || failureKeywords !== '' || defaultFail
  if (!isFiltered) return named
  return {
    ...named,
    ...{ startKeywords, successKeywords, failureKeywords, filterHttpBody: true, filterDefaultFail: defaultFail },
  }
}
