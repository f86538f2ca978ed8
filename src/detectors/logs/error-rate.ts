// Finds sources of whose lines too many are errors: by share, from a number of errors on.
import { quoteWord } from '../../command/command-line.ts'
import { countByMinute, type Series } from '../../logs/counters.ts'
import { readSource } from '../../logs/sources.ts'
import { type Cooperative, countBySeries, type WindowCounter } from '../../logs/window-counts.ts'
import type { State } from '../../state/database.ts'
import type { Curve } from '../../state/schema/index.ts'
import { HOUR, MINUTE } from '../../time.ts'
import type { Rule } from '../rules/rule.ts'
import type { Figure } from '../rules/rule-finding.ts'
import { alertedErrors } from '../rules/rule-states.ts'
import { titleOf } from '../rules/rule-title.ts'
import { windowWords } from './error-finding.ts'
import { seriesOfRule } from './matching-series.ts'

export type Share = { projectId: number; source: string; errors: number; lines: number }

/** What is usual is the share of so long, ms, of a source that is known for it. */
export const USUAL_OVER = 24 * HOUR
const REMEMBERED = 5 * MINUTE
const MOST_REMEMBERED = 1_000

/** The figures of a rule over the whole minutes before `until`. */
export function* errorRates(state: State, rule: Rule, until: number, within: WindowCounter): Cooperative<Figure[]> {
  const from = until - rule.window!
  const told = alertedErrors(state)
  const fitting = yield* seriesOfRule(state, rule)
  const lines = yield* within(from, until)
  const bySource = Map.groupBy(
    fitting.filter(({ id }) => lines.has(id)),
    keyOf,
  )
  const figures: Figure[] = []
  for (const series of bySource.values()) {
    const share = shareOf(series, lines, told)
    // What is usual is only asked for when something is wrong.
    const suspicious = rule.baseline && isTooMany(rule, share, 0)
    const usual = suspicious ? usualShare(state, rule, share, fitting, told, until) : 0
    figures.push(figureOf(rule, share, usual, needed => shareCurve(state, share, needed, fitting, told, until)))
    if (suspicious) yield
  }
  return figures
}

/** Whether so many of the lines are errors; `usual` is the usual share in percent. */
export function isTooMany(rule: Pick<Rule, 'threshold' | 'minimum' | 'times'>, share: Share, usual: number): boolean {
  const enough = share.errors >= (rule.minimum ?? 1) && percent(share) >= neededShare(rule, usual)
  return enough && percent(share) > usual
}

function neededShare(rule: Pick<Rule, 'threshold' | 'times'>, usual: number): number {
  return Math.min(100, Math.max(rule.threshold!, usual * rule.times))
}

/** The share of one source's series. */
function shareOf(series: readonly Series[], lines: ReadonlyMap<number, number>, told: ReadonlySet<string>): Share {
  const { projectId, source } = series[0]!
  const share = { projectId, source, errors: 0, lines: 0 }
  for (const one of series) {
    const count = lines.get(one.id) ?? 0
    share.lines += count
    if (isUntoldError(one, told)) share.errors += count
  }
  return share
}

/** The share in percent that was usual for a source over the day before the window; 0 for one that is young. */
function usualShare(
  state: State,
  rule: Rule,
  { projectId, source }: Share,
  fitting: readonly Series[],
  told: ReadonlySet<string>,
  until: number,
): number {
  const known = readSource(state, projectId, source)
  if (!known || until - known.firstSeenAt < USUAL_OVER) return 0
  const kept = state.memory<{ at: number; usual: number }>('usual shares')
  const key = `${rule.id} ${rule.matcher} ${known.id}`
  const before = kept.get(key)
  if (before && until >= before.at && until - before.at < REMEMBERED) return before.usual
  const series = fitting.filter(one => one.projectId === projectId && one.source === source)
  const usual = percent(shareOf(series, countBySeries(state, series, until - USUAL_OVER, until - rule.window!), told))
  if (kept.size >= MOST_REMEMBERED) kept.clear()
  kept.set(key, { at: until, usual })
  return usual
}

function figureOf(rule: Rule, share: Share, usual: number, curveAgainst: (needed: number) => Curve): Figure {
  const { projectId, source, errors, lines } = share
  const window = windowWords(rule.window!)
  const needed = neededShare(rule, usual)
  const often = usual > 0 ? ` Usual is ${whole(usual)}%.` : ''
  return {
    subject: `${projectId}:${source}`,
    projectId,
    value: percent(share),
    breached: isTooMany(rule, share, usual),
    title: worst => {
      const where = source || 'lines without a source'
      return titleOf(rule, { where, value: `${whole(worst)}%` }, `${where}: ${whole(worst)}% of lines are errors`)
    },
    against: worst => [
      { bold: `${errors} of ${lines} lines` },
      ` in ${window} were errors (${whole(percent(share))}%, at worst ${whole(worst)}%); the rule ${rule.name} alerts at ${whole(needed)}% and ${rule.minimum ?? 1} errors.${often}`,
    ],
    more: () => ({
      chart: curveAgainst(needed),
      buttons: [
        {
          label: 'Logs',
          line: `logs search ${quoteWord(`source:"${source.replaceAll('"', '')}" level>=error last:1h`)}`,
        },
      ],
    }),
    labels: source === '' ? {} : { source },
  }
}

/** The share of errors by minute over the hour before `until`, against what is too much; null where there were no lines. */
function shareCurve(
  state: State,
  { projectId, source }: Share,
  needed: number,
  fitting: readonly Series[],
  told: ReadonlySet<string>,
  until: number,
): Curve {
  const series = fitting.filter(one => one.projectId === projectId && one.source === source)
  const byMinute = (some: readonly Series[]) =>
    new Map(countByMinute(state, some, until - HOUR, until).map(({ at, count }) => [at, count]))
  const lines = byMinute(series)
  const errors = byMinute(series.filter(one => isUntoldError(one, told)))
  const points = Array.from({ length: HOUR / MINUTE }, (_, i): readonly [number, number | null] => {
    const at = until - HOUR + i * MINUTE
    const count = lines.get(at)
    return [at, count === undefined ? null : Math.round(((errors.get(at) ?? 0) / count) * 1000) / 10]
  })
  return { name: 'errors', unit: '%', points, threshold: Math.round(needed * 10) / 10 }
}

/** Errors that have an alert of their own are lines, but no errors: they have been told already. */
function isUntoldError({ projectId, level, fingerprint }: Series, told: ReadonlySet<string>): boolean {
  return (level === 'error' || level === 'fatal') && !told.has(`${projectId}\0${fingerprint}`)
}

function keyOf({ projectId, source }: Series): string {
  return `${projectId}\0${source}`
}

function percent({ errors, lines }: Pick<Share, 'errors' | 'lines'>): number {
  return lines === 0 ? 0 : (errors / lines) * 100
}

/** Without needless decimals: `12`, `0.4`. */
function whole(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10)
}
