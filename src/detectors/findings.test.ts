// What the detectors that only decide make of what they are told: from which instant and which number on, and with which words.
import { describe, expect, it } from 'vitest'
import { type Card, plainText, type Text } from '../card.ts'
import type { Beat } from '../checks/beats.ts'
import type { Check } from '../checks/check.ts'
import type { EngineStatus, PartitionStatus } from '../logs/store.ts'
import type { Probe, ProbeResult } from '../probes/probe.ts'
import type { Satellite } from '../satellites/satellite.ts'
import type { RejectionKind } from '../telemetry.ts'
import { aCheck } from '../testing/checks.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { detectDisconnectedChats, nextDisconnectedChat } from './chat-disconnected.ts'
import { validateCheckTitle, withTemplates } from './check-templates.ts'
import { downtimeFinding, offlineFinding, takeoverFinding } from './downtime.ts'
import { detectFailingBackup } from './failing-backup.ts'
import { detectFailingForwards } from './failing-forwards.ts'
import { detectFailingReplication } from './failing-replication.ts'
import type { DetectionResult, Finding } from './finding.ts'
import { readLineMatcher } from './logs/line-matcher.ts'
import { BUDGET_KEY, DAMAGED_KEY, detectLogStore, type LogStoreFacts } from './logs/log-store.ts'
import { ZoneWatch } from './logs/zone-watch.ts'
import { beatStrip, evaluateDeadline, evaluateEffect } from './missed-beat.ts'
import { evaluateCertificate, evaluateProbe, expectation, writeMilliseconds } from './probe-failure.ts'
import { detectRejectedLines, rejectionText } from './rejected-lines.ts'
import { doubledSatellite, isDoubled, returnedSatellite, silentSatellite, singleSatellite } from './silent-satellite.ts'
import { evaluateRun } from './unusual-run.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const text = (value: Text) => plainText(value, at => new Date(at).toISOString().slice(11, 16))
const found = (result: DetectionResult | null | undefined) => (result?.kind === 'firing' ? result.finding : null)
/** The lines of the card of an alert that ends. */
const endOf = (result: DetectionResult) =>
  result.kind === 'resolved' ? (result.observation?.lines ?? []).map(text) : []
const linesOf = (finding: Finding | null) => (finding?.observation.lines ?? []).map(text)
/** `key title severity since`, or the key that is resolved. */
const said = (results: readonly DetectionResult[]) =>
  results.map(result => (result.kind === 'resolved' ? `${result.key} over` : result.finding.key))

describe('a chat platform', () => {
  const at = (state: 'online' | 'connecting' | 'lost' | 'refused', since: number, message?: string) => ({
    name: 'slack',
    status: { state, since, ...(message ? { message } : {}) },
  })
  it('is reported once it has been away for a minute, with the reason', () => {
    const seen = (...platforms: ReturnType<typeof at>[]) => said(detectDisconnectedChats(platforms, NOW))
    expect(seen(at('online', 0))).toEqual(['platform:slack over'])
    expect(seen(at('connecting', 0))).toEqual([])
    expect(seen(at('lost', NOW - MINUTE + 1))).toEqual([])
    expect(seen(at('lost', NOW - MINUTE))).toEqual(['platform:slack'])
    const [refused] = detectDisconnectedChats([at('refused', 5, 'The token is wrong.')], NOW)
    expect(found(refused)).toMatchObject({ title: 'Slack cannot be reached', since: 5, labels: { platform: 'slack' } })
    expect(linesOf(found(refused))[0]).toBe('The token is wrong.')
    expect(linesOf(found(detectDisconnectedChats([at('lost', 5)], NOW)[0]))[0]).toBe('The connection is lost.')
  })

  it('is looked at again when the first will have been away for a minute', () => {
    const next = (...platforms: ReturnType<typeof at>[]) => nextDisconnectedChat(platforms, NOW)
    expect(next(at('online', NOW), at('connecting', NOW))).toBeNull()
    expect(next(at('lost', NOW), at('refused', NOW - SECOND))).toBe(NOW + 59 * SECOND)
    expect(next(at('lost', NOW - MINUTE), at('lost', NOW - MINUTE + 1))).toBe(NOW + 1)
    expect(next(at('lost', NOW - MINUTE))).toBeNull()
  })
})

describe('a forward', () => {
  const forward = {
    id: 3,
    name: 'siem',
    kind: 'syslog',
    projectId: 1,
    shownAddress: 'x:514',
    lastError: 'refused',
    failures: 1,
  }
  it('is reported once nothing has got through for ten minutes', () => {
    const seen = (failingSince: number | null, more = {}) =>
      detectFailingForwards([{ ...forward, failingSince, ...more }], NOW)
    expect(said(seen(null))).toEqual(['failing-forward:3 over'])
    expect(said(seen(NOW - 10 * MINUTE + 1))).toEqual([])
    const [late] = seen(NOW - 10 * MINUTE)
    expect(found(late)).toMatchObject({ since: NOW - 10 * MINUTE, projectId: 1, labels: { forward: 'siem' } })
    expect(linesOf(found(late))).toEqual([
      'Log lines for x:514 have not arrived for 10m (1 attempt).',
      'refused',
      expect.stringContaining('retention'),
    ])
    const [alerts] = seen(NOW - DAY, { kind: 'alertmanager', lastError: null })
    expect(linesOf(found(alerts))).toEqual([
      expect.stringMatching(/^Alerts for/),
      expect.stringContaining('Open alerts'),
    ])
  })
})

it('copying the state is reported from the third failure on, and a backup from the first', () => {
  const copy = (failingSince: number | null, failures = 3, output = '') =>
    detectFailingReplication({ failingSince, failures, output })
  expect([copy(null)?.kind, copy(5, 2), copy(5)?.kind]).toEqual(['resolved', null, 'firing'])
  expect(linesOf(found(copy(5)))[1]).toBe('It wrote nothing.')
  expect(linesOf(found(copy(5, 4, 'no such file')))).toEqual([
    expect.stringContaining('4 times'),
    'It wrote last: no such file',
    expect.any(String),
  ])
  const backup = (failingSince: number | null, lastAt: number | null, error: string | null) =>
    detectFailingBackup({ place: 's3://x', failingSince, lastAt, error })
  expect(backup(null, 1, null).kind).toBe('resolved')
  expect(linesOf(found(backup(5, null, null)))).toHaveLength(3)
  expect(linesOf(found(backup(5, null, 'full'))).slice(1, 3)).toEqual(['full', 'There is no earlier backup.'])
  expect(linesOf(found(backup(5, NOW, null)))[1]).toBe('The last whole backup is of 2026-03-02T09:00:00.000Z.')
})

describe('a downtime of Vakt', () => {
  const downtime = (kind: 'stopped' | 'offline' | 'storage' | 'log-storage', ms: number) => ({
    kind,
    from: NOW - ms,
    to: NOW,
  })
  const late = (ms: number, name = 'job') => ({ name, downAt: NOW + ms, lateAt: NOW + ms }) as Check

  it('is reported when it was long, delays a check for over an hour, or was reported before', () => {
    expect(downtimeFinding(downtime('stopped', 5 * MINUTE - 1), [])).toBeNull()
    expect(downtimeFinding(downtime('stopped', 5 * MINUTE), [late(HOUR)])).toMatchObject({
      ...{ key: `absence:${NOW - 5 * MINUTE}`, severity: 'info', title: 'Vakt was not running for 5m', labels: {} },
    })
    expect(downtimeFinding(downtime('stopped', MINUTE), [late(HOUR), { ...late(0), downAt: null }])).toBeNull()
    expect(downtimeFinding(downtime('stopped', MINUTE), [late(HOUR + 1)])).toMatchObject({ severity: 'warning' })
    expect(downtimeFinding(downtime('offline', MINUTE), [])).toMatchObject({ severity: 'warning', key: 'connectivity' })
    expect(downtimeFinding(downtime('offline', MINUTE), [], false)).toBeNull()
    expect(downtimeFinding(downtime('stopped', MINUTE), [], true)).toMatchObject({ severity: 'warning' })
    expect(downtimeFinding(downtime('storage', HOUR), [])).toMatchObject({ key: 'storage:beats' })
    expect(downtimeFinding(downtime('log-storage', HOUR), [])).toMatchObject({ key: 'storage:log-lines' })
    expect(offlineFinding(5)).toMatchObject({ key: 'connectivity', since: 5, labels: { role: 'offline' } })
  })

  it('says what could not arrive and names ten of the checks that are delayed', () => {
    const lines = linesOf(downtimeFinding(downtime('stopped', HOUR), []))
    expect(lines).toEqual(['From 08:00 to 09:00 no beat could arrive.', expect.stringContaining('extended')])
    expect(linesOf(downtimeFinding(downtime('log-storage', HOUR), []))[1]).toBe(
      'Rules over logs do not count that time.',
    )
    const checks = (count: number) => Array.from({ length: count }, (_, i) => late(2 * HOUR, `job ${i}`))
    const ten = linesOf(downtimeFinding(downtime('stopped', HOUR), checks(10)))
    expect([ten.length, ten.at(-1)]).toEqual([13, 'job 9, next due 11:00'])
    expect(linesOf(downtimeFinding(downtime('stopped', HOUR), checks(12))).at(-1)).toBe('… 2 more')
  })

  it('that was a takeover says from whom, and how many seconds are missing', () => {
    const finding = takeoverFinding({ from: NOW - 2 * SECOND - 1, to: NOW, name: 'a' }, [
      late(HOUR),
      late(HOUR + 1, 'x'),
    ])
    expect(finding).toMatchObject({ title: 'Taken over from a; up to 3 s of beats may be missing', since: NOW - 2001 })
    expect(linesOf(finding).at(-1)).toBe('x, next due 10:00')
    expect(linesOf(finding)).toHaveLength(4)
  })
})

describe('a satellite', () => {
  const satellite = {
    id: 4,
    name: 'edge',
    lastSeenAt: NOW,
    waitingRecords: 0,
    address: null,
    rivalAddress: null,
  } as Satellite
  it('that is silent or back says what of it is affected', () => {
    const affected = (checks: number) => linesOf(found(silentSatellite(satellite, checks)))[1]
    expect([0, 1, 2].map(affected)).toEqual([
      'No check has its beats through it.',
      '1 check with beats through it is not evaluated meanwhile.',
      '2 checks with beats through it are not evaluated meanwhile.',
    ])
    const waiting = (waitingRecords: number) => endOf(returnedSatellite({ ...satellite, waitingRecords }))[1]
    expect([0, 1, 2].map(waiting)).toEqual([
      'Everything that it received has arrived.',
      '1 request that it received meanwhile is on the way.',
      '2 requests that it received meanwhile are on the way.',
    ])
  })

  it('runs twice while another run reported within a minute', () => {
    const rival = (rivalSince: number | null, rivalSeenAt: number | null) =>
      isDoubled({ ...satellite, rivalSince, rivalSeenAt }, NOW)
    expect([rival(null, NOW), rival(5, null), rival(5, NOW - MINUTE), rival(5, NOW - MINUTE - 1)]).toEqual([
      ...[false, false, true, false],
    ])
    const known = { ...satellite, rivalSince: 5, address: '192.0.2.1', rivalAddress: '192.0.2.2' }
    expect(linesOf(found(doubledSatellite(known)))[0]).toMatch(/192.0.2.1.*192.0.2.2/)
    expect(linesOf(found(doubledSatellite({ ...known, address: null, rivalAddress: null })))[0]).toMatch(
      /an unknown address.*an unknown address/,
    )
    expect(endOf(singleSatellite(known))[0]).toContain('192.0.2.1')
    expect(endOf(singleSatellite(satellite))[0]).toContain('an unknown address')
  })
})

describe('lines that are rejected', () => {
  const kind = (minutes: number[], more: Partial<RejectionKind> = {}) =>
    ({
      ...{
        project: 'shop',
        reason: 'limited',
        source: 'api',
        host: '',
        sender: '',
        lines: 2,
        requests: 1,
        message: 'Too many.',
      },
      ...{
        firstAt: 0,
        minutes: minutes.map(minute => NOW - minute * MINUTE),
        lastAt: NOW - Math.min(...minutes) * MINUTE,
        ...more,
      },
    }) as RejectionKind
  const detect = (kinds: RejectionKind[], startedAt = 0) =>
    detectRejectedLines([{ id: 1, name: 'shop' }], kinds, NOW, startedAt)
  const range = (from: number, until: number) => Array.from({ length: until - from }, (_, i) => from + i)

  it.each<[string, RejectionKind[], number, string[]]>([
    ['in ten minutes of half an hour are reported', [kind(range(0, 10))], 0, ['rejected-lines:1']],
    ['in nine minutes are not', [kind(range(0, 9))], 0, []],
    ['in ten minutes of which one is too long ago are not', [kind([...range(0, 9), 30])], 0, []],
    ['in the same minute count once', [kind(range(0, 5)), kind(range(0, 5), { reason: 'x' })], 0, []],
    ['of two kinds count together', [kind(range(0, 5)), kind(range(5, 10))], 0, ['rejected-lines:1']],
    ['of another project do not count', [kind(range(0, 10), { project: 'blog' })], 0, ['rejected-lines:1 over']],
    ['are over after ten minutes', [kind(range(10, 20))], 0, ['rejected-lines:1 over']],
    ['are not over before', [kind(range(10, 20), { lastAt: NOW - 10 * MINUTE + 1 })], 0, ['rejected-lines:1']],
    ['are not over while Vakt has not counted for ten minutes', [], NOW - 10 * MINUTE + 1, []],
    ['are over when Vakt has', [], NOW - 10 * MINUTE, ['rejected-lines:1 over']],
  ])('%s', (_, kinds, startedAt, expected) => {
    expect(said(detect(kinds, startedAt))).toEqual(expected)
  })

  it('are named by their kinds with what to do, five at most', () => {
    const kinds = ['limited', 'unreadable', 'too_large', 'x', 'limited'].map(reason => kind(range(0, 10), { reason }))
    const finding = found(detect(kinds)[0])!
    expect(finding.since).toBe(NOW - 9 * MINUTE)
    expect(linesOf(finding)).toHaveLength(5 + 4 + 1)
    expect(linesOf(finding)[5]).toContain('projects edit shop --rate-limit')
    expect(linesOf(found(detect([...kinds, kind(range(0, 3)), kind([0])])[0]))[5]).toBe('… and 2 other kinds.')
    const amounts = (lines: number, requests: number) =>
      text(rejectionText(kind([0], { lines, requests, reason: 'too_large' })))
    expect(amounts(1, 2)).toMatch(/: 1 line and 2 requests \(too large\)\. Too many\.$/)
    expect([amounts(2, 0), amounts(0, 1)]).toEqual([
      expect.stringMatching(/: 2 lines \(/),
      expect.stringMatching(/: 1 request \(/),
    ])
  })
})

describe('the log store', () => {
  const partition = (more: Partial<PartitionStatus> = {}) =>
    ({ name: '2026-03-01.db', state: 'closed', lines: 5, bytes: 1000, message: null, ...more }) as PartitionStatus
  const facts = (more: Partial<Omit<LogStoreFacts, 'status'>> & { status?: object } = {}): LogStoreFacts => ({
    ...{ removed: [], folder: '/data/logs', archive: null, isArchived: () => false, ...more },
    status: { partitions: [], diskBudgetBytes: null, ...more.status } as never,
  })
  const detect = (more: Parameters<typeof facts>[0], open: string[] = []) =>
    detectLogStore(facts(more), new Set(open), NOW)
  const over = 'log-store:archive over'

  it('is well without anything, and a partition that is no longer damaged is named as such', () => {
    expect(said(detect({}))).toEqual([over])
    const open = [`${DAMAGED_KEY}a.db`, `${DAMAGED_KEY}b.db.damaged`, 'log-store:other']
    const status = { partitions: [partition({ name: 'b.db.damaged', state: 'damaged' }), partition()] }
    const results = detect({ status }, open)
    expect(said(results)).toEqual([`${DAMAGED_KEY}b.db.damaged`, `${DAMAGED_KEY}a.db over`, over])
    expect(linesOf(found(results[0])).slice(0, 2)).toEqual(['Its file was set aside.', 'It is not archived.'])
    const archived = detect({ status, isArchived: name => name === 'b' }, open)
    expect(linesOf(found(archived[0]))[1]).toContain('logs restore b')
    expect(found(archived[0])!.title).toBe('The log partition b is damaged')
  })

  it.each<[string, NonNullable<LogStoreFacts['archive']>['failing'], string[]]>([
    ['works', null, [over]],
    ['is not known', undefined, []],
    ['has failed for less than five minutes', { since: NOW - 5 * MINUTE + 1, message: 'x', isPermanent: false }, []],
    [
      'has failed for five minutes',
      { since: NOW - 5 * MINUTE, message: 'x', isPermanent: false },
      ['log-store:archive'],
    ],
    ['fails for good', { since: NOW, message: 'x', isPermanent: true }, ['log-store:archive']],
  ])('with an archive that %s', (_, failing, expected) => {
    expect(said(detect({ archive: { place: 's3://x', failing } }))).toEqual(expected)
  })

  it('names what was dropped for space, whether it is lost, and what to do', () => {
    const dropped = (count: number, isArchived: boolean) =>
      Array.from({ length: count }, (_, i) => ({
        partition: partition({ name: `p${i}` }),
        reason: 'budget' as const,
        isArchived,
        message: '',
      }))
    const retention = [{ partition: partition(), reason: 'retention' as const, isArchived: false, message: '' }]
    expect(said(detect({ removed: retention }))).toEqual([over])
    const finding = (count: number, isArchived: boolean, archive: LogStoreFacts['archive'] = null) =>
      found(
        detect({
          removed: [...retention, ...dropped(count, isArchived)],
          archive,
          status: { diskBudgetBytes: 1e9 },
        })[0],
      )!
    expect(finding(1, false)).toMatchObject({ key: BUDGET_KEY, severity: 'warning', occurrences: 1 })
    expect(finding(1, false).title).toMatch(/fit 1(\.0)? ?GB$/)
    expect(linesOf(finding(1, false))).toEqual([
      expect.stringMatching(/^p0: 5 lines, .*, lost$/),
      'Set ARCHIVE_TO to archive lines before they are dropped.',
      expect.stringContaining('LOG_DISK_BUDGET'),
    ])
    const archive = { place: 's3://x', failing: null }
    expect(finding(1, true, archive)).toMatchObject({ severity: 'info' })
    expect(linesOf(finding(1, true, archive))[1]).toBe('"logs restore" restores them from s3://x.')
    expect(linesOf(finding(1, false, archive))[1]).toContain('in time')
    expect(linesOf(finding(10, false))).toHaveLength(12)
    expect(linesOf(finding(11, false))[10]).toBe('… 1 more')
  })

  const engine = (more: Partial<EngineStatus> = {}) =>
    ({ away: null, refusal: null, waiting: 0, spoolBytes: 0, spoolBudgetBytes: 100, ...more }) as EngineStatus
  it.each<[string, Partial<EngineStatus>, string[]]>([
    ['is well', {}, ['log-store:engine over', 'log-store:spool over']],
    [
      'has been away for a minute',
      { away: { since: NOW - MINUTE, message: 'x' } },
      ['log-store:engine', 'log-store:spool over'],
    ],
    [
      'has been away for less',
      { away: { since: NOW - MINUTE + 1, message: 'x' } },
      ['log-store:engine over', 'log-store:spool over'],
    ],
    ['refuses lines', { refusal: { since: NOW - MINUTE, message: 'x' } }, ['log-store:engine', 'log-store:spool over']],
    [
      'refuses lines for less',
      { refusal: { since: NOW - MINUTE + 1, message: 'x' } },
      ['log-store:engine over', 'log-store:spool over'],
    ],
    [
      'refuses lines and is away for less',
      { refusal: { since: 0, message: 'x' }, away: { since: NOW, message: 'y' } },
      ['log-store:engine over', 'log-store:spool over'],
    ],
    ['lets much wait', { waiting: 1, spoolBytes: 71 }, ['log-store:spool', 'log-store:engine over']],
    ['lets less wait', { waiting: 1, spoolBytes: 70 }, ['log-store:engine over', 'log-store:spool over']],
    ['lets nothing wait', { waiting: 0, spoolBytes: 71 }, ['log-store:engine over', 'log-store:spool over']],
  ])('with an engine that %s', (_, more, expected) => {
    const results = detect({ status: { engine: engine(more) } }, ['log-store:engine', 'log-store:spool'])
    expect(said(results)).toEqual([...expected, over])
    expect(said(detect({ status: { engine: engine(more) } }))).toEqual([
      ...expected.filter(key => !key.endsWith('over')),
      over,
    ])
    if (more.spoolBytes === 71 && more.waiting === 1) expect(found(results[0])!.title).toContain('71%')
  })
})

describe('a source of another zone', () => {
  it('is reported once, after five requests in five minutes with the same shift', () => {
    const watch = new ZoneWatch()
    const add = (minutes: number, shift = HOUR, source = 'api') =>
      watch.add(1, 'shop', source, shift, NOW + minutes * MINUTE)
    for (const minute of [0, 1, 2, 3]) expect(add(minute)).toBeNull()
    expect(add(4.9)).toBeNull()
    expect(add(5)).toMatchObject({ key: 'time-zone:1:api', since: NOW, labels: { source: 'api' } })
    expect(add(6)).toBeNull()
    // Another shift begins again; the same instant is the same request.
    for (const minute of [7, 8, 9, 12, 12]) expect(add(minute, -HOUR)).toBeNull()
    const finding = add(13, -HOUR)!
    expect(linesOf(finding)[0]).toContain('1h ahead of the clock')
    expect(finding.observation.buttons).toEqual([
      { label: 'Correct by 1h', line: 'logs zone "api" --correct -60 --project shop' },
    ])
    for (const minute of [0, 1, 2, 3]) add(minute, HOUR, '')
    const nameless = add(5, HOUR, '')!
    expect([nameless.title, nameless.observation.buttons]).toEqual([
      expect.stringMatching(/^Lines without a source/),
      [],
    ])
    expect(linesOf(nameless)[0]).toContain('1h behind the clock')
  })
})

it.each<[string, 'lines' | 'metrics', string | null]>([
  ['source:api level>=error', 'lines', null],
  ['fingerprint:x OR group:y', 'lines', null],
  ['-host:a', 'metrics', null],
  ['container:a', 'metrics', null],
  ['level>=error', 'metrics', 'a level'],
  ['source:api', 'metrics', 'the field source:'],
  ['container:a', 'lines', 'the attribute container'],
  ['container>5', 'metrics', 'the attribute container'],
  ['tag:x', 'lines', 'the field tag:'],
  ['timeout', 'lines', 'the word timeout'],
  ['"time out"', 'lines', 'the phrase "time out"'],
  ['/x+/', 'lines', 'a regular expression'],
  ['source:a (host:b OR -timeout)', 'lines', 'the word timeout'],
  ['source:a last:1h', 'lines', 'time range'],
  ['source:a until:2026-01-01', 'lines', 'time range'],
])('the matcher %s over %s cannot use: %s', (matcher, over, unsupported) => {
  if (unsupported === null) expect(readLineMatcher(matcher, over)).not.toBeNull()
  else expect(() => readLineMatcher(matcher, over)).toThrow(unsupported)
})

describe('the title and the note of a check', () => {
  const finding = { title: 'job sent no beat', observation: { lines: ['One.', 'Two.'] } } as unknown as Finding
  const filled = (more: Partial<Check>, own = finding) => withTemplates({ ...aCheck(), name: 'job', ...more }, own)
  it('take the place of the usual words', () => {
    expect(filled({ alertTitle: null, alertNote: null })).toEqual(finding)
    expect(filled({ alertTitle: '', alertNote: '' })).toEqual(finding)
    expect(filled({ alertTitle: '{host} {check}: {what}  by {owner} {other}', host: 'a', owner: null }).title).toBe(
      'a job: sent no beat by {other}',
    )
    expect(filled({ alertTitle: '{what}' }, { ...finding, title: 'The certificate ends' }).title).toBe(
      'The certificate ends',
    )
    expect(filled({ alertTitle: '{host}', host: null }).title).toBe('job sent no beat')
    expect(filled({ alertTitle: 'x'.repeat(201) }).title).toHaveLength(200)
    expect(filled({ alertNote: 'Call Ann.' }).observation.lines).toEqual(['One.', 'Call Ann.', 'Two.'])
    const empty = { ...finding, observation: { lines: [] } }
    expect(filled({ alertNote: 'Call Ann.' }, empty).observation.lines).toEqual(['Call Ann.'])
    expect(() => validateCheckTitle('{check} {what} {host} {owner}')).not.toThrow()
    expect(() => validateCheckTitle('{check} {job}')).toThrow('no placeholder {job}')
  })
})

const beat = (kind: Beat['kind'], more: Partial<Beat> = {}) =>
  ({ id: 9, kind, receivedAt: NOW, exitStatus: null, body: null, ...more }) as Beat
const job = (more: Partial<Check> = {}) =>
  ({
    ...aCheck(),
    id: 7,
    projectId: 1,
    name: 'job',
    uuid: 'u-u-i-d',
    severity: 'critical',
    owner: null,
    remindEvery: null,
    host: null,
    dependsOn: null,
    lan: false,
    missedAt: NOW,
    ...more,
  }) as Check

describe('a missed beat', () => {
  const finding = (more: Partial<Check>, recentBeats: Beat[] = []) =>
    found(
      evaluateEffect(job({ missKind: 'failed', ...more }), 'failed' as never, () => ({
        recentBeats,
        remindEvery: HOUR,
      }))[0],
    )!

  it('has the words of its kind', () => {
    const silent = finding({ missKind: 'silent', lastBeatAt: null })
    expect([silent.title, linesOf(silent)]).toEqual([
      'job sent no beat',
      [expect.stringMatching(/^Expected .*, with 10m of grace\.$/), 'It has never sent a beat.'],
    ])
    expect(linesOf(finding({ missKind: 'silent', lastBeatAt: NOW }))[1]).toMatch(/^Last beat .*09:00\.$/)
    const unfinished = (more: Partial<Check>) => linesOf(finding({ missKind: 'unfinished', ...more }))[0]
    expect(unfinished({ maxRuntime: HOUR, lastStartAt: NOW })).toBe(
      'Expected to finish within 1h of its start at 09:00.',
    )
    expect(unfinished({ lastStartAt: null })).toBe('Expected to finish within 10m of its start at 08:50.')
    expect(finding({ missKind: 'unfinished' }).title).toBe('job started and did not finish')
    expect(finding({}, [beat('fail', { exitStatus: 3 })]).title).toBe('job failed with exit status 3')
    expect(finding({}, [beat('fail', { exitStatus: 0 })]).title).toBe('job reported a failure')
  })

  it('shows the end of the output, without secrets, and more of it above', () => {
    const output = (body: string) => {
      const own = finding({}, [beat('fail', { body: Buffer.from(body) })])
      return [linesOf(own)[0], own.observation.evidence?.[0]] as const
    }
    expect(linesOf(finding({}, [beat('fail')]))).toEqual(['It sent no output.'])
    expect(output(' \n')).toEqual(['It sent no output.', undefined])
    expect(output('only')).toEqual(['only', undefined])
    expect(output('\n\nbefore\r\nlast\n')).toMatchObject(['last', { text: 'before' }])
    expect(output('curl https://x/ping/u-u-i-d')[0]).not.toContain('u-u-i-d')
    const many = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n')
    expect(output(many)).toMatchObject(['line 19', { text: expect.stringMatching(/^line 7\n.*line 18$/s) }])
    // Whole lines only, as many as 900 characters hold.
    const long = Array.from({ length: 12 }, (_, i) => `${i}`.padStart(100, 'x')).join('\n')
    expect((output(`${long}\nend`)[1] as { text: string }).text.split('\n')).toHaveLength(8)
    expect(finding({}, [beat('fail')]).observation.buttons).toBeUndefined()
    expect(finding({}, [beat('fail', { body: Buffer.from('x') })]).observation.buttons?.[0]?.line).toBe(
      'checks output job --beat 9',
    )
  })

  it('has its labels, its reminders and how often it may miss', () => {
    expect(finding({}).labels).toEqual({ check: 'job', miss: 'failed' })
    expect(finding({ host: 'a', dependsOn: 'b', lan: true, missKind: 'silent' }).labels).toEqual({
      ...{ check: 'job', miss: 'silent', host: 'a', depends_on: 'b', lan: 'yes' },
    })
    expect([finding({}).remindEvery, finding({ remindEvery: 0 }).remindEvery]).toEqual([HOUR, 0])
    expect(linesOf(finding({ after: 1, misses: 1 }))).toHaveLength(1)
    expect(linesOf(finding({ after: 2, misses: 3 })).at(-1)).toBe('3 misses in a row; it alerts after 2.')
    const names = (more: Partial<Check>) => finding(more).observation.facts!.map(({ name }) => name)
    expect([names({}), names({ missKind: 'silent' })]).toEqual([['Last beats', 'Expects'], ['Last beats']])
  })

  it('ends with when the beat came and how long it ran', () => {
    const over = (more: Partial<Check>) =>
      evaluateEffect(job({ lastBeatAt: NOW, ...more }), 'recovered', () => ({ recentBeats: [], remindEvery: 0 }))[0]!
    expect(over({ lastDuration: null })).toMatchObject({ kind: 'resolved', key: 'check:7' })
    const line = (more: Partial<Check>) =>
      text((over(more) as { observation: { lines: Text[] } }).observation.lines[0]!)
    expect([line({ lastDuration: null }), line({ lastDuration: MINUTE })]).toEqual([
      'A beat came at 09:00.',
      'A beat came at 09:00. It ran for 1m.',
    ])
    expect(evaluateEffect(job(), 'none', () => expect.unreachable())).toEqual([])
  })

  it('shows the latest beats as squares, oldest first', () => {
    const strip = (missKind: Check['missKind'], ...beats: Beat[]) => beatStrip(job({ missKind }), beats)
    expect(strip('failed', beat('fail'), beat('start'), beat('success'))).toBe('🟩🟥')
    expect(strip('silent', beat('success'))).toBe('🟩⬜')
    expect([strip(null), strip('silent'), strip('failed')]).toEqual(['none yet', '⬜', 'none yet'])
    expect([...strip(null, ...Array.from({ length: 20 }, () => beat('success')))]).toHaveLength(12)
  })

  it('of a check whose next deadline cannot be computed is a miss that stands', () => {
    const check = job({
      every: null,
      cron: '0 * * * *',
      timeZone: 'Mars/Olympus',
      downAt: NOW,
      misses: 1,
      status: 'up',
      after: 3,
    })
    const { changes, results } = evaluateDeadline(check, () => ({ recentBeats: [], remindEvery: 0 }))
    expect(changes).toEqual({
      misses: 2,
      missKind: 'silent',
      missedAt: NOW,
      status: 'down',
      lateAt: null,
      downAt: null,
    })
    expect(linesOf(found(results[0])).at(-1)).toContain('The next deadline cannot be computed:')
  })
})

describe('a probe', () => {
  const probe = (more: Partial<Probe> = {}) =>
    ({
      kind: 'http',
      target: 'https://shop.example/x',
      command: null,
      expect: '',
      expectStatus: null,
      timeout: 5_000,
      method: 'GET',
      certDays: 14,
      certificateEndsAt: null,
      lastAt: null,
      ...more,
    }) as Probe
  const result = (more: Partial<ProbeResult> = {}): ProbeResult => ({
    ...{ ok: false, message: 'status 500', durationMs: 20, address: '192.0.2.1', certificateEndsAt: null, ...more },
  })
  const facts =
    (recentBeats: Beat[] = []) =>
    () => ({ project: 'shop', recentBeats, remindEvery: HOUR })
  const evaluate = (
    more: Partial<Check>,
    effect: string,
    own = probe(),
    answer = result(),
    last: string | null = null,
    beats: Beat[] = [],
  ) =>
    evaluateProbe(
      { check: job({ probed: true, ...more }), probe: own, effect: effect as never },
      answer,
      last,
      facts(beats),
    )

  it('that fails for the same reason again says nothing new', () => {
    expect(evaluate({}, 'none')).toEqual([])
    expect(evaluate({}, 'failed again', probe(), result(), 'status 500')).toEqual([])
    expect(evaluate({}, 'failed again', probe(), result(), 'status 502')).toHaveLength(1)
    expect(evaluate({}, 'failed', probe(), result(), 'status 500')).toHaveLength(1)
  })

  it('says what it asked and got, since when, and how often', () => {
    const finding = (more: Partial<Check> = {}, own = probe(), answer = result(), beats: Beat[] = []) =>
      found(evaluate(more, 'failed', own, answer, null, beats)[0])!
    expect([finding().title, finding({}, probe({ kind: 'tls' })).title]).toEqual([
      'job is down: status 500',
      'job: status 500',
    ])
    expect(linesOf(finding())).toEqual([
      'https://shop.example/x, expects status 200-299 within 5s.',
      'Got: status 500 after 20 ms from 192.0.2.1.',
    ])
    expect(linesOf(finding({}, probe(), result({ durationMs: null, address: null })))[1]).toBe('Got: status 500.')
    expect(
      linesOf(
        finding({ after: 2, misses: 2 }, probe(), result({ viewpoints: 'Down from a.', excerpt: ' <p>\n no ' })),
      ).slice(2),
    ).toEqual(['Down from a.', 'The answer begins: <p> no', '2 failures in a row; it alerts after 2.'])
    const failures = (...ats: number[]) => [
      ...ats.map(at => beat('fail', { receivedAt: at })),
      beat('start'),
      beat('success', { receivedAt: 1 }),
      beat('fail', { receivedAt: 0 }),
    ]
    expect(finding({ misses: 2 }, probe(), result(), failures(9, 8, 7)).since).toBe(8)
    expect(finding({ misses: 5 }, probe(), result(), failures(9, 8, 7)).since).toBe(7)
    expect(finding({ misses: 5 }, probe(), result(), [beat('fail', { receivedAt: 3 })]).since).toBe(3)
    expect(finding({ misses: 1 }, probe(), result(), []).since).toBe(NOW)
    expect(finding({ host: 'a' }, probe({ kind: 'command', target: 'web-1' })).labels).toMatchObject({
      host: 'web-1',
      probe: 'command',
    })
    expect(finding({ host: 'a', dependsOn: 'b', lan: true }).labels).toMatchObject({
      host: 'a',
      depends_on: 'b',
      lan: 'yes',
    })
    expect([finding().remindEvery, finding({ remindEvery: 0 }).remindEvery]).toEqual([HOUR, 0])
  })

  it.each<[Partial<Probe>, string]>([
    [
      { expectStatus: '2xx', expect: 'ok\nup', method: 'POST' },
      'POST https://shop.example/x, expects status 2xx and "ok" and "up" within 5s.',
    ],
    [{ kind: 'tcp', target: 'a:1' }, 'a:1 within 5s.'],
    [{ kind: 'tcp', target: 'a:1', method: 'POST' }, 'a:1 within 5s.'],
    [{ kind: 'command', target: 'web-1', command: 'true' }, 'Runs true on web-1 within 5s.'],
  ])('asks %j: %s', (more, sentence) => {
    expect(text(expectation(probe(more)))).toBe(sentence)
  })

  it('that answers again says since when, and how fast', () => {
    const over = (more: Partial<ProbeResult>) => {
      const [ended] = evaluate({ lastBeatAt: NOW }, 'recovered', probe(), result({ message: 'status 200', ...more }))
      return [
        ended!.kind,
        text((ended as { observation: Pick<Card, 'lines'> & { lines: Text[] } }).observation.lines[0]!),
      ]
    }
    expect(over({})).toEqual(['resolved', 'It answers again since 09:00: status 200 in 20 ms.'])
    expect(over({ durationMs: null, viewpoints: 'Up from a.' })[1]).toBe(
      'It answers again since 09:00: status 200. Up from a.',
    )
  })

  it.each<[string, Partial<Probe>, Partial<Probe>, string | null]>([
    ['ends in time', {}, { certificateEndsAt: NOW + 15 * DAY }, 'over'],
    ['ends in as many days as are allowed', {}, { certificateEndsAt: NOW + 14 * DAY }, 'over'],
    ['ends sooner', {}, { certificateEndsAt: NOW + 14 * DAY - 1 }, 'The certificate of shop.example ends in 13 days'],
    ['ends today', {}, { certificateEndsAt: NOW }, 'The certificate of shop.example ends in 0 days'],
    ['has expired', {}, { certificateEndsAt: NOW - 1 }, 'The certificate of shop.example has expired'],
    ['is not known', {}, { certificateEndsAt: null }, null],
    ['is that of a tls probe', {}, { certificateEndsAt: NOW, kind: 'tls' }, null],
    ['is not watched', {}, { certificateEndsAt: NOW, certDays: 0 }, null],
    [
      'was reported today',
      { lastAt: NOW - 1, certificateEndsAt: NOW + DAY / 2 },
      { certificateEndsAt: NOW + DAY / 2 },
      null,
    ],
    [
      'was reported yesterday',
      { lastAt: NOW - DAY, certificateEndsAt: NOW + DAY / 2 },
      { certificateEndsAt: NOW + DAY / 2 },
      'The certificate of shop.example ends in 0 days',
    ],
    [
      'is another one',
      { lastAt: NOW - 1, certificateEndsAt: NOW + DAY / 3 },
      { certificateEndsAt: NOW + DAY / 2 },
      'The certificate of shop.example ends in 0 days',
    ],
    [
      'is of a target that is no URL',
      {},
      { certificateEndsAt: NOW, target: 'x' },
      'The certificate of job ends in 0 days',
    ],
  ])('whose certificate %s', (_, before, after, expected) => {
    const [one] = evaluateCertificate(job(), probe(before), probe(after), NOW, facts())
    expect(one === undefined ? null : (found(one)?.title ?? 'over')).toBe(expected)
    if (found(one))
      expect(found(one)).toMatchObject({ remindEvery: HOUR, occurrences: 0, since: NOW, isSinceEstimated: true })
  })

  it.each([
    [0.44, '0.4 ms'],
    [9.94, '9.9 ms'],
    [10, '10 ms'],
    [45.6, '46 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [9_940, '9.9 s'],
    [10_000, '10s'],
  ])('took %d ms: %s', (ms, words) => expect(writeMilliseconds(ms)).toBe(words))
})

describe('a run', () => {
  const runs = (duration: number | null, bytes: number) => Array.from({ length: 6 }, () => ({ duration, bytes }))
  const evaluate = (more: Partial<Check>, duration: number | null, bytes: number, earlier = runs(MINUTE, 1e6)) =>
    evaluateRun(job(more), { duration, bytes } as never, earlier as never, NOW)

  it('is looked at only for what the check watches', () => {
    expect(evaluate({}, 1, 0)).toEqual([])
    expect(said(evaluate({ watchDuration: true }, HOUR, 0))).toEqual(['check:7:duration'])
    expect(said(evaluate({ watchDuration: true }, null, 0))).toEqual([])
    expect(said(evaluate({ watchDuration: true, watchSize: true }, MINUTE, 0))).toEqual([
      'check:7:duration over',
      'check:7:size',
    ])
    expect(said(evaluate({ watchSize: true }, HOUR, 1e6))).toEqual(['check:7:size over'])
    // Runs without a duration are not compared with.
    expect(
      said(evaluate({ watchDuration: true }, HOUR, 0, [...runs(MINUTE, 1).slice(0, 4), ...runs(null, 1)])),
    ).toEqual(['check:7:duration over'])
  })

  it('has a card that says how it differs', () => {
    const finding = (more: Partial<Check>, duration: number, bytes = 1e6) => found(evaluate(more, duration, bytes)[0])!
    const longer = finding({ watchDuration: true, host: 'a' }, HOUR)
    expect(longer).toMatchObject({
      title: 'job took 1h, usually 1m',
      severity: 'warning',
      labels: { check: 'job', run: 'longer', host: 'a' },
    })
    expect(linesOf(longer)).toHaveLength(1)
    const shorter = finding({ watchDuration: true, severity: 'info' }, SECOND)
    expect(shorter).toMatchObject({ title: 'job finished after 1s, usually 1m', severity: 'info' })
    expect(shorter.labels).not.toHaveProperty('host')
    expect(linesOf(shorter)).toHaveLength(2)
  })
})
