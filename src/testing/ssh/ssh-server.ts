// An SSH server on the loopback with the real protocol, scripted programs, and faults on request.
import { createServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'
import { hostKeyFingerprint } from '../../hosts/ssh/connection.ts'
import { generateKeyPair } from '../../hosts/ssh/own-key.ts'

/** A command of a client: its line as sent, the words that a shell would split it into, and its output streams. */
export type Execution = {
  line: string
  words: readonly string[]
  out(text: string): void
  err(text: string): void
  exit(code: number): void
  /** Calls `task` when the client disconnects or ends the command. */
  onEnd(task: () => void): void
}

export type SshServerOptions = {
  /** Whether a user may sign in with a method (default: user `deploy` with any key). */
  accepts?: (user: string, auth: AuthContext) => boolean
  run?: (execution: Execution) => void
  /** Sessions per connection, as MaxSessions of OpenSSH (default: 10). */
  maxSessions?: number
}

/** Starts a server on a free port of the loopback. */
export async function startSshServer(options: SshServerOptions = {}) {
  const commands: string[] = []
  const signals: string[] = []
  const sockets = new Set<Socket>()
  const clients = new Set<Connection>()
  let run = options.run ?? (execution => execution.exit(0))
  let accepts = options.accepts ?? ((user: string) => user === 'deploy')
  let isHanging = false
  let mayForward = true
  let mayRun = true
  let reachesOthers = true
  let connected = 0
  let key = generateKeyPair()
  let server = createSshServer(key.privateKey)

  function createSshServer(hostKey: string) {
    return new ssh2.Server({ hostKeys: [hostKey] }, client => {
      clients.add(client)
      client.on('error', () => {})
      client.on('close', () => clients.delete(client))
      let user = ''
      client.on('authentication', auth => {
        user = auth.username
        if (auth.method !== 'none' && accepts(user, auth)) auth.accept()
        else auth.reject(['publickey', 'password'])
      })
      client.on('ready', () => {
        connected++
        serve(client)
      })
    })
  }

  function serve(client: Connection): void {
    // As sshd: what a key may do is read when a client signs in.
    const rights = { mayForward, mayRun, reachesOthers }
    let sessions = 0
    client.on('session', (accept, reject) => {
      if (!rights.mayRun || sessions >= (options.maxSessions ?? 10)) return reject()
      sessions++
      const session = accept()
      const ends: (() => void)[] = []
      const ended = () => {
        for (const task of ends.splice(0)) task()
      }
      session.on('close', () => {
        sessions--
        ended()
      })
      session.on('signal', (_accept, _reject, { name }) => {
        signals.push(name)
        ended()
      })
      session.on('exec', (acceptExec, _reject, { command }) => {
        commands.push(command)
        const channel = acceptExec()
        channel.on('error', () => {})
        run(createExecution(channel, command, task => ends.push(task)))
      })
    })
    // Without a listener, the SDK answers SSH_OPEN_ADMINISTRATIVELY_PROHIBITED (RFC 4254, 5.1).
    if (!rights.mayForward) return
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const forward = forwards.get(`${destIP}:${destPort}`)
      if (!forward || !rights.reachesOthers) return reject()
      forward.inject(accept() as unknown as Socket)
    })
  }

  const listener = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (!isHanging) server.injectSocket(socket)
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as { port: number }
  const forwards = new Map<string, { inject(stream: Socket): void }>()

  return {
    port,
    /** The address for `hosts add`. */
    address: `deploy@127.0.0.1:${port}`,
    /** The command lines of clients, in order. */
    commands,
    /** Signals that clients sent to their commands. */
    signals,
    /** How many clients have signed in so far. */
    signedIn: () => connected,
    /** How many are connected now. */
    clients: () => clients.size,
    fingerprint: () => computeFingerprint(key.publicKey),
    /** Replaces the host key, as if the machine was reinstalled. */
    changesHostKey() {
      key = generateKeyPair()
      server = createSshServer(key.privateKey)
    },
    runs(program: (execution: Execution) => void) {
      run = program
    },
    lets(who: (user: string, auth: AuthContext) => boolean) {
      accepts = who
    },
    /** Whether keys may forward ports and run commands, and forwards reach others, for clients that sign in from now on. */
    grants(rights: { forward?: boolean; run?: boolean; reach?: boolean }) {
      mayForward = rights.forward ?? mayForward
      mayRun = rights.run ?? mayRun
      reachesOthers = rights.reach ?? reachesOthers
    },
    /** Accepts new connections without an answer. */
    hangs() {
      isHanging = true
    },
    isWell() {
      isHanging = false
    },
    /** Breaks every connection. */
    cuts() {
      for (const socket of sockets) socket.destroy()
    },
    /** Forwards an address, such as `db.internal:22`, to another server. */
    forwardsTo(address: string, other: { inject(stream: Socket): void }) {
      forwards.set(address, other)
    },
    inject: (stream: Socket) => server.injectSocket(stream),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => listener.close(resolve))
    },
  }
}

export type SshServer = Awaited<ReturnType<typeof startSshServer>>

function createExecution(channel: ServerChannel, line: string, onEnd: (task: () => void) => void): Execution {
  let open = true
  channel.on('close', () => {
    open = false
  })
  return {
    line,
    words: splitShellWords(line),
    out: text => void (open && channel.write(text)),
    err: text => void (open && channel.stderr.write(text)),
    exit(code) {
      if (!open) return
      channel.exit(code)
      channel.end()
    },
    onEnd,
  }
}

/** Splits a line in which only single quotes and `\'` quote anything, as `quoteCommand` writes them. */
function splitShellWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|\\'|[^\s'])+/g)].map(([word]) =>
    word.replaceAll(
      /'([^']*)'|\\(')/g,
      (_, quoted: string | undefined, escaped: string | undefined) => quoted ?? escaped!,
    ),
  )
}

function computeFingerprint(publicKey: string): string {
  return hostKeyFingerprint(Buffer.from(publicKey.split(' ')[1]!, 'base64'))
}
