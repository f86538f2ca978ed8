// What rules would have alerted on in the past: values over time become episodes, each of which would have been one alert.
import { countByMinute, listSeries, type Series } from '../../logs/counters.ts'
import { listErrors } from '../../logs/errors/errors.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { matchesLines, readLineMatcher } from '../logs/line-matcher.ts'
import { isWorseValue, type Rule } from './rule.ts'

/** What is tested, epoch ms. Counts more than two days before `now` are by the hour. */
export type Period = { from: number; until: number; now: number }

/** One alert that would have been: when it would have fired and been resolved, epoch ms, and its worst value. */
export type Episode = { subject: string; projectId: number | null; from: number; until: number; value: number }

/** A value at an instant. */
export type Reading = { at: number; value: number; isBreached: boolean }

/** A number of lines in the minute or hour that begins at `at`. */
export type Bucket = { at: number; count: number }

/** What a rule evaluates separately, with its series of lines. */
export type Subject = { subject: string; projectId: number | null; series: readonly Series[] }

/** A step of a backtest that has no episode yet; other work is done between the steps. */
export type Steps<T> = Generator<readonly Episode[], T>

/** How many series are read in one step. */
const SERIES_PER_STEP = 20
const MAX_ERRORS = 2_000
const HOURLY_AFTER_MS = 2 * DAY

/** The episodes of one subject, from its readings (oldest first). */
export function episodesOf(
  rule: Pick<Rule, 'for' | 'keepFiring' | 'operator'>,
  { subject, projectId }: Pick<Episode, 'subject' | 'projectId'>,
  readings: readonly Reading[],
): Episode[] {
  const episodes: Episode[] = []
  let since: number | null = null
  let current: Episode | null = null
  for (const { at, value, isBreached } of readings) {
    if (current && at > current.until) current = null
    if (!isBreached) {
      since = null
      continue
    }
    since ??= at
    if (current) {
      current.until = at + rule.keepFiring
      if (isWorseValue(rule, value, current.value)) current.value = value
    } else if (at - since >= rule.for) {
      current = { subject, projectId, from: at, until: at + rule.keepFiring, value }
      episodes.push(current)
    }
  }
  return episodes
}

/** The errors that a rule covers and that were seen since `from`. */
export function errorSubjects(state: State, rule: Rule, from: number): (Subject & { fingerprint: string })[] {
  const messages = new Map(
    listErrors(state, { since: from, limit: MAX_ERRORS }).map(error => [
      error.fingerprint,
      error.samples.at(-1)?.message,
    ]),
  )
  const series = coveredSeries(state, rule).filter(({ fingerprint }) => fingerprint !== '')
  const byError = Map.groupBy(series, ({ projectId, fingerprint }) => `${projectId}\0${fingerprint}`)
  return [...byError.values()].flatMap(own => {
    const { fingerprint, source, projectId } = own[0]!
    const message = messages.get(fingerprint)
    return message === undefined ? [] : [{ fingerprint, subject: `${source}: ${message}`, projectId, series: own }]
  })
}

/** The lines that a rule covers, grouped by source or host, or all together. */
export function lineSubjects(state: State, rule: Rule, per: 'everywhere' | 'source' | 'host'): Subject[] {
  const series = coveredSeries(state, rule)
  if (per === 'everywhere')
    return series.length === 0 ? [] : [{ subject: rule.name, projectId: rule.projectId, series }]
  const bySubject = Map.groupBy(series, own => `${own.projectId}\0${own[per]}`)
  return [...bySubject.values()].map(own => ({ subject: own[0]![per], projectId: own[0]!.projectId, series: own }))
}

/** How many lines some series had together, by minute or hour, oldest first. */
export function* countsTogether(state: State, series: readonly Series[], from: number, until: number): Steps<Bucket[]> {
  const sums = new Map<number, number>()
  for (let i = 0; i < series.length; i += SERIES_PER_STEP) {
    for (const { at, count } of countByMinute(state, series.slice(i, i + SERIES_PER_STEP), from, until))
      sums.set(at, (sums.get(at) ?? 0) + count)
    yield []
  }
  return [...sums].map(([at, count]) => ({ at, count })).sort((a, b) => a.at - b.at)
}

/** Counts before this instant are by the hour. */
export function hourlyBefore(now: number): number {
  return Math.floor((now - HOURLY_AFTER_MS) / HOUR) * HOUR
}

/** Sums over a sliding window of counts as they are stored at `now`, see `slidingSums`. */
export function windowSums(counts: readonly Bucket[], windowMs: number, now: number): { at: number; value: number }[] {
  return slidingSums(counts, windowMs, { minute: MINUTE, hour: HOUR, hourlyBefore: hourlyBefore(now) })
}

/**
 * Sums over a sliding window of whole minutes, at the end of each minute that has a count. Counts by the hour are taken as
 * spread evenly over their hour.
 */
export function slidingSums(
  counts: readonly Bucket[],
  windowMs: number,
  step: { minute: number; hour: number; hourlyBefore: number },
): { at: number; value: number }[] {
  let oldest = 0
  let sum = 0
  return counts.map(({ at, count }, index) => {
    if (at < step.hourlyBefore) {
      oldest = index + 1
      sum = 0
      return { at: at + step.hour, value: Math.round((count * Math.min(windowMs, step.hour)) / step.hour) }
    }
    sum += count
    while (counts[oldest]!.at <= at - Math.max(windowMs, step.minute)) sum -= counts[oldest++]!.count
    return { at: at + step.minute, value: sum }
  })
}

function coveredSeries(state: State, rule: Rule): Series[] {
  const matcher = readLineMatcher(rule.matcher)
  const names = new Map<number, string>()
  const nameOf = (id: number) => {
    if (!names.has(id)) names.set(id, readProjectById(state, id)?.name ?? '')
    return names.get(id)!
  }
  return listSeries(state).filter(
    series =>
      (rule.projectId === null || rule.projectId === series.projectId) &&
      matchesLines(matcher, series, nameOf(series.projectId)),
  )
}
