// How the examination of a cluster asks it, and what a refusal means.
import { type Diagnosis, fails } from '../../../../diagnosis.ts'
import { type Reply, reasonOf } from '../client.ts'

/** The part of all diagnoses. */
export const PART = 'log engine'
export const RIGHTS = 'docs/log-engine.md lists all rights that Vakt needs'

/** Asks one node that answers; resolves with whatever it answers. */
export type Ask = (method: string, path: string, body?: unknown) => Promise<Reply>

/** The diagnosis of an answer that refuses what was asked; null for a good one. */
export function may({ status, body }: Reply, what: string, right: string): Diagnosis | null {
  if (status < 300) return null
  if (status === 401 || status === 403)
    return fails(PART, `Vakt may not ${what} (${reasonOf(body)}).`, `Give its user "${right}"; ${RIGHTS}.`)
  return fails(
    PART,
    `The cluster cannot ${what} (${status}: ${reasonOf(body)}).`,
    'Look into the log of the cluster, then run "doctor" again.',
  )
}
