// Notices two copies of one running satellite, such as a machine that was cloned: each answer has a token that the next report names.
import { randomUUID } from 'node:crypto'
import type { ReportChain, SatelliteReport } from '../../satellites/record.ts'
import type { Satellite } from '../../satellites/satellite.ts'

type Link = { instance: string; token: string; reportId: string; after: string | null }

export type ReportChains = ReturnType<typeof createReportChains>

/**
 * The chains of reports that were answered, in memory: after a restart of the main the first report of each begins one again.
 * A report follows the last answer, or the one before it when that answer was lost, which only its own process can tell.
 */
export function createReportChains() {
  const links = new Map<string, Link>()

  /** Whether a report goes on from the one that was answered last. */
  const follows = (satellite: Pick<Satellite, 'id'>, report: SatelliteReport): boolean => {
    const { chain, instance } = report
    const last = links.get(linkOf(satellite, report))
    if (chain === null || last === undefined || last.instance !== instance) return true
    if (chain.after === last.token) return true
    return chain.after === last.after && isOneOf(chain, last.reportId)
  }

  return {
    follows,
    /** The token of the answer to a report that is stored. */
    answer(satellite: Pick<Satellite, 'id'>, report: SatelliteReport): string {
      const { chain, instance } = report
      const token = randomUUID()
      // A report that was given up, and is answered after the one that was sent in its place, changes nothing.
      if (chain !== null && follows(satellite, report))
        links.set(linkOf(satellite, report), { instance, token, reportId: chain.id, after: chain.after })
      return token
    },
  }
}

function linkOf({ id }: Pick<Satellite, 'id'>, { kind }: SatelliteReport): string {
  return `${id} ${kind}`
}

function isOneOf({ id, unanswered }: ReportChain, reportId: string): boolean {
  return id === reportId || unanswered.includes(reportId)
}
