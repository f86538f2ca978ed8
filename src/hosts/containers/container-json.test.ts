// The JSON of several versions of Docker and Podman, and how it is parsed.
import { describe, expect, it } from 'vitest'
import { formatBytes, parsePercent, parseSize } from '../../bytes.ts'
import { COLLECT_ARGV, COLLECT_SCRIPT } from '../metrics/collect-script.ts'
import { computeCpu, parseHostSnapshot, parseUsage } from '../metrics/host-snapshot.ts'
import { quoteCommand } from '../ssh/shell-quote.ts'
import { parseDetails, parseListing, parseObserved } from './container-json.ts'
import { buildLogsArgv } from './engine-argv.ts'

describe('a listing', () => {
  it('of Docker is one object a line (20.10 to 28)', () => {
    const text = [
      '{"Command":"\\"/docker-entrypoint.…\\"","CreatedAt":"2026-03-01 10:00:00 +0000 UTC","ID":"c1","Image":"nginx:1.27","Labels":"a=b","LocalVolumes":"0","Mounts":"","Names":"web","Networks":"bridge","Ports":"0.0.0.0:80-\\u003e80/tcp","RunningFor":"2 hours ago","Size":"0B","State":"running","Status":"Up 2 hours (unhealthy)"}',
      '{"ID":"c2","Image":"job","Names":"job,web/alias","Ports":"","State":"exited","Status":"Exited (137) 3 minutes ago"}',
      '{"ID":"c3","Image":"old","Names":"old","Ports":"","Status":"Up 5 minutes (Paused)"}',
      'WARNING: something else',
      '{"ID":"c4","Image":"x","Names":"slow","State":"running","Status":"Up 1 second (health: starting)","Platform":{"os":"linux"}}',
    ].join('\n')
    expect(parseListing('docker', text)).toEqual([
      {
        name: 'web',
        id: 'c1',
        image: 'nginx:1.27',
        state: 'running',
        status: 'Up 2 hours (unhealthy)',
        health: 'unhealthy',
        ports: '0.0.0.0:80->80/tcp',
      },
      {
        name: 'job',
        id: 'c2',
        image: 'job',
        state: 'exited',
        status: 'Exited (137) 3 minutes ago',
        health: null,
        ports: '',
      },
      {
        name: 'old',
        id: 'c3',
        image: 'old',
        state: 'paused',
        status: 'Up 5 minutes (Paused)',
        health: null,
        ports: '',
      },
      {
        name: 'slow',
        id: 'c4',
        image: 'x',
        state: 'running',
        status: 'Up 1 second (health: starting)',
        health: 'starting',
        ports: '',
      },
    ])
    expect(parseListing('docker', '')).toEqual([])
  })

  it('of Podman is an array (4 and 5), null for none', () => {
    const text = `time="2026-03-02" level=warning msg="odd"
[
  {"AutoRemove":false,"Command":["nginx"],"CreatedAt":"2 seconds ago","Exited":false,"ExitedAt":-62135596800,"ExitCode":0,
   "Id":"p1","Image":"docker.io/library/nginx:1.27","Names":["web"],"Pid":1,
   "Ports":[{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}],"StartedAt":1795259176,"State":"running","Status":"Up 2 hours (healthy)","Created":1795259175},
  {"Id":"p2","Image":"localhost/job","Names":["job"],"Ports":null,"ExitCode":3,"Exited":true,"State":"exited","Status":"Exited (3) 2 minutes ago","Restarts":4},
  {"Id":"p3","Image":"localhost/job","Names":["three"],"Ports":null,"ExitCode":1,"State":"exited","Status":""}
]
`
    expect(parseListing('podman', text)).toEqual([
      {
        name: 'web',
        id: 'p1',
        image: 'docker.io/library/nginx:1.27',
        state: 'running',
        status: 'Up 2 hours (healthy)',
        health: 'healthy',
        ports: '0.0.0.0:8080->80/tcp',
      },
      {
        name: 'job',
        id: 'p2',
        image: 'localhost/job',
        state: 'exited',
        status: 'Exited (3) 2 minutes ago',
        health: null,
        ports: '',
      },
      {
        name: 'three',
        id: 'p3',
        image: 'localhost/job',
        state: 'exited',
        status: 'Exited (1)',
        health: null,
        ports: '',
      },
    ])
    expect(parseListing('podman', 'null\n')).toEqual([])
    expect(parseListing('podman', '[]\n')).toEqual([])
  })
})

describe('usage', () => {
  it('is written with binary units by Docker', () => {
    const text =
      '{"BlockIO":"4.1kB / 0B","CPUPerc":"0.17%","Container":"c1","ID":"c1","MemPerc":"0.02%","MemUsage":"1.5MiB / 7.656GiB","Name":"web","NetIO":"1.2kB / 3MB","PIDs":"1"}\n' +
      '{"BlockIO":"-- / --","CPUPerc":"--","Container":"c2","ID":"c2","MemPerc":"--","MemUsage":"-- / --","Name":"job","NetIO":"--","PIDs":"--"}'
    expect(parseUsage('docker', text)).toEqual([
      {
        name: 'web',
        cpu: 0.17,
        memory: 1.5 * 2 ** 20,
        memoryLimit: 7.656 * 2 ** 30,
        received: 1200,
        sent: 3e6,
        read: 4100,
        written: 0,
      },
      {
        name: 'job',
        cpu: null,
        memory: null,
        memoryLimit: null,
        received: null,
        sent: null,
        read: null,
        written: null,
      },
    ])
  })

  it('is written with decimal units by Podman', () => {
    const text = `[
 {"id":"845c","name":"t1","cpu_time":"115ms","cpu_percent":"0.16%","avg_cpu":"0.16%","mem_usage":"811kB / 25.28GB","mem_percent":"0.00%","net_io":"-- / --","block_io":"0B / 4.096kB","pids":"2"}
]`
    expect(parseUsage('podman', text)).toEqual([
      {
        name: 't1',
        cpu: 0.16,
        memory: 811e3,
        memoryLimit: 25.28e9,
        received: null,
        sent: null,
        read: 0,
        written: 4096,
      },
    ])
  })

  it.each([
    ['0B', 0],
    ['12.5 kB', 12_500],
    ['1KiB', 1024],
    ['2TB', 2e12],
    ['--', null],
    ['', null],
    ['1.2.3MB', null],
  ])('reads %j as %j bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))
  it('reads and writes percentages and sizes', () => {
    expect([parsePercent('250.5%'), parsePercent('--')]).toEqual([250.5, null])
    expect([0, 999, 1000, 123_456, 15.3e9].map(formatBytes)).toEqual(['0 B', '999 B', '1.0 kB', '123 kB', '15.3 GB'])
  })
})

describe('one container in full', () => {
  it.each([
    [
      'Docker',
      {
        Name: '/web',
        Config: { Image: 'nginx', Entrypoint: ['/run.sh'], Cmd: ['nginx'] },
        RestartCount: 2,
        HostConfig: { RestartPolicy: { Name: 'always' }, Memory: 1024, LogConfig: { Type: 'json-file' } },
        NetworkSettings: { Networks: { bridge: {} } },
      },
    ],
    [
      'Podman',
      {
        Name: 'web',
        ImageName: 'nginx',
        Config: { Image: 'nginx', Entrypoint: '/run.sh', Cmd: ['nginx'] },
        RestartCount: 2,
        HostConfig: { RestartPolicy: { Name: 'always' }, Memory: 1024, LogConfig: { Type: 'json-file' } },
        NetworkSettings: { Networks: { bridge: {} } },
      },
    ],
  ])('is read alike from %s', (_engine, fields) => {
    const State = {
      Status: 'running',
      ExitCode: 0,
      OOMKilled: false,
      Error: '',
      StartedAt: '2026-03-02T09:00:00.123456789Z',
      FinishedAt: '0001-01-01T00:00:00Z',
      Health: { Status: 'unhealthy', Log: [{ Output: 'refused' }] },
    }
    expect(
      parseDetails(JSON.stringify([{ Id: 'c1', Created: '2026-03-02T10:00:00+01:00', State, ...fields }])),
    ).toMatchObject({
      ...{
        name: 'web',
        id: 'c1',
        image: 'nginx',
        command: '/run.sh nginx',
        state: 'running',
        restartCount: 2,
        restartPolicy: 'always',
      },
      ...{
        health: 'unhealthy',
        healthLog: 'refused',
        memoryLimit: 1024,
        networks: ['bridge'],
        logDriver: 'json-file',
        finishedAt: null,
      },
      ...{ createdAt: Date.parse('2026-03-02T09:00:00Z'), startedAt: Date.parse('2026-03-02T09:00:00.123Z') },
    })
  })
  it('is null for other output', () => {
    expect(['', '[]', '{', 'Error: no such object: x'].map(parseDetails)).toEqual([null, null, null, null])
  })
})

describe('the output of the collect script', () => {
  const text = [
    '@@engine',
    'docker',
    '@@cpu',
    'cpu  100 0 50 800 50 0 0 0 0 0',
    '4',
    '@@memory',
    'MemTotal:       8000 kB',
    'MemFree:        1000 kB',
    'MemAvailable:   6000 kB',
    '@@load',
    '0.52 0.3 0.2 1/200 4242',
    '@@disks',
    'Filesystem 1024-blocks Used Available Capacity Mounted on',
    '/dev/sda1 1000 400 500 45% /',
    'tmpfs 100 0 100 0% /run',
    '/dev/sda1 1000 400 500 45% /etc/hosts',
    'nas:/srv/data 2000 100 1900 5% /mnt/my data',
    '/dev/loop3 10 10 0 100% /snap/core/1',
    'overlay 1000 400 500 45% /var/lib/docker/overlay2/x/merged',
    '@@containers',
    '{"name":"/web","id":"c1","image":"nginx","state":"running","exit":0,"oom":false,"started":"2026-03-02T09:00:00Z","finished":"0001-01-01T00:00:00Z","restarts":1,"health":null}',
    '@@stats',
    '{"Name":"web","CPUPerc":"1.00%","MemUsage":"1MiB / 2MiB","NetIO":"0B / 0B","BlockIO":"0B / 0B"}',
    '',
  ].join('\n')

  it('is parsed section by section', () => {
    expect(parseHostSnapshot(text)).toMatchObject({
      engine: 'docker',
      engineError: null,
      ticks: { busy: 150, total: 1000 },
      cores: 4,
      load: 0.52,
      memory: { total: 8000 * 1024, used: 2000 * 1024 },
      disks: [{ mount: '/', size: 1000 * 1024 }, { mount: '/mnt/my data' }],
      containers: [{ name: 'web', restartCount: 1, finishedAt: null }],
      usage: [{ name: 'web', cpu: 1 }],
    })
  })
  it('distinguishes an engine that fails, a missing engine, and other output', () => {
    expect(parseHostSnapshot('@@engine\ndocker\n@@failure\npermission denied\n')).toMatchObject({
      engine: 'docker',
      engineError: 'permission denied',
      containers: [],
    })
    expect(parseHostSnapshot('@@engine\n\n@@cpu\n')).toMatchObject({ engine: 'none', engineError: null })
    expect(parseHostSnapshot('This account is currently not available.\n')).toBeNull()
  })
  it('gives the CPU usage between two snapshots, and none after a reboot', () => {
    expect(computeCpu({ busy: 100, total: 1000 }, { busy: 150, total: 1200 })).toBe(25)
    expect(computeCpu({ busy: 100, total: 1000 }, { busy: 1, total: 10 })).toBeNull()
    expect(computeCpu(undefined, { busy: 1, total: 10 })).toBeNull()
  })
  it('ignores invalid numbers', () => {
    expect(parseObserved('{"name":"/web","restarts":1e999,"exit":1e999}')).toMatchObject([
      { name: 'web', restartCount: 0, exitCode: null },
    ])
  })

  it('has no number that cannot be counted with', () => {
    const nines = '9'.repeat(400)
    const snapshot = parseHostSnapshot(
      [
        '@@engine\ndocker',
        `@@cpu\ncpu  ${nines} 0 0 1 0 0 0 0\n${nines}`,
        `@@memory\nMemTotal: ${nines} kB\nMemAvailable: 1 kB`,
        `@@load\n${nines} 0 0`,
        `@@disks\nFilesystem\n/dev/sda1 ${nines} 1 1 1% /\n/dev/sdb1 9 4 -${nines} 1% /b`,
        `@@stats\n{"Name":"web","CPUPerc":"${nines}%","MemUsage":"${nines}B / 1.2.3B"}`,
      ].join('\n'),
    )
    const nothing = { name: 'web', cpu: null, memory: null, memoryLimit: null }
    expect(snapshot).toMatchObject({ ticks: null, memory: null, load: null, disks: [], usage: [nothing] })
  })

  it('ignores invalid values', () => {
    expect(parseObserved('Error: template\n{"name":5}\n{broken\n{"name":"/web","state":7}')).toMatchObject([
      { name: 'web', state: '' },
    ])
  })
  it('skips names that no engine accepts, and cuts long texts', () => {
    const long = 'x'.repeat(1_000_000)
    const rows = [
      { name: '<@U1>' },
      { name: 'a b' },
      { name: long },
      { name: 'web', image: long, state: long, id: long },
    ]
    const seen = parseObserved(rows.map(row => JSON.stringify(row)).join('\n'))
    expect(seen.map(({ name }) => name)).toEqual(['web'])
    expect(JSON.stringify(seen).length).toBeLessThan(1_500)
    const disks = `@@engine\n\n@@disks\nFilesystem\n/dev/sda1 9 4 5 45% /\n/dev/sdb1 9 4 5 45% /${long}\n`
    expect(parseHostSnapshot(disks)?.disks.map(disk => disk.mount)).toEqual(['/'])
  })
  it('reports an error in place of all containers, but not a container that is gone meanwhile', () => {
    const parse = (lines: string) => parseHostSnapshot(`@@engine\ndocker\n@@containers\n${lines}`)
    expect(parse('Cannot connect to the Docker daemon\n')?.engineError).toBe('Cannot connect to the Docker daemon')
    expect(parse('Error: No such container: c1\n')?.engineError).toBeNull()
    expect(parse('{"name":"web"}\nError: No such object: c2\n')?.engineError).toBeNull()
    expect(parse('')?.engineError).toBeNull()
  })
})

describe('the command lines', () => {
  it('are fixed texts, so that a forced command can recognize them', () => {
    expect(COLLECT_ARGV).toEqual(['sh', '-c', COLLECT_SCRIPT])
    expect(quoteCommand(COLLECT_ARGV)).toMatch(/^sh -c '# vakt collect 1\n/)
    expect(
      quoteCommand(buildLogsArgv('docker', 'web', { since: '2026-03-02T09:00:00.000Z', lines: 10, follow: true })),
    ).toBe('docker logs --timestamps --since 2026-03-02T09:00:00.000Z --tail 10 --follow web')
  })
})
