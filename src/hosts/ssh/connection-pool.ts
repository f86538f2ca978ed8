// The connections to hosts: kept open and shared, few for each, and backed off from where nobody answers.

import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { Vault } from '../../projects/vault.ts'
import type { State } from '../../state/database.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import { jumpsOf, openSecret } from '../hosts.ts'
import { localMachine } from '../local.ts'
import type { Machine } from '../machine.ts'
import { type Credentials, fetchHostKey, openConnection, type SshConnection } from './connection.ts'
import { ownKey } from './own-key.ts'
import { runOver, streamOver } from './session.ts'

/** Connections to one host, each with several sessions; and how many of those may be streams, so that others get their turn. */
const CONNECTIONS_EACH = 4
const STREAMS_EACH = 24
const CONNECTIONS_IN_ALL = 300
/** So long a command waits for its turn. */
const WAIT = 10 * SECOND
/** An unused connection is closed after so long. */
const IDLE = 5 * MINUTE
/** A host that did not answer is left alone for a while, longer each time. */
const FIRST_REST = 5 * SECOND
const LONGEST_REST = MINUTE

export interface HostConnections {
  /**
   * The machine of a host. With `insist`, a host is tried even while it is backed off from. With `once`, a command that may
   * have reached the host is never sent again.
   */
  machine(host: Host, insist?: boolean, once?: boolean): Machine
  /** The fingerprint of the key that a host shows now, whatever is pinned. */
  hostKey(host: Host): Promise<string>
  /** Closes what is open to a host, because it was changed or removed. */
  forget(hostId: number): void
  close(): void
}

type Line = {
  signature: string
  open: Set<SshConnection>
  opening: Promise<SshConnection> | null
  streams: number
  rests: { until: number; failures: number; problem: Problem } | null
  waiting: (() => void)[]
}

/** Connections over the hosts of a state. */
export function createHostConnections(state: State, vault: Vault, clock: Clock, logger: Logger): HostConnections {
  const lines = new Map<number, Line>()

  const lineOf = (host: Host): Line => {
    const signature =
      JSON.stringify([host.address, host.port, host.user, host.auth, host.hostKey, host.jumpId]) +
      (host.secretSealed?.toString('base64') ?? '')
    const known = lines.get(host.id)
    if (known?.signature === signature) return known
    if (known) forget(host.id)
    const line: Line = { signature, open: new Set(), opening: null, streams: 0, rests: null, waiting: [] }
    lines.set(host.id, line)
    return line
  }

  const forget = (hostId: number) => {
    const line = lines.get(hostId)
    lines.delete(hostId)
    for (const connection of line?.open ?? []) connection.close()
  }

  const credentials = (host: Host): Credentials => {
    if (host.auth === 'own') return { privateKey: ownKey(state, vault).privateKey }
    if (host.auth === 'agent') return agent(host)
    const secret = openSecret(vault, host)
    if (secret === null)
      throw new Problem(
        'conflict',
        `${host.name} has no secret to sign in with. Give one with "hosts edit ${host.name}".`,
      )
    if ('password' in secret) return { password: secret.password, tryKeyboard: true }
    return { privateKey: secret.privateKey, ...(secret.passphrase === null ? {} : { passphrase: secret.passphrase }) }
  }

  /** What the host is reached through, kept open until released; forwarding takes no session of it. */
  const through = async (host: Host) => {
    const jump = jumpsOf(state, host).at(-1)
    if (!jump) return null
    const line = lineOf(jump)
    const connection = [...line.open].find(one => one.alive) ?? (await another(jump, line, false))
    return hold(connection, 'forwards')
  }

  const open = async (host: Host, line: Line): Promise<SshConnection> => {
    const total = [...lines.values()].reduce((sum, one) => sum + one.open.size, 0)
    if (total >= CONNECTIONS_IN_ALL)
      throw new Problem('busy', `${CONNECTIONS_IN_ALL} SSH connections are open already. Try again in a moment.`)
    const jump = await through(host)
    try {
      const connection = await openConnection(
        { host, credentials: credentials(host), through: jump?.connection ?? null },
        clock,
      )
      line.rests = null
      line.open.add(connection)
      connection.onClose(() => {
        line.open.delete(connection)
        connection.notIdle()
        jump?.release()
        wake(line)
      })
      // The host was changed or removed meanwhile.
      if (lines.get(host.id) !== line) connection.close()
      return connection
    } catch (error) {
      jump?.release()
      const problem = error as Problem
      const failures = (line.rests?.failures ?? 0) + 1
      const rest = Math.min(LONGEST_REST, FIRST_REST * 2 ** (failures - 1))
      line.rests = { until: clock.now() + rest, failures, problem }
      logger.debug('a host could not be reached', { host: host.name, error: problem.message })
      throw problem
    }
  }

  /** One more connection; all who want one at the same time share it. */
  const another = (host: Host, line: Line, insist: boolean): Promise<SshConnection> => {
    if (!insist && line.rests && clock.now() < line.rests.until) throw line.rests.problem
    line.opening ??= open(host, line).finally(() => {
      line.opening = null
    })
    return line.opening
  }

  /** A place for one session; whoever takes it gives it back. */
  const take = async (host: Host, line: Line, insist: boolean) => {
    for (;;) {
      const free = [...line.open].find(one => one.alive && one.sessions < one.capacity)
      if (free) return { connection: free, release: hold(free, 'sessions', () => wake(line)).release }
      if (line.open.size < CONNECTIONS_EACH) await another(host, line, insist)
      else await freed(host, line)
    }
  }

  const hold = (connection: SshConnection, use: 'sessions' | 'forwards', freed = () => {}) => {
    connection[use]++
    connection.notIdle()
    let held = true
    const release = () => {
      if (!held) return
      held = false
      connection[use]--
      freed()
      if (connection.sessions + connection.forwards > 0 || !connection.alive) return
      connection.notIdle()
      connection.notIdle = clock.at(clock.now() + IDLE, () => connection.close())
    }
    return { connection, release }
  }

  /** Waits for a session to end; not for long, or one host with too many streams would hold up a round of all. */
  const freed = (host: Host, line: Line) =>
    new Promise<void>((resolve, reject) => {
      const sentence = `Every session that ${host.name} allows is in use. Stop a tail, or raise MaxSessions of its sshd.`
      const cancel = clock.at(clock.now() + WAIT, () => reject(new Problem('busy', sentence)))
      line.waiting.push(() => {
        cancel()
        resolve()
      })
    })

  const session = async (host: Host, insist: boolean, once: boolean, command: string) => {
    const line = lineOf(host)
    for (let lostBefore = once; ; ) {
      const { connection, release } = await take(host, line, insist)
      try {
        const session = await connection.exec(command)
        session.exited.then(release)
        return session
      } catch (error) {
        release()
        // The host allows fewer sessions on a connection than usual: another connection may carry it.
        if (connection.alive && connection.sessions > 0 && /open fail/i.test((error as Error).message)) {
          connection.capacity = connection.sessions
          continue
        }
        // The connection had gone unnoticed; what only looks may be asked again.
        if (connection.alive || lostBefore) throw lost(host, error as Error)
        lostBefore = true
      }
    }
  }

  return {
    machine(host, insist = false, once = false) {
      if (host.local) return localMachine(host, clock)
      return {
        run: async (words, options) =>
          runOver(command => session(host, insist, once, command), host, words, clock, options),
        async stream(words, sink) {
          const line = lineOf(host)
          if (line.streams >= STREAMS_EACH)
            throw new Problem('busy', `${STREAMS_EACH} streams from ${host.name} are open already. Stop one first.`)
          line.streams++
          try {
            const running = await streamOver(command => session(host, insist, once, command), host, words, sink)
            running.ended.catch(() => {}).finally(() => line.streams--)
            return running
          } catch (error) {
            line.streams--
            throw error
          }
        },
      }
    },
    async hostKey(host) {
      const jump = await through(host)
      try {
        return await fetchHostKey({ host, credentials: {}, through: jump?.connection ?? null }, clock)
      } finally {
        jump?.release()
      }
    },
    forget,
    close() {
      for (const id of [...lines.keys()]) forget(id)
    },
  }
}

function wake(line: Line): void {
  for (const resolve of line.waiting.splice(0)) resolve()
}

function agent(host: Host): Credentials {
  const socket = process.env.SSH_AUTH_SOCK
  if (socket) return { agent: socket }
  throw new Problem(
    'conflict',
    `${host.name} is to be signed in to by an SSH agent, and Vakt has none. Start Vakt with SSH_AUTH_SOCK set.`,
  )
}

function lost(host: Host, cause: Error): Problem {
  if (cause instanceof Problem) return cause
  return new Problem('busy', `The connection to ${host.name} was lost (${cause.message}). Try again.`, { cause })
}
