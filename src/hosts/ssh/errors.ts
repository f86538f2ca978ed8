// Why a host cannot be reached or signed in to, each as one sentence with the remedy.
import { Problem } from '../../problem.ts'
import { errorMessage, truncate } from '../../text.ts'
import { type Host, UNREGISTERED_HOST_ID, writeAddress } from '../host.ts'

type HostIdentity = Pick<Host, 'id' | 'name' | 'address' | 'port' | 'user' | 'auth'>
type SshError = Error & { code?: string; level?: string; reason?: number }

const MAX_MESSAGE_LENGTH = 200

/** The problem for an error of node-ssh, or of the system below it, while connecting. */
export function connectProblem(host: HostIdentity, error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('busy', describeFailure(host, error as SshError), { cause: error })
}

/** The problem for a host that presents another key than the pinned one. */
export function changedHostKeyProblem(host: HostIdentity, pinned: string, presented: string): Problem {
  return new Problem(
    'forbidden',
    `The host key of ${host.name} has CHANGED from ${pinned} to ${presented}, so Vakt does not sign in: this can be an attack. If you reinstalled the host, trust the new key: hosts edit ${host.name} --trust-key ${presented}`,
  )
}

/** The problem for a host that did not answer within `ms`. */
export function connectTimeoutProblem(host: HostIdentity, ms: number): Problem {
  return new Problem(
    'busy',
    `${host.name} (${writeAddress(host)}) did not answer within ${ms / 1000} s. Check that it is running and that no firewall blocks port ${host.port}.`,
  )
}

/** The problem for an open connection that broke. */
export function connectionLostProblem(host: Pick<Host, 'name'>, cause?: unknown): Problem {
  if (cause instanceof Problem) return cause
  const reason = cause === undefined ? '' : ` (${errorMessage(cause)})`
  return new Problem(
    'busy',
    `The connection to ${host.name} was lost${reason}. Try again; "hosts test ${host.name}" checks the host.`,
    { cause },
  )
}

/** Whether the host was reached but refused the credentials. */
export function isAuthenticationFailure(problem: Problem): boolean {
  return (problem.cause as SshError | undefined)?.level === 'client-authentication'
}

/** SSH_OPEN_CONNECT_FAILED (RFC 4254, 5.1): the jump host tried, and the address did not answer. */
const OPEN_CONNECT_FAILED = 2

/** Whether a jump host opened no stream to the address. */
export function isForwardFailure(error: unknown): boolean {
  const { message, level } = originOf(error)
  return level === undefined && /open fail/i.test(message)
}

/** Whether a jump host did not even try, because the key may not forward. */
export function isForwardProhibited(error: unknown): boolean {
  return isForwardFailure(error) && originOf(error).reason !== OPEN_CONNECT_FAILED
}

function originOf(error: unknown): SshError {
  return ((error instanceof Problem ? error.cause : error) ?? error) as SshError
}

function describeFailure(host: HostIdentity, { code, level, message }: SshError): string {
  const at = writeAddress(host)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `The address of ${host.name} was not found: ${host.address} does not resolve. Correct it: ${writeAddressCommand(host, `${host.user}@ADDRESS`)}`
  if (code === 'ECONNREFUSED')
    return `${host.name} refused the connection: nothing listens on ${host.address} port ${host.port}. Start sshd there, or correct the port: ${writeAddressCommand(host, `${host.user}@${host.address}:PORT`)}`
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return `There is no network route to ${host.name} (${at}). Check the network, or set a jump host: ${host.id === UNREGISTERED_HOST_ID ? writeAddressCommand(host, at) : `hosts edit ${host.name}`} --jump HOST`
  if (level === 'client-authentication') return describeAuthenticationFailure(host)
  if (level === 'agent')
    return `The SSH agent does not work for ${host.name}. Start Vakt with SSH_AUTH_SOCK set, or set a key: hosts edit ${host.name} --key "…"`
  if (/before handshake/i.test(message))
    return `${host.name} (${at}) closed the connection before the SSH handshake. Check that sshd listens there and does not block Vakt (MaxStartups, fail2ban).`
  if (level === 'handshake' || /no matching|handshake/i.test(message))
    return `${host.name} and Vakt have no SSH algorithm in common (${shorten(message)}). Update OpenSSH on ${host.name}.`
  if (/open fail|forward/i.test(message))
    return `The jump host of ${host.name} could not connect to it (${shorten(message)}). Check the address, and that Vakt's key may forward ports on the jump host.`
  return `The connection to ${host.name} (${at}) failed: ${shorten(message)}. ${host.id === UNREGISTERED_HOST_ID ? 'Check the address.' : `"hosts test ${host.name}" tries again.`}`
}

/** The command that sets another address; a host that is not stored yet is added with it. */
function writeAddressCommand(host: HostIdentity, address: string): string {
  return host.id === UNREGISTERED_HOST_ID
    ? `hosts add ${host.name} ${address}`
    : `hosts edit ${host.name} --address ${address}`
}

function describeAuthenticationFailure(host: HostIdentity): string {
  const remedies = {
    own: `Allow Vakt's key: "hosts key" shows the line to run there as ${host.user}.`,
    key: `Add its public key to ~/.ssh/authorized_keys of ${host.user} there, or set another key: hosts edit ${host.name} --key "…"`,
    password: `Set the right password: hosts edit ${host.name} --password "…", or allow Vakt's own key ("hosts key").`,
    agent: `Add a key of ${host.user} to the agent, or allow Vakt's own key ("hosts key").`,
  }
  const credentials = { own: "Vakt's key", key: 'the key', password: 'the password', agent: 'every key of the agent' }
  return `${host.name} refused ${credentials[host.auth]} for the user ${host.user}. ${remedies[host.auth]}`
}

function shorten(message: string): string {
  return truncate(message.replaceAll(/\s+/g, ' '), MAX_MESSAGE_LENGTH)
}
