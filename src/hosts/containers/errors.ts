// Why a container engine or a container command failed, each as one sentence with the remedy.
import { Problem } from '../../problem.ts'
import { truncate } from '../../text.ts'
import type { Host } from '../host.ts'
import type { CommandOutput } from '../machine.ts'

type HostIdentity = Pick<Host, 'name' | 'user' | 'local'>

const MAX_MESSAGE_LENGTH = 300

/** The problem for an engine that does not list its containers; `stderr` is what it printed instead. */
export function engineProblem(host: HostIdentity, engine: string, stderr: string): Problem {
  const program = engine === 'podman' ? 'Podman' : 'Docker'
  const user = host.local ? 'The user that runs Vakt' : host.user
  if (/permission denied/i.test(stderr))
    return new Problem(
      'forbidden',
      `${user} may not use ${program} on ${host.name}. Allow it there: sudo usermod -aG docker ${host.local ? 'USER' : host.user}; then run "hosts test ${host.name}".`,
    )
  if (/cannot connect|is the docker daemon running|connection refused|no such file or directory/i.test(stderr))
    return new Problem(
      'busy',
      `${program} is not running on ${host.name}. Start it there: sudo systemctl start ${program.toLowerCase()}`,
    )
  if (/vakt: not allowed/i.test(stderr)) return forcedCommandProblem(host)
  return new Problem('busy', `${program} on ${host.name} failed: ${lastLine(stderr) || 'it printed no error.'}`)
}

/** The problem for a host without a container engine. */
export function noEngineProblem(host: HostIdentity): Problem {
  return new Problem(
    'not_found',
    `${host.name} has no Docker and no Podman, so it has no containers. Install one of them, then run "hosts test ${host.name}".`,
  )
}

/** The problem for a command about one container that failed. */
export function containerProblem(
  host: HostIdentity,
  engine: string,
  container: string,
  output: CommandOutput,
): Problem {
  const message = output.stderr || output.stdout
  if (/no such (?:container|object)|no container with name|not found: .*container/i.test(message))
    return new Problem(
      'not_found',
      `There is no container "${container}" on ${host.name}. "containers list --host ${host.name}" shows all its containers.`,
      { fields: { container: 'no such container' } },
    )
  if (output.code === 127) return noEngineProblem(host)
  if (/configured logging driver does not support reading|this container is using the .* log driver/i.test(message))
    return new Problem(
      'conflict',
      `The log driver of ${container} on ${host.name} stores no lines to read. Run the container with --log-driver json-file, local or journald.`,
    )
  return engineProblem(host, engine, message)
}

function forcedCommandProblem(host: HostIdentity): Problem {
  return new Problem(
    'forbidden',
    `The forced command of Vakt's key on ${host.name} does not allow this. Install the script of this version there (examples/vakt-ssh).`,
  )
}

function lastLine(text: string): string {
  return truncate(text.trim().split('\n').at(-1) ?? '', MAX_MESSAGE_LENGTH)
}
