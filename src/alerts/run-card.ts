// The card of one run of an action: who, where, how it went, and what it said.
import type { Card } from '../card.ts'
import { type ActionRun, describeOutcome, hasSucceeded, writeActionTarget } from '../hosts/actions/action.ts'
import { writeExcerpt } from '../hosts/actions/output-excerpt.ts'

/** Chats show so much of what it said, characters. */
const SHOWN = 2_500

/** The card of a run as it is now. */
export function runCard(run: ActionRun): Card {
  const who = run.automatic ? 'By itself' : `By ${run.startedBy}`
  const second = run.confirmedBy === null ? '' : `, confirmed by ${run.confirmedBy}`
  const going = run.outcome === null
  const said = writeExcerpt(run, SHOWN)
  const silent = said === '' && (run.outcome === 'exited' || run.outcome === 'out of time')
  return {
    title: going ? `${run.name} runs on ${writeActionTarget(run)}` : endingOf(run),
    tone: going ? 'info' : hasSucceeded(run) ? 'good' : 'warning',
    lines: [
      [`${who}${second}, `, { time: run.startedAt, style: 'moment' }, '.'],
      ...(silent ? ['It said nothing.'] : []),
    ],
    ...(said === '' ? {} : { code: { text: said } }),
    footer: `Run ${run.id}`,
  }
}

/** How a run ended, with its name and place. */
export function endingOf(run: ActionRun): string {
  return `${run.name} on ${writeActionTarget(run)}: ${describeOutcome(run)}`
}
