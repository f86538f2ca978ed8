// Hosts and containers in a state, and machines whose engine answers what a test says, without SSH.
import type { Container, Host } from '../hosts/host.ts'
import type { CommandOutput, OutputSink } from '../hosts/machine.ts'
import type { State } from '../state/database.ts'
import { containers, hosts } from '../state/schema/index.ts'

/** Adds a host that is up and has Docker. */
export function addTestHost(state: State, name: string, changes: Partial<Host> = {}): Host {
  const row = {
    name,
    address: `${name}.example.org`,
    port: 22,
    user: 'deploy',
    auth: 'own' as const,
    addedAt: 0,
    addedBy: 'ann',
  }
  return state.db
    .insert(hosts)
    .values({ ...row, status: 'up' as const, engine: 'docker' as const, ...changes })
    .returning()
    .get()
}

/** Adds a container that is running. */
export function addTestContainer(state: State, host: Host, name: string, changes: Partial<Container> = {}): void {
  const row = { hostId: host.id, name, containerId: name, image: 'nginx:1.27', state: 'running', seenAt: 0 }
  state.db
    .insert(containers)
    .values({ ...row, ...changes })
    .run()
}

/** What `answer` prints for the words of a command: its output, its error and exit status, or a problem that it throws. */
export type Answer = (words: readonly string[], host: string) => string | Partial<CommandOutput>

/** A `hostRuntime` whose machines answer each command by `answer`; `asked` has the words, `streams` what is followed. */
export function createTestMachines(answer: Answer) {
  const asked: string[][] = []
  const streams: { words: readonly string[]; sink: OutputSink; isStopped: boolean; end(code: number): void }[] = []
  const machine = (host: Host) => ({
    async run(words: readonly string[]): Promise<CommandOutput> {
      asked.push([...words])
      const given = answer(words, host.name)
      return { stdout: '', stderr: '', code: 0, ...(typeof given === 'string' ? { stdout: given } : given) }
    },
    async stream(words: readonly string[], sink: OutputSink) {
      const { promise: ended, resolve: end } = Promise.withResolvers<number>()
      const stream = { words, sink, isStopped: false, end }
      streams.push(stream)
      return {
        ended,
        stop() {
          stream.isStopped = true
          end(0)
        },
      }
    },
  })
  const hostRuntime = {
    engine: async (host: Host) => ({ engine: host.engine, machine: machine(host) }),
    connections: { machine },
  }
  return { hostRuntime, asked, streams }
}
