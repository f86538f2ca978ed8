// One SSH connection: opened only to a host that presents the pinned key, with sessions that run commands.
import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Config } from 'node-ssh'
import type { Client, ClientChannel } from 'ssh2'
import type { Clock } from '../../clock.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import { changedHostKeyProblem, connectProblem, connectTimeoutProblem } from './errors.ts'

export const CONNECT_TIMEOUT_MS = 8 * SECOND
/** Below the default MaxSessions of OpenSSH, 10 per connection. */
const DEFAULT_SESSIONS = 8
/** Time between two keep-alive requests; the connection is closed when three in a row are not answered. */
const KEEP_ALIVE_INTERVAL_MS = 10 * SECOND

/** A started command: its channel, and its exit status once that has closed (-1: ended by a signal, null: connection lost). */
export type SshSession = { channel: ClientChannel; exited: Promise<number | null> }

export interface SshConnection {
  /** Open sessions, and how many the host allows. */
  sessions: number
  capacity: number
  /** Hosts that are reached through this connection. */
  forwards: number
  /** Whether nothing new may use it; it closes when nothing does. */
  isRetired: boolean
  /** Cancels the timer that closes the unused connection. */
  cancelIdleTimer(): void
  readonly isAlive: boolean
  exec(line: string): Promise<SshSession>
  /** Opens a stream from the host to another address. */
  forward(address: string, port: number): Promise<Duplex>
  close(): void
  onClose(listener: () => void): void
}

export type SshCredentials = Pick<Config, 'password' | 'privateKey' | 'passphrase' | 'agent' | 'tryKeyboard'>

/** The host to connect to, the credentials, and the connection to its jump host. */
export type DialOptions = { host: Host; credentials: SshCredentials; through: SshConnection | null }

/**
 * Opens a connection. Rejects with a `Problem` when the host cannot be reached, presents another key than the pinned one
 * (no credentials are sent then), or refuses the credentials.
 */
export async function openConnection(dial: DialOptions, clock: Clock): Promise<SshConnection> {
  const { host } = dial
  let presented: string | null = null
  const acceptKey = (key: Buffer) => {
    presented = hostKeyFingerprint(key)
    return presented === host.hostKey
  }
  try {
    return wrapClient(await connect(dial, acceptKey, clock))
  } catch (error) {
    if (presented !== null && presented !== host.hostKey)
      throw changedHostKeyProblem(host, host.hostKey ?? 'none', presented)
    throw connectProblem(host, error)
  }
}

/** Fetches the fingerprint of the host key without signing in. Rejects as `openConnection` does. */
export async function fetchHostKey(dial: DialOptions, clock: Clock): Promise<string> {
  let presented: string | null = null
  try {
    const client = await connect(
      dial,
      key => {
        presented = hostKeyFingerprint(key)
        return false
      },
      clock,
    )
    client.end()
  } catch (error) {
    if (presented === null) throw connectProblem(dial.host, error)
  }
  return presented!
}

/** The fingerprint of a host key as `ssh-keygen -l` writes it: SHA-256 in base64 without padding. */
export function hostKeyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

async function connect({ host, credentials, through }: DialOptions, acceptKey: (key: Buffer) => boolean, clock: Clock) {
  // The SDK takes 0.1 s to load, so it is loaded only when there are hosts.
  const { NodeSSH } = await import('node-ssh')
  const sock = through === null ? undefined : await through.forward(host.address, host.port)
  const ssh = new NodeSSH()
  const attempt = ssh.connect({
    ...(sock ? { sock: sock as never } : { host: host.address, port: host.port }),
    username: host.user,
    ...credentials,
    hostVerifier: acceptKey,
    keepaliveInterval: KEEP_ALIVE_INTERVAL_MS,
    keepaliveCountMax: 3,
    // A fixed order, so that a new version of the SDK does not request a key of another type than the pinned one.
    algorithms: { serverHostKey: [...HOST_KEY_ALGORITHMS] },
  })
  const client = ssh.connection!
  // node-ssh removes its listener once the connection is open, and an error without a listener ends the process.
  client.on('error', () => {})
  // Send small packets at once.
  client.setNoDelay(true)
  return new Promise<Client>((resolve, reject) => {
    const cancel = clock.at(clock.now() + CONNECT_TIMEOUT_MS, () => {
      client.destroy()
      sock?.destroy()
      reject(connectTimeoutProblem(host, CONNECT_TIMEOUT_MS))
    })
    attempt.then(() => resolve(client), reject).finally(cancel)
  })
}

const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const

function wrapClient(client: Client): SshConnection {
  let isAlive = true
  client.on('close', () => {
    isAlive = false
  })
  return {
    sessions: 0,
    capacity: DEFAULT_SESSIONS,
    forwards: 0,
    isRetired: false,
    cancelIdleTimer() {},
    get isAlive() {
      return isAlive
    },
    exec: line =>
      new Promise((resolve, reject) => {
        // The exit may arrive in the same packet as the start, so the listener is added here.
        client.exec(line, (error, channel) =>
          error ? reject(error) : resolve({ channel, exited: waitForExit(channel) }),
        )
      }),
    forward: (address, port) =>
      new Promise((resolve, reject) => {
        client.forwardOut('127.0.0.1', 0, address, port, (error, stream) => (error ? reject(error) : resolve(stream)))
      }),
    close: () => void client.end(),
    onClose: listener => void client.on('close', listener),
  }
}

function waitForExit(channel: ClientChannel): Promise<number | null> {
  return new Promise(resolve => {
    let status: number | null = null
    channel.on('exit', (code: number | null) => {
      status = code ?? -1
    })
    channel.on('close', () => resolve(status))
    channel.on('error', () => {})
  })
}
