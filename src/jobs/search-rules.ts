// Rules that are log searches: each is asked of the log store every so often, one after the other, and judged by its count.
import { applyOutcomes } from '../alerts/lifecycle.ts'
import type { Text } from '../card.ts'
import { downtimeBetween } from '../checks/downtimes.ts'
import type { Clock } from '../clock.ts'
import { quoteWord } from '../command/command-line.ts'
import type { DetectionResult } from '../detectors/finding.ts'
import { cut, windowWords } from '../detectors/logs/error-finding.ts'
import { figureWords, isBeyond, limitWords } from '../detectors/logs/threshold.ts'
import type { Rule } from '../detectors/rules/rule.ts'
import { evaluateValues } from '../detectors/rules/rule-finding.ts'
import { titleOf } from '../detectors/rules/rule-title.ts'
import { activeRules, readRule } from '../detectors/rules/rules.ts'
import type { Logger } from '../logger.ts'
import { parseQuery } from '../logs/query/parse.ts'
import { inProject } from '../logs/query/scope-query.ts'
import { expandSavedSearch } from '../logs/searches.ts'
import type { LogStore } from '../logs/store.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { SECOND } from '../time.ts'

/** How often all search rules are asked: a card is at most so late, and the time the searches take. */
const EVERY = 15 * SECOND
/** One search may take so long; what it had not looked at by then does not count. */
const WITHIN = 5 * SECOND
const SAMPLES = 3

export interface SearchRules {
  start(): void
  /** Asks no further search and waits for the one under way. */
  stop(): Promise<void>
}

/**
 * Judges the search rules over `store`. A search looks at lines by their own time: a line that comes later than the window
 * is long is not seen by it. Counts are exact up to 100,000 lines.
 */
export function createSearchRules(
  state: State,
  store: LogStore,
  clock: Clock,
  logger: Logger,
  timeZone: string,
): SearchRules {
  let cancel = () => {}
  let running: Promise<void> = Promise.resolve()
  let stopped = false

  const round = async () => {
    for (const rule of activeRules(state, 'search')) {
      if (stopped) return
      try {
        await ask(rule)
      } catch (error) {
        logger.warn('a search rule could not be asked; it is again in a quarter of a minute', {
          rule: rule.name,
          error,
        })
      }
    }
  }

  const ask = async (rule: Rule) => {
    const now = clock.now()
    const query = queryOf(state, rule, now, timeZone)
    const { total, atLeast } = await store.count(query, WITHIN)
    const found = atLeast && !isSure(rule, total) ? null : total
    const samples =
      found !== null && isBeyond(rule, found)
        ? (await store.search({ query, order: 'newest', limit: SAMPLES, cursor: null, timeoutMs: WITHIN })).lines
        : []
    const lines = samples.map(({ message }): Text => [{ code: cut(message.split('\n', 1)[0]!, 200) }])
    // Meanwhile it may have been edited, paused or removed.
    const still = readRule(state, rule.id)
    if (stopped || !still || still.paused || still.matcher !== rule.matcher) return
    state.transaction(() => applyOutcomes(state, judged(state, still, found, lines, now), now))
  }

  const plan = () => {
    if (stopped) return
    cancel = clock.at(clock.now() + EVERY, () => {
      running = round().finally(plan)
    })
  }

  return {
    start: plan,
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}

function queryOf(state: State, rule: Rule, now: number, timeZone: string) {
  const { where } = parseQuery(expandSavedSearch(state, rule.matcher), now, timeZone)
  const query = { where, from: now - rule.window!, until: now + 1 }
  const project = rule.projectId === null ? undefined : readProjectById(state, rule.projectId)
  return project ? inProject(query, project.name) : query
}

/** Whether so many or more lines are beyond a rule's threshold: of what was not counted to its end there may be any number more. */
function isSure(rule: Rule, total: number): boolean {
  return isBeyond(rule, total) && isBeyond(rule, Number.MAX_SAFE_INTEGER)
}

function judged(state: State, rule: Rule, total: number | null, lines: Text[], now: number): DetectionResult[] {
  const window = windowWords(rule.window!)
  const from = now - rule.window!
  // A window that Vakt did not hear, or that began before the rule, says nothing of too few lines.
  const unheard = isBeyond(rule, 0) && (rule.createdAt > from || downtimeBetween(state, from, now) > 0)
  const figure = {
    subject: '',
    projectId: rule.projectId,
    value: total,
    breached: total !== null && isBeyond(rule, total) && !unheard,
    title: (worst: number) => {
      const value = figureWords(rule, worst)
      return titleOf(rule, { where: rule.name, value }, `${rule.name}: ${value} in ${window}`)
    },
    against: (worst: number): Text => [
      { bold: String(total ?? worst) },
      ` in ${window}, at worst ${worst}; the rule ${rule.name} alerts at ${limitWords(rule)}. It looks for `,
      { code: rule.matcher },
    ],
    more: () => ({
      lines,
      buttons: [{ label: 'Logs', line: `logs search ${quoteWord(`${rule.matcher} last:1h`)}` }],
    }),
    labels: {},
  }
  return evaluateValues(state, rule, [figure], now)
}
