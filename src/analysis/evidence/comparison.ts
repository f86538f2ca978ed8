// Compares the logs of a period with the period before it, in a few lines for reports, without a model.
import type { Text } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { DAY, SECOND } from '../../time.ts'
import { type EvidenceSources, gatherPack } from './gather.ts'
import { listSeverePatterns, type Pack } from './pack.ts'
import { ALL_NEW_TEXT, hasNoBaseline, patternLine } from './pack-card.ts'

/** A report does not wait longer. */
const COMPARISON_TIMEOUT_MS = 10 * SECOND
const MAX_SEVERE_PATTERNS = 4
const MAX_SILENT_PATTERNS = 2

export type Period = { from: number; until: number; project: string | null; projectId: number | null }
/** Compares a period; resolves with no lines without logs, and with a sentence when the comparison failed or took too long. */
export type Compare = (period: Period) => Promise<readonly Text[]>

/** Creates a comparison that takes at most ten seconds and never rejects; errors are logged. */
export function createComparison(sources: EvidenceSources, clock: Clock, logger: Logger): Compare {
  return async ({ from, until, project, projectId }) => {
    // A deleted project has no logs; without its name, the logs of all projects would be compared.
    if (!sources.store || (projectId !== null && project === null)) return []
    let cancel = () => {}
    const late = new Promise<null>(done => {
      cancel = clock.at(clock.now() + COMPARISON_TIMEOUT_MS, () => done(null))
    })
    const where = project === null ? null : { kind: 'field' as const, field: 'project' as const, value: project }
    const gathered = gatherPack(sources, { title: '', where, from, until, projectId }).catch(error => {
      logger.warn('comparing the logs for a report failed', { error })
      return null
    })
    const pack = await Promise.race([gathered, late])
    cancel()
    return pack === null
      ? ['Comparing the logs failed or took too long. "analyze logs" compares them.']
      : comparisonLines(pack)
  }
}

/** The most severe patterns that are new or surging, and those that fell silent. */
export function comparisonLines(pack: Pack): Text[] {
  if (pack.coverage.lines === 0) return []
  const severe = listSeverePatterns(pack)
  const silent = pack.patterns.filter(({ change }) => change === 'silent')
  const shown = [...severe.slice(0, MAX_SEVERE_PATTERNS), ...silent.slice(0, MAX_SILENT_PATTERNS)]
  if (shown.length === 0) return ['Nothing unusual in the logs compared with the period before.']
  const more = severe.length + silent.length - shown.length
  return [
    [{ bold: 'Unusual in the logs compared with the period before' }],
    ...(hasNoBaseline(pack) ? [ALL_NEW_TEXT] : []),
    ...shown.map(pattern => patternLine(pattern, { cited: false, dated: pack.until - pack.from > DAY / 2 })),
    ...(more > 0 ? [`… ${more} more; "analyze logs" shows them.`] : []),
  ]
}
