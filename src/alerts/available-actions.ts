// Which actions an alert offers, on which host each would run, and what became of those that ran; as the card shows them.
import type { Button, Text } from '../card.ts'
import { type Action, type ActionRun, covers, describeOutcome, writeActionTarget } from '../hosts/actions/action.ts'
import { listRunsForAlert } from '../hosts/actions/action-runs.ts'
import { listActions } from '../hosts/actions/actions.ts'
import { readContainer } from '../hosts/containers/containers.ts'
import { type Host, isContainerName } from '../hosts/host.ts'
import { listHosts } from '../hosts/hosts.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { Alert } from './alert.ts'
import { knownMatcher, matchesAlert } from './matcher.ts'
import { NOTICE } from './suppression/inhibition.ts'

/** An action with the one place where it would run for an alert. */
export type AvailableAction = { action: Action; host: Host; container: string }
/** What a card shows of actions. */
export type ActionsShown = { lines: Text[]; buttons: Button[] }

/** A card has little room; `alerts show` has them all. */
const ON_CARD = 2
const RUNS_SHOWN = 3
/** As many as `alerts show` has. */
export const ALL_ACTIONS = 10

/** The actions that an alert offers, by name; none once it is over. */
export function availableActions(state: State, alert: Alert): AvailableAction[] {
  const actions = alert.state === 'resolved' || alert.detector === NOTICE ? [] : listActions(state)
  if (actions.length === 0) return []
  const hosts = listHosts(state)
  const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
  return actions.flatMap(action => {
    if (action.matcher !== null && !matchesAlert(knownMatcher(action.matcher), alert, project)) return []
    const offer = offerOf(state, action, alert, hosts)
    return offer === null ? [] : [offer]
  })
}

/** What the card of an alert shows: at most `most` buttons, and how the last runs went. */
export function readActionsShown(state: State, alert: Alert, most = ON_CARD): ActionsShown {
  const offers = availableActions(state, alert)
  const buttons = offers.slice(0, most).map(
    ({ action }): Button => ({
      label: action.name,
      line: `actions run ${action.name} --alert ${alert.id}`,
    }),
  )
  const more = offers.length - buttons.length
  const runs = listRunsForAlert(state, alert.id, RUNS_SHOWN).reverse()
  return {
    lines: [...runs.map(runLine), ...(more > 0 ? [`"alerts show ${alert.id}" has ${more} more to run.`] : [])],
    buttons,
  }
}

/** One run as a line on a card. */
export function runLine(run: ActionRun): Text {
  const by = run.automatic ? 'by itself' : `by ${run.startedBy}`
  const second = run.confirmedBy === null ? '' : ` and ${run.confirmedBy}`
  const who = run.outcome === 'withheld' ? '' : `, ${by}${second}`
  return [
    { bold: run.name },
    ` on ${writeActionTarget(run)}: ${describeOutcome(run)}${who} `,
    { time: run.startedAt, style: 'clock' },
  ]
}

/**
 * Where an action would run for an alert. A pattern takes the host (and container) from the alert's labels, and only one
 * that Vakt knows; a name without * is where it runs, for the alerts that its matcher fits, or for those of that very
 * place when it has none.
 */
function offerOf(state: State, action: Action, alert: Alert, hosts: readonly Host[]): AvailableAction | null {
  const { labels } = alert
  const name = placeOf(action.host, labels.host, action.matcher !== null)
  const container = action.container === '' ? '' : placeOf(action.container, labels.container, action.matcher !== null)
  const host = hosts.find(one => one.name === name)
  if (!host || container === null || !covers(action, host.name, container)) return null
  const known = container === '' || (isContainerName(container) && readContainer(state, host.id, container))
  return known ? { action, host, container } : null
}

function placeOf(pattern: string, label: string | undefined, matched: boolean): string | null {
  if (pattern.includes('*')) return label ?? null
  return matched || label === pattern ? pattern : null
}
