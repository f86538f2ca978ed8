// Why a host could not be reached or signed in to, as one sentence with the remedy.
import { Problem } from '../../problem.ts'
import { type Host, NOT_REGISTERED, writeAddress } from '../host.ts'

type Named = Pick<Host, 'id' | 'name' | 'address' | 'port' | 'user' | 'auth'>
type Fault = Error & { code?: string; level?: string }

/** The sentence for what node-ssh (or the system under it) says went wrong with a connection. */
export function connectProblem(host: Named, error: unknown): Problem {
  if (error instanceof Problem) return error
  const fault = error as Fault
  return new Problem('busy', sentence(host, fault), { cause: error })
}

/** A connection that was refused because the host shows another key than the one pinned. */
export function changedKey(host: Named, pinned: string, shown: string): Problem {
  return new Problem(
    'forbidden',
    `The host key of ${host.name} has CHANGED from ${pinned} to ${shown}, so Vakt does not sign in: somebody may stand in between. If the host was set up anew, trust it with: hosts edit ${host.name} --trust-key ${shown}`,
  )
}

export function noAnswer(host: Named, ms: number): Problem {
  return new Problem(
    'busy',
    `${host.name} (${writeAddress(host)}) did not answer within ${ms / 1000} s. Check that it runs and that no firewall keeps Vakt from port ${host.port}.`,
  )
}

/** Whether a host was reached and knew nobody by the credentials. */
export function isRefusedSignIn(problem: Problem): boolean {
  return (problem.cause as Fault | undefined)?.level === 'client-authentication'
}

function sentence(host: Named, { code, level, message }: Fault): string {
  const at = writeAddress(host)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `${host.name} was not found: the name ${host.address} does not resolve. Correct it with: ${withAddress(host, `${host.user}@ADDRESS`)}`
  if (code === 'ECONNREFUSED')
    return `${host.name} refused the connection: nothing listens at ${host.address} port ${host.port}. Start sshd there, or correct the port with: ${withAddress(host, `${host.user}@${host.address}:PORT`)}`
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return `There is no way to ${host.name} (${at}) from here. Check the network, or name a host to go through with: ${host.id === NOT_REGISTERED ? withAddress(host, at) : `hosts edit ${host.name}`} --jump HOST`
  if (level === 'client-authentication') return refusedKey(host)
  if (level === 'agent')
    return `The SSH agent could not be used for ${host.name}. Start Vakt with SSH_AUTH_SOCK set, or give it a key with: hosts edit ${host.name} --key "…"`
  if (/before handshake/i.test(message))
    return `${host.name} (${at}) closed the connection before it said that it speaks SSH. Check that sshd listens there, and that nothing turns Vakt away (MaxStartups, fail2ban).`
  if (level === 'handshake' || /no matching|handshake/i.test(message))
    return `${host.name} and Vakt have no algorithm in common (${short(message)}). Update OpenSSH on ${host.name}.`
  if (/open fail|forward/i.test(message))
    return `The host that ${host.name} is reached through could not connect to it (${short(message)}). Check the address, and that the key there may forward ports.`
  return `The connection to ${host.name} (${at}) failed: ${short(message)}. ${host.id === NOT_REGISTERED ? 'Check the address.' : `"hosts test ${host.name}" tries again.`}`
}

/** The command that gives the host another address; one that is not registered is added with it. */
function withAddress(host: Named, address: string): string {
  return host.id === NOT_REGISTERED
    ? `hosts add ${host.name} ${address}`
    : `hosts edit ${host.name} --address ${address}`
}

function refusedKey(host: Named): string {
  const remedies = {
    own: `Let Vakt in: "hosts key" shows the line to run there as ${host.user}.`,
    key: `Put its public half into ~/.ssh/authorized_keys of ${host.user} there, or give another with: hosts edit ${host.name} --key "…"`,
    password: `Give the right one with: hosts edit ${host.name} --password "…"; or let Vakt in by its own key ("hosts key").`,
    agent: `Check that the agent of Vakt holds a key of ${host.user}, or let Vakt in by its own key ("hosts key").`,
  }
  const what = { own: "Vakt's key", key: 'the key', password: 'the password', agent: 'every key of the agent' }
  return `${host.name} refused ${what[host.auth]} for the user ${host.user}. ${remedies[host.auth]}`
}

function short(message: string): string {
  return message.replaceAll(/\s+/g, ' ').slice(0, 200)
}
