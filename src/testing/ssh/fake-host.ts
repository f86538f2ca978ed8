// A simulated machine behind the SSH server, with metrics that tests set and a Docker with containers.
import type { Execution } from './ssh-server.ts'

export type FakeContainer = {
  name: string
  id: string
  image: string
  state: string
  exitCode: number
  oomKilled: boolean
  startedAt: number
  finishedAt: number | null
  restartCount: number
  health: string | null
  cpu: number
  memory: number
  command: readonly string[]
  lines: { stamp: string; stream: 'out' | 'err'; text: string }[]
}

/** Creates a machine with the clock `now`; its `run` is a program for `startSshServer`. */
export function createFakeHost(now: () => number) {
  const containers = new Map<string, FakeContainer>()
  const followers = new Map<string, Set<Execution>>()
  let count = 0
  let nanos = 0
  const machine = {
    engine: 'docker' as 'docker' | 'none',
    /** The error that Docker prints for every command, null while it works. */
    failure: null as string | null,
    busyTicks: 1000,
    idleTicks: 9000,
    memory: { totalKb: 8_000_000, availableKb: 6_000_000 },
    load: 0.5,
    disks: [{ device: '/dev/sda1', sizeKb: 1_000_000, usedKb: 400_000, mount: '/' }],
    containers,
    has(name: string, changes: Partial<FakeContainer> = {}): FakeContainer {
      const container: FakeContainer = {
        name,
        id: String(++count).padStart(64, 'a'),
        image: 'nginx:1.27',
        state: 'running',
        exitCode: 0,
        oomKilled: false,
        startedAt: now(),
        finishedAt: null,
        restartCount: 0,
        health: null,
        cpu: 1.5,
        memory: 100,
        command: ['nginx', '-g', 'daemon off;'],
        lines: [],
        ...changes,
      }
      containers.set(name, container)
      return container
    },
    says(name: string, text: string, stream: 'out' | 'err' = 'out') {
      nanos = (nanos + 1) % 1_000_000
      const stamp = `${new Date(now()).toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}Z`
      containers.get(name)!.lines.push({ stamp, stream, text })
      for (const execution of followers.get(name) ?? []) execution[stream](`${stamp} ${text}\n`)
    },
    dies(name: string, exitCode: number) {
      Object.assign(containers.get(name)!, { state: 'exited', exitCode, finishedAt: now() })
      for (const execution of followers.get(name) ?? []) execution.exit(0)
      followers.delete(name)
    },
    removes(name: string) {
      this.dies(name, 0)
      containers.delete(name)
    },
    restarts(name: string) {
      const container = containers.get(name)!
      Object.assign(container, { state: 'running', startedAt: now(), restartCount: container.restartCount + 1 })
    },
    run,
  }

  function run(execution: Execution): void {
    const { words, out } = execution
    if (words[0] === 'sh') {
      out(writeCollectOutput())
      execution.exit(0)
    } else if (machine.engine === 'none') failWith(execution, 127, `sh: 1: ${words[0]}: not found`)
    else if (machine.failure !== null) failWith(execution, 1, machine.failure)
    else if (words[1] === 'inspect') inspect(execution)
    else if (words[1] === 'logs') logs(execution)
    else {
      for (const container of containers.values()) out(`${JSON.stringify(toListing(container))}\n`)
      execution.exit(0)
    }
  }

  function writeCollectOutput(): string {
    const parts = [
      ['engine', machine.engine === 'none' ? '' : machine.engine],
      ...(machine.failure === null ? [] : [['failure', machine.failure]]),
      ['cpu', `cpu  ${machine.busyTicks} 0 0 ${machine.idleTicks} 0 0 0 0 0 0\n4`],
      ['memory', `MemTotal: ${machine.memory.totalKb} kB\nMemAvailable: ${machine.memory.availableKb} kB`],
      ['load', `${machine.load} 0.1 0.1 1/200 4242`],
      [
        'disks',
        ['Filesystem 1024-blocks Used Available Capacity Mounted on', ...machine.disks.map(diskLine)].join('\n'),
      ],
      ...(machine.engine === 'none' || machine.failure !== null
        ? []
        : [
            [
              'containers',
              [...containers.values()].map(container => JSON.stringify(toInspectLine(container))).join('\n'),
            ],
            ['stats', [...containers.values()].map(container => JSON.stringify(toStats(container))).join('\n')],
          ]),
    ]
    return parts.map(([name, text]) => `@@${name}\n${text}\n`).join('')
  }

  function inspect(execution: Execution): void {
    const { words, out, exit } = execution
    const container = containers.get(words.at(-1)!)
    if (!container) {
      failNotFound(execution)
      return
    }
    const State = {
      Status: container.state,
      ExitCode: container.exitCode,
      OOMKilled: container.oomKilled,
      Error: '',
      StartedAt: new Date(container.startedAt).toISOString(),
      FinishedAt: container.finishedAt === null ? '0001-01-01T00:00:00Z' : new Date(container.finishedAt).toISOString(),
      ...(container.health === null
        ? {}
        : { Health: { Status: container.health, Log: [{ Output: 'curl: (7) refused\n' }] } }),
    }
    const Config = { Image: container.image, Cmd: container.command }
    out(
      JSON.stringify([
        { Id: container.id, Name: `/${container.name}`, State, Config, RestartCount: container.restartCount },
      ]),
    )
    exit(0)
  }

  function logs(execution: Execution): void {
    const { words, exit, onEnd } = execution
    const name = words.at(-1)!
    const container = containers.get(name)
    if (!container) {
      failNotFound(execution)
      return
    }
    const after = (flag: string) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined)
    const since = after('--since') === undefined ? 0 : Date.parse(after('--since')!)
    const tail = after('--tail') === undefined ? Number.POSITIVE_INFINITY : Number(after('--tail'))
    const selected = container.lines.filter(line => Date.parse(line.stamp) >= Math.floor(since))
    for (const line of selected.slice(Math.max(0, selected.length - tail)))
      execution[line.stream](`${line.stamp} ${line.text}\n`)
    if (words.includes('--follow') && container.state === 'running') {
      const executions = followers.get(name) ?? new Set()
      followers.set(name, executions.add(execution))
      onEnd(() => executions.delete(execution))
    } else exit(0)
  }

  return machine
}

export type FakeHost = ReturnType<typeof createFakeHost>

function failWith({ err, exit }: Execution, code: number, message: string): void {
  err(`${message}\n`)
  exit(code)
}

function failNotFound(execution: Execution): void {
  failWith(execution, 1, `Error response from daemon: No such container: ${execution.words.at(-1)}`)
}

function diskLine({
  device,
  sizeKb,
  usedKb,
  mount,
}: {
  device: string
  sizeKb: number
  usedKb: number
  mount: string
}) {
  return `${device} ${sizeKb} ${usedKb} ${sizeKb - usedKb} ${Math.ceil((usedKb / sizeKb) * 100)}% ${mount}`
}

function toInspectLine(container: FakeContainer) {
  return {
    name: `/${container.name}`,
    id: container.id,
    image: container.image,
    state: container.state,
    exit: container.exitCode,
    oom: container.oomKilled,
    started: new Date(container.startedAt).toISOString(),
    finished: container.finishedAt === null ? '0001-01-01T00:00:00Z' : new Date(container.finishedAt).toISOString(),
    restarts: container.restartCount,
    health: container.health,
  }
}

function toStats(container: FakeContainer) {
  const running = container.state === 'running'
  return {
    Name: container.name,
    CPUPerc: running ? `${container.cpu.toFixed(2)}%` : '--',
    MemUsage: running ? `${container.memory}MiB / 1GiB` : '-- / --',
    NetIO: running ? '1.2kB / 3.4MB' : '-- / --',
    BlockIO: running ? '0B / 4.1kB' : '-- / --',
  }
}

function toListing(container: FakeContainer) {
  const status =
    container.state === 'running'
      ? `Up 2 hours${container.health ? ` (${container.health})` : ''}`
      : `Exited (${container.exitCode}) 2 hours ago`
  return {
    ID: container.id,
    Names: container.name,
    Image: container.image,
    State: container.state,
    Status: status,
    Ports: '0.0.0.0:80->80/tcp',
  }
}
