// What is unusual in the logs of a period against as long before it, in a few lines; for reports, without any model.
import type { Text } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { DAY, SECOND } from '../../time.ts'
import { gatherPack, type Sources } from './gather.ts'
import { type Pack, troubles } from './pack.ts'
import { ALL_NEW, comparesWithNothing, patternLine } from './pack-card.ts'

/** A report waits no longer for it. */
const WITHIN = 10 * SECOND
const TROUBLES = 4
const SILENT = 2

export type Period = { from: number; until: number; project: string | null; projectId: number | null }
/** Compares a period; gives no lines where there is nothing to tell, and a sentence where it could not be told. */
export type Compare = (period: Period) => Promise<readonly Text[]>

/** Compares logs within ten seconds; what fails is told to `log` and never thrown. */
export function createComparison(sources: Sources, clock: Clock, logger: Logger): Compare {
  return async ({ from, until, project, projectId }) => {
    // A project that is gone has no logs; without its name those of all would be looked at.
    if (!sources.store || (projectId !== null && project === null)) return []
    let cancel = () => {}
    const late = new Promise<null>(done => {
      cancel = clock.at(clock.now() + WITHIN, () => done(null))
    })
    const where = project === null ? null : { kind: 'field' as const, field: 'project' as const, value: project }
    const gathered = gatherPack(sources, { title: '', where, from, until, projectId }).catch(error => {
      logger.warn('the logs could not be compared for a report', { error })
      return null
    })
    const pack = await Promise.race([gathered, late])
    cancel()
    return pack === null ? ['The logs could not be compared in time; "analyze logs" does it.'] : unusualLines(pack)
  }
}

/** The foremost of what is new, surges or fell silent. */
export function unusualLines(pack: Pack): Text[] {
  if (pack.coverage.lines === 0) return []
  const trouble = troubles(pack)
  const silent = pack.patterns.filter(one => one.change === 'silent')
  const shown = [...trouble.slice(0, TROUBLES), ...silent.slice(0, SILENT)]
  if (shown.length === 0) return ['Nothing unusual in the logs, against as long before.']
  const more = trouble.length + silent.length - shown.length
  return [
    [{ bold: 'Unusual in the logs, against as long before' }],
    ...(comparesWithNothing(pack) ? [ALL_NEW] : []),
    ...shown.map(one => patternLine(one, { cited: false, dated: pack.until - pack.from > DAY / 2 })),
    ...(more > 0 ? [`… ${more} more; "analyze logs" shows them.`] : []),
  ]
}
