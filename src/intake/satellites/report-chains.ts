// Notices two copies of one running satellite, such as a machine that was cloned: each answer has a token that the next report names.
import { randomUUID } from 'node:crypto'
import type { ReportChain, SatelliteReport } from '../../satellites/record.ts'
import type { Satellite } from '../../satellites/satellite.ts'

type Link = {
  instance: string
  token: string
  reportId: string
  after: string | null
  /** Reports that were sent, and given up for others. */
  givenUp: readonly string[]
}
/** A run, and when its first report was sent, by its own clock. */
type Run = Pick<SatelliteReport, 'instance' | 'place'> & { begunAt: number }

const MAX_GIVEN_UP = 100

export type ReportChains = ReturnType<typeof createReportChains>

/**
 * The chains of reports that were answered, in memory: after a restart of the main the first report of each begins one again.
 * A report follows the last answer, or the one before it when that answer was lost, which only its own process can tell.
 */
export function createReportChains() {
  const links = new Map<string, Link>()
  const runs = new Map<number, Run>()

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
    /** Notes the run of a report that is taken. */
    begin({ id }: Pick<Satellite, 'id'>, { instance, place, now }: SatelliteReport): void {
      if (runs.get(id)?.instance !== instance) runs.set(id, { instance, place, begunAt: now })
    },
    /**
     * Whether a report that is not taken was on its way for long: its process was killed before the present run began at the
     * same place, or sent another one in its place. Then nobody reports beside the present run.
     */
    isLate(satellite: Pick<Satellite, 'id'>, report: SatelliteReport): boolean {
      const { chain, instance, place, now } = report
      const run = runs.get(satellite.id)
      if (run && run.instance !== instance) return place !== null && place === run.place && now < run.begunAt
      const last = links.get(linkOf(satellite, report))
      return chain !== null && last?.instance === instance && last.givenUp.includes(chain.id)
    },
    /** The token of the answer to a report that is stored. */
    answer(satellite: Pick<Satellite, 'id'>, report: SatelliteReport): string {
      const { chain, instance } = report
      const token = randomUUID()
      // A report that was given up, and is answered after the one that was sent in its place, changes nothing.
      if (chain === null || !follows(satellite, report)) return token
      const { id, after, unanswered } = chain
      const last = links.get(linkOf(satellite, report))
      const earlier = last?.instance === instance ? last.givenUp : []
      const givenUp = [...earlier, ...unanswered.filter(other => other !== id)].slice(-MAX_GIVEN_UP)
      links.set(linkOf(satellite, report), { instance, token, reportId: id, after, givenUp })
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
