// Finds sources of whose lines too many are errors: by share, from a number of errors on.
import { sparkline } from '../charts/sparkline.ts'
import { quoteWord } from '../command-line.ts'
import { type Series, sourceErrors } from '../logs/counters.ts'
import { type LinesWithin, linesOf, type Pausing } from '../logs/line-counts.ts'
import { readSource } from '../logs/sources.ts'
import type { State } from '../state/database.ts'
import { HOUR, MINUTE } from '../time.ts'
import { windowWords } from './error-finding.ts'
import { seriesOfRule } from './fitting-series.ts'
import type { Rule } from './rule.ts'
import type { Figure } from './rule-finding.ts'
import { titleOf } from './rule-title.ts'
import { alertedErrors } from './watches.ts'

export type Share = { projectId: number; source: string; errors: number; lines: number }

/** What is usual is the share of so long, ms, of a source that is known for it. */
export const USUAL_OVER = 24 * HOUR
const REMEMBERED = 5 * MINUTE
const MOST_REMEMBERED = 1_000

/** The figures of a rule over the whole minutes before `until`. */
export function* errorRates(state: State, rule: Rule, until: number, within: LinesWithin): Pausing<Figure[]> {
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
    figures.push(figureOf(state, rule, share, usual, until))
    if (suspicious) yield
  }
  return figures
}

/** Whether so many of the lines are errors; `usual` is the usual share in percent. */
export function isTooMany(rule: Pick<Rule, 'threshold' | 'minimum' | 'times'>, share: Share, usual: number): boolean {
  const needed = Math.min(100, Math.max(rule.threshold!, usual * rule.times))
  return share.errors >= (rule.minimum ?? 1) && percent(share) >= needed && percent(share) > usual
}

/** The share of one source's series. Errors that have an alert of their own are lines, but no errors: they have been told already. */
function shareOf(series: readonly Series[], lines: ReadonlyMap<number, number>, told: ReadonlySet<string>): Share {
  const { projectId, source } = series[0]!
  const share = { projectId, source, errors: 0, lines: 0 }
  for (const { id, level, fingerprint } of series) {
    const count = lines.get(id) ?? 0
    share.lines += count
    const isError = level === 'error' || level === 'fatal'
    if (isError && !told.has(`${projectId}\0${fingerprint}`)) share.errors += count
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
  const usual = percent(shareOf(series, linesOf(state, series, until - USUAL_OVER, until - rule.window!), told))
  if (kept.size >= MOST_REMEMBERED) kept.clear()
  kept.set(key, { at: until, usual })
  return usual
}

function figureOf(state: State, rule: Rule, share: Share, usual: number, until: number): Figure {
  const { projectId, source, errors, lines } = share
  const window = windowWords(rule.window!)
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
      ` in ${window} were errors (${whole(percent(share))}%, at worst ${whole(worst)}%); the rule ${rule.name} alerts at ${rule.threshold}% and ${rule.minimum ?? 1} errors.${often}`,
    ],
    more: () => ({
      fields: [{ name: 'Errors in the last hour', value: lastHour(state, share, until) }],
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

/** One block for two minutes. */
function lastHour(state: State, { projectId, source }: Share, until: number): string {
  const values = new Array<number>(30).fill(0)
  for (const { at, count } of sourceErrors(state, projectId, source, until - HOUR, until))
    values[Math.floor((at - until + HOUR) / (2 * MINUTE))]! += count
  return sparkline(values)
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
