// The settings of a host as flags, and what they make of its row.
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
      .describe('Words to group hosts by: "web prod"'),
    project: projectName().optional().describe('The project that its alerts belong to'),
    auth: z
      .enum(['own', 'agent'])
      .optional()
      .describe("own: Vakt's own key; agent: the SSH agent of Vakt's environment"),
    password: secret(z.string().max(500)).optional().describe('A password to sign in with; kept encrypted'),
    key: secret(z.string().max(16_000)).optional().describe('A private key to sign in with; kept encrypted'),
    passphrase: secret(z.string().max(500)).optional().describe('What opens the private key'),
    jump: completes(z.string().max(63), 'host').optional().describe('A host to go through; none: straight'),
    trustKey: readable(parseFingerprint, 200).optional().describe('The fingerprint of the host key: SHA256:…'),
    socket: z
      .string()
      .max(200)
      .optional()
      .describe('For this machine: the Docker or Podman socket, when not the usual one'),
  }
}

type Settings = z.output<z.ZodObject<ReturnType<typeof hostSettings>>> & { address?: string | undefined }

/** The row of a new host. Throws `invalid` for what does not fit together. */
export function draftHost(settings: Settings, name: string, context: Context): Omit<Host, 'id'> {
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

/** What the flags change. Throws `invalid` for what does not fit together. */
export function hostChanges(settings: Settings, context: Context): HostChanges {
  const { address, tags, project, jump, trustKey, socket } = settings
  return {
    ...(address === undefined ? {} : addressOf(address)),
    ...(tags === undefined ? {} : { tags }),
    ...(project === undefined ? {} : { projectId: findProject(context.state, project).id }),
    ...(jump === undefined ? {} : { jumpId: jump === NONE ? null : findHost(context.state, jump).id }),
    ...(trustKey === undefined ? {} : { hostKey: trustKey }),
    ...(socket === undefined ? {} : { socket: readSocket(socket), engine: null }),
    ...authOf(settings, context),
  }
}

function addressOf(text: string): HostChanges {
  if (text === LOCAL) return { local: true, address: '', port: 0, user: '' }
  return { local: false, ...parseAddress(text) }
}

function authOf({ auth, password, key, passphrase }: Settings, { vault }: Context): HostChanges {
  const given = [auth, password, key].filter(one => one !== undefined).length
  if (given > 1) throw invalid('auth', 'Give one of --auth, --password and --key: Vakt signs in one way.')
  if (passphrase !== undefined && key === undefined) throw invalid('passphrase', 'A --passphrase belongs to a --key.')
  if (auth !== undefined) return { auth, secretSealed: null }
  if (password !== undefined) return { auth: 'password', secretSealed: sealSecret(vault, { password }) }
  if (key === undefined) return {}
  const privateKey = unfolded(key)
  refusePrivateKey(privateKey, passphrase)
  return { auth: 'key', secretSealed: sealSecret(vault, { privateKey, passphrase: passphrase ?? null }) }
}

/** A key pasted where line breaks become spaces or `\n` is whole again. */
function unfolded(text: string): string {
  const [, head, body, foot] = /^\s*(-----BEGIN [A-Z ]+-----)(.*?)(-----END [A-Z ]+-----)\s*$/s.exec(text) ?? []
  if (head === undefined || body!.includes('\n')) return `${text.trim()}\n`
  return `${head}\n${body!.replaceAll('\\n', '\n').trim().replaceAll(/\s+/g, '\n')}\n${foot}\n`
}

function readSocket(path: string): string | null {
  if (path === NONE) return null
  const plain = path.replace(/^unix:\/\//, '')
  if (/^\/[\w./-]+$/.test(plain)) return plain
  throw invalid('socket', 'A socket is a path such as /run/user/1000/podman/podman.sock.')
}
