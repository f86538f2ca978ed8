// The actions that an alert offers, the host each would run on, and the last runs, as the card shows them.
import type { Button, Text } from '../card.ts'
import { type Action, type ActionRun, covers, describeOutcome, writeActionTarget } from '../hosts/actions/action.ts'
import { listRunsForAlert } from '../hosts/actions/action-runs.ts'
import { listActions } from '../hosts/actions/actions.ts'
import { readContainer } from '../hosts/containers/containers.ts'
import { type Host, isContainerName } from '../hosts/host.ts'
import { listHosts } from '../hosts/hosts.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { plural } from '../text.ts'
import type { Alert } from './alert.ts'
import { knownMatcher, matchesAlert } from './matcher.ts'
import { NOTICE } from './suppression/inhibition.ts'

/** An action with the host, and the container if any, that it would run on for an alert. */
export type AvailableAction = { action: Action; host: Host; container: string }
/** What a card shows of actions. */
export type CardActions = { lines: Text[]; buttons: Button[] }

/** How many actions a card offers; `alerts show` offers up to `MAX_ACTIONS`. */
const MAX_CARD_ACTIONS = 2
export const MAX_ACTIONS = 10
const MAX_RUNS = 3

/** The actions that an alert offers, by name; none when it is resolved. */
export function availableActions(state: State, alert: Alert): AvailableAction[] {
  const actions = alert.state === 'resolved' || alert.detector === NOTICE ? [] : listActions(state)
  if (actions.length === 0) return []
  const hosts = listHosts(state)
  const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
  return actions.flatMap(action => {
    if (action.matcher !== null && !matchesAlert(knownMatcher(action.matcher), alert, project)) return []
    const available = findPlace(state, action, alert, hosts)
    return available === null ? [] : [available]
  })
}

/** What the card of an alert shows of actions: at most `maxButtons` buttons, and the outcome of the last runs. */
export function readCardActions(state: State, alert: Alert, maxButtons = MAX_CARD_ACTIONS): CardActions {
  const available = availableActions(state, alert)
  const buttons = available.slice(0, maxButtons).map(
    ({ action }): Button => ({
      label: action.name,
      line: `actions run ${action.name} --alert ${alert.id}`,
    }),
  )
  const more = available.length - buttons.length
  const hint = more > 0 ? [`"alerts show ${alert.id}" offers ${plural(more, 'more action')}.`] : []
  const runs = listRunsForAlert(state, alert.id, MAX_RUNS).reverse()
  return { lines: [...runs.map(runLine), ...hint], buttons }
}

function runLine(run: ActionRun): Text {
  const by = run.automatic ? 'automatically' : `by ${run.startedBy}`
  const second = run.confirmedBy === null ? '' : ` and ${run.confirmedBy}`
  const who = run.outcome === 'withheld' ? '' : `, ${by}${second}`
  return [
    { bold: run.name },
    ` on ${writeActionTarget(run)}: ${describeOutcome(run)}${who} `,
    { time: run.startedAt, style: 'clock' },
  ]
}

/**
 * Where an action would run for an alert, or null. A pattern with * takes host and container from the labels of the alert,
 * if Vakt knows them. A plain name runs there: for alerts that the matcher matches, or without a matcher for alerts of that
 * host or container.
 */
function findPlace(state: State, action: Action, alert: Alert, hosts: readonly Host[]): AvailableAction | null {
  const { labels } = alert
  const hasMatcher = action.matcher !== null
  const name = resolveName(action.host, labels.host, hasMatcher)
  const container = action.container === '' ? '' : resolveName(action.container, labels.container, hasMatcher)
  const host = hosts.find(host => host.name === name)
  if (!host || container === null || !covers(action, host.name, container)) return null
  const isKnown = container === '' || (isContainerName(container) && readContainer(state, host.id, container))
  return isKnown ? { action, host, container } : null
}

function resolveName(pattern: string, label: string | undefined, hasMatcher: boolean): string | null {
  if (pattern.includes('*')) return label ?? null
  return hasMatcher || label === pattern ? pattern : null
}
