// Evaluates the rules that search the log store: every 15 s, one after the other, by the number of lines they find.
import { applyResults } from '../alerts/lifecycle.ts'
import type { Clock } from '../clock.ts'
import { storeDecision } from '../detectors/rules/decision.ts'
import { EVALUATION_INTERVAL_MS } from '../detectors/rules/evaluate-rules.ts'
import type { Rule } from '../detectors/rules/rule.ts'
import type { RuleKinds, SearchEvaluation } from '../detectors/rules/rule-kind.ts'
import { activeRules, readRule } from '../detectors/rules/rules.ts'
import type { Logger } from '../logger.ts'
import type { LogReader } from '../logs/store.ts'
import type { State } from '../state/database.ts'
import { SECOND } from '../time.ts'

/** One search may take this long; lines that it did not reach by then do not count. */
const TIMEOUT_MS = 5 * SECOND
const MAX_SAMPLES = 3

export interface SearchRules {
  start(): void
  /** Starts no further search and waits for the running one. */
  stop(): Promise<void>
}

/**
 * Evaluates the search rules over `store`. A search selects lines by their own time: a line that arrives later than the
 * window is long is not found. Counts are exact up to 100,000 lines.
 */
export function createSearchRules(
  state: State,
  kinds: RuleKinds,
  store: LogReader,
  clock: Clock,
  logger: Logger,
  timeZone: string,
): SearchRules {
  let cancel = () => {}
  let running: Promise<void> = Promise.resolve()
  let isStopped = false

  const evaluateAll = async () => {
    for (const { name, evaluation } of kinds.all) {
      if (evaluation.trigger !== 'search') continue
      for (const rule of activeRules(state, name)) {
        if (isStopped) return
        try {
          await evaluate(rule, evaluation)
        } catch (error) {
          logger.warn(`rule evaluation failed; retrying in ${EVALUATION_INTERVAL_MS / SECOND} s`, {
            rule: rule.name,
            error,
          })
        }
      }
    }
  }

  const evaluate = async (rule: Rule, evaluation: SearchEvaluation) => {
    const now = clock.now()
    const query = evaluation.query(state, rule, now, timeZone)
    const { total, atLeast: isLowerBound } = await store.count(query, TIMEOUT_MS)
    const count = { total, isLowerBound }
    const { lines } = evaluation.isBreached(rule, count)
      ? await store.search({ query, order: 'newest', limit: MAX_SAMPLES, cursor: null, timeoutMs: TIMEOUT_MS })
      : { lines: [] }
    // The rule may have been edited, paused or removed meanwhile.
    const current = readRule(state, rule.id)
    if (isStopped || !current || current.paused || current.matcher !== rule.matcher) return
    const samples = lines.map(({ message }) => message)
    state.transaction(() => {
      const decision = evaluation.evaluate(state, current, count, samples, now)
      storeDecision(state, decision, now)
      applyResults(state, decision.results, now)
    })
  }

  const schedule = () => {
    if (isStopped) return
    cancel = clock.at(clock.now() + EVALUATION_INTERVAL_MS, () => {
      running = evaluateAll().finally(schedule)
    })
  }

  return {
    start: schedule,
    async stop() {
      isStopped = true
      cancel()
      await running
    },
  }
}
