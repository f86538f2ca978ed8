// The machine that Vakt runs on: starts commands directly, without a shell and without SSH.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../clock.ts'
import { Problem } from '../problem.ts'
import type { Host } from './host.ts'
import { createOutputBuffer, MAX_OUTPUT_BYTES, type Machine, RUN_TIMEOUT_MS, type RunningCommand } from './machine.ts'

/** The exit code that shells use for a command they do not find. */
const NOT_FOUND_EXIT_CODE = 127

/** Creates the local machine; `socket` of the host replaces the default socket of Docker or Podman. */
export function createLocalMachine(host: Pick<Host, 'name' | 'socket'>, clock: Clock): Machine {
  const start = (argv: readonly string[]): ChildProcess =>
    spawn(argv[0]!, argv.slice(1), { env: environment(host.socket), stdio: ['ignore', 'pipe', 'pipe'] })

  return {
    run(argv, { timeoutMs = RUN_TIMEOUT_MS, maxBytes = MAX_OUTPUT_BYTES } = {}) {
      return new Promise((resolve, reject) => {
        const child = start(argv)
        const out = createOutputBuffer(maxBytes)
        const err = createOutputBuffer(maxBytes)
        const cancel = clock.at(clock.now() + timeoutMs, () => {
          child.kill('SIGKILL')
          reject(new Problem('busy', `"${argv[0]}" on ${host.name} took longer than ${timeoutMs / 1000} s. Try again.`))
        })
        const collect = (buffer: typeof out) => (chunk: Buffer) => {
          buffer.add(chunk)
          if (buffer.isFull()) child.kill('SIGKILL')
        }
        child.stdout!.on('data', collect(out))
        child.stderr!.on('data', collect(err))
        child.on('error', error => {
          cancel()
          if (isNotFound(error)) resolve({ stdout: '', stderr: `${argv[0]}: not found`, code: NOT_FOUND_EXIT_CODE })
          else reject(startProblem(argv, host, error))
        })
        child.on('close', code => {
          cancel()
          resolve({ stdout: out.text(), stderr: err.text(), code: code ?? -1 })
        })
      })
    },
    stream(argv, sink) {
      return new Promise((resolve, reject) => {
        const child = start(argv)
        child.stdout!.on('data', sink.stdout)
        child.stderr!.on('data', sink.stderr)
        const ended = new Promise<number>(end => {
          child.on('error', error => end(isNotFound(error) ? NOT_FOUND_EXIT_CODE : -1))
          child.on('close', code => end(code ?? -1))
        })
        const running: RunningCommand = { ended, stop: () => void child.kill('SIGTERM') }
        child.on('spawn', () => resolve(running))
        child.on('error', error => (isNotFound(error) ? resolve(running) : reject(startProblem(argv, host, error))))
      })
    },
  }
}

function environment(socket: string | null): NodeJS.ProcessEnv {
  // Only what programs need to be found and to find their sockets: Vakt's own secrets stay out of their environment.
  const { PATH, HOME, XDG_RUNTIME_DIR, DOCKER_HOST, CONTAINER_HOST } = process.env
  const url = socket === null ? {} : { DOCKER_HOST: `unix://${socket}`, CONTAINER_HOST: `unix://${socket}` }
  return { LC_ALL: 'C', PATH, HOME, XDG_RUNTIME_DIR, DOCKER_HOST, CONTAINER_HOST, ...url }
}

function isNotFound(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function startProblem(argv: readonly string[], host: Pick<Host, 'name'>, cause: Error): Problem {
  return new Problem('internal', `"${argv[0]}" could not be started on ${host.name}: ${cause.message}.`, { cause })
}
