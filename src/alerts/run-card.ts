// The card of one run of an action: who ran it where, its outcome and its output.
import type { Card } from '../card.ts'
import { type ActionRun, describeOutcome, hasSucceeded, writeActionTarget } from '../hosts/actions/action.ts'
import { writeExcerpt } from '../hosts/actions/output-excerpt.ts'

/** How many characters of the output a card shows. */
const MAX_OUTPUT_LENGTH = 2_500

/** The card of a run as it is now. */
export function runCard(run: ActionRun): Card {
  const by = run.automatic ? 'Started automatically' : `Started by ${run.startedBy}`
  const confirmed = run.confirmedBy === null ? '' : `, confirmed by ${run.confirmedBy}`
  const isRunning = run.outcome === null
  const output = writeExcerpt(run, MAX_OUTPUT_LENGTH)
  const hasNoOutput = output === '' && (run.outcome === 'exited' || run.outcome === 'out of time')
  return {
    title: isRunning ? `${run.name} is running on ${writeActionTarget(run)}` : runOutcome(run),
    tone: isRunning ? 'info' : hasSucceeded(run) ? 'good' : 'warning',
    lines: [
      [`${by}${confirmed}, `, { time: run.startedAt, style: 'moment' }, '.'],
      ...(hasNoOutput ? ['No output.'] : []),
    ],
    ...(output === '' ? {} : { code: { text: output } }),
    footer: `Run ${run.id}`,
  }
}

/** The outcome of a run, with its name and place. */
export function runOutcome(run: ActionRun): string {
  return `${run.name} on ${writeActionTarget(run)}: ${describeOutcome(run)}`
}
