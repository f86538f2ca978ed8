// Tests the connection to a host, and shows the result.
import type { Text } from '../../src/card.ts'
import type { Host } from '../../src/hosts/host.ts'
import type { HostRuntime } from '../../src/hosts/host-runtime.ts'
import type { HostSnapshot } from '../../src/hosts/metrics/host-snapshot.ts'
import type { HostConnections } from '../../src/hosts/ssh/connection-pool.ts'
import { isAuthenticationFailure, isForwardFailure } from '../../src/hosts/ssh/errors.ts'
import { Problem } from '../../src/problem.ts'
import { plural } from '../../src/text.ts'

/** Collects a snapshot of the host now over a new connection, with the keys that it allows now, or returns the problem. */
export async function testHost(hostRuntime: HostRuntime, host: Host): Promise<HostSnapshot | Problem> {
  const { connections, collector } = hostRuntime
  connections.renew(host.id)
  try {
    return await overJump(connections, host.jumpId, () => collector.collect(host))
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

/** The result of `work`; when the jump host does not reach the host, once more over a new connection to the jump host. */
export async function overJump<T>(
  connections: HostConnections,
  jumpId: number | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (jumpId === null || !isForwardFailure(error)) throw error
    connections.renew(jumpId)
    return await work()
  }
}

/** Whether only Vakt's own key is missing on the host. */
export function needsKey(result: HostSnapshot | Problem, host: Host): boolean {
  return result instanceof Problem && host.auth === 'own' && isAuthenticationFailure(result)
}

/** The lines of the card; `host` is its row after the test. */
export function testLines(result: HostSnapshot | Problem, host: Host): Text[] {
  if (needsKey(result, host))
    return [`The host does not allow Vakt's key yet. Run this there as ${host.user}, then "hosts test ${host.name}":`]
  if (result instanceof Problem) return [result.message]
  if (host.engineError !== null) return ['The host is reachable.', host.engineError]
  if (result.engine === 'none') return ['The host is reachable. It has no Docker and no Podman.']
  const running = result.containers.filter(container => container.state === 'running').length
  return [
    `${result.engine === 'podman' ? 'Podman' : 'Docker'} has ${plural(result.containers.length, 'container')}, ${running} of them running.`,
  ]
}
