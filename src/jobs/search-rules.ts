// Evaluates the rules that search the log store: every 15 s, those of a project one after the other, by the number of lines they find.
import { applyResults } from '../alerts/lifecycle.ts'
import type { Clock } from '../clock.ts'
import { storeDecision } from '../detectors/rules/decision.ts'
import { EVALUATION_INTERVAL_MS } from '../detectors/rules/evaluate-rules.ts'
import type { Rule } from '../detectors/rules/rule.ts'
import type { RuleKinds, SearchEvaluation } from '../detectors/rules/rule-kind.ts'
import { activeRules, readRule } from '../detectors/rules/rules.ts'
import type { Logger } from '../logger.ts'
import { type LogReader, type LogStore, readBy } from '../logs/store.ts'
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
 * Evaluates the search rules over `store`. Projects do not wait for each other's searches, which take turns. A search selects
 * lines by their own time: a line that arrives later than the window is long is not found. Counts are exact up to 100,000 lines.
 */
export function createSearchRules(
  state: State,
  kinds: RuleKinds,
  store: LogReader & Pick<LogStore, 'readBy'>,
  clock: Clock,
  logger: Logger,
  timeZone: string,
): SearchRules {
  let cancel = () => {}
  /** By project (null is all of them): the searches of its rules that are under way. */
  const running = new Map<number | null, Promise<void>>()
  let isStopped = false

  const startDue = () => {
    const all = kinds.all.flatMap(({ name, evaluation }) =>
      evaluation.trigger === 'search' ? activeRules(state, name).map(rule => ({ rule, evaluation })) : [],
    )
    for (const [projectId, own] of Map.groupBy(all, ({ rule }) => rule.projectId)) {
      if (running.has(projectId)) continue
      const reader = readBy(store as LogStore, `search rules of ${projectId ?? 'all projects'}`)
      running.set(
        projectId,
        evaluateAll(own, reader).finally(() => running.delete(projectId)),
      )
    }
  }

  const evaluateAll = async (rules: readonly { rule: Rule; evaluation: SearchEvaluation }[], reader: LogReader) => {
    for (const { rule, evaluation } of rules) {
      if (isStopped) return
      try {
        await evaluate(rule, evaluation, reader)
      } catch (error) {
        logger.warn(`rule evaluation failed; retrying in ${EVALUATION_INTERVAL_MS / SECOND} s`, {
          rule: rule.name,
          error,
        })
      }
    }
  }

  const evaluate = async (listed: Rule, evaluation: SearchEvaluation, reader: LogReader) => {
    const now = clock.now()
    // Those before it may have taken long.
    const rule = readRule(state, listed.id)
    if (!rule || rule.paused) return
    const query = evaluation.query(state, rule, now, timeZone)
    const { total, atLeast: isLowerBound } = await reader.count(query, TIMEOUT_MS)
    const count = { total, isLowerBound }
    const { lines } = evaluation.isBreached(rule, count)
      ? await reader.search({ query, order: 'newest', limit: MAX_SAMPLES, cursor: null, timeoutMs: TIMEOUT_MS })
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
      try {
        startDue()
      } catch (error) {
        logger.error(`reading the rules failed; retrying in ${EVALUATION_INTERVAL_MS / SECOND} s`, { error })
      }
      schedule()
    })
  }

  return {
    start: schedule,
    async stop() {
      isStopped = true
      cancel()
      await Promise.all(running.values())
    },
  }
}
