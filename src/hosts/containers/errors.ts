// What Docker and Podman complain of, as one sentence with the remedy.
import { Problem } from '../../problem.ts'
import type { Host } from '../host.ts'
import type { Output } from '../machine.ts'

type Named = Pick<Host, 'name' | 'user' | 'local'>

/** The sentence for a host whose engine does not list its containers; `said` is what it complained of. */
export function engineFailure(host: Named, engine: string, said: string): Problem {
  const program = engine === 'podman' ? 'Podman' : 'Docker'
  const user = host.local ? 'the user that runs Vakt' : host.user
  if (/permission denied/i.test(said))
    return new Problem(
      'forbidden',
      `${user} may not use ${program} on ${host.name}. Let it: sudo usermod -aG docker ${host.local ? 'USER' : host.user} there, and then "hosts test ${host.name}".`,
    )
  if (/cannot connect|is the docker daemon running|connection refused|no such file or directory/i.test(said))
    return new Problem(
      'busy',
      `${program} does not run on ${host.name}. Start it there: sudo systemctl start ${program.toLowerCase()}`,
    )
  if (/vakt: not allowed/i.test(said)) return notAllowed(host)
  return new Problem('busy', `${program} on ${host.name} failed: ${short(said) || 'it said nothing.'}`)
}

/** No engine at all on a host. */
export function noEngine(host: Named): Problem {
  return new Problem(
    'not_found',
    `There is neither Docker nor Podman on ${host.name}, so it has no containers. Install one, and then "hosts test ${host.name}".`,
  )
}

/** The sentence for a command about one container that failed. */
export function containerFailure(host: Named, engine: string, container: string, output: Output): Problem {
  const said = output.stderr || output.stdout
  if (/no such (?:container|object)|no container with name|not found: .*container/i.test(said))
    return new Problem(
      'not_found',
      `There is no container "${container}" on ${host.name}. "containers list --host ${host.name}" shows those there are.`,
      { fields: { container: 'no such container' } },
    )
  if (output.code === 127) return noEngine(host)
  if (/configured logging driver does not support reading|this container is using the .* log driver/i.test(said))
    return new Problem(
      'conflict',
      `The log driver of ${container} on ${host.name} keeps nothing to read. Run it with --log-driver json-file, local or journald.`,
    )
  return engineFailure(host, engine, said)
}

function notAllowed(host: Named): Problem {
  return new Problem(
    'forbidden',
    `The forced command of Vakt's key on ${host.name} does not allow this. Install the one of this version there (examples/vakt-ssh).`,
  )
}

function short(said: string): string {
  const line = said.trim().split('\n').at(-1) ?? ''
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
