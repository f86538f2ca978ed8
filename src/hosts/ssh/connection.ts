// One SSH connection: opened only to the host whose key is pinned, with sessions on it that run commands.
import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Config } from 'node-ssh'
import type { Client, ClientChannel } from 'ssh2'
import type { Clock } from '../../clock.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import { changedKey, connectProblem, noAnswer } from './errors.ts'

export const CONNECT_TIMEOUT = 8 * SECOND
/** OpenSSH allows ten sessions on a connection unless told otherwise (MaxSessions). */
const SESSIONS = 8
/** A silent connection is given up after three unanswered questions so far apart. */
const KEEP_ALIVE = 10 * SECOND

/** A command that was started: where it speaks, and its exit status when that has closed (-1: a signal, null: lost). */
export type Session = { channel: ClientChannel; exited: Promise<number | null> }

export interface SshConnection {
  /** How many sessions are open, and how many fit. */
  sessions: number
  capacity: number
  /** How many other hosts are reached through it. */
  forwards: number
  /** Takes back that it is to be closed because nobody uses it. */
  notIdle(): void
  readonly alive: boolean
  exec(line: string): Promise<Session>
  /** A stream to another address, from the host's end. */
  forward(address: string, port: number): Promise<Duplex>
  close(): void
  onClose(listener: () => void): void
}

export type Credentials = Pick<Config, 'password' | 'privateKey' | 'passphrase' | 'agent' | 'tryKeyboard'>

/** The host at the other end, how to sign in, and what it is reached through. */
export type Dial = { host: Host; credentials: Credentials; through: SshConnection | null }

/**
 * Opens a connection. Rejects with a sentence when the host cannot be reached, shows another key than the pinned one (before
 * anything of the credentials is sent), or refuses the credentials.
 */
export async function openConnection(dial: Dial, clock: Clock): Promise<SshConnection> {
  const { host } = dial
  let shown: string | null = null
  const accepts = (key: Buffer) => {
    shown = fingerprint(key)
    return shown === host.hostKey
  }
  try {
    return connectionOver(await connect(dial, accepts, clock))
  } catch (error) {
    if (shown !== null && shown !== host.hostKey) throw changedKey(host, host.hostKey ?? 'none', shown)
    throw connectProblem(host, error)
  }
}

/** The fingerprint of the key that the host shows, asked for without signing in; rejects as `openConnection` does. */
export async function fetchHostKey(dial: Dial, clock: Clock): Promise<string> {
  let shown: string | null = null
  try {
    const client = await connect(
      dial,
      key => {
        shown = fingerprint(key)
        return false
      },
      clock,
    )
    client.end()
  } catch (error) {
    if (shown === null) throw connectProblem(dial.host, error)
  }
  return shown!
}

/** A host key as OpenSSH shows it (RFC 8709 and `ssh-keygen -l`): SHA-256 in base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

async function connect({ host, credentials, through }: Dial, accepts: (key: Buffer) => boolean, clock: Clock) {
  // The SDK takes a tenth of a second to load, so only those who have hosts load it.
  const { NodeSSH } = await import('node-ssh')
  const sock = through === null ? undefined : await through.forward(host.address, host.port)
  const ssh = new NodeSSH()
  const attempt = ssh.connect({
    ...(sock ? { sock: sock as never } : { host: host.address, port: host.port }),
    username: host.user,
    ...credentials,
    hostVerifier: accepts,
    keepaliveInterval: KEEP_ALIVE,
    keepaliveCountMax: 3,
    // In an order of its own, so that a new version of the SDK does not ask for another key than the pinned one.
    algorithms: { serverHostKey: [...HOST_KEYS] },
  })
  const client = ssh.connection!
  // After it is open, node-ssh listens no more, and an error that nobody hears would end the process.
  client.on('error', () => {})
  // Small packets wait for nothing.
  client.setNoDelay(true)
  return new Promise<Client>((resolve, reject) => {
    const cancel = clock.at(clock.now() + CONNECT_TIMEOUT, () => {
      client.destroy()
      sock?.destroy()
      reject(noAnswer(host, CONNECT_TIMEOUT))
    })
    attempt.then(() => resolve(client), reject).finally(cancel)
  })
}

const HOST_KEYS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const

function connectionOver(client: Client): SshConnection {
  let alive = true
  client.on('close', () => {
    alive = false
  })
  return {
    sessions: 0,
    capacity: SESSIONS,
    forwards: 0,
    notIdle() {},
    get alive() {
      return alive
    },
    exec: line =>
      new Promise((resolve, reject) => {
        // The end may come with the very packet that brings the beginning, so it is listened for at once.
        client.exec(line, (error, channel) => (error ? reject(error) : resolve({ channel, exited: exitOf(channel) })))
      }),
    forward: (address, port) =>
      new Promise((resolve, reject) => {
        client.forwardOut('127.0.0.1', 0, address, port, (error, stream) => (error ? reject(error) : resolve(stream)))
      }),
    close: () => void client.end(),
    onClose: listener => void client.on('close', listener),
  }
}

function exitOf(channel: ClientChannel): Promise<number | null> {
  return new Promise(resolve => {
    let status: number | null = null
    channel.on('exit', (code: number | null) => {
      status = code ?? -1
    })
    channel.on('close', () => resolve(status))
    channel.on('error', () => {})
  })
}
