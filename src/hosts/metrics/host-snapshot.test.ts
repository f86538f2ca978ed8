// The parts of a snapshot of a host: the kernels, disks, zones and engines that there are, and what a faulty one may send.
import { describe, expect, it } from 'vitest'
import { computeCpu, parseHostSnapshot, parseUsage } from './host-snapshot.ts'

const sections = (parts: Record<string, string>) =>
  parseHostSnapshot(
    Object.entries({ engine: '', ...parts })
      .map(([name, text]) => `@@${name}\n${text}\n`)
      .join(''),
  )!
const KIB = 1024

describe('the engine', () => {
  it.each([
    ['docker', 'docker'],
    ['podman', 'podman'],
    ['containerd', 'none'],
    ['', 'none'],
  ])('"%s" is %s', (text, engine) => expect(sections({ engine: text }).engine).toBe(engine))

  it('without one nothing is used, whatever is written there', () => {
    const stats = '{"Name":"web","CPUPerc":"1.00%"}'
    expect(sections({ stats }).usage).toEqual([])
    expect(sections({ engine: 'docker', stats }).usage).toMatchObject([{ name: 'web', cpu: 1 }])
  })

  it('after what a shell printed first, with any line ends', () => {
    expect(parseHostSnapshot('Welcome!@@engine\r\ndocker\n')?.engine).toBe('docker')
    expect(parseHostSnapshot('@@engine docker\n')).toBeNull()
  })
})

describe('an error of the engine', () => {
  it.each([
    ['is what it says itself', { failure: ' permission denied ', containers: 'other' }, 'permission denied'],
    ['is the last line in place of containers', { containers: 'warning\nCannot connect\n\n' }, 'Cannot connect'],
    ['is none where a container is described', { containers: 'warning\n{"name":"/web"}' }, null],
    ['is none of a container that is gone', { containers: 'Error: no such container: a' }, null],
    ['is none of an object that is gone', { containers: 'Error: No such object: a' }, null],
    ['is none without any line', {}, null],
  ])('%s', (_, parts, error) => expect(sections({ engine: 'docker', ...(parts as object) }).engineError).toBe(error))
})

describe('the CPU', () => {
  it.each([
    ['cpu  10 20 30 40 50 60 70 80 90 100\n4', { busy: 270, total: 360 }, 4],
    // Kernels before 2.6 have four numbers.
    ['cpu  10 20 30 40\n1', { busy: 60, total: 100 }, 1],
    ['cpu  10 x 30 40\n2', null, 2],
    ['intr 10 20 30 40\n2', null, 2],
    ['cpu  10 20 30 40', { busy: 60, total: 100 }, null],
    ['', null, null],
  ])('of %j', (cpu, ticks, cores) => expect(sections({ cpu })).toMatchObject({ ticks, cores }))

  it.each([
    [{ busy: 0, total: 0 }, { busy: 10, total: 40 }, 25],
    [{ busy: 10, total: 10 }, { busy: 10, total: 20 }, 0],
    [{ busy: 10, total: 10 }, { busy: 20, total: 20 }, 100],
    // The counters of one core may be read a moment apart.
    [{ busy: 10, total: 10 }, { busy: 22, total: 20 }, 100],
    [{ busy: 10, total: 10 }, { busy: 10, total: 10 }, null],
    [{ busy: 10, total: 10 }, { busy: 9, total: 20 }, null],
    [{ busy: 10, total: 10 }, { busy: 9, total: 10 }, null],
    // The machine restarted: its counters started over.
    [{ busy: 10, total: 100 }, { busy: 12, total: 20 }, null],
    [{ busy: 10, total: 10 }, null, null],
    [undefined, { busy: 9, total: 20 }, null],
  ])('between %j and %j is %s %%', (before, after, cpu) => expect(computeCpu(before, after)).toBe(cpu))
})

describe('the memory', () => {
  it.each([
    ['MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable: 60 kB', { total: 100 * KIB, used: 40 * KIB }],
    ['MemTotal: 100 kB\nMemFree: 10 kB', { total: 100 * KIB, used: 90 * KIB }],
    ['MemTotal: 100 kB\nMemAvailable: 0 kB\nMemFree: 10 kB', { total: 100 * KIB, used: 100 * KIB }],
    ['MemTotal: 100 kB', null],
    ['MemFree: 100 kB', null],
    // In bytes, no number of JavaScript holds them.
    [`MemTotal: ${'9'.repeat(16)} kB\nMemFree: 10 kB`, null],
    [`MemTotal: 100 kB\nMemFree: ${'9'.repeat(16)} kB`, null],
    ['', null],
  ])('of %j', (memory, found) => expect(sections({ memory }).memory).toEqual(found))
})

describe('the load', () => {
  it.each([
    ['0.52 0.1 0.1 1/200 42', 0.52],
    ['0.00 0.1', 0],
    ['1.2.3 0.1', null],
    ['none', null],
    ['', null],
  ])('of %j', (load, found) => expect(sections({ load }).load).toBe(found))
})

describe('the zone', () => {
  it.each([
    ['/usr/share/zoneinfo/Europe/Oslo\n+0100', 'Europe/Oslo'],
    ['/usr/share/zoneinfo/posix/Europe/Oslo\n+0100', 'Europe/Oslo'],
    ['/usr/share/zoneinfo/right/America/Argentina/Salta\n-0300', 'America/Argentina/Salta'],
    ['/usr/share/zoneinfo/Mars/Base\n+0530', '+05:30'],
    ['/etc/localtime\n-0930', '-09:30'],
    ['/etc/localtime\nUTC', null],
    ['', null],
  ])('of %j', (zone, found) => expect(sections({ zone }).timeZone).toBe(found))
})

describe('the disks', () => {
  const mounts = (...lines: string[]) =>
    sections({ disks: ['Filesystem 1024-blocks Used Available Capacity Mounted on', ...lines].join('\n') }).disks.map(
      ({ mount }) => mount,
    )
  it('have sizes in bytes; what is reserved for root may exceed them', () => {
    expect(sections({ disks: 'Filesystem\n/dev/sda1 100 97 -2 102% /' }).disks).toEqual([
      { mount: '/', size: 100 * KIB, used: 97 * KIB, available: -2 * KIB },
    ])
  })

  it.each<[string, string[], string[]]>([
    ['the first line is a header', [], []],
    ['a device counts once', ['/dev/sda1 9 4 5 45% /', '/dev/sda1 9 4 5 45% /data'], ['/']],
    ['the root counts on any device', ['overlay 9 4 5 45% /', 'overlay2 9 4 5 45% /data'], ['/']],
    ['network shares count', ['nas:/export 9 4 5 45% /mnt/nas'], ['/mnt/nas']],
    ['memory does not', ['tmpfs 9 4 5 45% /tmp', 'udev 9 4 5 45% /dev'], []],
    ['loop devices do not', ['/dev/loop3 9 9 0 100% /opt/image', '/dev/mapper/loop 9 4 5 45% /srv'], ['/srv']],
    ['disks without a size do not', ['/dev/sda1 0 0 0 - /', '/dev/sdb1 9 4 5 45% /b'], ['/b']],
    [
      'folders of the system do not',
      ['/dev/sda1 9 4 5 45% /boot/efi', '/dev/sdb1 9 4 5 45% /etc/hosts', '/dev/sdc1 9 4 5 45% /etcetera'],
      ['/etcetera'],
    ],
    ['names with spaces do', ['/dev/sda1 9 4 5 45% /mnt/my data'], ['/mnt/my data']],
    ['lines of another kind do not', ['df: /mnt: Stale file handle', '/dev/sda1 a b c 45% /'], []],
    ['paths of 300 characters do', [`/dev/sda1 9 4 5 45% /${'x'.repeat(299)}`], [`/${'x'.repeat(299)}`]],
    ['longer paths do not', [`/dev/sda1 9 4 5 45% /${'x'.repeat(300)}`], []],
  ])('%s', (_, lines, found) => expect(mounts(...lines)).toEqual(found))

  it('are at most 100, and containers at most 1000', () => {
    const many = Array.from({ length: 101 }, (_, i) => `/dev/sd${i} 9 4 5 45% /d${i}`)
    expect(mounts(...many).length).toBe(100)
    const containers = Array.from({ length: 1_001 }, (_, i) => `{"name":"/c${i}"}`).join('\n')
    expect(sections({ engine: 'docker', containers }).containers.length).toBe(1_000)
  })
})

describe('the usage', () => {
  const nothing = { cpu: null, memory: null, memoryLimit: null, received: null, sent: null, read: null, written: null }
  it('of Docker is one object a line', () => {
    const row = {
      ...{ Name: 'web', CPUPerc: '1.50%', MemUsage: '1MiB / 2MiB', NetIO: '3kB / 4kB', BlockIO: '5B / 6B' },
    }
    expect(parseUsage('docker', `${JSON.stringify(row)}\n{"Name":"job"}\n`)).toEqual([
      {
        ...{ name: 'web', cpu: 1.5, memory: 2 ** 20, memoryLimit: 2 ** 21 },
        ...{ received: 3_000, sent: 4_000, read: 5, written: 6 },
      },
      { name: 'job', ...nothing },
    ])
  })

  it('of Podman is one list, or one for each container', () => {
    const list = (name: string) => JSON.stringify([{ name, cpu_percent: '2.00%', mem_usage: '1B / 2B' }], null, 1)
    const used = { ...nothing, cpu: 2, memory: 1, memoryLimit: 2 }
    expect(parseUsage('podman', list('a'))).toEqual([{ name: 'a', ...used }])
    expect(parseUsage('podman', `${list('a')}\n${list('b')}\n`)).toEqual([
      { name: 'a', ...used },
      { name: 'b', ...used },
    ])
  })
})
