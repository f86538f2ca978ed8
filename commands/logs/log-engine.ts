// The command logs move, and how other cards speak about the log engine.
import { formatBytes } from '../../src/bytes.ts'
import type { Card, Text } from '../../src/card.ts'
import type { EngineStatus } from '../../src/logs/store.ts'
import { Problem } from '../../src/problem.ts'
import { plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { command } from '../context.ts'
import { storeOf } from './log-query.ts'

const move = command({
  name: 'logs move',
  summary: 'Show how far the stored log lines have moved to the log engine',
  details:
    'Lines that were stored before LOG_ENGINE was set move by themselves, in the order in which they were stored. Every line is found meanwhile, wherever it is.',
  role: 'viewer',
  args: {},
  async run(_, context) {
    const { engine, lines } = await storeOf(context).status()
    if (!engine)
      throw new Problem(
        'not_found',
        'No log engine is set. Set LOG_ENGINE, such as opensearch:https://a:9200, and restart.',
      )
    const moved = Math.max(0, lines - engine.waiting)
    const share = lines === 0 ? 100 : Math.floor((moved / lines) * 100)
    const isDone = engine.waiting === 0
    const card: Card = {
      title: isDone ? 'All log lines are in the log engine' : `${share}% of the log lines are in the log engine`,
      tone: engine.away || engine.refusal ? 'warning' : isDone ? 'good' : 'info',
      lines: [
        `${plural(moved, 'line')} moved, ${plural(engine.waiting, 'line')} left.`,
        ...engineTexts(engine),
        ...(isDone ? [] : ['The rest moves by itself; searches find every line meanwhile.']),
      ],
      buttons: isDone ? [] : [{ label: 'Refresh', line: 'logs move' }],
    }
    return { card, result: { moved, left: engine.waiting, percent: share, done: isDone, engine: engineResult(engine) } }
  },
})

export const logEngineCommands = [move]

/** What a card says about the engine. */
export function engineTexts(engine: EngineStatus): Text[] {
  const { version, nodes, health, away, refusal, warnings, waiting, spoolBytes, spoolBudgetBytes, refused } = engine
  const about =
    version === null
      ? 'Log engine: never reached yet.'
      : `Log engine: ${version}, ${plural(nodes ?? 0, 'node')}, ${health}.`
  const spool = `Waiting here: ${plural(waiting, 'line')}; the spool has ${formatBytes(spoolBytes)} of ${formatBytes(spoolBudgetBytes)}.`
  return [
    ...(away
      ? [
          [
            '⚠️ The log engine does not answer since ',
            { time: away.since, style: 'moment' as const },
            `. ${away.message}`,
          ],
        ]
      : []),
    ...(refusal === null ? [] : [`⚠️ The log engine takes no lines: ${refusal.message}`]),
    about,
    spool,
    ...(refused > 0
      ? [`${plural(refused, 'line')} can be searched by text only: the engine refused their fields.`]
      : []),
    ...warnings.map(warning => `⚠️ ${warning}`),
  ]
}

/** The same for programs. */
export function engineResult(engine: EngineStatus) {
  return {
    version: engine.version,
    nodes: engine.nodes,
    health: engine.health,
    away_since: engine.away ? isoTime(engine.away.since) : null,
    failing: engine.away?.message ?? engine.refusal?.message ?? null,
    warnings: engine.warnings,
    waiting_lines: engine.waiting,
    spool_bytes: engine.spoolBytes,
    spool_budget_bytes: engine.spoolBudgetBytes,
    refused_lines: engine.refused,
  }
}
