// The problems of a host: which of them there are by what is stored, from which instant and number on.
import { beforeEach, describe, expect, it } from 'vitest'
import { plainText, type Text } from '../../card.ts'
import type { Container, Host } from '../../hosts/host.ts'
import { saveMeasurements } from '../../hosts/metrics/samples.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { containers, hosts, remoteLogs } from '../../state/schema/index.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { timeLeft } from './full-disk.ts'
import { detectHostProblems } from './host-findings.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const GB = 1e9
let state: State
beforeEach(() => {
  state = memoryState()
  addProject(state, 'shop', 0)
})
const host = (more: Partial<Host> = {}) =>
  state.db
    .insert(hosts)
    .values({
      ...{ name: 'web-1', address: 'x', port: 22, user: 'x', auth: 'own', addedAt: NOW - DAY, addedBy: 'x' },
      ...{ status: 'up', lastSeenAt: NOW, ...more },
    } as Host)
    .returning()
    .get()
const container = (more: Partial<Container> = {}) =>
  state.db
    .insert(containers)
    .values({ hostId: 1, name: 'api', containerId: 'c', image: 'api:1', state: 'running', seenAt: NOW, ...more })
    .run()
const problems = (of: Host) =>
  detectHostProblems(state, of, NOW).map(({ key, severity, title, since, labels, observation, ...more }) => ({
    ...{ key, severity, title, ago: NOW - since, labels, buttons: observation.buttons?.map(({ line }) => line) },
    lines: observation.lines.map(line => plainText(line as Text, String)),
    ...{ projectId: more.projectId, remindEvery: more.remindEvery, hostId: more.hostId },
  }))
const titles = (of: Host) => problems(of).map(({ title }) => title)

describe('a host', () => {
  it.each<[string, Partial<Host>, number, string[]]>([
    [
      'that was reached before',
      { failingSince: NOW - 5, error: 'It refuses.', lastSeenAt: NOW - 9 },
      5,
      ['It refuses.', `Last seen at ${NOW - 9}.`],
    ],
    [
      'without the instant of its first failure',
      { lastSeenAt: NOW - 9 },
      9,
      ['It did not answer 3 times in a row.', `Last seen at ${NOW - 9}.`],
    ],
    [
      'that never was reached',
      { lastSeenAt: null },
      DAY,
      ['It did not answer 3 times in a row.', 'It has never been reached.'],
    ],
  ])('that is down, %s, cannot be reached', (_, more, ago, lines) => {
    const [found, ...others] = problems(host({ status: 'down', projectId: 1, ...more }))
    expect(others).toEqual([])
    expect(found).toMatchObject({
      ...{ key: 'host:1', severity: 'critical', title: 'web-1 cannot be reached', ago, lines, hostId: 1, projectId: 1 },
      ...{ labels: { host: 'web-1', role: 'host-down' }, remindEvery: 4 * HOUR },
    })
  })

  it('that is up or new has no problem by itself', () => {
    expect(problems(host())).toEqual([])
    expect(problems(host({ name: 'web-2', status: 'new', error: 'x', lastSeenAt: null }))).toEqual([])
  })

  it.each<[string, Partial<Host>, number | null, string[]]>([
    ['for three rounds', { engineError: 'It is broken.' }, 90 * SECOND, ['The containers of web-1 cannot be seen']],
    ['for less', { engineError: 'It is broken.' }, 90 * SECOND - 1, []],
    ['without containers before', { engineError: 'It is broken.' }, null, []],
    ['no longer', { engineError: null }, HOUR, []],
    ['while it is down itself', { engineError: 'It is broken.', status: 'down' }, HOUR, ['web-1 cannot be reached']],
  ])('whose engine fails %s', (_, more, ago, expected) => {
    const of = host(more)
    if (ago !== null) container({ seenAt: NOW - ago })
    expect(titles(of)).toEqual(expected)
    if (expected[0]?.startsWith('The'))
      expect(problems(of)[0]).toMatchObject({
        ...{ key: 'host:1:engine', ago: 90 * SECOND, remindEvery: 0, projectId: null, labels: { host: 'web-1' } },
        lines: ['It is broken.', `Last seen at ${NOW - 90 * SECOND}.`],
      })
  })
})

describe('a container', () => {
  it.each<[Partial<Container>, string, string]>([
    [{ exitCode: 137, oomKilled: true }, '137', 'It was killed because it exceeded its memory limit.'],
    [{ exitCode: 137 }, '137', 'It was killed (SIGKILL): by a person, or because memory ran out.'],
    [{ exitCode: 126 }, '126', 'Its command is not executable.'],
    [{ exitCode: 127 }, '127', 'Its command was not found.'],
    [{ exitCode: 139 }, '139', 'It crashed (SIGSEGV).'],
    [{ exitCode: 1 }, '1', 'It exited by itself.'],
    [{ exitCode: 0 }, '0', 'It exited by itself.'],
    [{ exitCode: null }, 'unknown', 'It exited by itself.'],
  ])('that died with %o', (more, status, why) => {
    const of = host()
    container({ diedAt: NOW - 7, ...more })
    expect(problems(of)).toMatchObject([
      {
        ...{ key: 'container:1:api:died', severity: 'critical', ago: 7, labels: { host: 'web-1', container: 'api' } },
        ...{ title: `api on web-1 died with exit status ${status}`, buttons: ['containers tail web-1/api'] },
        lines: [why, `It ran until ${NOW - 7}; its image is api:1.`],
      },
    ])
  })

  it('that fails its health check is unhealthy while it runs', () => {
    const of = host()
    container({ unhealthySince: NOW - 7 })
    container({ name: 'gone', unhealthySince: NOW - 7, state: 'exited' })
    container({ name: 'well' })
    expect(problems(of)).toMatchObject([
      { key: 'container:1:api:unhealthy', severity: 'warning', title: 'api on web-1 is unhealthy', ago: 7 },
    ])
  })

  const restarts = (...counts: [ago: number, restarts: number | null][]) => {
    for (const [ago, count] of counts)
      saveMeasurements(
        state,
        1,
        [{ kind: 'container', name: 'api', cpu: 1, ...(count === null ? {} : { restarts: count }) }],
        NOW - ago,
      )
  }

  it('that restarts three times in ten minutes restarts in a loop, and is not dead as well', () => {
    const of = host()
    container({ restarts: 8, exitCode: 3, diedAt: NOW - 1 })
    restarts([9 * MINUTE, null], [8 * MINUTE, 5], [5 * MINUTE, 5], [4 * MINUTE, 6], [MINUTE, 7])
    expect(problems(of)).toMatchObject([
      {
        ...{ key: 'container:1:api:loop', severity: 'critical', title: 'api on web-1 restarts in a loop' },
        ago: 4 * MINUTE,
        lines: [
          'It restarted 3 times in the last 10m, 8 times since Vakt has known it.',
          'Its last exit status was 3.',
        ],
      },
    ])
  })

  it.each<[string, Partial<Container>, [number, number | null][], string[], number?]>([
    ['twice', { restarts: 7 }, [[5 * MINUTE, 5]], []],
    [
      'before the window',
      { restarts: 8 },
      [
        [11 * MINUTE, 5],
        [5 * MINUTE, 6],
      ],
      [],
    ],
    ['without samples', { restarts: 8 }, [], []],
    ['three times in all', { restarts: 3 }, [[5 * MINUTE, 0]], ['api on web-1 restarts in a loop'], 0],
    [
      'since the last sample only',
      { restarts: 9 },
      [
        [5 * MINUTE, 5],
        [MINUTE, 5],
      ],
      ['api on web-1 restarts in a loop'],
      0,
    ],
    ['fewer times in all', { restarts: 2 }, [[5 * MINUTE, 0]], []],
  ])('that restarted %s', (_, more, counts, expected, ago) => {
    const of = host()
    container(more)
    restarts(...counts)
    expect(titles(of)).toEqual(expected)
    if (ago !== undefined) {
      expect(problems(of)[0]!.ago).toBe(ago)
      expect(problems(of)[0]!.lines).toHaveLength(1)
    }
  })
})

describe('a log of a host', () => {
  const log = (more: object = {}) =>
    state.db
      .insert(remoteLogs)
      .values({
        ...{ hostId: 1, kind: 'file', target: '/var/log/a b', source: 'nginx', every: MINUTE, dueAt: 0 },
        ...{ addedAt: 0, addedBy: 'x', projectId: 1, error: 'No permission.', failures: 3 },
        ...{ failingSince: NOW - 5 * MINUTE, failedAt: NOW },
        ...more,
      } as typeof remoteLogs.$inferInsert)
      .run()

  it('that cannot be read for five minutes is reported with how to retry', () => {
    const of = host()
    log()
    log({ kind: 'journal', target: '*', fetchedAt: NOW - HOUR })
    expect(problems(of)).toMatchObject([
      {
        ...{ key: 'host:1:log:1', severity: 'warning', title: '/var/log/a b of web-1 cannot be read', ago: 5 * MINUTE },
        ...{ projectId: 1, labels: { host: 'web-1', source: 'nginx' } },
        lines: [
          'No permission.',
          'It has never been read.',
          expect.stringMatching(/To retry now: .*hosts logs fetch web-1 --file ["']\/var\/log\/a b["']/),
        ],
      },
      {
        title: 'The journal of web-1 cannot be read',
        lines: ['No permission.', `Last read at ${NOW - HOUR}.`, expect.stringContaining('--journal')],
      },
    ])
  })

  it.each<[string, object, Partial<Host>?]>([
    ['that failed twice', { failures: 2 }],
    ['that fails for less', { failingSince: NOW - 5 * MINUTE + 1 }],
    ['whose last failure was within five minutes', { failedAt: NOW - 1 }],
    ['without an error', { error: null }],
    ['without a first failure', { failingSince: null }],
    ['without a last failure', { failedAt: null }],
    ['of a host that is new', {}, { status: 'new' }],
  ])('%s is not reported', (_, more, ofHost) => {
    const of = host(ofHost)
    log(more)
    expect(problems(of)).toEqual([])
  })
})

describe('a disk', () => {
  /** Samples every five minutes for two hours; `usedAt` in GB of 100, by hours before now. */
  const disk = (usedAt: (hoursAgo: number) => number | null, hours = 2) => {
    for (let ago = hours * HOUR; ago > 0; ago -= 5 * MINUTE) {
      const used = usedAt(ago / HOUR)
      if (used !== null)
        saveMeasurements(state, 1, [{ kind: 'disk', name: '/', used: used * GB, size: 100 * GB }], NOW - ago)
    }
  }

  it.each<[string, (hoursAgo: number) => number, string[], string[]]>([
    ['below 90 %', () => 89.99, [], []],
    [
      'at 90 %',
      () => 90,
      ['warning / on web-1 is nearly full'],
      ['90 % of 100 GB is used.', 'It is not filling up at the moment.'],
    ],
    ['below 97 %', () => 96.99, ['warning / on web-1 is nearly full'], ['96 % of 100 GB is used.']],
    ['at 97 %', () => 97, ['critical / on web-1 is nearly full'], ['97 % of 100 GB is used.']],
    ['that fills within a day', ago => 50 - 2.2 * ago, ['warning / on web-1 is filling up'], []],
    ['that fills in more than a day', ago => 50 - 2 * ago, [], []],
    ['that fills within four hours', ago => 50 - 13 * ago, ['critical / on web-1 is filling up'], []],
    ['that fills in a little more than four hours', ago => 50 - 12 * ago, ['warning / on web-1 is filling up'], []],
    [
      'that fills very slowly',
      ago => 95 - ago / 1000,
      ['warning / on web-1 is nearly full'],
      ['94 % of 100 GB is used.', 'At the current rate (1.0 MB an hour) it is full in more than a month.'],
    ],
  ])('%s', (_, usedAt, expected, lines) => {
    const of = host()
    disk(usedAt)
    const found = problems(of)
    expect(found.map(({ severity, title }) => `${severity} ${title}`)).toEqual(expected)
    expect(found.flatMap(own => own.lines).slice(0, lines.length)).toEqual(lines)
  })

  it('is nearly full since it was', () => {
    const of = host()
    disk(ago => (ago > 1 ? 80 : 95))
    expect(problems(of)[0]).toMatchObject({ key: 'host:1:disk:/', ago: HOUR })
  })

  const row = (at: number, used: number | null, size: number | null = 100) => ({ at, used, size }) as never
  it('has a time left once it is known for an hour', () => {
    expect(timeLeft([row(0, 10), row(HOUR, 20)])).toEqual({ ms: 8 * HOUR, perMs: 10 / HOUR })
    expect(timeLeft([row(0, 10), row(HOUR - 1, 20)])).toBeNull()
    expect(timeLeft([row(0, null), row(1, 10), row(HOUR, 20)])).toBeNull()
    expect(timeLeft([row(0, 1, null), row(1, 10), row(HOUR, 20)])).toBeNull()
    expect(timeLeft([row(0, 110), row(HOUR, 120)])).toMatchObject({ ms: 0 })
    expect(timeLeft([row(0, 20), row(HOUR, 20)])).toBeNull()
    expect(timeLeft([])).toBeNull()
  })
})
