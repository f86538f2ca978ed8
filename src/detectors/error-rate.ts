// Finds sources of whose lines too many are errors: by share, from a number of errors on.
import { sparkline } from '../charts/sparkline.ts'
import { quoteWord } from '../command-line.ts'
import { countsBySeries, type Series, sourceErrors } from '../logs/counters.ts'
import { readSource } from '../logs/sources.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { HOUR, MINUTE } from '../time.ts'
import { windowWords } from './error-finding.ts'
import { fitsLines, type LineMatcher, readLineMatcher } from './line-matcher.ts'
import type { Rule } from './rule.ts'
import type { Figure } from './rule-finding.ts'
import { alertedErrors } from './watches.ts'

export type Share = { projectId: number; source: string; errors: number; lines: number }

/** How often the rule's share counts as usual when a source always has many errors. */
const TIMES_USUAL = 2
const USUAL_OVER = 24 * HOUR

/** The figures of a rule over the whole minutes before `until`. */
export function errorRates(state: State, rule: Rule, until: number): Figure[] {
  const matcher = readLineMatcher(rule.matcher)
  const told = alertedErrors(state)
  const shares = sharesOf(state, rule, matcher, told, countsBySeries(state, until - rule.window!, until))
  // What is usual is only asked for when something is wrong.
  const suspicious = rule.baseline && shares.some(share => isTooMany(rule, share, 0))
  const day = suspicious ? countsBySeries(state, until - USUAL_OVER, until - rule.window!) : []
  const usual = new Map(sharesOf(state, rule, matcher, told, day).map(share => [keyOf(share), percent(share)]))
  return shares.map(share => {
    const known = readSource(state, share.projectId, share.source)
    const young = !known || until - known.firstSeenAt < USUAL_OVER
    return figureOf(state, rule, share, young ? 0 : (usual.get(keyOf(share)) ?? 0), until)
  })
}

/** Whether so many of the lines are errors; `usual` is the usual share in percent. */
export function isTooMany(rule: Pick<Rule, 'threshold' | 'minimum'>, share: Share, usual: number): boolean {
  const needed = Math.min(100, Math.max(rule.threshold!, usual * TIMES_USUAL))
  return share.errors >= (rule.minimum ?? 1) && percent(share) >= needed && percent(share) > usual
}

/** The shares by source. Errors that have an alert of their own are lines, but no errors: they have been told already. */
function sharesOf(
  state: State,
  rule: Rule,
  matcher: LineMatcher,
  told: ReadonlySet<string>,
  counts: readonly (Series & { count: number })[],
): Share[] {
  const shares = new Map<string, Share>()
  for (const one of counts) {
    const { projectId, source, level, fingerprint, count } = one
    if (rule.projectId !== null && rule.projectId !== projectId) continue
    if (matcher && !fitsLines(matcher, one, readProjectById(state, projectId)?.name ?? '')) continue
    const share = shares.get(keyOf(one)) ?? { projectId, source, errors: 0, lines: 0 }
    share.lines += count
    const isError = level === 'error' || level === 'fatal'
    if (isError && !told.has(`${projectId}\0${fingerprint}`)) share.errors += count
    shares.set(keyOf(one), share)
  }
  return [...shares.values()]
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
    title: worst => `${source || 'lines without a source'}: ${whole(worst)}% of lines are errors`,
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

function keyOf({ projectId, source }: { projectId: number; source: string }): string {
  return `${projectId}\0${source}`
}

function percent({ errors, lines }: Pick<Share, 'errors' | 'lines'>): number {
  return lines === 0 ? 0 : (errors / lines) * 100
}

/** Without needless decimals: `12`, `0.4`. */
function whole(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10)
}
