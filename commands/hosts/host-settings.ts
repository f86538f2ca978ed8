// The flags for the settings of a host, and the changes of its row that they stand for.
import { z } from 'zod'
import { completes, secret } from '../../src/command/command.ts'
import { type Host, parseAddress, parseFingerprint, parseTags } from '../../src/hosts/host.ts'
import { findHost, type HostChanges, sealSecret } from '../../src/hosts/hosts.ts'
import { refusePrivateKey } from '../../src/hosts/ssh/own-key.ts'
import { invalid } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { type Context, projectName, readable } from '../context.ts'

const NONE = 'none'
const LOCAL = 'local'

/** The flags that `hosts add` and `hosts edit` share. */
export function hostSettings() {
  return {
    tags: readable(text => (text === NONE ? [] : parseTags(text)), 300)
      .optional()
      .describe('Tags to group hosts by: "web prod"'),
    project: projectName().optional().describe('Project of its alerts'),
    auth: z
      .enum(['own', 'agent'])
      .optional()
      .describe("own: Vakt's own key; agent: the SSH agent of Vakt's environment"),
    password: secret(z.string().max(500)).optional().describe('Password to sign in with; stored encrypted'),
    key: secret(z.string().max(16_000)).optional().describe('Private key to sign in with; stored encrypted'),
    passphrase: secret(z.string().max(500)).optional().describe('Passphrase of the private key'),
    jump: completes(z.string().max(63), 'host')
      .optional()
      .describe('Jump host to connect through; none: connect directly'),
    trustKey: readable(parseFingerprint, 200).optional().describe('Fingerprint of the host key: SHA256:…'),
    socket: z
      .string()
      .max(200)
      .optional()
      .describe('This machine only: Docker or Podman socket (default: the usual one)'),
  }
}

type HostSettings = z.output<z.ZodObject<ReturnType<typeof hostSettings>>> & { address?: string | undefined }

/** The row of a new host. Throws `invalid` for contradicting flags. */
export function draftHost(settings: HostSettings, name: string, context: Context): Omit<Host, 'id'> {
  return {
    name,
    local: false,
    address: '',
    port: 0,
    user: '',
    tags: [],
    projectId: findProject(context.state, settings.project).id,
    auth: 'own',
    secretSealed: null,
    jumpId: null,
    hostKey: null,
    socket: null,
    timeZone: null,
    engine: null,
    enabled: true,
    status: 'new',
    failures: 0,
    failingSince: null,
    error: null,
    engineError: null,
    lastSeenAt: null,
    addedAt: context.now,
    addedBy: context.by.name,
    ...hostChanges(settings, context),
  }
}

/** The changes that the flags ask for. Throws `invalid` for contradicting flags. */
export function hostChanges(settings: HostSettings, context: Context): HostChanges {
  const { address, tags, project, jump, trustKey, socket } = settings
  return {
    ...(address === undefined ? {} : readAddress(address)),
    ...(tags === undefined ? {} : { tags }),
    ...(project === undefined ? {} : { projectId: findProject(context.state, project).id }),
    ...(jump === undefined ? {} : { jumpId: jump === NONE ? null : findHost(context.state, jump).id }),
    ...(trustKey === undefined ? {} : { hostKey: trustKey }),
    ...(socket === undefined ? {} : { socket: readSocket(socket), engine: null }),
    ...readAuth(settings, context),
  }
}

function readAddress(text: string): HostChanges {
  if (text === LOCAL) return { local: true, address: '', port: 0, user: '' }
  return { local: false, ...parseAddress(text) }
}

function readAuth({ auth, password, key, passphrase }: HostSettings, { vault }: Context): HostChanges {
  const methods = [auth, password, key].filter(method => method !== undefined)
  if (methods.length > 1) throw invalid('auth', 'Use only one of --auth, --password and --key.')
  if (passphrase !== undefined && key === undefined) throw invalid('passphrase', '--passphrase needs --key.')
  if (auth !== undefined) return { auth, secretSealed: null }
  if (password !== undefined) return { auth: 'password', secretSealed: sealSecret(vault, { password }) }
  if (key === undefined) return {}
  const privateKey = restoreLineBreaks(key)
  refusePrivateKey(privateKey, passphrase)
  return { auth: 'key', secretSealed: sealSecret(vault, { privateKey, passphrase: passphrase ?? null }) }
}

/** Restores the line breaks of a key that was pasted as one line, with spaces or `\n` in their place. */
function restoreLineBreaks(text: string): string {
  const [, head, body, foot] = /^\s*(-----BEGIN [A-Z ]+-----)(.*?)(-----END [A-Z ]+-----)\s*$/s.exec(text) ?? []
  if (head === undefined || body!.includes('\n')) return `${text.trim()}\n`
  return `${head}\n${body!.replaceAll('\\n', '\n').trim().replaceAll(/\s+/g, '\n')}\n${foot}\n`
}

function readSocket(path: string): string | null {
  if (path === NONE) return null
  const plain = path.replace(/^unix:\/\//, '')
  if (/^\/[\w./-]+$/.test(plain)) return plain
  throw invalid('socket', 'Write the path of a socket, such as /run/user/1000/podman/podman.sock.')
}
