// Trying a host, and what to say of how that went.
import type { Text } from '../../src/card.ts'
import type { Host } from '../../src/hosts/host.ts'
import type { HostRuntime } from '../../src/hosts/host-runtime.ts'
import type { Collected } from '../../src/hosts/metrics/collected.ts'
import { isRefusedSignIn } from '../../src/hosts/ssh/errors.ts'
import { Problem } from '../../src/problem.ts'
import { counted } from '../context.ts'

/** What the host says when it is asked now, or the sentence why it could not be. */
export async function trial(fleet: HostRuntime, host: Host): Promise<Collected | Problem> {
  try {
    return await fleet.collector.look(host)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

/** Whether all that is missing is Vakt's own key on the host. */
export function needsKey(tried: Collected | Problem, host: Host): boolean {
  return tried instanceof Problem && host.auth === 'own' && isRefusedSignIn(tried)
}

/** How it went, for the card; `host` is its row after the trial. */
export function outcomeLines(tried: Collected | Problem, host: Host): Text[] {
  if (needsKey(tried, host))
    return [`Vakt's key is not let in yet. Run this there as ${host.user}, and then "hosts test ${host.name}":`]
  if (tried instanceof Problem) return [tried.message]
  if (host.engineError !== null) return ['It can be reached.', host.engineError]
  if (tried.engine === 'none') return ['It can be reached. It has neither Docker nor Podman.']
  const running = tried.containers.filter(one => one.state === 'running').length
  return [
    `${tried.engine === 'podman' ? 'Podman' : 'Docker'} has ${counted(tried.containers.length, 'container')}, ${running} of them running.`,
  ]
}
