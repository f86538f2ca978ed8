// The rules of an action: where it may run, the command that reaches the host, and when it may run automatically. Pure.
import { wildcardTest } from '../../logs/query/wildcard.ts'
import { invalid, Problem } from '../../problem.ts'
import type { actionRequests, actionRuns, actions } from '../../state/schema/index.ts'
import { plural, truncate } from '../../text.ts'
import { aboutDuration, formatRelative, HOUR, MINUTE, SECOND } from '../../time.ts'
import { type Host, isContainerName, parsePattern, refuseHostName } from '../host.ts'

export type Action = typeof actions.$inferSelect
export type ActionRun = typeof actionRuns.$inferSelect
export type ActionRequest = typeof actionRequests.$inferSelect

/** An action to run on a host or container, and who requested it. */
export type ActionOrder = { action: Action; host: Host; container: string; alertId: number | null } & Pick<
  ActionRun,
  'startedBy' | 'confirmedBy'
>

/** How long a request can be confirmed by a second person. */
export const REQUEST_LIFETIME_MS = 15 * MINUTE
const MAX_COMMAND_LENGTH = 4_000

/** The first line of the script. A forced command recognizes an action by it. */
export const ACTION_MARK = '# vakt action 1'

// The host itself ends the command at the time limit, with all its children. The admin's command is an argument, not a part of this script.
const ACTION_SCRIPT = `${ACTION_MARK}
if command -v timeout >/dev/null 2>&1; then exec timeout -k 5 "$1" sh -c "$2" </dev/null; fi
exec sh -c "$2" </dev/null
`

/**
 * The command line that runs an action. A shell reads only the admin's command; the names of host and container are in its
 * environment as VAKT_HOST and VAKT_CONTAINER. Throws `invalid` for an invalid name.
 */
export function buildActionArgv(
  { command, timeLimit }: Pick<Action, 'command' | 'timeLimit'>,
  host: string,
  container: string,
): readonly string[] {
  refuseHostName(host)
  if (container !== '' && !isContainerName(container))
    throw invalid('container', 'Invalid container name; nothing was run.')
  const names = [`VAKT_HOST=${host}`, `VAKT_CONTAINER=${container}`]
  return ['env', ...names, 'sh', '-c', ACTION_SCRIPT, 'vakt-action', String(Math.ceil(timeLimit / SECOND)), command]
}

/** Reads where an action may run: a host pattern, or host/container patterns. Throws `invalid` on the field `on`. */
export function parseActionTarget(text: string): { host: string; container: string } {
  if (/^[\w.*-]{1,63}$/.test(text)) return { host: text, container: '' }
  if (text.includes('/')) return parsePattern(text)
  throw invalid(
    'on',
    `"${truncate(text, 60)}" is not a host. Write a host, or host/container; * matches any characters.`,
  )
}

export function writeActionTarget({ host, container }: { host: string; container: string }): string {
  return container === '' ? host : `${host}/${container}`
}

/** Whether an action may run on a host (`container` empty) or a container. */
export function covers(action: Pick<Action, 'host' | 'container'>, host: string, container: string): boolean {
  if ((action.container === '') !== (container === '')) return false
  return wildcardTest(action.host)(host) && (container === '' || wildcardTest(action.container)(container))
}

/** Throws `invalid` unless the text is a valid action name. */
export function refuseActionName(name: string): void {
  if (/^[a-z0-9][a-z0-9_-]{0,39}$/i.test(name)) return
  throw invalid('name', 'Invalid action name. Use up to 40 letters, digits, "-" and "_", such as restart-nginx.')
}

/** Throws `invalid` for a command that is empty, too long, or contains a NUL. */
export function refuseCommand(command: string): void {
  if (command.trim() !== '' && command.length <= MAX_COMMAND_LENGTH && !command.includes('\0')) return
  throw invalid('run', `Invalid command. Write up to ${MAX_COMMAND_LENGTH} characters of shell.`)
}

/** The account of a person who requests or confirms a run. */
export type Requester = { platform: string; id: string }

/** What Vakt knows of two accounts: they are one person, two people, or nobody can tell. */
export type Relation = 'same' | 'different' | 'unknown'

/**
 * What Vakt knows of two chat accounts. On one platform two accounts are two people, unless they are linked; across
 * platforms only linked accounts tell: `personOf` names the person of an account, as "oncall member add" links it.
 */
export function relate(a: Requester, b: Requester, personOf: (account: Requester) => string | undefined): Relation {
  if (a.platform === b.platform && a.id === b.id) return 'same'
  const [first, second] = [personOf(a), personOf(b)]
  if (first !== undefined && first === second) return 'same'
  return a.platform === b.platform || (first !== undefined && second !== undefined) ? 'different' : 'unknown'
}

/**
 * Whether `by` may run what was requested, or only takes the request over as its first person, because the one who
 * requested it is hidden behind a key or the terminal and may be `by`. Throws `forbidden` for whoever is not surely a
 * second person in a chat.
 */
export function confirmAs(
  request: ActionRequest,
  by: Requester,
  relation: Relation,
  isChat: (platform: string) => boolean,
): 'first person' | 'second person' {
  const platform = request.platform
  if (relation === 'same')
    throw new Problem('forbidden', 'You requested this run yourself. A second person must confirm it.')
  if (!isChat(by.platform))
    throw new Problem(
      'forbidden',
      'A second person must confirm it in a chat: a key or the terminal does not identify a person.',
    )
  if (!isChat(platform)) return 'first person'
  if (relation === 'different') return 'second person'
  throw new Problem(
    'forbidden',
    `Vakt cannot tell whether you and ${request.actorName} on ${platform} are one person. Let somebody on ${platform} confirm it, or link both accounts: oncall member add.`,
  )
}

/** Throws `conflict` for a request that can no longer be confirmed. */
export function refuseClosedRequest(request: ActionRequest, action: Action, now: number): void {
  if (request.closedAt !== null) throw new Problem('conflict', `Request ${request.id} was already handled.`)
  if (now >= request.expiresAt)
    throw new Problem('conflict', `Request ${request.id} by ${request.actorName} has expired. Request it again.`)
  if (action.changedAt !== request.changedAt)
    throw new Problem(
      'conflict',
      `${action.name} has changed since ${request.actorName} requested it. Request it again.`,
    )
}

/** Why an automatic run is withheld, null when it may start. `earlier` are the starts of earlier runs, newest first. */
export function findWithholdReason(
  action: Pick<Action, 'name' | 'perHour' | 'coolDown'>,
  earlier: { here: readonly number[]; everywhere: readonly number[] },
  now: number,
): string | null {
  const last = earlier.here[0]
  if (last !== undefined && now - last < action.coolDown)
    return `it ran here ${formatRelative(last, now)}; its cool-down is ${aboutDuration(action.coolDown)}`
  const runsLastHour = earlier.everywhere.filter(at => now - at < HOUR).length
  if (runsLastHour >= action.perHour)
    return `it had ${plural(runsLastHour, 'automatic run')} in the last hour, its limit`
  return null
}

type EndedRun = Pick<ActionRun, 'outcome' | 'exitStatus' | 'problem' | 'startedAt' | 'endedAt' | 'startedBy'>

/** The outcome of a run, to follow its name: `exit status 0 in 3s`. */
export function describeOutcome(run: EndedRun): string {
  const took = aboutDuration(Math.max(0, (run.endedAt ?? run.startedAt) - run.startedAt))
  if (run.outcome === null) return 'running'
  if (run.outcome === 'exited') return `exit status ${run.exitStatus} in ${took}`
  if (run.outcome === 'out of time') return `stopped at the time limit after ${took}`
  if (run.outcome === 'unknown') return 'outcome unknown, because Vakt stopped during the run'
  if (run.outcome === 'withheld') return `withheld: ${run.problem}`
  return `failed: ${run.problem}`
}

export function hasSucceeded(run: Pick<ActionRun, 'outcome' | 'exitStatus'>): boolean {
  return run.outcome === 'exited' && run.exitStatus === 0
}
