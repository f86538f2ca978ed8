// The rules of an action: where it may run, what reaches the host, and when it may run by itself. Pure.
import { wildcardTest } from '../../logs/query/wildcard.ts'
import { invalid, Problem } from '../../problem.ts'
import type { actionRequests, actionRuns, actions } from '../../state/schema/index.ts'
import { aboutDuration, formatRelative, HOUR, MINUTE, SECOND } from '../../time.ts'
import { type Host, isContainerName, parsePattern, refuseHostName } from '../host.ts'

export type Action = typeof actions.$inferSelect
export type ActionRun = typeof actionRuns.$inferSelect
export type ActionRequest = typeof actionRequests.$inferSelect

/** What is to be run where, and who asked for it. */
export type ActionOrder = { action: Action; host: Host; container: string; alertId: number | null } & Pick<
  ActionRun,
  'startedBy' | 'confirmedBy'
>

/** A request waits so long for its second person. */
export const REQUEST_LASTS = 15 * MINUTE
const LONGEST_COMMAND = 4_000

/** The first line of what a host is sent; a forced command knows an action by it. */
export const ACTION_MARK = '# vakt action 1'

// The host itself ends what takes too long, with all its children; the admin's text is a word of its own, not part of this.
const SCRIPT = `${ACTION_MARK}
if command -v timeout >/dev/null 2>&1; then exec timeout -k 5 "$1" sh -c "$2" </dev/null; fi
exec sh -c "$2" </dev/null
`

/**
 * The words that run an action. Only the admin's command is read by a shell; the names of host and container are in its
 * environment as VAKT_HOST and VAKT_CONTAINER. Throws `invalid` for what cannot be such a name.
 */
export function actionWords({ command, timeLimit }: Action, host: string, container: string): readonly string[] {
  refuseHostName(host)
  if (container !== '' && !isContainerName(container))
    throw invalid('container', 'That is no name of a container, so nothing was run.')
  const names = [`VAKT_HOST=${host}`, `VAKT_CONTAINER=${container}`]
  return ['env', ...names, 'sh', '-c', SCRIPT, 'vakt-action', String(Math.ceil(timeLimit / SECOND)), command]
}

/** Where an action may run: `web-*` or `web-*` + `/nginx`. Throws `invalid` on the field `on`. */
export function parseOn(text: string): { host: string; container: string } {
  if (/^[\w.*-]{1,63}$/.test(text)) return { host: text, container: '' }
  if (text.includes('/')) return parsePattern(text)
  throw invalid('on', `"${text.slice(0, 60)}" is no host. Write a host, or host/container; * stands for anything.`)
}

export function writeOn({ host, container }: { host: string; container: string }): string {
  return container === '' ? host : `${host}/${container}`
}

/** Whether an action may run on a host, or on a container of it. */
export function covers(action: Pick<Action, 'host' | 'container'>, host: string, container: string): boolean {
  if ((action.container === '') !== (container === '')) return false
  return wildcardTest(action.host)(host) && (container === '' || wildcardTest(action.container)(container))
}

/** Throws `invalid` for what cannot name an action. */
export function refuseActionName(name: string): void {
  if (/^[a-z0-9][a-z0-9_-]{0,39}$/i.test(name)) return
  throw invalid('name', 'An action is named with up to 40 letters, digits, - and _, such as restart-nginx.')
}

/** Throws `invalid` for what no shell takes. */
export function refuseCommand(command: string): void {
  if (command.trim() !== '' && command.length <= LONGEST_COMMAND && !command.includes('\0')) return
  throw invalid('run', `The command must be text of up to ${LONGEST_COMMAND} characters.`)
}

/** Who asked, as the second person must not be. */
export type Asker = { platform: string; id: string }

/**
 * Throws unless this person may be the second one: another person with an account in a chat, which `isInChat` says. A
 * key or the terminal does not tell people apart. `samePerson` says whether two accounts belong to one person.
 */
export function refuseSecond(
  request: ActionRequest,
  by: Asker,
  samePerson: (a: Asker, b: Asker) => boolean,
  isInChat: boolean,
): void {
  const first = { platform: request.platform, id: request.actorId }
  if ((first.platform === by.platform && first.id === by.id) || samePerson(first, by))
    throw new Problem('forbidden', 'You asked for it yourself. A second person must confirm it.')
  if (!isInChat)
    throw new Problem('forbidden', 'A second person must confirm it in a chat; a key and the terminal are nobody.')
}

/** Throws `conflict` for a request that can be confirmed no more. */
export function refuseOver(request: ActionRequest, action: Action, now: number): void {
  if (request.settledAt !== null) throw new Problem('conflict', `The request ${request.id} is settled already.`)
  if (now >= request.expiresAt)
    throw new Problem('conflict', `The request ${request.id} by ${request.actorName} has run out. Ask again.`)
  if (action.changedAt !== request.changedAt)
    throw new Problem('conflict', `${action.name} was changed since ${request.actorName} asked for it. Ask again.`)
}

/** Why an automatic run may not be, in a sentence; null when it may. `earlier` are the starts of its runs, newest first. */
export function withheldBecause(
  action: Pick<Action, 'name' | 'perHour' | 'coolDown'>,
  earlier: { here: readonly number[]; everywhere: readonly number[] },
  now: number,
): string | null {
  const last = earlier.here[0]
  if (last !== undefined && now - last < action.coolDown)
    return `it ran here ${formatRelative(last, now)}, and rests ${aboutDuration(action.coolDown)} between two runs`
  const lately = earlier.everywhere.filter(at => now - at < HOUR).length
  if (lately >= action.perHour)
    return `it ran by itself ${lately === 1 ? 'once' : `${lately} times`} in the last hour, which is its limit`
  return null
}

type Ended = Pick<ActionRun, 'outcome' | 'exitStatus' | 'problem' | 'startedAt' | 'endedAt' | 'startedBy'>

/** How a run went, after its name: `exit status 0 in 3s`. */
export function outcomeWords(run: Ended): string {
  const took = aboutDuration(Math.max(0, (run.endedAt ?? run.startedAt) - run.startedAt))
  if (run.outcome === null) return 'runs'
  if (run.outcome === 'exited') return `exit status ${run.exitStatus} in ${took}`
  if (run.outcome === 'out of time') return `ended after ${took}, for it took too long`
  if (run.outcome === 'unknown') return 'unknown, Vakt stopped while it ran'
  if (run.outcome === 'withheld') return `not run by itself: ${run.problem}`
  return `failed: ${run.problem}`
}

export function wentWell(run: Pick<ActionRun, 'outcome' | 'exitStatus'>): boolean {
  return run.outcome === 'exited' && run.exitStatus === 0
}
