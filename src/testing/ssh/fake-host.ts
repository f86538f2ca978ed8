// A make-believe machine behind the SSH server: figures that can be set, and a Docker with containers that live and die.
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

/** A machine whose clock is `now`; its `run` is a program for `startSshServer`. */
export function createFakeHost(now: () => number) {
  const containers = new Map<string, FakeContainer>()
  const followers = new Map<string, Set<Execution>>()
  let made = 0
  let nanos = 0
  const machine = {
    engine: 'docker' as 'docker' | 'none',
    /** What Docker complains of instead of working. */
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
        id: String(++made).padStart(64, 'a'),
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
    restarts(name: string) {
      const container = containers.get(name)!
      Object.assign(container, { state: 'running', startedAt: now(), restartCount: container.restartCount + 1 })
    },
    run,
  }

  function run(execution: Execution): void {
    const { words, out } = execution
    if (words[0] === 'sh') {
      out(collected())
      execution.exit(0)
    } else if (machine.engine === 'none') fail(execution, 127, `sh: 1: ${words[0]}: not found`)
    else if (machine.failure !== null) fail(execution, 1, machine.failure)
    else if (words[1] === 'inspect') inspect(execution)
    else if (words[1] === 'logs') logs(execution)
    else {
      for (const one of containers.values()) out(`${JSON.stringify(listed(one))}\n`)
      execution.exit(0)
    }
  }

  function collected(): string {
    const parts = [
      ['engine', machine.engine === 'none' ? '' : machine.engine],
      ...(machine.failure === null ? [] : [['failure', machine.failure]]),
      ['cpu', `cpu  ${machine.busyTicks} 0 0 ${machine.idleTicks} 0 0 0 0 0 0\n4`],
      ['memory', `MemTotal: ${machine.memory.totalKb} kB\nMemAvailable: ${machine.memory.availableKb} kB`],
      ['load', `${machine.load} 0.1 0.1 1/200 4242`],
      ['disks', ['Filesystem 1024-blocks Used Available Capacity Mounted on', ...machine.disks.map(df)].join('\n')],
      ...(machine.engine === 'none' || machine.failure !== null
        ? []
        : [
            ['containers', [...containers.values()].map(one => JSON.stringify(seen(one))).join('\n')],
            ['stats', [...containers.values()].map(one => JSON.stringify(stats(one))).join('\n')],
          ]),
    ]
    return parts.map(([name, text]) => `@@${name}\n${text}\n`).join('')
  }

  function inspect(execution: Execution): void {
    const { words, out, exit } = execution
    const one = containers.get(words.at(-1)!)
    if (!one) {
      gone(execution)
      return
    }
    const State = {
      Status: one.state,
      ExitCode: one.exitCode,
      OOMKilled: one.oomKilled,
      Error: '',
      StartedAt: new Date(one.startedAt).toISOString(),
      FinishedAt: one.finishedAt === null ? '0001-01-01T00:00:00Z' : new Date(one.finishedAt).toISOString(),
      ...(one.health === null ? {} : { Health: { Status: one.health, Log: [{ Output: 'curl: (7) refused\n' }] } }),
    }
    const Config = { Image: one.image, Cmd: one.command }
    out(JSON.stringify([{ Id: one.id, Name: `/${one.name}`, State, Config, RestartCount: one.restartCount }]))
    exit(0)
  }

  function logs(execution: Execution): void {
    const { words, exit, onEnd } = execution
    const name = words.at(-1)!
    const one = containers.get(name)
    if (!one) {
      gone(execution)
      return
    }
    const after = (flag: string) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined)
    const since = after('--since') === undefined ? 0 : Date.parse(after('--since')!)
    const tail = after('--tail') === undefined ? Number.POSITIVE_INFINITY : Number(after('--tail'))
    const fits = one.lines.filter(line => Date.parse(line.stamp) >= Math.floor(since))
    for (const line of fits.slice(Math.max(0, fits.length - tail)))
      execution[line.stream](`${line.stamp} ${line.text}\n`)
    if (words.includes('--follow') && one.state === 'running') {
      const following = followers.get(name) ?? new Set()
      followers.set(name, following.add(execution))
      onEnd(() => following.delete(execution))
    } else exit(0)
  }

  return machine
}

export type FakeHost = ReturnType<typeof createFakeHost>

function fail({ err, exit }: Execution, code: number, says: string): void {
  err(`${says}\n`)
  exit(code)
}

function gone(execution: Execution): void {
  fail(execution, 1, `Error response from daemon: No such container: ${execution.words.at(-1)}`)
}

function df({ device, sizeKb, usedKb, mount }: { device: string; sizeKb: number; usedKb: number; mount: string }) {
  return `${device} ${sizeKb} ${usedKb} ${sizeKb - usedKb} ${Math.ceil((usedKb / sizeKb) * 100)}% ${mount}`
}

function seen(one: FakeContainer) {
  return {
    name: `/${one.name}`,
    id: one.id,
    image: one.image,
    state: one.state,
    exit: one.exitCode,
    oom: one.oomKilled,
    started: new Date(one.startedAt).toISOString(),
    finished: one.finishedAt === null ? '0001-01-01T00:00:00Z' : new Date(one.finishedAt).toISOString(),
    restarts: one.restartCount,
    health: one.health,
  }
}

function stats(one: FakeContainer) {
  const running = one.state === 'running'
  return {
    Name: one.name,
    CPUPerc: running ? `${one.cpu.toFixed(2)}%` : '--',
    MemUsage: running ? `${one.memory}MiB / 1GiB` : '-- / --',
    NetIO: running ? '1.2kB / 3.4MB' : '-- / --',
    BlockIO: running ? '0B / 4.1kB' : '-- / --',
  }
}

function listed(one: FakeContainer) {
  const status =
    one.state === 'running'
      ? `Up 2 hours${one.health ? ` (${one.health})` : ''}`
      : `Exited (${one.exitCode}) 2 hours ago`
  return {
    ID: one.id,
    Names: one.name,
    Image: one.image,
    State: one.state,
    Status: status,
    Ports: '0.0.0.0:80->80/tcp',
  }
}
