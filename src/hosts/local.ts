// Vakt's own machine: commands are started directly, without a shell and without SSH.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../clock.ts'
import { Problem } from '../problem.ts'
import type { Host } from './host.ts'
import { collected, type Machine, MOST_OUTPUT, RUN_TIMEOUT, type Running } from './machine.ts'

/** How a command that is not there ends, as shells put it. */
const NOT_FOUND = 127

/** The machine that Vakt runs on; `socket` of the host names another than the usual socket of Docker or Podman. */
export function localMachine(host: Pick<Host, 'name' | 'socket'>, clock: Clock): Machine {
  const start = (words: readonly string[]): ChildProcess =>
    spawn(words[0]!, words.slice(1), { env: environment(host.socket), stdio: ['ignore', 'pipe', 'pipe'] })

  return {
    run(words, { timeoutMs = RUN_TIMEOUT, maxBytes = MOST_OUTPUT } = {}) {
      return new Promise((resolve, reject) => {
        const child = start(words)
        const out = collected(maxBytes)
        const err = collected(maxBytes)
        const cancel = clock.at(clock.now() + timeoutMs, () => {
          child.kill('SIGKILL')
          reject(new Problem('busy', `"${words[0]}" on ${host.name} took longer than ${timeoutMs / 1000} s.`))
        })
        const take = (to: typeof out) => (chunk: Buffer) => {
          to.add(chunk)
          if (to.full()) child.kill('SIGKILL')
        }
        child.stdout!.on('data', take(out))
        child.stderr!.on('data', take(err))
        child.on('error', error => {
          cancel()
          if (notFound(error)) resolve({ stdout: '', stderr: `${words[0]}: not found`, code: NOT_FOUND })
          else reject(notStarted(words, host, error))
        })
        child.on('close', code => {
          cancel()
          resolve({ stdout: out.text(), stderr: err.text(), code: code ?? -1 })
        })
      })
    },
    stream(words, sink) {
      return new Promise((resolve, reject) => {
        const child = start(words)
        child.stdout!.on('data', sink.stdout)
        child.stderr!.on('data', sink.stderr)
        const ended = new Promise<number>(end => {
          child.on('error', error => end(notFound(error) ? NOT_FOUND : -1))
          child.on('close', code => end(code ?? -1))
        })
        const running: Running = { ended, stop: () => void child.kill('SIGTERM') }
        child.on('spawn', () => resolve(running))
        child.on('error', error => (notFound(error) ? resolve(running) : reject(notStarted(words, host, error))))
      })
    },
  }
}

function environment(socket: string | null): NodeJS.ProcessEnv {
  // Only what programs need to be found and to find their sockets; Vakt's own secrets are no business of theirs.
  const { PATH, HOME, XDG_RUNTIME_DIR, DOCKER_HOST, CONTAINER_HOST } = process.env
  const url = socket === null ? {} : { DOCKER_HOST: `unix://${socket}`, CONTAINER_HOST: `unix://${socket}` }
  return { LC_ALL: 'C', PATH, HOME, XDG_RUNTIME_DIR, DOCKER_HOST, CONTAINER_HOST, ...url }
}

function notFound(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function notStarted(words: readonly string[], host: Pick<Host, 'name'>, cause: Error): Problem {
  return new Problem('internal', `"${words[0]}" could not be started on ${host.name} (${cause.message}).`, { cause })
}
