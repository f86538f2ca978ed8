// The SSH connections to the hosts: shared and kept open, limited for each host, with back-off from hosts that do not answer.
import { backOff } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { Vault } from '../../projects/vault.ts'
import type { State } from '../../state/database.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import { openSecret, readJumps } from '../hosts.ts'
import { createLocalMachine } from '../local.ts'
import type { Machine } from '../machine.ts'
import { fetchHostKey, openConnection, type SshConnection, type SshCredentials } from './connection.ts'
import { connectionLostProblem, isForwardProhibited } from './errors.ts'
import { loadOrCreateOwnKey } from './own-key.ts'
import { runOverSsh, streamOverSsh } from './session.ts'

const MAX_CONNECTIONS_PER_HOST = 4
/** Fewer than the sessions of all connections, so that streams leave some for short commands. */
const MAX_STREAMS_PER_HOST = 24
const MAX_CONNECTIONS = 300
/** How long a command waits for a free session. */
const SESSION_WAIT_MS = 10 * SECOND
const IDLE_TIMEOUT_MS = 5 * MINUTE
/** What a forced command exits with when it does not allow the command; it may be corrected before the next one. */
const NOT_ALLOWED_EXIT_CODE = 126
const BACKOFF_BASE_MS = 5 * SECOND
const BACKOFF_MAX_MS = MINUTE

export type MachineOptions = {
  /** Connect even while the host is in back-off (default: false). */
  ignoreBackoff?: boolean
  /** Never send a command again that may have reached the host (default: false). */
  isSentOnce?: boolean
}

export interface HostConnections {
  machine(host: Host, options?: MachineOptions): Machine
  /** Fetches the fingerprint of the key that a host presents now, whatever key is pinned. */
  fetchHostKey(host: Host): Promise<string>
  /**
   * Lets what runs on the open connections to a host end there, and everything else use new ones: a host reads the keys that
   * it allows, and what they may do, only when a connection is opened.
   */
  renew(hostId: number): void
  /** Closes all connections to a host, because it was changed or removed. */
  disconnect(hostId: number): void
  close(): void
}

type HostPool = {
  /** The settings that the connections were opened with; a host with other settings gets a new pool. */
  signature: string
  connections: Set<SshConnection>
  opening: Promise<SshConnection> | null
  streams: number
  backOff: { until: number; failures: number; problem: Problem } | null
  /** Callbacks of commands that wait for a free session. */
  waiting: (() => void)[]
}

/** Creates the connections for the hosts of a state; each is opened when it is first used. */
export function createHostConnections(state: State, vault: Vault, clock: Clock, logger: Logger): HostConnections {
  const pools = new Map<number, HostPool>()

  const findPool = (host: Host): HostPool => {
    const signature =
      JSON.stringify([host.address, host.port, host.user, host.auth, host.hostKey, host.jumpId]) +
      (host.secretSealed?.toString('base64') ?? '')
    const known = pools.get(host.id)
    if (known?.signature === signature) return known
    if (known) disconnect(host.id)
    const pool: HostPool = {
      signature,
      connections: new Set(),
      opening: null,
      streams: 0,
      backOff: null,
      waiting: [],
    }
    pools.set(host.id, pool)
    return pool
  }

  const disconnect = (hostId: number) => {
    const pool = pools.get(hostId)
    pools.delete(hostId)
    for (const connection of pool?.connections ?? []) connection.close()
  }

  const readCredentials = (host: Host): SshCredentials => {
    if (host.auth === 'own') return { privateKey: loadOrCreateOwnKey(state, vault).privateKey }
    if (host.auth === 'agent') return readAgentCredentials(host)
    const secret = openSecret(vault, host)
    if (secret === null)
      throw new Problem(
        'conflict',
        `${host.name} has no password or key to sign in with. Set one: hosts edit ${host.name} --password "…"`,
      )
    if ('password' in secret) return { password: secret.password, tryKeyboard: true }
    return { privateKey: secret.privateKey, ...(secret.passphrase === null ? {} : { passphrase: secret.passphrase }) }
  }

  /** Lets nothing new use a connection; it closes when what runs on it has ended. */
  const retire = (connection: SshConnection) => {
    connection.isRetired = true
    if (connection.sessions + connection.forwards === 0) connection.close()
  }

  const renew = (hostId: number) => {
    const pool = pools.get(hostId)
    if (!pool) return
    for (const connection of pool.connections) retire(connection)
    wakeWaiting(pool)
  }

  /**
   * Runs `dial` over a connection to the jump host of a host (null without one), which stays reserved until `release` is called.
   * Forwarding takes no session. A jump host that forwards nothing may have been corrected since its connection was opened: a
   * new one is tried at once.
   */
  const throughJump = async <T>(
    host: Host,
    dial: (through: SshConnection | null) => Promise<T>,
  ): Promise<{ dialed: T; release(): void }> => {
    const jump = readJumps(state, host).at(-1)
    if (!jump) return { dialed: await dial(null), release() {} }
    for (;;) {
      const pool = findPool(jump)
      const pooled = [...pool.connections].find(isUsable)
      const { connection, release } = reserve(pooled ?? (await openAnother(jump, pool, false)), 'forwards')
      try {
        return { dialed: await dial(connection), release }
      } catch (error) {
        const isProhibited = isForwardProhibited(error)
        if (isProhibited) connection.isRetired = true
        release()
        if (!(isProhibited && pooled)) throw error
      }
    }
  }

  const open = async (host: Host, pool: HostPool): Promise<SshConnection> => {
    const total = [...pools.values()].reduce((sum, { connections }) => sum + connections.size, 0)
    if (total >= MAX_CONNECTIONS)
      throw new Problem('busy', `Vakt has ${MAX_CONNECTIONS} SSH connections open, its limit. Try again in a moment.`)
    try {
      const { dialed: connection, release } = await throughJump(host, through =>
        openConnection({ host, credentials: readCredentials(host), through }, clock),
      )
      pool.backOff = null
      pool.connections.add(connection)
      connection.onClose(() => {
        pool.connections.delete(connection)
        connection.cancelIdleTimer()
        release()
        wakeWaiting(pool)
      })
      // The host was changed or removed while the connection was opened.
      if (pools.get(host.id) !== pool) connection.close()
      return connection
    } catch (error) {
      const problem = error as Problem
      const failures = (pool.backOff?.failures ?? 0) + 1
      const wait = backOff(failures, { baseMs: BACKOFF_BASE_MS, maxMs: BACKOFF_MAX_MS })
      pool.backOff = { until: clock.now() + wait, failures, problem }
      logger.debug('connection to host failed; backing off', {
        host: host.name,
        failures,
        wait_ms: wait,
        error: problem.message,
      })
      throw problem
    }
  }

  /** Opens one more connection; callers that ask while it is being opened share it. */
  const openAnother = (host: Host, pool: HostPool, ignoreBackoff: boolean): Promise<SshConnection> => {
    // A longer wait is of a clock that went back since.
    const waitMs = (pool.backOff?.until ?? 0) - clock.now()
    if (!ignoreBackoff && pool.backOff && waitMs > 0 && waitMs <= BACKOFF_MAX_MS) throw pool.backOff.problem
    pool.opening ??= open(host, pool).finally(() => {
      pool.opening = null
    })
    return pool.opening
  }

  const acquireSession = async (host: Host, pool: HostPool, ignoreBackoff: boolean) => {
    for (;;) {
      const usable = [...pool.connections].filter(isUsable)
      const free = usable.find(({ sessions, capacity }) => sessions < capacity)
      if (free) return reserve(free, 'sessions', () => wakeWaiting(pool))
      if (usable.length < MAX_CONNECTIONS_PER_HOST) await openAnother(host, pool, ignoreBackoff)
      else await waitForSession(host, pool)
    }
  }

  const reserve = (connection: SshConnection, use: 'sessions' | 'forwards', onRelease = () => {}) => {
    connection[use]++
    connection.cancelIdleTimer()
    let isReserved = true
    const release = () => {
      if (!isReserved) return
      isReserved = false
      connection[use]--
      onRelease()
      if (connection.sessions + connection.forwards > 0 || !connection.isAlive) return
      connection.cancelIdleTimer()
      if (connection.isRetired) return connection.close()
      connection.cancelIdleTimer = clock.at(clock.now() + IDLE_TIMEOUT_MS, () => connection.close())
    }
    return { connection, release }
  }

  /** Waits for a session to end, but not for long: a host with too many streams must not delay the collection of all. */
  const waitForSession = (host: Host, pool: HostPool) =>
    new Promise<void>((resolve, reject) => {
      const sentence = `All SSH sessions of ${host.name} are in use. Stop a tail, or raise MaxSessions in its sshd_config.`
      const cancel = clock.at(clock.now() + SESSION_WAIT_MS, () => reject(new Problem('busy', sentence)))
      pool.waiting.push(() => {
        cancel()
        resolve()
      })
    })

  const openSession = async (
    host: Host,
    { ignoreBackoff = false, isSentOnce = false }: MachineOptions,
    line: string,
  ) => {
    const pool = findPool(host)
    const openedBefore = new Set(pool.connections)
    for (let mayRetry = !isSentOnce; ; ) {
      const { connection, release } = await acquireSession(host, pool, ignoreBackoff)
      try {
        const session = await connection.exec(line)
        session.exited.then(code => {
          if (code === NOT_ALLOWED_EXIT_CODE) connection.isRetired = true
          release()
        })
        return session
      } catch (error) {
        const isRefused = refuseMore(connection, error)
        release()
        if (isRefused && (!connection.isRetired || openedBefore.has(connection))) continue
        // The connection was dead without a notice, so a command that only reads is sent again.
        if (connection.isAlive || !mayRetry) throw connectionLostProblem(host, error)
        mayRetry = false
      }
    }
  }

  return {
    machine(host, options = {}) {
      if (host.local) return createLocalMachine(host, clock)
      const openFor = (line: string) => openSession(host, options, line)
      return {
        run: async (argv, runOptions) => runOverSsh(openFor, host, argv, clock, runOptions),
        async stream(argv, sink) {
          const pool = findPool(host)
          if (pool.streams >= MAX_STREAMS_PER_HOST)
            throw new Problem(
              'busy',
              `${host.name} has ${MAX_STREAMS_PER_HOST} open streams, the limit for one host. Stop a tail first.`,
            )
          pool.streams++
          try {
            const running = await streamOverSsh(openFor, host, argv, sink)
            running.ended.catch(() => {}).finally(() => pool.streams--)
            return running
          } catch (error) {
            pool.streams--
            throw error
          }
        },
      }
    },
    async fetchHostKey(host) {
      const { dialed, release } = await throughJump(host, through =>
        fetchHostKey({ host, credentials: {}, through }, clock),
      )
      release()
      return dialed
    },
    renew,
    disconnect,
    close() {
      for (const id of [...pools.keys()]) disconnect(id)
    },
  }
}

/**
 * Whether the host refused one more session on a connection: then it allows fewer sessions than the default, and another
 * connection may have room. A connection on which it allows none is retired: the host decided that when it was opened, by the
 * keys it had then.
 */
function refuseMore(connection: SshConnection, error: unknown): boolean {
  if (!connection.isAlive || !/open fail/i.test((error as Error).message)) return false
  const others = connection.sessions - 1
  if (others > 0) connection.capacity = others
  else connection.isRetired = true
  return true
}

function isUsable({ isAlive, isRetired }: SshConnection): boolean {
  return isAlive && !isRetired
}

function wakeWaiting(pool: HostPool): void {
  for (const resolve of pool.waiting.splice(0)) resolve()
}

function readAgentCredentials(host: Host): SshCredentials {
  const socket = process.env.SSH_AUTH_SOCK
  if (socket) return { agent: socket }
  throw new Problem(
    'conflict',
    `${host.name} signs in with an SSH agent, but Vakt has none. Start Vakt with SSH_AUTH_SOCK set.`,
  )
}
