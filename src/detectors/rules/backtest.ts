// Tries a rule on the stored counters: what it would have told, one part after the other, so that nothing waits for long.
import { listContainers } from '../../hosts/containers/containers.ts'
import { listHosts } from '../../hosts/hosts.ts'
import { type Metric, readMetric } from '../../hosts/metrics/metrics.ts'
import { countByMinute, listSeries, type Series } from '../../logs/counters.ts'
import { listErrors } from '../../logs/errors/errors.ts'
import { listSources, readSource } from '../../logs/sources.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { HISTORY, neededOver, usualPeak } from '../logs/error-conditions.ts'
import { isTooMany, USUAL_OVER } from '../logs/error-rate.ts'
import { matchesLines, matchesMetric, readLineMatcher } from '../logs/line-matcher.ts'
import { isNews } from '../logs/new-error.ts'
import { isSporadic } from '../logs/silent-source.ts'
import { isBeyond } from '../logs/threshold.ts'
import { type Episode, episodesOf, type Reading, slidingSums } from './episodes.ts'
import type { Rule } from './rule.ts'
import { worseOf } from './rule-finding.ts'

const QUARTER = 15 * MINUTE
/** The counts of so many series are read without a pause. */
const PART = 20

/** What is tried, and when it is now: counts older than two days are kept by the hour. */
export type Span = { from: number; until: number; now: number }

type Subject = { subject: string; projectId: number | null; series: readonly Series[] }

/** The episodes a rule would have had, subject by subject; regressions and searches cannot be read off the counters. */
export function* tryRule(state: State, rule: Rule, span: Span): Generator<Episode[]> {
  if (rule.metric !== null) yield* tryMetric(state, rule, span)
  else if (rule.kind === 'new-error') yield tryNews(state, rule, span)
  else if (rule.kind === 'silence') yield* trySilence(state, rule, span)
  else
    for (const one of subjectsOf(state, rule, span)) {
      const readings = yield* READ[rule.kind as keyof typeof READ](state, rule, one, span)
      yield asEpisodes(rule, one, readings)
    }
}

const READ = {
  'error-spike': readSpikes,
  'error-rate': readRates,
  threshold: readLines,
} as const

function asEpisodes(
  rule: Rule,
  { subject, projectId }: Omit<Subject, 'series'>,
  readings: readonly Reading[],
): Episode[] {
  return episodesOf(rule, readings, worseOf(rule)).map(episode => ({ ...episode, subject, projectId }))
}

/** The lines that a rule is about, by what it judges apart. */
function subjectsOf(state: State, rule: Rule, span: Span): Subject[] {
  const matcher = readLineMatcher(rule.matcher)
  const names = new Map<number, string>()
  const nameOf = (id: number) => {
    if (!names.has(id)) names.set(id, readProjectById(state, id)?.name ?? '')
    return names.get(id)!
  }
  const fitting = listSeries(state).filter(
    one =>
      (rule.projectId === null || rule.projectId === one.projectId) &&
      (rule.kind !== 'error-spike' || one.fingerprint !== '') &&
      (matcher === null || matchesLines(matcher, one, nameOf(one.projectId))),
  )
  const known = new Map(
    rule.kind === 'error-spike'
      ? listErrors(state, { since: span.from, limit: 2_000 }).map(one => [one.fingerprint, one.samples.at(-1)?.message])
      : [],
  )
  const subjects = Map.groupBy(fitting, one => {
    if (rule.kind === 'error-spike') return `${one.projectId}\0${one.fingerprint}`
    if (rule.kind === 'threshold' && rule.per === 'everywhere') return ''
    return `${one.projectId}\0${rule.per === 'host' ? one.host : one.source}`
  })
  return [...subjects].flatMap(([key, series]) => {
    const [first] = series
    const message = known.get(first!.fingerprint)
    if (rule.kind === 'error-spike' && message === undefined) return []
    const subject = rule.kind === 'error-spike' ? `${first!.source}: ${message}` : (key.split('\0')[1] ?? rule.name)
    return [{ subject, projectId: key === '' ? rule.projectId : first!.projectId, series }]
  })
}

/** Readings, with pauses in which there is no episode to tell yet. */
type Read = Generator<Episode[], Reading[]>

/** How many lines some series had together, by minute or hour; of a part of them at a time. */
function* countsOfAll(state: State, series: readonly Series[], from: number, until: number) {
  const sums = new Map<number, number>()
  for (let i = 0; i < series.length; i += PART) {
    for (const { at, count } of countByMinute(state, series.slice(i, i + PART), from, until))
      sums.set(at, (sums.get(at) ?? 0) + count)
    yield [] as Episode[]
  }
  return [...sums].map(([at, count]) => ({ at, count })).sort((a, b) => a.at - b.at)
}

function* readSpikes(state: State, rule: Rule, { series }: Subject, { from, until, now }: Span): Read {
  const counts = yield* countsOfAll(state, series, from - HISTORY, until)
  const usual = new Map<number, number>()
  // What is usual hardly changes within a quarter of an hour.
  const usualAt = (at: number) => {
    const end = Math.floor(at / QUARTER) * QUARTER - QUARTER
    if (!rule.baseline || counts[0]!.at > end - HISTORY + HOUR) return 0
    if (!usual.has(end)) {
      const day = counts.filter(one => one.at >= end - HISTORY && one.at < end)
      usual.set(end, usualPeak(day, rule.window!, end))
    }
    return usual.get(end)!
  }
  return sums(counts, rule.window!, now)
    .filter(({ at }) => at > from)
    .map(({ at, value }) => ({
      at: Math.min(at, until),
      value,
      breached: value >= rule.threshold! && value >= neededOver(rule, usualAt(at)),
    }))
}

function* readRates(state: State, rule: Rule, { series, projectId }: Subject, { from, until, now }: Span): Read {
  const isError = ({ level }: Series) => level === 'error' || level === 'fatal'
  const before = from - (rule.baseline ? USUAL_OVER : 0)
  const lines = yield* countsOfAll(state, series, before, until)
  const errors = yield* countsOfAll(state, series.filter(isError), before, until)
  // Where there were lines, that none of them was an error counts as well.
  const erring = new Map(errors.map(({ at, count }) => [at, count]))
  const errorSums = sums(
    lines.map(({ at }) => ({ at, count: erring.get(at) ?? 0 })),
    rule.window!,
    now,
  )
  const usualAt = usualShares(rule, lines, erring)
  return sums(lines, rule.window!, now).flatMap(({ at, value }, i) => {
    if (at <= from) return []
    const share = { projectId: projectId!, source: '', errors: errorSums[i]!.value, lines: value }
    const breached = isTooMany(rule, share, 0) && isTooMany(rule, share, usualAt(at))
    return [{ at, value: value === 0 ? 0 : (share.errors / value) * 100, breached }]
  })
}

/** The percentage of errors in the day before an instant, by quarters of an hour; 0 while the source was young. */
function usualShares(
  rule: Rule,
  lines: readonly { at: number; count: number }[],
  errors: ReadonlyMap<number, number>,
): (at: number) => number {
  const kept = new Map<number, number>()
  const shareBefore = (end: number) => {
    if (!rule.baseline || lines[0]!.at > end - USUAL_OVER + HOUR) return 0
    const day = lines.filter(one => one.at >= end - USUAL_OVER && one.at < end)
    const all = day.reduce((sum, { count }) => sum + count, 0)
    const erring = day.reduce((sum, { at }) => sum + (errors.get(at) ?? 0), 0)
    return all === 0 ? 0 : (erring / all) * 100
  }
  return at => {
    const end = Math.floor((at - rule.window!) / QUARTER) * QUARTER
    if (!kept.has(end)) kept.set(end, shareBefore(end))
    return kept.get(end)!
  }
}

function* readLines(state: State, rule: Rule, { series }: Subject, { from, until, now }: Span): Read {
  const begin = from - rule.window!
  const counts = yield* countsOfAll(state, series, begin, until)
  const counted = new Map(counts.map(({ at, count }) => [at, count]))
  // Too few lines can only be seen where every minute is looked at.
  const every: { at: number; count: number }[] = []
  const step = begin < hourlyBefore(now) ? HOUR : MINUTE
  for (let at = Math.ceil(begin / step) * step; at < until; at += at < hourlyBefore(now) ? HOUR : MINUTE)
    every.push({ at, count: counted.get(at) ?? 0 })
  return sums(every, rule.window!, now)
    .filter(({ at }) => at > from && at <= until)
    .map(({ at, value }) => ({ at, value, breached: isBeyond(rule, value) }))
}

function hourlyBefore(now: number): number {
  return Math.floor((now - 2 * DAY) / HOUR) * HOUR
}

function sums(counts: readonly { at: number; count: number }[], window: number, now: number) {
  return slidingSums(counts, window, { minute: MINUTE, hour: HOUR, hourlyBefore: hourlyBefore(now) })
}

function* tryMetric(state: State, rule: Rule, { from, until, now }: Span): Generator<Episode[]> {
  const matcher = readLineMatcher(rule.matcher, 'metrics')
  for (const host of listHosts(state)) {
    const names = rule.per === 'container' ? listContainers(state, host.id).map(({ name }) => name) : [null]
    const project = host.projectId === null ? '' : (readProjectById(state, host.projectId)?.name ?? '')
    for (const container of names) {
      if (rule.projectId !== null && rule.projectId !== host.projectId) continue
      if (matcher !== null && !matchesMetric(matcher, { host: host.name, container, project })) continue
      const points = readMetric(state, { metric: rule.metric as Metric, host, container }, { from, until, now })
      const readings = points.map(({ at, value }) => ({ at, value, breached: isBeyond(rule, value) }))
      const subject = container === null ? host.name : `${container} on ${host.name}`
      yield asEpisodes(rule, { subject, projectId: host.projectId }, readings)
    }
  }
}

function tryNews(state: State, rule: Rule, { from, until }: Span): Episode[] {
  const fitting = new Set(subjectsOf(state, { ...rule, kind: 'error-spike' }, { from, until, now: until }).map(keyOf))
  return listErrors(state, { since: from, limit: 2_000 })
    .filter(one => one.firstSeenAt >= from && fitting.has(`${one.projectId} ${one.fingerprint}`))
    .filter(one => isNews(rule, readSource(state, one.projectId, one.source), one.firstSeenAt))
    .map(({ source, samples, projectId, firstSeenAt: at }) => ({
      ...{
        subject: `${source}: ${samples.at(-1)?.message ?? ''}`,
        projectId,
        from: at,
        until: at + rule.quiet,
        value: 1,
      },
    }))
}

function keyOf({ series }: Subject): string {
  return `${series[0]!.projectId} ${series[0]!.fingerprint}`
}

function* trySilence(state: State, rule: Rule, { from, until, now }: Span): Generator<Episode[]> {
  const matcher = readLineMatcher(rule.matcher)
  const all = Map.groupBy(listSeries(state), one => `${one.projectId}\0${one.source}`)
  for (const source of listSources(state)) {
    const quiet = isSporadic(rule, source)
    const series = all.get(`${source.projectId}\0${source.name}`) ?? []
    const fits =
      matcher === null || matchesLines(matcher, series[0]!, readProjectById(state, source.projectId)?.name ?? '')
    if (quiet === null || series.length === 0 || !fits) continue
    if (rule.projectId !== null && rule.projectId !== source.projectId) continue
    const heard = yield* countsOfAll(state, series, Math.max(from, now - 2 * DAY), until)
    const minutes = [...heard.map(({ at }) => at), until]
    const gaps = minutes
      .slice(1)
      .flatMap((at, i) => (at - minutes[i]! > quiet ? [[minutes[i]! + quiet, at] as const] : []))
    yield gaps.map(([begun, end]) => ({
      ...{ subject: source.name, projectId: source.projectId, from: begun, until: end, value: end - begun + quiet },
    }))
  }
}
